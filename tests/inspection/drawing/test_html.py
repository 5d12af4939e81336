from html.parser import HTMLParser
from typing import Any

import torch
from torch import nn

from autonet.inspection.drawing.html import write_html
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject
from tests.inspection.models import Residual, Skips, build, transformer


class Page(HTMLParser):
    """Collects the tags of a fragment, which must be closed in their order, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open += [tag] if tag != "br" else []
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open and self.open[-1] != "style" else ""

    def find(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of the tags of a name or class."""
        return [attrs for tag, attrs in self.tags if name in (tag, *(attrs.get("class") or "").split())]


def page(network: nn.Module, depth: int = 1, example: Any = None) -> Page:
    return Page(write_html(trace_network(find_subject(network, example)), depth, "A network"))


def test_blocks_open_and_close_and_so_many_levels_are_open() -> None:
    network = build("resnet", num_groups=1, blocks_per_group=3)
    for depth, n_open in ((1, 0), (2, 1), (3, 2), (4, 4)):
        blocks = page(network, depth).find("details")
        assert len(blocks) == 4  # the group, a block, its start and its branch
        assert sum("open" in block for block in blocks) == n_open
    found = page(network)
    assert f"A network{sum(p.numel() for p in network.parameters()):,} parameters" in found.text
    assert "× 3" in found.text
    assert "(n, 256)" in found.text
    assert len(found.find("skip")) == len(found.find("join")) == 1
    assert found.find("summary")[1]["title"].startswith("1.0 ResBlock\n(n, 256) → (n, 256)")  # type: ignore[union-attr]
    assert found.find("script") == []


def test_members_functions_and_connections_are_told() -> None:
    found = page(build("tabm", n_members=6))
    assert found.text.count("6 members") == len(found.find("members")) == 3
    assert "cdist candidates · softmax · @ labels · log" in page(build("modernnca")).text
    assert "step 5, takes step 4, step 2, the input" in page(Skips()).text
    assert len(page(transformer(), example=torch.zeros(1, 5, 8)).find("skip")) == 2
    assert page(Residual()).find("skip")[0]["aria-label"] == "connection past the layers beside it"


def test_hostile_names_stay_text() -> None:
    name = '"><script>alert(1)</script>\x1b'
    network = nn.Sequential(nn.Linear(3, 3), type(name, (Residual,), {})(), type(name, (nn.Linear,), {})(3, 1))
    network.add_module(name.replace(".", ""), nn.ReLU())
    found = page(network, 2)
    assert found.find("script") == []
    assert '"><script>alert(1)</script>\ufffd' in found.text
