from typing import Any

import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.estimators.params import Params


@pytest.mark.parametrize("cls", [AutoNetClassification, AutoNetRegression])
def test_docstring_and_help_describe_every_parameter(cls: Any, capsys: Any) -> None:
    cls().print_help()
    printed, _, _ = capsys.readouterr().out.partition("\n\n")  # then the search space
    assert printed.strip() in cls.__doc__
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 110
    names = [line.partition(" : ")[0] for line in lines if not line.startswith(" ")]
    assert names == Params.names()
    assert "max_trials : int, optional" in lines
    assert 'preset : str, Path, dict or None, default="medium_cs"' in lines
    assert "    One in eta configurations is promoted from a budget to the next." in lines
