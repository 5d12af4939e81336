import sys
from pathlib import Path

import pytest

import autonet
from autonet.core.lazy import make_lazy_attributes


def test_a_module_is_imported_when_its_name_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_import.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    get, names = make_lazy_attributes("autonet", {"answer": "slow_to_import"})
    try:
        assert {"answer", "__version__"} <= set(names())
        assert names() == sorted(names())
        assert "slow_to_import" not in sys.modules
        assert get("answer") == 42
        assert "slow_to_import" in sys.modules
    finally:
        sys.modules.pop("slow_to_import", None)


def test_a_name_that_does_not_exist_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match=r"^module 'autonet' has no attribute 'AutoNetClasification'$"):
        _ = autonet.AutoNetClasification
    assert not hasattr(autonet, "nothing")
    assert set(autonet.__all__) <= set(dir(autonet))
