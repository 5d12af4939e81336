import importlib

import autonet
from autonet.core import errors


def test_errors_and_warnings_can_be_imported_by_name() -> None:
    module = importlib.import_module("autonet.errors")
    assert autonet.errors is module
    assert {name: getattr(module, name) for name in module.__all__} == {n: getattr(errors, n) for n in errors.__all__}
