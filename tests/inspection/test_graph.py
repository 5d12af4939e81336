from pathlib import Path

import pytest
from torch import nn

from autonet.inspection import graph
from autonet.inspection.graph import draw_network
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.numeric import PBLDEmbedding


@pytest.mark.parametrize(("suffix", "magic"), [(".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_a_network_is_drawn(suffix: str, magic: bytes, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    path = draw_network(network, tmp_path / f"net{suffix}")
    assert path.read_bytes().startswith(magic)


def test_a_network_that_begins_with_embeddings_is_drawn(tmp_path: Path) -> None:
    categories = CategoryEmbedding(4, [3, 5], 2)
    numbers = PBLDEmbedding(6, 2, n_frequencies=4, dimension=3, sigma=0.1)
    network = prepend_embeddings([categories, numbers], nn.Linear(numbers.out_features, 2)).eval()
    picture = draw_network(network, tmp_path / "net.svg").read_text()
    assert "0.vectors.weight" in picture
    assert "1.frequencies" in picture


def test_a_network_without_a_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no layer with in_features.*give a network that has a linear layer"):
        draw_network(nn.ReLU(), tmp_path / "net.pdf")


def test_without_graphviz_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(graph, "LAYOUT", "raise ModuleNotFoundError('no pygraphviz')")
    with pytest.raises(RuntimeError, match=r"(?s)pip install 'autonet-torch\[draw\]'.*no pygraphviz"):
        draw_network(nn.Sequential(nn.Linear(3, 4)), tmp_path / "net.pdf")
