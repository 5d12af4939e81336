"""
A model of DeepChem
===================

DeepChem's own classifier, validated by its own callback, in trials that continue after a crash.

It needs deepchem (2.8 runs with Python 3.11) and runs in a minute on fingerprints that are made up.
"""

from pathlib import Path

import deepchem as dc
import numpy as np

from autonet.search import RunningTrial, Study, maximize

SPACE = {"layer_sizes": [[50], [100], [50, 50]], "dropouts": (0.2, 0.5), "learning_rate": (1e-4, 1e-2)}


def make_molecules(rows: int = 1200) -> tuple[dc.data.Dataset, dc.data.Dataset]:
    """Training and validation set: bits, of which a few make a molecule active."""
    bits = (np.random.default_rng(0).random((rows, 128)) < 0.1).astype(np.float32)
    active = (bits[:, :12].sum(axis=1) > 2).astype(np.float32)[:, None]
    train = dc.data.NumpyDataset(bits[: rows // 2], active[: rows // 2])
    valid = dc.data.NumpyDataset(bits[rows // 2 :], active[rows // 2 :])
    return dc.trans.BalancingTransformer(dataset=train).transform(train), valid


def main(max_trials: int = 8, epochs: int = 20, run_dir: Path = Path("runs/molecules")) -> Study:
    train, valid = make_molecules()
    metric = dc.metrics.Metric(dc.metrics.roc_auc_score)

    def objective(trial: RunningTrial) -> float:
        model = dc.models.MultitaskClassifier(1, n_features=128, **trial, device="cpu")
        best = dc.models.ValidationCallback(valid, 10, [metric], save_dir=trial.directory, save_on_minimum=False)
        model.fit(train, nb_epoch=epochs, callbacks=[best])
        model.restore(model_dir=trial.directory)
        return model.evaluate(valid, [metric])["roc_auc_score"]

    study = maximize(objective, SPACE, max_trials=max_trials, run_dir=run_dir, random_state=0)
    print(study.best)
    return study


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/bits.png"
