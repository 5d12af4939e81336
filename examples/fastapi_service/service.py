"""Serve a model that ``save`` wrote over HTTP, with FastAPI: rows as JSON come in, labels and probabilities go out.

    pip install -r requirements.txt
    AUTONET_MODEL=model.autonet uvicorn --factory service:create_app
    curl localhost:8000/predict --json '[{"age": 40, "job": "services"}, {"age": null, "job": "student"}]'

Rows are objects with the columns of the table that was fitted, in any order; further ones are ignored.  What cannot be
predicted is answered with the status 422 and a sentence that says why.
"""

import json
import os
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

import autonet


def create_app() -> FastAPI:
    """Load the model once; its predictions are made in the threads of FastAPI."""
    model = autonet.load(os.environ["AUTONET_MODEL"]).model_
    app = FastAPI(title="Predictions of an autonet model")

    @app.post("/predict")
    def predict(rows: Annotated[list[Any], Depends(read_rows)]) -> dict[str, Any]:
        try:
            if model.targets.kind == "regression":
                return {"values": model.predict(rows).tolist()}
            probabilities = model.predict_proba(rows)
        except (ValueError, TypeError) as error:
            raise HTTPException(422, str(error)) from error
        names = [str(label) for label in model.targets.labels]
        return {
            "labels": model.decide(probabilities).tolist(),
            "probabilities": [dict(zip(names, row, strict=True)) for row in probabilities.tolist()],
        }

    return app


async def read_rows(request: Request) -> list[Any]:
    """Read a list of rows, or a single one."""
    try:
        rows = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"The body is not JSON: {error}.") from error
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise HTTPException(422, "Send a list of rows, each an object with a value for every column.")
    return rows
