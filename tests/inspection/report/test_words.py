"""Words and numbers of reports."""

from typing import Any

import pytest

from autonet.inspection.report.words import describe_config, format_seconds, format_value, join_words, shorten


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.98765, "0.9877"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (1.5e-7, "1.5e−7"),
        (123456.7, "123,457"),
        ("two\nlines", "two lines"),
    ],
)
def test_values_have_four_digits(value: Any, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00123, "0.0012 s"), (9.84, "9.8 s"), (59.7, "1 min 0 s"), (86_400, "24 h 0 min")]
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_texts_are_cut_and_can_be_written() -> None:
    assert shorten("x" * 9, 5) == "xxxx…"
    assert shorten("\ud800").encode()
    assert [join_words([]), join_words(["a"]), join_words(["a", "b"])] == ["", "a", "a and b"]


def test_a_configuration_is_a_row_per_step() -> None:
    config = {
        "CreateDataLoader:batch_size": 32,
        "NetworkSelector:network": "mlp_net",
        "NetworkSelector:mlp_net:bias": True,
    }
    nodes = {"NetworkSelector": "NetworkSelector:network", "CreateDataLoader": "CreateDataLoader", "Imputation": "x"}
    assert describe_config(config, nodes, {"NetworkSelector:network"}) == [
        {"part": "Network", "choice": "mlp net", "values": "bias yes (fixed)"},
        {"part": "Batches", "choice": "", "values": "batch size 32 (fixed)"},
    ]
    assert "fixed" not in str(describe_config(config, nodes, None))
