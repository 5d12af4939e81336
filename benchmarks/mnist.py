"""The Auto-PyTorch MNIST example: test accuracy, time used, configurations started and brought to the top.

python benchmarks/mnist.py --min-budget 100 --max-budget 1500
python benchmarks/mnist.py --preset medium_cs --max-runtime 600
"""

import argparse
import time

from common import environment, images

from autonet import AutoNetClassification


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="tiny_cs")
    parser.add_argument("--max-runtime", type=float, default=2000)
    parser.add_argument("--min-budget", type=float)
    parser.add_argument("--max-budget", type=float)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    limits = {name: getattr(arguments, name) for name in ("max_runtime", "min_budget", "max_budget")}

    X_train, y_train, X_test, y_test = images("mnist")
    auto = AutoNetClassification(arguments.preset, log_level="info", random_state=arguments.seed, **limits)
    began = time.monotonic()
    auto.fit(X_train, y_train, validation_split=0.1)
    seconds = time.monotonic() - began
    history = auto.history_
    budgets = [f"{v:g}" if v else "default" for v in limits.values()]
    print(
        "| preset | runtime / min / max budget, s | seed | test accuracy | validation | fit took | configurations "
        "| at the top |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {arguments.preset} | {' / '.join(budgets)} | {arguments.seed} | {auto.score(X_test, y_test):.4f} | "
        f"{auto.fit_result['info']['val_accuracy']:.4f} | {seconds:.1f} s ({seconds / arguments.max_runtime:.1%}) | "
        f"{len(history)} | {sum(t.budget >= history.rungs.top for t in history)} |"
    )
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
