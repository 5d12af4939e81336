"""History and search space of a fit as plain values, for model files."""

from collections.abc import Mapping
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.jsonvalues import from_text, to_text
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.rungs import Rungs

__all__ = ["describe_search", "restore_search"]


def describe_search(history: History, space: ConfigurationSpace) -> dict[str, Any]:
    """Describe a history and its space in plain values."""
    rungs = history.rungs
    return {
        "space": to_text(space.to_serialized_dict()),
        "budgets": list(rungs.budgets),
        "eta": float(rungs.eta),
        "unit": rungs.unit,
        "maximize": history.maximize,
        "events": [to_text([event.kind, event.trial, event.body]) for event in history.to_events()],
    }


def restore_search(spec: Mapping[str, Any]) -> tuple[History, ConfigurationSpace]:
    """Rebuild a history and its space.

    Raises
    ------
    ValueError, TypeError, LookupError
        If values are missing, or do not fit together.
    """
    history = History(Rungs(tuple(spec["budgets"]), spec["eta"], spec["unit"]), maximize=spec["maximize"])
    for text in spec["events"]:
        history.apply(Event(*from_text(text)))
    return history, ConfigurationSpace.from_serialized_dict(from_text(spec["space"]))
