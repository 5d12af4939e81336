import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from autonet.core.errors import UnknownName
from autonet.nets.batch_ensemble import BatchEnsembleLinear, EnsembleMean, LinearEnsemble, sample_signs


def drawn(layer: nn.Module) -> nn.Module:
    """Give every parameter numbers of its own, so that none is left out of a formula."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer.double()


@pytest.mark.parametrize("scales_outputs", [True, False])
@pytest.mark.parametrize("shared_input", [True, False])
def test_a_batch_ensemble_is_its_formula(scales_outputs: bool, shared_input: bool) -> None:
    layer = drawn(BatchEnsembleLinear(torch.ones(3, 5), 4, scales_outputs=scales_outputs))
    x = torch.randn(7, 5).double() if shared_input else torch.randn(7, 3, 5).double()
    p = dict(layer.named_parameters())
    expected = torch.empty(7, 3, 4).double()
    for n in range(7):
        for i in range(3):
            row = x[n] if shared_input else x[n, i]
            y = p["linear.weight"] @ (row * p["input_scales"][i])
            expected[n, i] = y * p["output_scales"][i] + p["biases"][i] if scales_outputs else y + p["linear.bias"]
    torch.testing.assert_close(layer(x), expected)


def test_a_batch_ensemble_has_scales_for_members_and_one_matrix() -> None:
    def sizes(*, scales_outputs: bool) -> dict[str, tuple[int, ...]]:
        layer = BatchEnsembleLinear(sample_signs(3, 5), 4, scales_outputs=scales_outputs)
        return {name: tuple(p.shape) for name, p in layer.named_parameters()}

    shared = {"linear.weight": (4, 5), "input_scales": (3, 5)}
    assert sizes(scales_outputs=True) == {**shared, "output_scales": (3, 4), "biases": (3, 4)}
    assert sizes(scales_outputs=False) == {**shared, "linear.bias": (4,)}


def test_members_of_a_batch_ensemble_begin_with_equal_scales_of_outputs_and_biases() -> None:
    layer = BatchEnsembleLinear(sample_signs(3, 100), 400, scales_outputs=True)
    assert layer.output_scales is not None
    assert layer.biases is not None
    assert (layer.output_scales == 1).all()
    assert (layer.biases == layer.biases[0]).all()
    for drawn_numbers in (layer.linear.weight, layer.biases):  # uniform, up to 1 / sqrt(d_in), as torch's own
        assert 0.09 < drawn_numbers.abs().max() <= 0.1


def test_signs_are_random() -> None:
    signs = sample_signs(50, 200)
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    assert abs(signs.mean()) < 0.05


def test_separate_layers_are_as_many_of_torch() -> None:
    torch.manual_seed(0)
    layer = LinearEnsemble(5, 4, 3)
    torch.manual_seed(0)
    plain = [nn.Linear(5, 4) for _ in range(3)]
    x = torch.randn(7, 3, 5)
    torch.testing.assert_close(layer(x), torch.stack([net(x[:, i]) for i, net in enumerate(plain)], dim=1))


PREDICTIONS = {"softmax": lambda z: z.softmax(-1), "sigmoid": torch.sigmoid, "identity": lambda z: z}


@settings(max_examples=50)
@given(
    pooling=st.sampled_from(list(PREDICTIONS)),
    n=st.integers(1, 4),
    k=st.integers(1, 5),
    n_out=st.integers(1, 4),
    scale=st.sampled_from([0.1, 1.0, 30.0]),
)
def test_the_mean_of_members_is_the_mean_of_their_predictions(
    pooling: str, n: int, k: int, n_out: int, scale: float
) -> None:
    outputs, layer = scale * torch.randn(n, k, n_out).double(), EnsembleMean(pooling)
    assert layer.train()(outputs) is outputs
    prediction = PREDICTIONS[pooling]
    torch.testing.assert_close(prediction(layer.eval()(outputs)), prediction(outputs).mean(dim=1))


def test_outputs_of_sure_members_are_finite() -> None:
    sure = torch.tensor([[[1e4, -1e4], [1e4, -1e4]], [[-1e4, 1e4], [1e4, -1e4]]])
    for pooling in PREDICTIONS:
        assert torch.isfinite(EnsembleMean(pooling).eval()(sure)).all()


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'softmax'"):
        EnsembleMean("softmx")
