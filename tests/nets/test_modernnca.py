import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import autonet
from autonet import AutoNetClassification, AutoNetRegression, register_network
from autonet.core.task import Task
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.modernnca import (
    MODERNNCA,
    UNUSED,
    NearestNeighbors,
    build_modernnca,
    modernnca_space,
    remember_rows,
)
from autonet.nets.realmlp import FrontScale
from autonet.nets.registry import NETWORKS
from autonet.training.batches import BATCH_LOSSES, EncodedRows
from autonet.training.ema import EMAWeights

N, N_IN = 40, 5


def plain(pooling: str = "softmax", n_in: int = 1, n_out: int = 2, n_candidates: int = 8) -> NearestNeighbors:
    """Nearest neighbours in the space of the inputs."""
    sizes = {"n_candidates": n_candidates, "n_sampled": n_candidates}
    return NearestNeighbors(nn.Identity(), n_in=n_in, n_out=n_out, pooling=pooling, **sizes)


def network(n_out: int = 3, **values: Any) -> NearestNeighbors:
    default = dict(modernnca_space(Task("classification", N, N_IN)).get_default_configuration())
    return build_modernnca(n_in=N_IN, n_out=n_out, **{**default, "dim": 8, "num_blocks": 1, **values})


def rows(seed: int = 0, n_classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(N, N_IN, generator=generator), torch.randint(n_classes, (N,), generator=generator)


def steps(net: nn.Module, x: Tensor, y: Tensor, n: int = 1, batch_size: int = N) -> list[float]:
    """Train by Adam; return the losses of the steps."""
    optimizer, losses = torch.optim.Adam(net.parameters(), 0.01, fused=True), []
    net.train()
    for _ in range(n):
        batch = torch.randperm(len(x))[:batch_size]
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- the formula


def test_probabilities_are_the_softmax_of_negative_distances() -> None:
    net = plain().eval()
    remember_rows([net], torch.tensor([[0.0], [3.0]]), torch.tensor([0, 1]))
    # Distances 1 and 2: e^-1 / (e^-1 + e^-2) = 0.7310586.
    torch.testing.assert_close(net(torch.tensor([[1.0]])).exp(), torch.tensor([[0.7310586, 0.2689414]]))


def test_values_are_weighted_means_in_the_plane() -> None:
    net = plain("identity", n_in=2).eval()
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    remember_rows([net], x, torch.tensor([[1.0, -1.0], [2.0, 0.0], [4.0, 5.0]]))
    # Distances from the origin 0, 5 and 1: weights 1, e^-5 and e^-1 by their sum, 1.3746174.
    expected = torch.tensor([[(1 + 2 * 0.0067379 + 4 * 0.3678794) / 1.3746174, (-1 + 5 * 0.3678794) / 1.3746174]])
    torch.testing.assert_close(net(torch.zeros(1, 2)), expected, rtol=1e-4, atol=1e-4)


def test_several_labels_are_logits_of_their_mean() -> None:
    net = plain("sigmoid", n_out=3).eval()
    remember_rows([net], torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    output = net(torch.tensor([[1.0]]))
    torch.testing.assert_close(output.sigmoid(), torch.tensor([[0.7310586, 0.0, 1.0]]), rtol=1e-5, atol=1e-6)
    assert output.isfinite().all()


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    weighted, twice = plain().eval(), plain().eval()
    x, y = torch.tensor([[0.0], [3.0]]), torch.tensor([0, 1])
    remember_rows([weighted], x, y, torch.tensor([1.0, 2.0]))
    remember_rows([twice], x[[0, 1, 1]], y[[0, 1, 1]])
    # e^-1 / (e^-1 + 2 e^-2) = 0.5761169.
    torch.testing.assert_close(weighted(torch.tensor([[1.0]])).exp()[0, 0].item(), 0.5761169)
    torch.testing.assert_close(weighted(torch.tensor([[1.0]])), twice(torch.tensor([[1.0]])))


def test_the_encoder_is_residual_blocks_between_a_linear_and_a_scale() -> None:
    net = network(num_blocks=2)
    x, y = rows()
    remember_rows([net], x, y)
    steps(net, x, y, 3)
    net.eval()
    p = {name.removeprefix("encoder."): value for name, value in net.state_dict().items()}

    def norm(h: Tensor, name: str) -> Tensor:
        h = (h - p[f"{name}.running_mean"]) / (p[f"{name}.running_var"] + 1e-5).sqrt()
        return h * p[f"{name}.weight"] + p[f"{name}.bias"] if f"{name}.weight" in p else h

    def encode(x: Tensor) -> Tensor:
        z = x @ p["0.weight"].T + p["0.bias"]
        for i in (1, 2):
            h = norm(z, f"{i}.start.0").relu() @ p[f"{i}.branch.0.weight"].T + p[f"{i}.branch.0.bias"]
            z = z + norm(h, f"{i}.branch.1").relu() @ p[f"{i}.branch.3.weight"].T + p[f"{i}.branch.3.bias"]
        return norm(z, "3") * p["4.weight"]

    new = torch.randn(6, N_IN)
    distances = (encode(new)[:, None] - encode(x)).square().sum(dim=2).sqrt()
    expected = (-distances).softmax(dim=1) @ functional.one_hot(y, 3).float()
    with torch.no_grad():
        torch.testing.assert_close(net(new).exp(), expected, rtol=1e-4, atol=1e-5)


# --- a row never sees its own label


def test_the_label_of_a_row_changes_other_rows_only() -> None:
    net, (x, y) = network(), rows()
    net.train()
    changed = y.clone()
    changed[7] = (y[7] + 1) % 3
    outputs = []
    for labels in (y, changed):
        torch.manual_seed(0)
        remember_rows([net], x, labels)
        outputs.append(net(x).detach())
    moved = (outputs[0] - outputs[1]).abs().amax(dim=1) > 1e-6
    assert not moved[7]
    assert moved.sum() == N - 1
    net.eval()
    assert not torch.allclose(net(x)[7], outputs[1][7])  # in evaluation it is a candidate as any other


def test_equal_rows_and_those_that_were_encoded_in_another_batch_are_hidden_too() -> None:
    net = plain().train()
    remember_rows([net], torch.tensor([[1.0], [1.0], [2.0]]), torch.tensor([0, 0, 1]))
    for value in (1.0, 1.0 + 1e-6):
        torch.testing.assert_close(net(torch.tensor([[value]])).exp(), torch.tensor([[0.0, 1.0]]), rtol=0, atol=1e-6)


def test_mixtures_see_the_label_of_neither_row() -> None:
    net, (x, y) = network(), rows()
    embedded, rest = net.train().split_embeddings(x[:4])
    mixture = torch.lerp(embedded.roll(1, 0), embedded, 0.9)
    seen = []
    for row in range(4):
        changed = y.clone()
        changed[row] = (y[row] + 1) % 3
        outputs = []
        for labels in (y, changed):
            torch.manual_seed(0)
            remember_rows([net], x, labels)
            outputs.append(rest(mixture))
        seen.append(((outputs[0] - outputs[1]).abs().amax(dim=1) > 1e-6).tolist())
    assert seen == [[i not in (row, (row + 1) % 4) for i in range(4)] for row in range(4)]


def scaling(n_candidates: int) -> NearestNeighbors:
    """A space with a learned scale for each column: too little to know rows by heart, other than by their own label."""
    sizes = {"n_in": N_IN, "n_out": 2, "n_candidates": n_candidates, "n_sampled": n_candidates // 2}
    return NearestNeighbors(FrontScale(N_IN), pooling="softmax", **sizes)


def test_shuffled_labels_cannot_be_learned() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(200, N_IN), torch.randint(2, (200,))
    net, leaking = scaling(200), scaling(200)
    remember_rows([net], x, y)
    remember_rows([leaking], x + 0.01, y)
    honest, leaked = (steps(n, x, y, 200, batch_size=50) for n in (net, leaking))
    assert np.mean(honest[-30:]) > 0.67  # log 2 is 0.693
    assert np.mean(leaked[-30:]) < 0.6


def test_mixup_cannot_learn_shuffled_labels_either() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(200, N_IN), torch.randint(2, (200,))
    net, mixup = scaling(200), BATCH_LOSSES.components["mixup"].build(alpha=0.2)
    remember_rows([net], x, y)
    optimizer, losses = torch.optim.Adam(net.train().parameters(), 0.01, fused=True), []
    for _ in range(200):
        optimizer.zero_grad()
        loss = mixup(net, nn.CrossEntropyLoss(), EncodedRows(x, y).take(torch.randperm(200)[:50]))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-30:]) > 0.67


# --- the state


def test_averages_of_weights_leave_candidates_as_they_are_to_the_bit() -> None:
    net, (x, y) = network(n_candidates=2 * N), rows()
    ema = EMAWeights(net)
    remember_rows([net, ema.network], x * 10 ** torch.linspace(-30, 30, N)[:, None], y, torch.rand(N))
    kept = {name: copy.deepcopy(getattr(net, name)) for name in ("candidates", "labels", "log_weights")}
    assert (kept["log_weights"] == UNUSED).sum() == N
    for _ in range(30):
        with torch.no_grad():
            net.encoder[0].weight.add_(0.1)
        ema.update()
    for name, tensor in kept.items():
        assert torch.equal(getattr(net, name), tensor)
        assert torch.equal(getattr(ema.network, name), tensor)


def test_random_rows_are_remembered_where_there_are_more_than_candidates() -> None:
    nets, other = [plain(n_in=N_IN, n_out=3), plain(n_in=N_IN, n_out=3)], nn.Linear(1, 1)
    x, y = rows()
    torch.manual_seed(1)
    remember_rows([nets[0], other, nets[1]], x, y)
    torch.manual_seed(1)
    chosen = torch.randperm(N)[:8]
    for net in nets:
        assert torch.equal(net.candidates, x[chosen])
        assert torch.equal(net.labels, functional.one_hot(y[chosen], 3).float())


def test_other_networks_draw_nothing() -> None:
    other, before = nn.Linear(1, 1), torch.get_rng_state()
    remember_rows([other], *rows())
    assert torch.equal(before, torch.get_rng_state())


def test_candidates_are_embedded_as_rows_are() -> None:
    embedding = CategoryEmbedding(3, [4, 6], 2)
    net = prepend_embeddings([embedding], plain(n_in=embedding.out_features)).eval()
    x = torch.tensor([[0.5, 1.0, 5.0], [0.5, 2.0, 0.0]])
    remember_rows([net], x, torch.tensor([0, 1]))
    vectors = embedding(x)
    d = (vectors[0] - vectors[1]).square().sum().sqrt()
    expected = torch.stack([torch.zeros(()), -d])[None].softmax(dim=1)
    torch.testing.assert_close(net(x[:1]).exp(), expected, rtol=0, atol=1e-6)
    assert net.candidates.shape == (8, 3)


def test_candidates_are_encoded_once_for_the_same_weights() -> None:
    net, (x, y) = network(), rows()
    remember_rows([net], x, y)
    ema = EMAWeights(net)
    encoded: list[int] = []
    ema.network.encoder.register_forward_hook(lambda module, inputs, output: encoded.append(len(output)))

    def predict() -> Tensor:
        """Predict, and compare with a copy, which has encoded nothing."""
        with torch.inference_mode():
            output = ema.network(x[:2])
            assert torch.equal(output, copy.deepcopy(ema.network)(x[:2]))
        del encoded[-2:]  # of the copy: the hook goes with it
        return output

    predict()
    assert encoded == [2, N]
    predict()
    assert encoded == [2, N, 2]
    changes = [
        lambda: (steps(net, x, y), ema.update()),
        lambda: ema.network.load_state_dict(network().state_dict()),
        lambda: remember_rows([ema.network], x.flip(0), 2 - y),
        lambda: ema.network.double().float(),
    ]
    for change in changes:
        del encoded[:]
        change()
        predict()
        assert encoded == [2, N]


def test_the_optimizer_makes_encoded_candidates_stale() -> None:
    net, (x, y) = network(), rows()
    remember_rows([net], x, y)
    with torch.inference_mode():
        before = net.eval()(x)
    steps(net, x, y)
    with torch.inference_mode():
        after = net.eval()(x)
    assert not torch.equal(before, after)
    torch.testing.assert_close(after, net(x))  # with gradients nothing is kept


def test_pickles_leave_out_encoded_candidates() -> None:
    net, (x, y) = network(dim=256), rows()
    remember_rows([net], x, y)
    size = len(pickle.dumps(net.eval()))
    with torch.inference_mode():
        output = net(x)
    assert len(pickle.dumps(net)) == size
    with torch.inference_mode():
        assert torch.equal(pickle.loads(pickle.dumps(net))(x), output)


def test_many_rows_are_predicted_as_few() -> None:
    net, (x, y) = network(), rows()
    remember_rows([net], x, y)
    many = torch.randn(700, N_IN)
    with torch.inference_mode():
        parts = torch.cat([net.eval()(part) for part in many.split(100)])
        torch.testing.assert_close(net(many), parts, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("n_rows", "n_features", "n"), [(90, 10, 90), (10**6, 10, 4096), (10**6, 1000, 1048)])
def test_the_number_of_candidates_depends_on_the_table(n_rows: int, n_features: int, n: int) -> None:
    space = modernnca_space(Task("classification", n_rows, n_features))
    assert space.get_default_configuration()["n_candidates"] == n


# --- in the estimators


@pytest.mark.usefixtures("custom_components")
def test_it_passes_what_registered_networks_must() -> None:
    register_network("mine", build_modernnca, modernnca_space)
    assert NETWORKS.components["mine"].build is MODERNNCA.build


def options(quick: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    return {**quick, "networks": ["modernnca"], "min_budget": 9, "max_trials": 1, **chosen}


@pytest.mark.parametrize("refits", [False, True])
def test_candidates_are_the_rows_that_were_trained_on(iris: Any, quick: dict[str, Any], refits: bool) -> None:
    X, y = iris
    auto = AutoNetClassification("full_cs", **options(quick, refit_on_all_rows=refits, baseline=False)).fit(X, y)
    net = auto.model_.network
    remembered = net.candidates[net.log_weights > UNUSED]
    known = torch.from_numpy(auto.model_.transform(X))
    assert (torch.cdist(remembered, known).amin(dim=1) < 0.01).all()
    assert len(remembered) == len(net.candidates) if refits else len(remembered) < 0.9 * len(X)
    assert auto.score(X, y) > 0.9


def test_several_labels(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    labels = (y[:, None] == [0, 1]).astype(int)
    auto = AutoNetClassification("full_cs", **options(quick)).fit(X, labels)
    assert (auto.predict(X) == labels).mean() > 0.9


def test_several_targets_and_row_weights(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    weights = np.random.default_rng(0).uniform(0, 2, len(X))
    auto = AutoNetRegression("full_cs", **options(quick, baseline=False)).fit(
        X, np.stack([y, -y], axis=1), sample_weight=weights
    )
    assert auto.score(X, np.stack([y, -y], axis=1)) > 0.3


def test_a_file_of_half_precision_keeps_every_category(tmp_path: Any, quick: dict[str, Any]) -> None:
    """Indices above 2048 are not numbers of half precision."""
    levels = np.arange(2600).repeat(4)
    X = pd.DataFrame({"level": pd.Categorical(levels.astype(str)), "number": levels % 7})
    chosen = options(quick, max_budget=1, min_budget=1, embeddings=["learned"], baseline=False)
    auto = AutoNetClassification("full_cs", **chosen).fit(X, levels % 2)
    auto.save(tmp_path / "half.autonet", dtype="float16")
    ours, theirs = (a.get_pytorch_model() for a in (auto, autonet.load(tmp_path / "half.autonet")))
    assert ours.candidates[:, -1].max() > 2048
    assert torch.equal(ours.candidates[:, -1], theirs.candidates[:, -1])
