from dataclasses import dataclass, fields
from typing import Any

import pytest

from autonet.core.errors import InvalidOption
from autonet.estimators.checks import COUNT
from autonet.estimators.param_fields import component_map, components, param


@dataclass(frozen=True)
class Options:
    size: int | None = param(3, "int", COUNT, "Number of things.")
    networks: Any = components("Networks")  # noqa: RUF009
    include: Any = component_map("to choose from", '{"networks": ["resnet"]}')  # noqa: RUF009
    imputations: Any = components("Imputations", custom=False)  # noqa: RUF009


def test_a_parameter_has_a_default_a_type_a_check_and_a_meaning() -> None:
    size, networks, include, imputations = fields(Options)
    assert (Options().size, size.metadata["type"], size.metadata["meaning"]) == (3, "int", "Number of things.")
    assert networks.metadata["meaning"].startswith(
        "Networks to choose from: names, or classes and functions of your own."
    )
    assert "of your own" not in imputations.metadata["meaning"]
    with pytest.raises(InvalidOption, match="networks must be a list of at least one name, or None; got 'resnet'"):
        networks.metadata["check"]("networks", "resnet")
    assert include.metadata["meaning"] == 'Components to choose from, as in ``{"networks": ["resnet"]}``.'
    with pytest.raises(InvalidOption, match="include must be a mapping of options or nodes to lists of components"):
        include.metadata["check"]("include", ["resnet"])
