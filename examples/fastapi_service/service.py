"""Serve a model that ``save`` wrote over HTTP, with FastAPI: rows as JSON come in, labels and probabilities go out.

    pip install -r requirements.txt
    AUTONET_MODEL=model.autonet uvicorn --factory service:create_app
    curl localhost:8000/predict --json '[{"age": 40, "job": "services"}, {"age": null, "job": "student"}]'

Rows are objects with the columns of the table that was fitted, in any order; further ones are ignored.  Dates are text
in ISO 8601; columns of an array are called x0, x1, and so on.  What cannot be predicted is answered with the status 422
and a sentence that says why.

A model of images takes the file itself, or rows with an "image": the content of a file in base64, or lists of pixels.

    curl localhost:8000/predict --header "Content-Type: image/png" --data-binary @cat.png
    curl localhost:8000/predict --json '[{"image": "iVBORw0KGgo..."}, {"image": "/9j/4AAQSkZJ..."}]'
"""

import base64
import json
import os
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, HTTPException, Request

import autonet


def create_app() -> FastAPI:
    """Load the model once; its predictions are made in the threads of FastAPI."""
    estimator = autonet.load(os.environ["AUTONET_MODEL"])
    model = estimator.model_
    are_images = isinstance(estimator, autonet.AutoNetImageClassification | autonet.AutoNetImageRegression)
    app = FastAPI(title="Predictions of an autonet model")

    @app.post("/predict")
    def predict(rows: Annotated[list[Any], Depends(read_rows)]) -> dict[str, Any]:
        try:
            X = read_images(rows) if are_images else rows
            if model.targets.kind == "regression":
                return {"values": by_name(model.targets.quantiles or model.targets.names, model.predict(X))}
            probabilities = model.predict_proba(X)
        except (ValueError, TypeError) as error:
            raise HTTPException(422, str(error)) from error
        return {
            "labels": by_name(model.targets.names, model.decide(probabilities)),
            "probabilities": by_name(model.targets.names, probabilities),
        }

    return app


def by_name(names: Sequence[Any], values: np.ndarray) -> list[Any]:
    """List the values of the rows; where a row has several, by the names of the classes, labels or targets."""
    if values.ndim == 1:
        return values.tolist()
    return [dict(zip(map(str, names), row, strict=True)) for row in values.tolist()]


async def read_rows(request: Request) -> list[Any]:
    """Read a list of rows, a single one, or a file of an image."""
    if request.headers.get("Content-Type", "").startswith("image/"):
        return [{"image": await request.body()}]
    try:
        rows = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"The body is not JSON: {error}.") from error
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise HTTPException(422, "Send a list of rows, each an object with a value for every column.")
    return rows


def read_images(rows: list[dict[str, Any]]) -> list[Any]:
    """Return the contents of files, or the pixels; text is never the name of a file on this machine."""
    images = [row.get("image") for row in rows]
    if all(isinstance(image, list) for image in images) or all(isinstance(image, bytes) for image in images):
        return images
    if not all(isinstance(image, str) for image in images):
        raise ValueError('Each row needs an "image": the content of a file in base64, or in all rows lists of pixels.')
    try:
        return [base64.b64decode(image, validate=True) for image in images]
    except ValueError as error:
        raise ValueError(f'"image" is not in base64: {error}.') from error
