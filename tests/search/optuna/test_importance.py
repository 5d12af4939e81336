"""Importances of Optuna."""

import pytest


def test_importances_are_imported_by_name() -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    from autonet.search.optuna.importance import get_param_importances

    assert get_param_importances.__module__.startswith("optuna.importance")
    with pytest.raises(ImportError, match="get_importance"):
        from autonet.search.optuna.importance import get_importance  # noqa: F401
