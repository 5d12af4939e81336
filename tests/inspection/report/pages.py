"""Reading pages of reports, as a browser does, without one."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from autonet.inspection.report.blocks import Fold, Section, Table

__all__ = ["Page", "find_blocks", "find_table", "read_page"]


class Page(HTMLParser):
    """Tags and texts of a page.

    Attributes
    ----------
    tags : list of (str, dict of str to str)
        Names and attributes.
    texts : list of str
        Texts outside of styles.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._in_style = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All texts, a line each."""
        return "\n".join(self.texts)

    def find(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


def read_page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def find_blocks(section: Section | Fold, kind: str) -> list[Any]:
    """Return the blocks of a kind, those in folds as well."""
    found = []
    for block in section.blocks:
        found += [block] if block.kind == kind else []
        found += find_blocks(block, kind) if isinstance(block, Fold) else []
    return found


def find_table(section: Section, caption: str) -> Table:
    """Return the table whose caption begins with a text."""
    [table] = [table for table in find_blocks(section, "table") if table.caption.startswith(caption)]
    return table
