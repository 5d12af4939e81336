"""
The image part of Auto-PyTorch's tutorial
=========================================

What the tutorial of Auto-PyTorch 0.0.2 shows of images, here with the digits of scikit-learn as files. It needs the
extras ``images`` and ``plot``.
"""

import csv
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

from autonet import AutoNetImageClassification
from autonet.inspection import MistakesDisplay

# %%
# The tutorial starts from files and a table of their paths and labels, without a header.
folder = Path(mkdtemp())
(folder / "images").mkdir()
digits = load_digits()
for i, pixels in enumerate(digits.images[:900]):
    Image.fromarray((pixels * 15.9).astype(np.uint8)).save(folder / "images" / f"{i}.png")
for name, rows in (("train.csv", range(600)), ("test.csv", range(600, 900))):
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows((f"images/{i}.png", digits.target[i]) for i in rows)
print((folder / "train.csv").read_text().splitlines()[:3])

# %%
# The constructor takes a preset, as there, and options that ``fit`` may override. Budgets are epochs on this page, so
# that it repeats; by default they are seconds.
auto = AutoNetImageClassification(
    "tiny_cs", result_logger_dir=folder / "logs", budget_type="epochs", random_state=0, cross_validator="none"
)
config = auto.get_current_autonet_config()
print({name: config[name] for name in ("preset", "budget_type", "algorithm", "cross_validator", "ensemble_size")})

# %%
# What is searched: ``print_help`` lists all options and components.
space = auto.get_hyperparameter_search_space()
print([name for name, hyperparameter in space.items() if hyperparameter.size > 1])

# %%
# **I) A path to a CSV file.** Its paths are relative to its folder, or to those of ``images_root_folders``, which is
# ``root_folders`` here. ``images_shape`` becomes ``image_size``; ``save_checkpoints`` has no effect: ``run_dir`` is a
# directory that keeps the weights of every trial, and from which the same call continues after a crash.
auto.fit(
    folder / "train.csv", images_shape=[1, 12, 12], min_budget=3, max_budget=9, max_trials=3, run_dir=folder / "run"
)
print(auto.leaderboard().to_pandas()[["rank", "name", "family", "val_score", "budget"]].to_string(index=False))

# %%
# **II) Paths and labels.** Any sequence of paths does, a column of a data frame as well.
table = pd.read_csv(folder / "test.csv", header=None)
paths, labels = [folder / name for name in table[0]], table[1]
print("Accuracy", round(auto.score(paths, labels), 3))
print("Predictions", *auto.predict(paths[:10]))

# %%
# Where is it wrong?
MistakesDisplay.from_estimator(auto, paths, labels)

# %%
# The network is an ``nn.Sequential``, as there.
print([type(layer).__name__ for layer in auto.get_pytorch_model()])

# %%
# **Several data sets.** The tutorial's class for several data sets looks for one configuration for all of them. Here,
# each search may begin with what others found: arrays of the other digits, for which the best configuration is tried
# first.
other = AutoNetImageClassification("tiny_cs", initial_configs=[auto.best_config_], budget_type="epochs", random_state=0)
images = (digits.images[900:] * 15.9).astype(np.uint8)
other.fit(images[:600], digits.target[900:1500], max_trials=1, max_budget=9, cross_validator="none")
print("Accuracy", round(other.score(images[600:], digits.target[1500:]), 3))

# %%
# Data sets such as CIFAR10 are not downloaded: pass their arrays, in any layout.

# sphinx_gallery_thumbnail_path = "_static/thumbnails/digits.png"
