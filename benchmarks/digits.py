"""Digits with the settings of Auto-PyTorch's README: test accuracy of three seeds.

python benchmarks/digits.py
"""

import argparse
import time
from statistics import mean

from common import environment
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from autonet import AutoNetClassification


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--max-runtime", type=float, default=300)
    parser.add_argument("--min-budget", type=float, default=30)
    parser.add_argument("--max-budget", type=float, default=90)
    arguments = parser.parse_args()

    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
    print("| seed | test accuracy | validation | fit took | configurations | at the top |")
    print("|---|---|---|---|---|---|")
    scores = []
    for seed in arguments.seeds:
        auto = AutoNetClassification(
            "tiny_cs",
            max_runtime=arguments.max_runtime,
            min_budget=arguments.min_budget,
            max_budget=arguments.max_budget,
            random_state=seed,
        )
        began = time.monotonic()
        auto.fit(X_train, y_train, validation_split=0.3)
        seconds = time.monotonic() - began
        scores.append(auto.score(X_test, y_test))
        print(
            f"| {seed} | {scores[-1]:.4f} | {auto.fit_result['info']['val_accuracy']:.4f} | {seconds:.1f} s "
            f"({seconds / arguments.max_runtime:.1%}) | {len(auto.history_)} | "
            f"{sum(t.budget >= arguments.max_budget for t in auto.history_)} |",
            flush=True,
        )
    print(f"| mean | {mean(scores):.4f} | | | | |\n\n{environment()}")


if __name__ == "__main__":
    main()
