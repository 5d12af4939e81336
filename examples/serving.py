"""
Serve a model without autonet
=============================

Predict rows, one JSON object a line, with an ONNX model that ``export`` wrote; numpy and onnxruntime are all it needs.
Every row has every column of the model, null where a value is missing; columns of an array are x0, x1, and so on.

    python examples/serving.py model.onnx < rows.jsonl
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def to_inputs(rows, description):
    """Turn rows into the inputs of the model: numbers, and codes of categories."""
    inputs = {i["name"]: np.zeros((len(rows), i["columns"]), i["dtype"]) for i in description["inputs"]}
    for column in description["columns"]:
        if "input" not in column:  # the model does not use it
            continue
        values = [row[str(column["name"])] for row in rows]  # null where a value is missing
        if column["kind"] == "numeric":
            inputs["numbers"][:, column["index"][0]] = [np.nan if value is None else value for value in values]
        elif column["kind"] == "ordinal":
            positions = dict(map(tuple, column["codes"]))
            inputs["numbers"][:, column["index"][0]] = [positions.get(value, np.nan) for value in values]
        elif "codes" in column:
            codes = {**dict(map(tuple, column["codes"])), None: column["missing"]}
            inputs["codes"][:, column["index"]] = [codes.get(value, column["unseen"]) for value in values]
        else:
            raise SystemExit(f"This example reads numbers and categories; {column['name']!r} is {column['kind']}.")
    return inputs


if __name__ == "__main__":
    path = Path(sys.argv[1])
    description = json.loads(path.with_suffix(".json").read_text())
    rows = [json.loads(line) for line in sys.stdin]
    try:
        inputs = to_inputs(rows, description)
    except KeyError as error:
        raise SystemExit(f"A row lacks the column {error}; use null where a value is missing.") from error
    for output in onnxruntime.InferenceSession(path).run(None, inputs)[0]:
        labels = map(str, description["output"]["labels"] or range(len(output)))
        print(json.dumps(dict(zip(labels, output.tolist(), strict=True))))

# sphinx_gallery_thumbnail_path = "_static/thumbnails/service.png"
