"""A custom sampler
=====================

Expected improvement with the Gaussian process of scikit-learn, against random search on the Branin function.
"""

import numpy as np
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from autonet.search import Study


class ExpectedImprovement:
    def propose(self, space, history, rng):
        table = history.table(space)  # the history as arrays
        encoding, rows = table.encoding, table.encoding.sample(500, rng)
        known = list(history.ranked())  # trials with a value, best first
        if len(known) >= 5:
            model = GaussianProcessRegressor(Matern(0.3, nu=2.5), alpha=1e-4, optimizer=None, normalize_y=True)
            model.fit(encoding.features(table.rows[[t.number for t in known]]), [t.last.loss for t in known])
            mean, std = model.predict(encoding.features(rows), return_std=True)
            z = (known[0].last.loss - mean) / std
            rows = rows[np.argsort(-std * (z * norm.cdf(z) + norm.pdf(z)))]
        row = table.first_new(rows)  # legal, and no trial has it
        return None if row is None else encoding.decode(row)


def branin(trial):
    x, y = trial["x"], trial["y"]
    return (y - 5.1 * (x / (2 * np.pi)) ** 2 + 5 * x / np.pi - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def main(max_trials=40, seeds=range(5)):
    space, results = {"x": (-5.0, 10.0), "y": (0.0, 15.0)}, {}
    for name, sampler in {"random search": "random", "expected improvement": ExpectedImprovement()}.items():
        studies = [Study(space, sampler=sampler, random_state=seed) for seed in seeds]
        best = [study.optimize(branin, max_trials=max_trials).best.value for study in studies]
        results[name] = float(np.median(best)) - 0.397887  # the optimum
        print(f"{name:<22} {results[name]:.4f} above the optimum after {max_trials} trials")
    return results


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/bump.png"
