"""The MNIST example of Auto-PyTorch
=================================

Code of a book on Auto-PyTorch, with only its import line changed.

It takes 33 minutes and a copy of MNIST: ``AUTONET_DATA=folder python examples/mnist.py``, with ``folder/mnist.npz``.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import torch
from torchviz import make_dot

from autonet import AutoNetClassification


def main(max_runtime: float = 2000, min_budget: float = 100, max_budget: float = 1500) -> float:
    data = np.load(Path(os.environ.get("AUTONET_DATA", "../shared/data")) / "mnist.npz")
    X_train, y_train = data["x_train"].reshape(-1, 784), data["y_train"]
    X_test, y_test = data["x_test"].reshape(-1, 784), data["y_test"]

    auto = AutoNetClassification(
        "tiny_cs", log_level="info", max_runtime=max_runtime, min_budget=min_budget, max_budget=max_budget
    )
    auto.fit(X_train, y_train, validation_split=0.1)
    y_pred = auto.predict(X_test)
    accuracy = float(np.mean(y_pred.reshape(-1) == y_test))
    print("Accuracy score", accuracy)

    pytorch_model = auto.get_pytorch_model()
    print(pytorch_model)
    x = torch.randn(1, pytorch_model[0].in_features)
    y = pytorch_model(x)
    arch = make_dot(y.mean(), params=dict(pytorch_model.named_parameters()))
    arch.format = "pdf"
    arch.filename = "convnet_arch"
    if shutil.which("dot"):  # the program of Graphviz; examples/digits.py draws without it
        arch.render(view=False)
    print(auto.get_hyperparameter_search_space())
    return accuracy


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/digits.png"
