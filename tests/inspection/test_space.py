"""The hyperparameters of a space in words."""

from ConfigSpace import (
    AndConjunction,
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    InCondition,
    Integer,
)

from autonet.inspection.space import list_hyperparameters


def test_every_hyperparameter_has_a_row() -> None:
    choice = Categorical("Node:choice", ["a", "b", "c"], default="b")
    units = Integer("Node:a:units", (1, 64), log=True, default=8)
    rate = Float("Node:a:group:rate", (1e-5, 0.5), default=0.25)
    space = ConfigurationSpace()
    space.add(choice, units, rate, Constant("Other:size", 3))
    space.add(InCondition(units, choice, ["a", "b"]))
    space.add(AndConjunction(EqualsCondition(rate, choice, "a"), EqualsCondition(rate, units, 8)))
    table = list_hyperparameters(space)
    rows = {(row["node"], row["component"], row["hyperparameter"]): list(row.values())[3:] for row in table}
    assert rows == {
        ("Node", None, "choice"): ["a, b, c", None, "b", None],
        ("Node", "a", "units"): ["1 to 64", "log", 8, "Node:choice is a or b"],
        ("Node", "a", "group:rate"): ["1e-05 to 0.5", None, 0.25, "Node:choice is a and Node:a:units is 8"],
        ("Other", None, "size"): ["3", None, 3, None],
    }
    assert table.caption == "4 hyperparameters, of which 3 are searched; the others have a single value"
