"""
From raw data to a served model
===============================

A data frame as it comes, with numbers, categories and missing values, becomes a model that answers in a service
without autonet, scikit-learn and torch. It needs the extras ``plot`` and ``onnx``.
"""

import json
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import onnxruntime
import pandas as pd
from serving import to_inputs  # examples/serving.py
from sklearn.model_selection import train_test_split

import autonet

# %%
# Flats and their rents, invented: prices differ by district, and some sizes are unknown.
rng = np.random.default_rng(0)
flats = pd.DataFrame({"size": rng.gamma(9, 8, 500).round(), "floor": rng.integers(0, 9, 500)})
flats["district"] = rng.choice(["Altstadt", "Hafen", "Nord"], 500, p=[0.2, 0.3, 0.5])
flats["heating"] = pd.Categorical(rng.choice(["gas", "oil", "pump"], 500))
flats["rent"] = 200 + flats["size"] * flats["district"].map({"Altstadt": 19, "Hafen": 14, "Nord": 11})
flats["rent"] += 12 * flats["floor"] + rng.normal(0, 60, 500)
flats.loc[rng.random(500) < 0.1, "size"] = np.nan
X_train, X_test, y_train, y_test = train_test_split(flats, flats.pop("rent"), random_state=0)

# %%
# Fit: nothing is to be encoded or imputed before.
options = {"max_trials": 4, "budget_type": "epochs", "max_budget": 27, "random_state": 0}
auto = autonet.AutoNetRegression("tiny_cs", **options).fit(X_train, y_train)
print(auto.columns_)

# %%
# Evaluate, on rows that the fit has not seen:
print(auto.evaluate(X_test, y_test, metrics=["r2", "neg_mean_absolute_error"]))

# %%
# Save and load. The file holds no code; the loaded model takes rows as services get them.
folder = Path(mkdtemp())
auto.save(folder / "rent.autonet")
rows = [
    {"district": "Hafen", "size": 80, "floor": 2, "heating": "gas"},
    {"district": "Nord", "size": None, "floor": 0, "heating": None},
]
print(autonet.load(folder / "rent.autonet").model_.predict(rows).round())

# %%
# Export for a service that has onnxruntime only: a JSON file beside the model says how columns become inputs.
auto.export(folder / "rent.onnx")
description = json.loads((folder / "rent.json").read_text())
session = onnxruntime.InferenceSession(folder / "rent.onnx")
print(session.run(None, to_inputs(rows, description))[0].round().ravel())

# sphinx_gallery_thumbnail_path = "_static/thumbnails/service.png"
