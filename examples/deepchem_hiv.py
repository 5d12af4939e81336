"""Molecules against HIV, with checkpoints
=======================================

A network is validated every few steps and ends as the best it ever was; the search resumes where it was stopped.

Run it with ``AUTONET_DATA=folder python examples/deepchem_hiv.py``, where ``folder/hiv.npz`` has 41,127 molecules of
MoleculeNet as fingerprints of 1,024 bits, split by their scaffolds. Call the same line again, and the search continues.
"""

import argparse
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from ConfigSpace import Float
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from autonet.search import RunningTrial, Study, maximize

Data = tuple[Tensor, Tensor]

SPACE = {
    "layer_sizes": [[500], [1000], [2000], [1000, 1000]],
    "dropout": (0.2, 0.5),
    "learning_rate": Float("learning_rate", (1e-4, 1e-3), log=True),
}


def load_molecules(rows: int | None) -> list[Data]:
    """Training, validation and test set: the bits of the fingerprints, and whether a molecule is active."""
    hiv = np.load(Path(os.environ.get("AUTONET_DATA", "../shared/data")) / "hiv.npz")
    bits, active = torch.tensor(np.unpackbits(hiv["ecfp"], axis=1)), torch.tensor(hiv["y"]).float()
    train, valid, test = (np.flatnonzero(hiv["split"] == k) for k in range(3))
    train = np.random.default_rng(0).permutation(train)[:rows]
    return [(bits[part], active[part]) for part in (train, valid, test)]


def network(layer_sizes: Sequence[int], dropout: float) -> nn.Module:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise([1024, *layer_sizes]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(layer_sizes[-1], 1), nn.Flatten(0))


@torch.no_grad()
def roc_auc(model: nn.Module, data: Data) -> float:
    X, y = data
    return float(roc_auc_score(y, torch.cat([model.eval()(batch.float()) for batch in X.split(1000)])))


def search(train: Data, valid: Data, run_dir: Path, max_trials: int, steps: int, validate_every: int) -> Study:
    X, y = train
    loss = nn.BCEWithLogitsLoss(pos_weight=(1 - y).sum() / y.sum())  # both classes weigh the same

    def objective(trial: RunningTrial) -> float:
        torch.manual_seed(trial.seed)
        model = network(trial["layer_sizes"], trial["dropout"])
        optimizer = torch.optim.Adam(model.parameters(), lr=trial["learning_rate"])
        for step in range(1, steps + 1):
            batch = torch.randint(len(X), (128,))
            optimizer.zero_grad()
            loss(model.train()(X[batch].float()), y[batch]).backward()
            optimizer.step()
            if step % validate_every == 0:
                trial.report(roc_auc(model, valid), step)
                trial.checkpoint.save_if_best(model.state_dict())
                if trial.should_prune():
                    break
        model.load_state_dict(trial.checkpoint.load())
        return roc_auc(model, valid)

    data = [*train, *valid]  # the run directory refuses to continue with others
    return maximize(objective, SPACE, run_dir=run_dir, max_trials=max_trials, random_state=0, data=data)


def main(arguments: Sequence[str] | None = None) -> Study:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run-dir", type=Path, default=Path("runs/hiv"))
    parser.add_argument("--trials", type=int, default=15)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--validate-every", type=int, default=500, help="steps")
    parser.add_argument("--rows", type=int, help="of the molecules to train on, use only so many")
    options = parser.parse_args(arguments)

    train, valid, test = load_molecules(options.rows)
    study = search(train, valid, options.run_dir, options.trials, options.steps, options.validate_every)
    best = study.best
    print(f"Best of {len(study.trials)} trials: validation ROC-AUC {best.value:.4f}, by {dict(best.config)}")

    model = network(best.config["layer_sizes"], best.config["dropout"])
    model.load_state_dict(study.load_checkpoint(best))
    print(f"Test ROC-AUC {roc_auc(model, test):.4f}")
    return study


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/bits.png"
