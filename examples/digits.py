"""Digits in half a minute
=======================

Find a network for the digits of scikit-learn, look at it, and draw it: ``python examples/digits.py``.
"""

from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from autonet import AutoNetClassification
from autonet.inspection.graph import draw_network


def main(max_runtime: float = 30, folder: Path = Path(), progress_bar: bool | str = "auto") -> float:
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)

    auto = AutoNetClassification(
        "tiny_cs",
        max_runtime=max_runtime,
        min_budget=max_runtime / 10,
        max_budget=max_runtime / 3,
        progress_bar=progress_bar,
    )
    auto.fit(X_train, y_train, validation_split=0.2)

    accuracy = auto.score(X_test, y_test)
    print(f"\nTest accuracy {accuracy:.4f}, after {len(auto.history_)} configurations in {max_runtime:g} s.")
    print("The best configuration:")
    for name, value in auto.best_config_.items():
        print(f"  {name} = {value}")

    model = auto.get_pytorch_model()
    print(f"\nThe network, an ordinary torch.nn.Module:\n{model}")
    print(f"Logits of one row: {model(torch.randn(1, model[0].in_features)).detach().numpy().round(1)}")
    print(f"\nIts architecture is drawn in {draw_network(model, folder / 'convnet_arch.pdf').resolve()}")
    return accuracy


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/digits.png"
