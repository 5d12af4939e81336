"""The wheel carries the presets and types, works outside of the checkout, and imports little."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import autonet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_presets_types_and_licence_and_nothing_else(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    assert {f"autonet/presets/{p}.toml" for p in ("tiny_cs", "medium_cs", "best_cs", "full_cs", "tiny_cs_002")} <= set(
        names
    )
    assert "autonet/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {"autonet", f"autonet_torch-{autonet.__version__}.dist-info"}
    assert wheel.stat().st_size < 1_100_000
    [scripts] = [name for name in names if name.endswith("/entry_points.txt")]
    assert archive.read(scripts).decode().split() == ["[console_scripts]", "autonet", "=", "autonet.cli.main:main"]


def test_the_installed_wheel_fits_outside_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    code = (
        "import autonet, pathlib; from sklearn.datasets import load_iris\n"
        f"assert pathlib.Path(autonet.__file__).is_relative_to({str(target)!r}), autonet.__file__\n"
        "auto = autonet.AutoNetClassification('tiny_cs', max_trials=2, budget_type='epochs', max_budget=9)\n"
        "print(autonet.list_presets(), auto.fit(*load_iris(return_X_y=True)).score(*load_iris(return_X_y=True)))"
    )
    environment = {"PYTHONPATH": str(target), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "['best_cs', 'full_cs', 'medium_cs', 'tiny_cs', 'tiny_cs_002']" in done.stdout


def test_the_editable_install_finds_the_presets() -> None:
    assert autonet.list_presets() == ["best_cs", "full_cs", "medium_cs", "tiny_cs", "tiny_cs_002"]


def test_import_brings_in_nothing_heavy_but_torch_and_scikit_learn() -> None:
    # scikit-learn imports pandas where it is installed: what is blocked here fails where autonet itself imports it.
    heavy = [
        "click",
        "cmaes",
        "dask",
        "distributed",
        "graphviz",
        "matplotlib",
        "optuna",
        "pandas",
        "polars",
        "pyarrow",
        "pygraphviz",
        "plotly",
        "tensorboard",
    ]
    code = (
        f"import sys; sys.modules |= dict.fromkeys({[*heavy, 'torchviz']})\n"
        "import autonet, autonet.search\n"
        "for package in (autonet, autonet.search):\n"
        "    for name in package.__all__: getattr(package, name)\n"
        "import autonet.estimators.base, autonet.testing.networks"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_complete_and_sorted() -> None:
    assert sorted(autonet.__all__) == autonet.__all__
    assert set(autonet.__all__) <= set(dir(autonet))
    assert all(getattr(autonet, name) is not None for name in autonet.__all__)
    with pytest.raises(AttributeError, match="module 'autonet' has no attribute 'AutoNetClasification'"):
        _ = autonet.AutoNetClasification


def test_the_search_is_imported_without_torch() -> None:
    program = "import sys, autonet.search.registry; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_version_and_changelog_agree() -> None:
    assert f"## {autonet.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {autonet.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
