"""Where a fit says what it does: the logger `autonet`, and a progress bar."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption
from autonet.estimators.report import log_fit

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

LOGGER = logging.getLogger("autonet")


@pytest.fixture(autouse=True)
def _level_is_put_back() -> Iterator[None]:
    before = LOGGER.level
    yield
    LOGGER.setLevel(before)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.ERROR])
def test_the_level_is_the_users_unless_a_fit_asks_for_one(
    quick: dict[str, Any], iris: Any, caplog: Any, level: int
) -> None:
    LOGGER.setLevel(level)
    seen = []

    def metric(y_true: Any, y_pred: Any) -> float:
        seen.append(LOGGER.level)
        return float(np.mean(y_true == y_pred))

    options = {**quick, "max_trials": 1, "max_budget": 1, "optimize_metric": metric}
    AutoNetClassification("tiny_cs", **options).fit(*iris)
    assert set(seen) == {LOGGER.level} == {level}
    assert ("trial 0" in caplog.text) is (level == logging.DEBUG)
    seen.clear()
    AutoNetClassification("tiny_cs", **options, log_level="info").fit(*iris)
    assert seen[-1] == logging.INFO
    assert LOGGER.level == level


@pytest.mark.parametrize("level", ["info", "INFO", logging.INFO, 15, np.int64(20)])
def test_levels_are_names_or_numbers(quick: dict[str, Any], iris: Any, caplog: Any, level: Any) -> None:
    AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "max_budget": 1}, log_level=level).fit(*iris)
    assert "trial 0" in caplog.text
    assert "predicts: " in caplog.text


@pytest.mark.parametrize("level", ["loud", "", -1, True, 2.5, []])
def test_levels_that_are_none(level: Any) -> None:
    with pytest.raises(InvalidOption, match="log_level"):
        AutoNetClassification(log_level=level).fit([[1.0]] * 9, range(9))


def test_fits_in_threads_leave_the_level_as_it_was(quick: dict[str, Any], iris: Any) -> None:
    LOGGER.setLevel(logging.ERROR)
    options = {**quick, "max_trials": 1, "networks": ["shapedmlpnet"]}
    fits = [AutoNetClassification("tiny_cs", **options, log_level=level).fit for level in ("debug", "info", None)]
    threads = [threading.Thread(target=fit, args=iris) for fit in fits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert LOGGER.level == logging.ERROR
    assert not LOGGER.handlers


def test_the_lowest_level_that_is_asked_for_holds_until_the_last_fit_has_ended() -> None:
    LOGGER.setLevel(logging.ERROR)
    first, second, third = log_fit("info"), log_fit("debug"), log_fit(None)
    levels = []
    for step in (first.__enter__, second.__enter__, third.__enter__):
        step()
        levels.append(LOGGER.level)
    for fit in (first, second, third):  # not in the order in which they began
        fit.__exit__(None, None, None)
        levels.append(LOGGER.level)
    assert levels == [logging.INFO, logging.DEBUG, logging.DEBUG, logging.DEBUG, logging.ERROR, logging.ERROR]


def test_lines_and_warnings_go_to_standard_error() -> None:
    code = (
        "import logging, sys, warnings\n"
        "from autonet import AutoNetClassification\n"
        "warnings.simplefilter('always')\n"
        "options = {'max_trials': 1, 'budget_type': 'epochs', 'max_budget': 1}\n"
        "for level in (None, 'info'):\n"
        "    auto = AutoNetClassification('tiny_cs', log_level=level, **options)\n"
        "    auto.fit([[float(i)] for i in range(20)], ['only'] * 20)\n"
        "    assert not logging.getLogger('autonet').handlers\n"
        "    print('END', file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    silent, told, rest = run.stderr.split("END\n")
    for printed in (silent, told):
        assert "BaselineReturned: y has a single class" in printed
        assert ("INFO predicts: linear" in printed) is (printed is told)
        assert "|" not in printed  # no progress bar in a pipe
    assert rest == ""


class Terminal:
    """A stream that says that it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("option", ["auto", False])
def test_the_bar_is_for_terminals(quick: dict[str, Any], iris: Any, monkeypatch: Any, option: Any) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    auto = AutoNetClassification(
        "tiny_cs", **quick, refit_on_all_rows=True, optimize_metric="neg_log_loss", progress_bar=option
    )
    auto.fit(*iris)
    assert (terminal.text == "") is (option is False)
    if option == "auto":
        for step in ("reading", "baseline", "search", "selection", "refit"):
            assert f"{step} |" in terminal.text
        assert "best neg_log_loss -" in terminal.text


def test_there_is_no_bar_in_threads_and_pipes(quick: dict[str, Any], iris: Any, monkeypatch: Any, capsys: Any) -> None:
    AutoNetClassification("tiny_cs", **quick).fit(*iris)
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    thread = threading.Thread(target=AutoNetClassification("tiny_cs", **quick).fit, args=iris)
    thread.start()
    thread.join()
    assert terminal.text == ""


@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.parametrize("limits", [{"max_trials": 2}, {"max_trials": None, "max_runtime": 1}])
def test_a_progress_bar_counts_trials_or_seconds(
    limits: dict[str, Any], iris: Any, quick: dict[str, Any], capsys: Any
) -> None:
    AutoNetClassification("tiny_cs", **{**quick, **limits}, progress_bar=True).fit(*iris)
    shown = capsys.readouterr().err
    assert "per rung" in shown
    assert ", best accuracy " in shown
    for step in ("reading", "baseline", "search", "selection"):
        assert f"{step} |" in shown
    assert ("/2 trials" if limits["max_trials"] else "/1 s") in shown
