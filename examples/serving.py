"""
Serve a model without autonet
=============================

Predict rows, one JSON object a line, with an ONNX model that ``export`` wrote; numpy and onnxruntime are all it needs.

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
        values = [row.get(column["name"]) for row in rows]
        if column["kind"] == "numeric":
            inputs["numbers"][:, column["index"][0]] = [np.nan if value is None else value for value in values]
        elif column["kind"] == "ordinal":
            positions = dict(map(tuple, column["codes"]))
            inputs["numbers"][:, column["index"][0]] = [positions.get(value, np.nan) for value in values]
        elif "codes" in column:
            codes = {**dict(map(tuple, column["codes"])), None: column["missing"]}
            inputs["codes"][:, column["index"]] = [codes.get(value, column["unseen"]) for value in values]
        elif "input" in column:
            raise SystemExit(f"This example reads numbers and categories; {column['name']!r} is {column['kind']}.")
    return inputs


if __name__ == "__main__":
    path = Path(sys.argv[1])
    description = json.loads(path.with_suffix(".json").read_text())
    rows = [json.loads(line) for line in sys.stdin]
    for output in onnxruntime.InferenceSession(path).run(None, to_inputs(rows, description))[0]:
        labels = map(str, description["output"]["labels"] or range(len(output)))
        print(json.dumps(dict(zip(labels, output.tolist(), strict=True))))

# sphinx_gallery_thumbnail_path = "_static/thumbnails/service.png"
