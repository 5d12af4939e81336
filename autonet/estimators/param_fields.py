"""Declaration of a parameter of the estimators: default, type in words, check and meaning."""

from dataclasses import field
from typing import Any

from autonet.estimators.checks import Check, check_component_map, check_components

__all__ = ["component_map", "components", "param"]


def param(default: Any, type_: str, check: Check, meaning: str) -> Any:
    """Declare a parameter: default, type in words, check, meaning."""
    return field(default=default, metadata={"type": type_, "check": check, "meaning": meaning})


def components(what: str, *, custom: bool = True) -> Any:
    """Declare a parameter that chooses among the components of a node, and may take custom ones."""
    own = "names, or classes and functions of your own" if custom else "names"
    meaning = f"{what} to choose from: {own}.  Default: the preset's choice."
    return param(None, "list of str or callable" if custom else "list of str", check_components, meaning)


def component_map(what: str, example: str) -> Any:
    """Declare a parameter that maps options or nodes to components."""
    return param(None, "dict of str to list", check_component_map, f"Components {what}, as in ``{example}``.")
