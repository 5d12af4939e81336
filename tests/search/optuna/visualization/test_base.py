"""Plots of Optuna, of studies of autonet."""

import subprocess
import sys
from pathlib import Path

import pytest

import autonet
import autonet.search.optuna as ours
from autonet.search import minimize
from autonet.search.optuna.visualization.base import OfOptuna


def test_plots_and_importances_take_studies_of_both_kinds() -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    study = ours.create_study(sampler="random", random_state=0)
    study.optimize(lambda t: t.suggest_float("x", 0, 9) + 0.1 * t.suggest_int("n", 0, 8, step=3), n_trials=12)
    other = minimize(lambda trial: trial["x"], {"x": (0.0, 9.0)}, max_trials=4, random_state=0)
    assert len(ours.visualization.plot_edf([study, other]).data) == 2
    assert len(ours.visualization.plot_slice(study=study).data) == 2
    shares = ours.importance.get_param_importances(study)
    assert shares["x"] > shares["n"]
    assert "plot_slice" in dir(OfOptuna("optuna.visualization"))
    assert callable(ours.visualization.matplotlib.plot_slice)
    with pytest.raises(AttributeError, match="Did you mean 'plot_slice'"):
        _ = ours.visualization.plot_slices


def test_plots_of_several_objectives_are_refused() -> None:
    with pytest.raises(AttributeError, match="single objective"):
        _ = ours.visualization.plot_pareto_front


def test_optuna_is_imported_for_plots_only() -> None:
    code = (
        "import sys, autonet.search.optuna as o; s = o.create_study(); "
        "s.optimize(lambda t: t.suggest_float('x', 0, 1), n_trials=2); s.trials_dataframe(); s.best_params; "
        "assert 'optuna' not in sys.modules and 'torch' not in sys.modules; "
        "import autonet.search; "
        "sys.modules['optuna'] = None; sys.modules['optuna.visualization'] = None\n"
        "try: o.visualization.plot_slice\n"
        "except ImportError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "needs optuna; install it with" in done.stdout


def test_nothing_else_imports_it() -> None:
    package = Path(autonet.__file__).parent
    others = (path for path in package.rglob("*.py") if package / "search" / "optuna" not in path.parents)
    assert [path for path in others if "autonet.search.optuna" in path.read_text(encoding="utf-8")] == []
