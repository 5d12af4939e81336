"""Tables as people export them: everything is text, and some of it is missing or ambiguous."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import DataWarning

pd = pytest.importorskip("pandas")

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

N = 300


def export(column: str) -> tuple[Any, np.ndarray]:
    """Write a column that decides the class, beside noise."""
    rng = np.random.default_rng(0)
    price, day = pd.Series(rng.lognormal(7, 1, N)), pd.Series(pd.date_range("2015-01-01", periods=N, freq="7D"))
    time = day + pd.to_timedelta(rng.integers(0, 86_400, N), "s")
    expensive, late, evening = price > price.median(), day.dt.month > 6, time.dt.hour >= 12
    columns: dict[str, tuple[Any, Any]] = {
        "amount": (price.map("${:,.2f}".format), expensive),
        "euros": (price.map(lambda x: f"{x:.2f} €".replace(".", ",")), expensive),
        "gaps": (price.round(2).astype(str).where(price.index % 20 != 3, "n/a"), expensive),
        "day": (day.dt.strftime("%d/%m/%Y"), late),
        "moment": (time.dt.strftime("%b %d, %Y %I:%M %p"), evening),
        "clock": (time.dt.strftime("%H:%M"), evening),
    }
    values, target = columns[column]
    return pd.DataFrame({column: values, "noise": rng.normal(size=N)}), target.to_numpy()


@pytest.mark.parametrize("column", ["amount", "euros", "gaps", "day", "moment", "clock"])
def test_text_that_holds_numbers_and_dates_is_learned_from(column: str, quick: dict[str, Any]) -> None:
    X, y = export(column)
    shuffled = np.random.default_rng(1).permutation(N)
    train, test = shuffled[:200], shuffled[200:]
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_budget": 27}).fit(X.iloc[train], y[train])
    assert auto.columns_[0].kind in ("numeric", "datetime", "duration")
    assert "written as text" in auto.columns_[0].note
    assert auto.score(X.iloc[test], y[test]) > 0.8
    one = X.iloc[test[:1]]
    np.testing.assert_allclose(auto.predict_proba(one), auto.predict_proba(X.iloc[test])[:1], rtol=1e-5)


def test_new_values_that_do_not_parse_are_warned_of(quick: dict[str, Any]) -> None:
    X, y = export("amount")
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    with pytest.warns(
        DataWarning, match="Column 'amount' had numbers .* 1 distinct values in other formats, such as 'gratis'"
    ):
        auto.predict(X.iloc[:2].assign(amount=["$1.00", "gratis"]))


def test_a_one_hot_target_is_warned_of(quick: dict[str, Any]) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.warns(DataWarning, match="treated as 3 independent labels per row") as caught:
        AutoNetClassification("tiny_cs", **quick).fit(X, np.eye(3, dtype=int)[X.argmax(axis=1)])
    assert len([w for w in caught if issubclass(w.category, DataWarning)]) == 1
    assert caught[0].filename == __file__
