import shutil
from pathlib import Path
from typing import Any

import graphviz
import pytest
import torch
from torch import Tensor, nn
from torchviz import make_dot

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.inspection import graph
from autonet.inspection.graph import draw_network, make_graph
from tests.inspection.models import FAMILIES, embed, fitted, transformer

SMALL = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()


@pytest.mark.parametrize(("suffix", "magic"), [(".pdf", b"%PDF"), (".svg", b"<?xml"), (".PNG", b"\x89PNG")])
def test_a_network_is_drawn(suffix: str, magic: bytes, tmp_path: Path) -> None:
    path = draw_network(SMALL, tmp_path / f"net{suffix}")
    assert path == tmp_path / f"net{suffix}"
    assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_behind_embeddings_have_their_operations(family: str) -> None:
    network = embed(family)
    source = make_graph(network).source
    assert all(name in source for name, _ in network.named_parameters())


def test_an_estimator_is_drawn_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert draw_network(fitted()) == Path("network.pdf")
    assert Path("network.pdf").read_bytes().startswith(b"%PDF")
    assert "0.vectors.weight" in make_graph(fitted()).source


def test_the_graph_is_that_of_torchviz() -> None:
    expected = make_dot(SMALL(torch.zeros(2, 3)).mean(), params=dict(SMALL.named_parameters()))
    found = make_graph(SMALL)
    assert isinstance(found, graphviz.Digraph)
    assert len(found.body) == len(expected.body)
    assert (found.graph_attr, found.node_attr) == (expected.graph_attr, expected.node_attr)


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2).requires_grad_(False)

    def forward(self, x: Tensor) -> dict[str, Any]:
        return {"out": (self.linear(x), x)}


def test_several_outputs_frozen_weights_and_examples_are_no_obstacle() -> None:
    network = Pair()
    assert "linear.weight" in make_graph(network).source
    assert not network.linear.weight.requires_grad
    assert "layers.1.norm2.weight" in make_graph(transformer(), example_input=torch.zeros(2, 5, 8)).source


def without_dot(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert shutil.which("dot") is None


def test_render_works_as_before_without_the_program_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_dot(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    arch = make_graph(SMALL)
    arch.format, arch.filename = "svg", "arch"
    assert arch.render(view=False) == "arch.svg"
    assert Path("arch").read_text() == arch.source
    assert "<svg" in Path("arch.svg").read_text()
    assert arch.render("other", directory="folder", cleanup=True, format="png") == str(Path("folder", "other.png"))
    assert sorted(p.name for p in Path("folder").iterdir()) == ["other.png"]
    assert arch.pipe(encoding="utf-8").startswith("<?xml")
    opened: list[Any] = []
    monkeypatch.setattr(graphviz, "view", opened.append)
    arch.render(view=True)
    assert opened == [Path("folder", "other.svg")]


def test_with_the_program_dot_graphviz_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\n/bin/cat > /dev/null\nprintf drawn > arch.pdf\nprintf drawn\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    arch = make_graph(SMALL)
    arch.filename = "arch"
    assert arch.render() == "arch.pdf"
    assert Path("arch.pdf").read_text() == arch.pipe("pdf", encoding="utf-8") == "drawn"


def test_without_graphviz_a_hint_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_dot(monkeypatch, tmp_path)
    monkeypatch.setattr(graph, "find_spec", lambda name: None)
    arch = make_graph(SMALL)
    with pytest.raises(MissingPackage, match=r"needs Graphviz: the program dot, or pygraphviz.*autonet-torch\[draw\]"):
        arch.render(tmp_path / "arch")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(MissingPackage, match="the program dot"):
        draw_network(SMALL, tmp_path / "net.pdf")


def test_a_failure_of_pygraphviz_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_dot(monkeypatch, tmp_path)
    monkeypatch.setattr(graph, "LAYOUT", "raise SystemError('no layout')")
    with pytest.raises(RuntimeError, match=r"(?s)install the program dot of Graphviz.*no layout"):
        draw_network(SMALL, tmp_path / "net.pdf")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("net", r"must end in \.pdf, \.svg or \.png; got"),
        ("net.doc", r"must end in \.pdf, \.svg or \.png; got"),
        ("no/net.pdf", "The drawing cannot be saved to .*: there is no directory"),
    ],
)
def test_files_that_cannot_be_written_are_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=message):
        draw_network(SMALL, tmp_path / name)


def test_a_network_without_a_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"No layer of this ReLU has in_features.*give example_input"):
        draw_network(nn.ReLU(), tmp_path / "net.pdf")
