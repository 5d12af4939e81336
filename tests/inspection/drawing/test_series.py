from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from autonet.inspection.drawing.layers import INPUT, Function, Step
from autonet.inspection.drawing.series import Chain, Parallel, reduce_steps


def steps(*sources: tuple[int, ...]) -> list[Step]:
    return [Step(Function(str(i)), given) for i, given in enumerate(sources)]


def shape(chain: Chain) -> Any:
    """Write a chain as nested lists of numbers of steps; branches as tuples."""
    return [
        int(part.called.name)  # type: ignore[union-attr]
        if isinstance(part, Step)
        else (tuple(map(shape, part.branches)) if part.links is None else part)
        for part in chain
    ]


def test_a_row_is_a_chain() -> None:
    assert shape(reduce_steps(steps((INPUT,), (0,), (1,)), (2,))) == [0, 1, 2]


def test_a_connection_past_steps_is_an_empty_branch() -> None:
    assert shape(reduce_steps(steps((INPUT,), (0,), (INPUT, 1)), (2,))) == [([0, 1], []), 2]


def test_branches_are_nested_the_longest_first() -> None:
    nested = steps((INPUT,), (0,), (0,), (1, 2), (0,), (4, 3), (5,))
    assert shape(reduce_steps(nested, (6,))) == [0, ([([1], [2]), 3], [4]), 5, 6]


def test_what_nothing_takes_is_left_out() -> None:
    assert shape(reduce_steps(steps((INPUT,), (0,), (0,), (2,)), (1,))) == [0, 1]


def test_a_layer_that_returns_its_input_has_no_steps() -> None:
    assert shape(reduce_steps(steps((INPUT,)), (INPUT,))) == []


def test_several_results_are_branches() -> None:
    assert shape(reduce_steps(steps((INPUT,), (INPUT,)), (0, 1))) == [([0], [1])]


def test_other_connections_are_links_between_steps_in_their_order() -> None:
    (tangle,) = reduce_steps(steps((INPUT,), (0, INPUT), (INPUT,), (1, 0)), (3,))
    assert isinstance(tangle, Parallel)
    assert [shape(branch) for branch in tangle.branches] == [[0], [1], [3]]
    assert tangle.links == ((INPUT, 0), (0, 1), (INPUT, 1), (1, 2), (0, 2), (2, 3))


@given(st.lists(st.sets(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=9))
def test_every_step_that_counts_is_there_once(drawn: list[set[int]]) -> None:
    given = steps(*(tuple(sorted({s % (i + 1) - 1 for s in sources})) for i, sources in enumerate(drawn)))
    used, found = {len(given) - 1}, list[int]()
    for i in reversed(range(len(given))):
        used |= set(given[i].sources) if i in used else set()

    def collect(chain: Chain) -> None:
        for part in chain:
            if isinstance(part, Step):
                found.append(int(part.called.name))  # type: ignore[union-attr]
            else:
                for branch in part.branches:
                    collect(branch)

    collect(reduce_steps(given, (len(given) - 1,)))
    assert sorted(found) == sorted(used - {INPUT})
