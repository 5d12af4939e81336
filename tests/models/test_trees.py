"""Tree ensembles as arrays predict what scikit-learn's own predict, to the bit."""

from typing import Any

import numpy as np
import pytest

from autonet.core.spec import from_spec, to_spec
from autonet.core.task import Task, TaskKind
from autonet.models.trees import MAX_CATEGORIES, Trees
from autonet.pipeline.trees import Boosting, Forest, TreeGrower

N, P = 300, 6


def grown(
    grower: Any, kind: TaskKind, n_outputs: int, seed: int, *, mixed: bool = False
) -> tuple[TreeGrower, np.ndarray]:
    """Trees on numbers; if mixed, also on two columns of categories that come first, with missing values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, P)).astype(np.float32)
    signal = x[:, :n_outputs] + x[:, 1:2] * x[:, 2:3]
    if mixed:
        codes = np.stack([rng.integers(0, 5, N), rng.permutation(N) % 100], axis=1).astype(np.float32)
        signal = signal + np.isin(codes[:, :1], [1, 3]) - 2 * np.isin(codes[:, 1:2] % 7, [2, 4])
        x = np.concatenate([codes, x], axis=1)
        x[rng.random(x.shape) < 0.1] = np.nan
    y = {
        "classification": np.argmax(signal, axis=1) if n_outputs > 2 else (signal[:, 0] > 0).astype(np.int64),
        "multilabel": (signal > 0).astype(np.int64),
        "regression": signal.astype(np.float64),
    }[kind]
    trees: TreeGrower = grower(Task(kind, N, P, n_outputs), seed, 2 if mixed else 0)
    trees.grow(12, x[:200], y[:200], rng.uniform(0.5, 2, 200))
    return trees, x


@pytest.mark.parametrize("grower", [Boosting, Forest])
@pytest.mark.parametrize(
    ("kind", "n_outputs"),
    [("classification", 2), ("classification", 4), ("multilabel", 3), ("regression", 1), ("regression", 2)],
)
@pytest.mark.parametrize("n_rows", [1, 300])
@pytest.mark.parametrize("mixed", [False, True])
def test_exported_trees_predict_the_same_bits(
    grower: Any, kind: TaskKind, n_outputs: int, n_rows: int, mixed: bool
) -> None:
    trees, x = grown(grower, kind, n_outputs, 0, mixed=mixed)
    exported = trees.export()
    np.testing.assert_array_equal(exported.predict(x[:n_rows]), trees.predict(x[:n_rows]))
    np.testing.assert_array_equal(from_spec(to_spec(exported)).predict(x[:n_rows]), trees.predict(x[:n_rows]))


def test_descriptions_of_trees_leave_out_what_no_prediction_looks_at() -> None:
    trees, x = grown(Forest, "classification", 3, 0)
    spec = to_spec(trees.export())
    nodes = spec["trees"]
    assert len(nodes["value"]) + len(nodes["feature"]) == len(nodes["is_leaf"])
    again = from_spec(spec)
    np.testing.assert_array_equal(again.trees.left, trees.export().trees.left)  # type: ignore[union-attr]
    np.testing.assert_array_equal(again.trees.right, trees.export().trees.right)  # type: ignore[union-attr]
    earlier = {"__type__": "Trees", **vars(trees.export().trees)}  # type: ignore[union-attr]
    np.testing.assert_array_equal(from_spec({**spec, "trees": earlier}).predict(x), again.predict(x))


def test_only_iterations_until_the_best_are_exported() -> None:
    trees, x = grown(Boosting, "classification", 2, 1)
    trees.should_stop(x[200:], lambda prediction: abs(prediction[:, 1].std() - 0.2))
    assert 0 < trees.kept <= 12  # type: ignore[attr-defined]
    assert len(trees.export().columns[0].roots) == trees.kept  # type: ignore[union-attr,attr-defined]
    np.testing.assert_array_equal(trees.export().predict(x), trees.predict(x))


def test_a_row_at_the_threshold_goes_left() -> None:
    tree = Trees.plain(
        feature=np.array([0, 0, 0]),
        threshold=np.array([0.5, 0.0, 0.0]),
        left=np.array([1, 1, 2]),
        right=np.array([2, 1, 2]),
        value=np.array([[0.0], [1.0], [2.0]]),
        roots=np.array([0]),
    )
    both = Trees.join([tree, tree])
    assert both.leaves(np.array([[0.5], [0.6]])).tolist() == [[1, 2], [4, 5]]
    assert both.add_up(np.array([[0.5], [0.6]]), 10.0).tolist() == [[12.0], [14.0]]


def test_a_category_goes_where_its_set_says_and_a_missing_one_where_the_node_says() -> None:
    sets = np.zeros((2, MAX_CATEGORIES), bool)
    sets[0, [1, 255]] = sets[1, 0] = True
    nodes = np.arange(3)
    trees = [
        Trees(
            feature=np.array([1, 0, 0]),
            threshold=np.zeros(3),
            left=np.array([1, 1, 2]),
            right=np.array([2, 1, 2]),
            value=np.array([[0.0], [1.0], [2.0]]),
            roots=np.array([0]),
            missing_left=(nodes == 0) & missing_left,
            category=np.where(nodes == 0, 0, -1),
            sets=sets[k : k + 1],
        )
        for k, missing_left in enumerate((False, True))
    ]
    both = Trees.join(trees)
    for joined in (both, from_spec(to_spec(both))):
        leaves = joined.leaves(np.array([[9.0, category] for category in (0, 1, 255, np.nan)]))
        assert leaves.tolist() == [[2, 1, 1, 2], [4, 5, 5, 4]]


def test_trees_without_categories_are_described_without_sets() -> None:
    plain, mixed = (grown(Boosting, "regression", 1, 0, mixed=mixed)[0].export() for mixed in (False, True))
    has = [sorted(set(to_spec(trees)["columns"][0]) & {"category_nodes", "sets"}) for trees in (plain, mixed)]
    assert has == [[], ["category_nodes", "sets"]]
