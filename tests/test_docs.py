"""The documentation: blocks of code run, links lead somewhere, every public name and every warning has its place."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from autonet import errors
from tests.blocks import blocks_of, run_page

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not {"_build", "auto_examples"} & set(page.parts))

pytestmark = [
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


def test_every_warning_and_error_says_what_to_do() -> None:
    text = (DOCS / "guide" / "troubleshooting.md").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^### (\w+)\n(.*?)(?=^#)", text, re.DOTALL | re.MULTILINE))
    assert set(entries) == set(errors.__all__)
    base = {"AutonetError", "AutonetWarning", "TrialPruned"}
    assert [name for name, entry in entries.items() if name not in base and "**Do.**" not in entry] == []
