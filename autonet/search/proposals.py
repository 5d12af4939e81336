"""Propose legal, untried configurations with a sampler."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.core.threads import one_blas_thread
from autonet.search.evaluation import Outcome
from autonet.search.history import History
from autonet.search.records import Config, Status, Trial
from autonet.search.samplers.base import Sampler
from autonet.search.spaces.encoding import MAX_LISTED, Encoding
from autonet.search.spaces.seeds import draw_seeds, drop_seeds
from autonet.search.spaces.values import to_plain

__all__ = ["Proposal", "describe_ignored_values", "log_exhaustion", "propose"]

logger = logging.getLogger("autonet.search")

MAX_DRAWS = 20  # draws for a configuration that differs from running ones; if few are left, waiting is better

REPEAT = "repeat"  # origin of a trial that has the configuration of the one before

Proposal = tuple[Mapping[str, Any], str]  # configuration and origin


def propose(
    sampler: Sampler,
    space: ConfigurationSpace,
    history: History,
    rng: np.random.Generator,
    *,
    defines: bool = False,
    trusted: bool = True,
    repeats: int = 1,
) -> Proposal | None:
    """Return an untried configuration: an enqueued one, the default, or a proposal of the sampler.

    Before it comes the latest configuration again, until it has as many trials as there are repeats.

    Parameters
    ----------
    sampler : Sampler
    space : ConfigSpace.ConfigurationSpace
    history : History
    rng : numpy.random.Generator
    defines : bool
        Whether the objective defines the space, so that the configuration may be incomplete.
    trusted : bool
        Whether the objective is that of the earlier trials; an edited one may suggest something new.
    repeats : int
        Number of trials of each configuration.

    Returns
    -------
    Proposal or None
        None if no new configuration is found; see `log_exhaustion`.
    """
    latest = _find_latest(history)
    if latest is not None and len(history) - latest.number < repeats:
        # Until it has ended, it is not known what an objective that defines the space suggests.
        return None if defines and latest.number in history.running else (dict(latest.config), REPEAT)
    if history.queue:
        return draw_seeds(history.table(space).encoding, history.queue[0], rng), "enqueued"
    if not len(history):
        default = space.get_default_configuration() if len(space) else {}
        plain = {name: to_plain(value) for name, value in default.items()}
        return draw_seeds(history.table(space).encoding, drop_seeds(plain, space, {}), rng), "default"
    config: Mapping[str, Any] | None = None
    if len(space):
        with one_blas_thread():
            config = sampler.propose(space, history, rng)
    if getattr(sampler, "ended", False):  # of Optuna
        return None
    table = history.table(space)
    row = None if config is None else _encode_proposal(sampler, table.encoding, config)
    if defines:
        proposal = _propose_defined(history, config or {}, rng)
        return ({}, "sampler") if proposal is None and not trusted and not history.running else proposal
    if config is not None and row is not None and table.has(row):
        row = table.sample_new(rng)
        config = None if row is None else table.encoding.decode(row)
    return None if config is None else (config, "sampler")


def _find_latest(history: History) -> Trial | None:
    """Return the latest trial that repeats no other."""
    return next((trial for trial in reversed(history.trials) if trial.origin != REPEAT), None)


def _propose_defined(history: History, config: Mapping[str, Any], rng: np.random.Generator) -> Proposal | None:
    """Complete a proposal to an untried configuration, from earlier suggestions of the objective."""
    tree, running = history.defined.tree, [dict(trial.config) for trial in history.running.values()]
    completed, new = tree.complete(config, rng)
    if new and not _may_coincide(completed, running):
        return completed, "sampler"
    for _ in range(MAX_DRAWS):
        sampled = tree.sample(rng)
        if sampled is None:
            return None
        if not _may_coincide(sampled, running):
            return sampled, "sampler"
    return None


def _may_coincide(config: Config, running: Sequence[Config]) -> bool:
    """Return whether a partial configuration may become equal to a running one: one is a subset of the other."""
    return any(c and config and (c.items() <= config.items() or config.items() <= c.items()) for c in running)


def log_exhaustion(sampler: Sampler, space: ConfigurationSpace, history: History) -> None:
    """Log why there is no untried configuration."""
    table = history.table(space)
    if getattr(sampler, "ended", False):
        reason = "the sampler has proposed all that it has; %d configurations have been tried"
    elif not space.forbidden_clauses or table.encoding.size <= MAX_LISTED:
        reason = "all %d configurations have been tried"
    else:
        reason = (
            "no legal configuration was found beyond the %d tried, because the forbidden clauses of the space leave "
            "few; express them as ranges and conditions"
        )
    logger.warning(f"stopping the search: {reason}", table.n_distinct)


def describe_ignored_values(trial: Trial, outcome: Outcome) -> str:
    """Describe the enqueued values that a define-by-run objective did not use in the first job of a trial."""
    if trial.origin != "enqueued" or trial.reports:
        return ""
    ran_through = outcome.result.status in (Status.FINISHED, Status.DIVERGED)
    sentences = []
    for name, value in trial.config.items():
        distribution = outcome.definitions.get(name)
        if distribution is not None and not distribution.is_legal(value):
            used = outcome.config[name]
            sentences.append(f"{name!r} = {value!r} is not in {distribution}; {used!r} was used instead.")
        elif name not in outcome.config and ran_through:
            names = ", ".join(map(repr, outcome.definitions)) or "nothing"
            sentences.append(f"{name!r} = {value!r} was not used: the objective suggested {names}.")
    return " ".join([f"Enqueued trial {trial.number}:", *sentences]) if sentences else ""


def _encode_proposal(sampler: Sampler, encoding: Encoding, config: Mapping[str, Any]) -> NDArray[np.float64]:
    """Encode a proposal of a sampler; raise if it is not legal in the space."""
    try:
        row = encoding.encode(config)
        complete = np.array_equal(row, encoding.canonicalize(row[None])[0], equal_nan=True)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidOption(f"{type(sampler).__name__} proposed {dict(config)}: {error}.") from error
    if not complete or not encoding.is_legal(row):
        raise InvalidOption(
            f"{type(sampler).__name__} proposed {dict(config)}, which is not legal in the space; propose all active "
            "hyperparameters, no inactive ones, and respect forbidden clauses."
        )
    return row
