"""Model files and exports on real tables: size, equality of predictions, loss of half-precision weights.

    python benchmarks/model_files.py --out model_files.jsonl
    python benchmarks/model_files.py --out model_files.jsonl --table

Every table is fitted for some seconds, tree ensembles included.  The file is compared with a pickle of the attributes
of the estimator, as pickles were before they held a model file.  (At 26a2d0c they held scikit-learn's own trees, which
are larger.)  A fresh process loads the file and predicts the test rows.  The score is accuracy or R2.  Exports are
compared with `predict_proba`, or with `predict`, relative to the value or to the target's standard deviation, whichever
is larger; what is refused is exported without its tree ensembles.  Tables that are in the file are not done again.
"""

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import cloudpickle
import numpy as np
import onnxruntime
import torch
from common import environment
from tables import TABLES, load

import autonet
from autonet.core.errors import InvalidOption
from autonet.models.ensemble import Ensemble, NetworkMember
from autonet.models.export import to_tensors
from autonet.models.model import FittedModel

EXPORTED_ROWS = 500
FORMS = ("module", "torch.export", "ONNX")
LOAD = """
import pickle, sys
import autonet
auto, X = autonet.load(sys.argv[1]), pickle.load(open(sys.argv[2], "rb"))
pickle.dump(getattr(auto, "predict_proba", auto.predict)(X), open(sys.argv[3], "wb"))
"""
Record = dict[str, Any]


def measure(name: str, seconds: float) -> Record:
    """Fit to a table, and save, load and export the model."""
    X, y, X_test, y_test = load(name, 0)
    kind = autonet.AutoNetRegression if np.asarray(y).dtype.kind == "f" else autonet.AutoNetClassification
    auto = kind(max_runtime=seconds, tree_ensembles=True, random_state=0).fit(X, y)
    predict, unit = (auto.predict, np.std(y)) if kind is autonet.AutoNetRegression else (auto.predict_proba, 1.0)
    are_networks = [isinstance(member, NetworkMember) for member in auto.model_.ensemble.members]
    record: Record = {"table": name, "networks": sum(are_networks), "trees": are_networks.count(False)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        auto.save(path / "model.autonet")
        auto.save(path / "half.autonet", dtype="float16")
        half = autonet.load(path / "half.autonet")
        record |= {
            "bytes": (path / "model.autonet").stat().st_size,
            "half_bytes": (path / "half.autonet").stat().st_size,
            "pickle_bytes": len(cloudpickle.dumps(vars(auto))),
            "equal": np.array_equal(predict(X_test), predict_elsewhere(path, X_test)),
            "score": auto.score(X_test, y_test),
            "half_score": half.score(X_test, y_test),
        }
        rows = X_test[:EXPORTED_ROWS]
        try:
            auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
            record["refused"] = ""
        except InvalidOption as error:
            record["refused"] = str(error)
            auto._set_model(without_trees(auto.model_))
        expected = predict(rows).reshape(len(rows), -1)
        for what, run in exports(auto, path):
            outputs = run(to_tensors(auto.model_.read(rows)))
            record[what] = float((np.abs(outputs - expected) / np.maximum(np.abs(expected), unit)).max())
    return record


def without_trees(model: FittedModel) -> FittedModel:
    """The model with the networks of its ensemble alone, or with the best ones if there are none."""
    ensemble = model.ensemble
    parts = zip(ensemble.members, ensemble.weights, ensemble.names, strict=True)
    kept = [part for part in parts if isinstance(part[0], NetworkMember)]
    if not kept:
        return replace(model, ensemble=Ensemble.from_members("best", model.best))
    members, weights, names = (list(column) for column in zip(*kept, strict=True))
    weights = [weight / sum(weights) for weight in weights]
    return replace(model, ensemble=Ensemble(members, weights, names, ensemble.temperature))


def predict_elsewhere(folder: Path, X: Any) -> np.ndarray:
    """Load the file in a fresh process, and predict there."""
    (folder / "X").write_bytes(pickle.dumps(X))
    files = [str(folder / file) for file in ("model.autonet", "X", "predictions")]
    subprocess.run([sys.executable, "-c", LOAD, *files], check=True)
    return pickle.loads((folder / "predictions").read_bytes())


def exports(auto: Any, folder: Path) -> Iterator[tuple[str, Callable[[Any], np.ndarray]]]:
    """Each form of the model, as a function of the tensors of a table."""
    module = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
    yield "module", lambda tensors: module(*tensors).detach().numpy()
    auto.export(folder / "model.pt2")
    exported = torch.export.load(folder / "model.pt2").module()
    yield "torch.export", lambda tensors: exported(*tensors).detach().numpy()
    auto.export(folder / "model.onnx")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    names = [known.name for known in session.get_inputs()]
    order = ["numbers", "codes", *(f"text_{i}" for i in range(100))]

    def run(tensors: Any) -> np.ndarray:
        given = dict(zip(order, tensors, strict=False))
        return session.run(None, {name: given[name].numpy() for name in names})[0]

    yield "ONNX", run


def report(path: Path) -> Iterator[str]:
    """Lines of the table."""
    runs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = ["table", "networks", "trees", "file", "of the pickle", "equal", "score", "half: file", "half: score"]
    yield f"| {' | '.join([*names, *FORMS])} |"
    yield "|" + "---|" * (len(names) + len(FORMS))
    for run in sorted(runs, key=lambda run: run["table"]):
        size, ratio = run["bytes"] / 2**20, run["bytes"] / run["pickle_bytes"]
        about = f"{run['table']} | {run['networks']} | {run['trees']} | {size:.2f} MiB | {ratio:.2f}"
        half = f"{run['score']:.4f} | {run['half_bytes'] / run['bytes']:.2f} | {run['half_score'] - run['score']:+.0e}"
        forms = " | ".join(f"{run[what]:.0e}" for what in FORMS)
        equal = "yes" if run["equal"] else "no"
        yield f"| {about} | {equal} | {half} | {forms} |"
    ratio = median(run["bytes"] / run["pickle_bytes"] for run in runs)
    change = max(abs(run["half_score"] - run["score"]) for run in runs)
    close = sum(max(run[what] for what in FORMS) <= 1e-6 for run in runs)
    yield ""
    yield (
        f"Equal on {sum(run['equal'] for run in runs)} of {len(runs)}; median file {ratio:.2f} of the pickle; half "
        f"precision changes the score by {change:.0e} at most; exports within 1e-6 on {close}; tree ensembles were "
        f"refused on {sum(bool(run['refused']) for run in runs)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="print what is in the file")
    arguments = parser.parse_args()
    if arguments.table:
        print(*report(arguments.out), sep="\n")
        return
    warnings.simplefilter("ignore")
    done = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    for name in arguments.tables:
        if f'"{name}"' not in done:
            record = measure(name, arguments.seconds)
            print(record, flush=True)
            with arguments.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(record) + "\n")
    print(environment())


if __name__ == "__main__":
    main()
