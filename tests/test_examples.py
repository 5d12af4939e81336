"""Examples run, and the Python blocks of the README run, on small settings."""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from autonet.nets.registry import NETWORKS

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("AUTONET_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_digits_draws_its_network(tmp_path: Path, capsys: Any) -> None:
    assert example("digits").main(max_runtime=6, folder=tmp_path) > 0.93
    assert (tmp_path / "convnet_arch.pdf").read_bytes().startswith(b"%PDF")
    captured = capsys.readouterr()
    assert "Test accuracy 0.9" in captured.out
    assert "OptimizerSelector:sgd:learning_rate = " in captured.out
    assert str(tmp_path / "convnet_arch.pdf") in captured.out
    assert ", best " in captured.err


def test_edit_the_space(capsys: Any) -> None:
    try:
        assert example("edit_the_space").main(max_runtime=3) > 0.8
    finally:
        NETWORKS.components.pop("bottleneck", None)
    assert "NetworkSelector:bottleneck:width" in capsys.readouterr().out


@pytest.mark.skipif(not (DATA / "mnist.npz").is_file(), reason="needs mnist.npz: set AUTONET_DATA to its folder")
def test_mnist(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve()))
    monkeypatch.chdir(tmp_path)
    assert example("mnist").main(max_runtime=20, min_budget=4, max_budget=14) > 0.95
    assert "Accuracy score 0.9" in capsys.readouterr().out
    assert (tmp_path / "convnet_arch.pdf").is_file() == bool(shutil.which("dot"))


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks())))
def test_blocks_of_the_readme(number: int, digits: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Budgets and runtimes are divided by 250; X_train and the like are digits."""
    monkeypatch.chdir(tmp_path)
    code = re.sub(
        r"(max_runtime|min_budget|max_budget)=(\d+)",
        lambda m: f"{m[1]}={max(int(m[2]) / 250, 0.1):g}",
        blocks()[number],
    )
    code = code.replace("arch.render(view=False)", "arch.source")  # needs the program dot
    X, y = digits
    names = {"X_train": X[:1200], "y_train": y[:1200], "X_test": X[1200:], "y_test": y[1200:]}
    before = dict(NETWORKS.components)
    try:
        exec(compile(code, f"README block {number}", "exec"), {"__name__": "readme", **names})
    finally:
        NETWORKS.components.clear()
        NETWORKS.components.update(before)
        sys.modules.pop("readme", None)
