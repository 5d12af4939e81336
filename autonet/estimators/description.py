"""Descriptions of a fitted estimator in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autonet.search.history import History

__all__ = ["describe_model", "describe_search"]


def describe_model(fit_result: Mapping[str, Any], metric: str = "") -> list[str]:
    """Describe the fitted model and its validation scores in two or three lines.

    Parameters
    ----------
    fit_result : mapping
    metric : str
        Name of the only score to show; default: all scores.
    """
    names, best = list(fit_result["ensemble"]), fit_result["best_network"]
    if len(names) == 1:
        model = _describe_member(names[0])
    else:
        shares = sorted(fit_result["ensemble"].items(), key=lambda item: -item[1])
        model = "an ensemble of " + ", ".join(f"{_describe_member(name)} ({share:.0%})" for name, share in shares)
    lines = [f"predicts: {model}; {_format_scores(fit_result['info'], metric)}"]
    if names != [best["name"]]:
        lines.append(f"best network: {_describe_member(best['name'])}; {_format_scores(best, metric)}")
    if fit_result["pos_label"] is not None:
        threshold = "" if fit_result["threshold"] is None else f", threshold {fit_result['threshold']:.3g}"
        lines.append(f"positive class {fit_result['pos_label']!r}{threshold}")
    return lines


def _describe_member(name: str) -> str:
    return f"network of trial {name}" if name.isdigit() else name


def _format_scores(scores: Mapping[str, Any], metric: str) -> str:
    chosen = {
        k: v
        for k, v in scores.items()
        if (k == f"val_{metric}" if metric else k.startswith(("val_", "train_", "refit_", "test_")))
    }
    return ", ".join(f"{k} {v:.4f}" for k, v in chosen.items())


def describe_search(fit_result: Mapping[str, Any], history: History, space: ConfigurationSpace) -> list[str]:
    """Describe the fitted model and the hyperparameters of the best network."""
    head = [f"{len(history)} configurations tried; the best network had budget {fit_result['budget']:g}"]
    stretched = [trial for trial in history.ranked() if trial.budget > history.rungs.top]
    if stretched:
        names = ", ".join(f"{trial.number} (to {trial.budget:.3g})" for trial in stretched)
        head.append(f"trained beyond the budget {history.rungs.top:.3g} while their loss fell: trials {names}")
    free = {name for name, hyperparameter in space.items() if hyperparameter.size > 1}
    config = fit_result["optimized_hyperparameter_config"]
    hyperparameters = [f"  {name} = {value}" for name, value in config.items() if name in free]
    return [*head, *describe_model(fit_result), *hyperparameters]
