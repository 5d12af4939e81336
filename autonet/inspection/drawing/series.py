"""Order steps of a layer as nested chains of steps and parallel branches."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autonet.inspection.drawing.layers import INPUT, Step

__all__ = ["Chain", "Parallel", "reduce_steps"]


@dataclass(frozen=True)
class Parallel:
    """Branches between the same two steps.

    Attributes
    ----------
    branches : tuple of Chain
        The longest first; empty for a connection that passes all steps.
    links : tuple of (int, int) or None
        None for branches in parallel.  Where the connections of steps are not nested branches, each branch is a step,
        and these are their connections, by position; the number of branches stands for the end.
    """

    branches: tuple["Chain", ...]
    links: tuple[tuple[int, int], ...] | None = None


Chain = tuple[Step | Parallel, ...]
"""Steps and groups of branches, one after another."""


def reduce_steps(steps: Sequence[Step], results: Sequence[int]) -> Chain:
    """Order steps by a series-parallel reduction.

    Parameters
    ----------
    steps : sequence of Step
    results : sequence of int
        Steps whose outputs are returned, or `INPUT`.

    Returns
    -------
    Chain
        Without steps whose outputs nothing takes.
    """
    end, used = len(steps), set(results)
    for i in reversed(range(end)):
        if i in used:
            used |= set(steps[i].sources)
    edges: list[tuple[int, int, Chain]] = [(source, end, ()) for source in results]
    edges += [(source, i, ()) for i in range(end) if i in used for source in steps[i].sources]
    while True:
        merged = _merge_parallel(edges)
        shorter = _merge_series(merged, steps, end)
        if shorter is None:
            break
        edges = shorter
    if [edge[:2] for edge in merged] == [(INPUT, end)]:
        return merged[0][2]
    return (_tangle(steps, results, sorted(used - {INPUT})),)


def _merge_parallel(edges: list[tuple[int, int, Chain]]) -> list[tuple[int, int, Chain]]:
    """Merge edges between the same two steps."""
    groups: dict[tuple[int, int], list[Chain]] = {}
    for source, target, chain in edges:
        groups.setdefault((source, target), []).append(chain)
    return [
        (*ends, chains[0] if len(chains) == 1 else (Parallel(tuple(sorted(chains, key=_count, reverse=True))),))
        for ends, chains in groups.items()
    ]


def _merge_series(
    edges: list[tuple[int, int, Chain]], steps: Sequence[Step], end: int
) -> list[tuple[int, int, Chain]] | None:
    """Merge the edges around the first step that has one before it and one after it; None if there is none."""
    before, after = Counter(edge[1] for edge in edges), Counter(edge[0] for edge in edges)
    step = next((i for i in range(end) if before[i] == 1 and after[i] == 1), None)
    if step is None:
        return None
    into = next(edge for edge in edges if edge[1] == step)
    out = next(edge for edge in edges if edge[0] == step)
    joined = (into[0], out[1], (*into[2], steps[step], *out[2]))
    return [joined if edge is into else edge for edge in edges if edge is not out]


def _count(chain: Chain) -> int:
    """Count the steps of a chain."""
    return sum(sum(map(_count, part.branches)) if isinstance(part, Parallel) else 1 for part in chain)


def _tangle(steps: Sequence[Step], results: Sequence[int], used: list[int]) -> Parallel:
    place = {INPUT: INPUT} | {step: i for i, step in enumerate(used)}
    pairs = [(place[source], place[i]) for i in used for source in steps[i].sources]
    pairs += [(place[source], len(used)) for source in results]
    return Parallel(tuple((steps[i],) for i in used), tuple(pairs))
