import copy
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autonet import register_network, unregister_network
from autonet.core.errors import InvalidNetwork, InvalidOption, MissingPackage
from autonet.inspection.architecture import draw_architecture, summary
from autonet.nets.registry import NETWORKS
from tests.inspection.models import FAMILIES, Counting, Residual, build, embed, fitted, transformer

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("make", [build, embed])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_listed_and_drawn(family: str, make: Any) -> None:
    network = make(family)
    n_parameters = sum(p.numel() for p in network.parameters())
    table = summary(network)
    assert f"{n_parameters:,} parameters" in table.caption
    leaves = [row for row in table if not list(network.get_submodule(row["layer"]).children())]
    own = sum(p.numel() for m in network.modules() if list(m.children()) for p in m.parameters(recurse=False))
    assert sum(row["parameters"] for row in leaves) == n_parameters - own
    assert all(row["output"].startswith("(n, ") for row in table)
    for depth in (1, 2, None):
        drawn = texts(draw_architecture(network, depth=depth).svg)
        assert f"{n_parameters:,} parameters" in drawn


def test_the_table_of_a_network_behind_embeddings() -> None:
    assert str(summary(embed("tabm"), depth=1)) == (
        "Sequential: 21,430 parameters, 4 values in buffers, 83.7 KiB; (n, 4) -> (n, 3)\n"
        "layer  kind                 detail      output       parameters\n"
        "0      PBLDEmbedding        4 -> 10     (n, 10)              46\n"
        "1      CategoryEmbedding    10 -> 12    (n, 12)              16\n"
        "2      BatchEnsembleLinear  12 -> 128   (n, 8, 128)        1760\n"
        "3      ReLU                             (n, 8, 128)           0\n"
        "4      Dropout              0.1         (n, 8, 128)           0\n"
        "5      Linear               128 -> 128  (n, 8, 128)       16512\n"
        "6      ReLU                             (n, 8, 128)           0\n"
        "7      Dropout              0.1         (n, 8, 128)           0\n"
        "8      LinearEnsemble       128 -> 3    (n, 8, 3)          3096\n"
        "9      EnsembleMean         softmax     (n, 3)                0"
    )


def test_totals_say_what_is_trained_kept_and_unused() -> None:
    network = Residual(500)
    network.linear.requires_grad_(False)
    table = summary(network)
    assert table.caption == ("Residual: 254,007 parameters, 3,507 of them are trained, 992 KiB; (n, 500) -> (n, 500)")
    assert table[-1] == {
        "layer": "unused",
        "kind": "Linear",
        "detail": "",
        "output": None,
        "parameters": 3507,
    }
    assert summary(nn.Linear(3, 2))[0] == {
        "layer": "",
        "kind": "Linear",
        "detail": "3 -> 2",
        "output": "(n, 2)",
        "parameters": 8,
    }
    assert "MiB" in summary(nn.Linear(1000, 1000)).caption


def test_a_fitted_estimator_is_listed_and_drawn(tmp_path: Path) -> None:
    auto = fitted()
    table = summary(auto)
    assert [row["kind"] for row in table][:3] == ["CategoryEmbedding", "Embedding", "Linear"]
    assert table.caption.startswith("AutoNetClassification: ")
    assert list(table) == list(summary(auto.get_pytorch_model())) == list(summary(auto.model_))
    drawing = draw_architecture(auto, tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == drawing.svg == drawing._repr_svg_()
    assert texts(drawing.svg)[0] == "AutoNetClassification"
    assert "CategoryEmbedding" in texts(drawing.svg)
    assert repr(drawing) == f"Drawing of AutoNetClassification: {drawing.network.n_parameters:,} parameters"


def test_networks_of_users_are_listed_and_drawn() -> None:
    register_network("residual", lambda n_in, n_out: nn.Sequential(Residual(n_in), nn.Linear(n_in, n_out)))
    try:
        network = NETWORKS.components["residual"].build(n_in=5, n_out=2)
    finally:
        unregister_network("residual")
    assert [row["layer"] for row in summary(network)] == ["0", "0.linear", "0.same", "0.activation", "0.unused", "1"]
    assert "+" in texts(draw_architecture(network, depth=2).svg)


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".svg", b"<svg"), (".pdf", b"%PDF"), (".PNG", b"\x89PNG"), (".html", b"<!doctype html>")]
)
def test_the_suffix_determines_the_format(suffix: str, magic: bytes, tmp_path: Path) -> None:
    if suffix in (".pdf", ".PNG"):
        pytest.importorskip("matplotlib", reason="needs matplotlib, which draws")
    drawing = draw_architecture(build("resnet"), depth=None)
    path = drawing.save(tmp_path / f"net{suffix}")
    assert path.read_bytes().startswith(magic)
    assert [file.name for file in tmp_path.iterdir()] == [f"net{suffix}"]


def test_only_pdf_and_png_need_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    drawing = draw_architecture(build("mlpnet"), tmp_path / "net.svg")
    drawing.save(tmp_path / "net.html")
    with pytest.raises(MissingPackage, match="needs matplotlib"):
        drawing.save(tmp_path / "net.pdf")


def test_depth_title_and_example_can_be_chosen() -> None:
    drawing = draw_architecture(transformer(), depth=2, example_input=torch.zeros(2, 5, 8), title="Encoder")
    assert texts(drawing.svg)[0] == "Encoder"
    assert texts(drawing.svg).count("MultiheadAttention") == 1
    assert drawing.html.count("<details open") == 1
    assert draw_architecture(build("resnet"), depth=None).html.count("<details open") > 2
    assert len(summary(transformer(), depth=1, example_input=torch.zeros(2, 5, 8))) == 2


def test_the_network_stays_as_it_is(tmp_path: Path) -> None:
    network = Counting().train()
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    summary(network)
    draw_architecture(network, tmp_path / "net.svg")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>\x1b&"
    network = nn.Sequential(type(name, (nn.Linear,), {})(3, 2))
    drawing = draw_architecture(network, tmp_path / "net.svg", title=name)
    root = ET.parse(tmp_path / "net.svg").getroot()
    assert not list(root.iter(f"{SVG}script"))
    assert texts(drawing.svg)[0] == "<script>alert(1)</script>\ufffd&"
    assert "<script>" not in drawing.html


@pytest.mark.parametrize("depth", [0, -1, 1.5, "2"])
def test_other_depths_are_refused(depth: Any) -> None:
    with pytest.raises(InvalidOption, match=r"depth must be a number of levels, at least 1, or None for all; got"):
        draw_architecture(nn.Linear(2, 1), depth=depth)
    with pytest.raises(InvalidOption, match="depth must be a number of levels"):
        summary(nn.Linear(2, 1), depth=depth)


def test_lazy_layers_and_indices_are_no_obstacle() -> None:
    lazy = nn.Sequential(nn.LazyLinear(5), nn.Linear(5, 1))
    assert summary(lazy, example_input=torch.zeros(2, 3)).caption.startswith("Sequential: 26 parameters, 104 bytes")
    table = summary(nn.Embedding(10, 4), example_input=torch.zeros(2, dtype=torch.long))
    assert (table[0]["detail"], table[0]["output"]) == ("10 × 4", "(n, 4)")


def test_bad_files_and_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"must end in \.svg, \.pdf, \.png or \.html; got"):
        draw_architecture(nn.Linear(2, 1), tmp_path / "net.doc")
    with pytest.raises(InvalidOption, match=r"The drawing cannot be saved to .* there is no directory"):
        draw_architecture(nn.Linear(2, 1), tmp_path / "no" / "net.svg")
    with pytest.raises(InvalidNetwork, match=r"Linear fails on an example of shape \(1, 3\)"):
        summary(nn.Linear(2, 1), example_input=torch.zeros(1, 3))
    with pytest.raises(InvalidOption, match="give example_input"):
        summary(nn.Conv1d(1, 2, 3))
    assert summary(nn.Linear(3, 2), example_input=torch.zeros(3))[0]["output"] == "(2,)"
    assert summary(nn.Conv1d(1, 2, 3), example_input=torch.zeros(1, 1, 5))[0]["output"] == "(n, 2, 3)"


def test_the_picture_of_the_documentation_is_up_to_date() -> None:
    network = build("shapedresnet", n_in=6, n_out=2, use_dropout=False)
    picture = Path(__file__).parents[2] / "docs" / "images" / "architecture.svg"
    drawing = draw_architecture(network, depth=3, title="AutoNetClassification")
    assert picture.read_text(encoding="utf-8") == drawing.svg  # drawing.save(picture) brings it up to date
