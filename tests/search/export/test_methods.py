"""Methods of studies that export them; what they write is tested beside this file."""

import subprocess
import sys
from pathlib import Path

import pytest

from autonet.core.errors import MissingPackage
from autonet.search import Study
from tests.search.export.histories import make, make_mixed


@pytest.mark.parametrize("package", ["optuna", "tensorboard"])
def test_a_missing_package_is_named_with_its_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name == package or name.startswith((f"{package}.", "autonet.search.export.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    study = make("one trial")
    calls = {"optuna": study.to_optuna, "tensorboard": lambda: study.to_tensorboard("events")}
    with pytest.raises(MissingPackage) as caught:
        calls[package]()
    assert str(caught.value) == (
        f'to_{package} needs {package}; install it with: pip install "autonet-torch[{package}]"'
    )
    assert not Path("events").exists()


def test_a_study_is_exported_while_it_runs_and_after_it_was_opened(tmp_path: Path) -> None:
    seen: list[int] = []

    def export(study: Study, _: object) -> None:
        study.to_csv(tmp_path / "a.csv")
        seen.append(len((tmp_path / "a.csv").read_text().splitlines()) - 1)

    study = Study({"x": (0.0, 1.0)}, random_state=0)
    study.optimize(lambda trial: trial["x"], max_trials=3, callbacks=[export])
    assert seen == [1, 2, 3]
    with make_mixed(n=4, run_dir=tmp_path / "run") as study:
        study.to_jsonl(tmp_path / "closed")
    with Study.open(tmp_path / "run") as opened:
        opened.to_jsonl(tmp_path / "opened")
    assert (tmp_path / "opened").read_bytes() == (tmp_path / "closed").read_bytes()


def test_importing_the_search_imports_no_package_of_the_exports() -> None:
    code = (
        "import sys, autonet.search\n"
        "packages = ('matplotlib', 'optuna', 'plotly', 'tensorboard', 'torch')\n"
        "exports = [name for name in sys.modules if name.startswith('autonet.search.export.')]\n"
        "print([name for name in packages if name in sys.modules], exports)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] ['autonet.search.export.methods']\n"
