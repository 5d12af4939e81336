"""The documentation: blocks of code run, links lead somewhere, every public name and every warning has its place."""

import inspect
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import autonet
import autonet.inspection
import autonet.search
from autonet import AutoNetClassification, errors
from autonet.cli.main import COMMANDS
from autonet.core import resulttable
from autonet.core.component import Component
from autonet.inspection import architecture, graph
from autonet.models.export import to_tensors
from autonet.search import lightning, pruners
from autonet.testing import augmentations, batch_techniques, executors, networks, samplers, stores
from tests.blocks import blocks_of, run_page

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not {"_build", "auto_examples"} & set(page.parts))

SHOWN = (autonet.inspection, architecture, graph, resulttable, lightning, pruners)  # further modules of the reference

pytestmark = [
    pytest.mark.usefixtures("full_trees"),
    pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned"),
    pytest.mark.filterwarnings("ignore::autonet.core.errors.RefitSkipped"),
]


@pytest.mark.parametrize("page", [p for p in PAGES if list(blocks_of(p))], ids=lambda p: str(p.relative_to(DOCS)))
def test_blocks_run_and_print_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():  # a page may set filters
        run_page(page, {})


def headings(page: Path) -> set[str]:
    """Anchors of a page, as MyST and code hosts make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        if target.startswith("auto_examples"):  # made by the build
            continue
        linked = page.parent / target if target else page
        assert linked.is_file(), f"{target} is not there"
        assert not anchor or anchor in headings(linked), f"{target} has no section {anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_no_line_is_taken_for_a_comment(page: Path) -> None:
    assert re.findall(r"^\s*%.*", page.read_text(encoding="utf-8"), re.MULTILINE) == []


def public_names() -> dict[str, Any]:
    """Every public name, as the reference lists it."""
    pytest.importorskip("distributed", reason="needs dask, for its executor")
    found = {name: getattr(autonet, name) for name in autonet.__all__ if name != "errors"}
    found |= {name: getattr(autonet.search, name) for name in (*autonet.search.__all__, "Dask")}
    found |= {name: getattr(errors, name) for name in errors.__all__}
    suites = (networks, augmentations, batch_techniques, samplers, executors, stores)
    checks = {f"{s.__name__.rpartition('.')[2]}.{n}": getattr(s, n) for s in suites for n in s.__all__}
    found |= {name: checks[name] for name in checks if name.endswith("_checks") or ".check_" in name}
    found |= {thing.__name__: thing for thing in (Component, to_tensors)}
    return found | {name: getattr(module, name) for module in SHOWN for name in module.__all__}


def test_the_reference_has_every_public_name_with_an_example() -> None:
    listed = set(
        re.findall(r"^   ([A-Za-z_.]+)$", (DOCS / "api" / "index.rst").read_text(encoding="utf-8"), re.MULTILINE)
    )
    names = public_names()
    assert listed - {"errors"} == set(names)
    assert [name for name, thing in names.items() if "Examples\n" not in (inspect.getdoc(thing) or "")] == []


def test_what_others_show_is_here_where_the_page_says() -> None:
    page = (DOCS / "migration" / "what-others-show.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ")[-1] for line in page.splitlines() if line.startswith("| ")]
    said = {name for cell in cells for name in re.findall("`(.*?)`", cell)} - {"auto", "study", "optuna-dashboard"}
    members = {"auto": AutoNetClassification, "study": autonet.search.Study}
    there = {f"{owner}.{name}" for owner, kind in members.items() for name in attributes_of(kind)}
    there |= {*public_names(), *inspect.signature(AutoNetClassification).parameters}
    there |= {*inspect.signature(AutoNetClassification.fit).parameters, *(f"autonet {command}" for command in COMMANDS)}
    assert len(said) > 60
    assert said - there == set()


def attributes_of(kind: type) -> set[str]:
    return {*dir(kind), *(name for base in kind.__mro__ for name in inspect.get_annotations(base))}


def test_every_warning_and_error_says_what_to_do() -> None:
    text = (DOCS / "guide" / "troubleshooting.md").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^### (\w+)\n(.*?)(?=^#)", text, re.DOTALL | re.MULTILINE))
    assert set(entries) == set(errors.__all__)
    base = {"AutonetError", "AutonetWarning", "TrialPruned"}
    assert [name for name, entry in entries.items() if name not in base and "**Do.**" not in entry] == []
