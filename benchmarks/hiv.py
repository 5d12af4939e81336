"""HIV inhibition of 41,127 molecules from 1024 bits of their fingerprints, with the published scaffold split.

The published validation set has 81 active molecules.  With --folds 5 the molecules of training and validation are
split into five folds instead, whose networks are averaged; the test set is the published one either way.

    python benchmarks/hiv.py --folds 5 --seeds 0 1
"""

import argparse
import time

import numpy as np
from common import environment, fingerprints
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from autonet import AutoNetClassification


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--max-runtime", type=float, default=600)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--log-level", default="warning")
    arguments = parser.parse_args()
    X, y, part = fingerprints("hiv")
    train, valid, test = (part == i for i in range(3))
    if arguments.folds == 1:
        given = {"X": X[train], "y": y[train], "X_valid": X[valid], "y_valid": y[valid]}
    else:
        given = {"X": X[~test], "y": y[~test], "cross_validator": arguments.folds}
    print("| seed | validation ROC-AUC | test ROC-AUC | fit took | configurations | the best |")
    print("|---|---|---|---|---|---|")
    for seed in arguments.seeds:
        auto = AutoNetClassification(
            max_runtime=arguments.max_runtime,
            optimize_metric="roc_auc",
            random_state=seed,
            log_level=arguments.log_level,
        )
        began = time.monotonic()
        auto.fit(**given)
        print(row(auto, seed, X[test], y[test], time.monotonic() - began), flush=True)
    linear = LogisticRegression(max_iter=1000).fit(X[train], y[train])
    score = roc_auc_score(y[test], linear.predict_proba(X[test])[:, 1])
    print(f"| logistic regression | | {score:.4f} | | | |")
    print(f"\n{environment()}")


def row(auto: AutoNetClassification, seed: int, X: np.ndarray, y: np.ndarray, seconds: float) -> str:
    """What there is to say of a fit, and of its predictions."""
    score = roc_auc_score(y, auto.predict_proba(X)[:, 1])
    found = ", ".join(str(v) for k, v in auto.best_config_.items() if k.count(":") == 1 and isinstance(v, str))
    validated = auto.fit_result["info"]["val_roc_auc"]
    return f"| {seed} | {validated:.4f} | {score:.4f} | {seconds:.1f} s | {len(auto.history_)} | {found} |"


if __name__ == "__main__":
    main()
