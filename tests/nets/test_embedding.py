import torch
from torch import nn

from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.training.batches import BATCH_LOSSES, EncodedRows


def rows(n: int = 6) -> torch.Tensor:
    return torch.cat([torch.randn(n, 2), torch.randint(3, (n, 1)).float(), torch.randint(5, (n, 1)).float()], dim=1)


def test_every_column_has_vectors_of_its_own() -> None:
    embedding, x = CategoryEmbedding(4, [3, 5], 2).eval(), rows()
    vectors = embedding.vectors.weight
    expected = torch.cat([x[:, :2], vectors[x[:, 2].long()], vectors[3 + x[:, 3].long()]], dim=1)
    torch.testing.assert_close(embedding(x), expected)
    assert (embedding.in_features, embedding.out_features) == (4, 6)


def test_what_is_no_index_is_taken_for_the_nearest() -> None:
    embedding = CategoryEmbedding(2, [3, 5], 2).eval()
    x = torch.tensor([[-2.0, 7.0], [3.0, -1.0]])
    torch.testing.assert_close(embedding(x), embedding(torch.tensor([[0.0, 4.0], [2.0, 0.0]])))


def test_the_unknown_category_is_trained() -> None:
    torch.manual_seed(0)
    embedding = CategoryEmbedding(1, [2], 4).train()
    x = torch.ones(20_000, 1)
    taken = (embedding(x) == embedding.vectors.weight[0]).all(dim=1).float().mean().item()
    assert 0.005 < taken < 0.02  # one in a hundred
    embedding(x).sum().backward()
    gradient = embedding.vectors.weight.grad
    assert gradient is not None
    assert (gradient[0] != 0).all()


def test_mixup_averages_vectors_and_not_indices() -> None:
    network = prepend_embeddings([CategoryEmbedding(4, [3, 5], 2)], nn.Linear(6, 1)).eval()
    assert isinstance(network, nn.Sequential)
    x, seen = rows(), []
    network[1].register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    torch.manual_seed(0)
    BATCH_LOSSES.components["mixup"].build(alpha=1.0)(network, nn.MSELoss(), EncodedRows(x, torch.zeros(6, 1)))
    torch.manual_seed(0)
    share = torch.rand(()).item()  # Beta(1, 1) is uniform
    embedded = network[0](x)
    torch.testing.assert_close(seen[0], torch.lerp(embedded.roll(1, 0), embedded, share))


def test_the_layers_of_a_network_stay_in_one_row() -> None:
    layers = nn.Sequential(nn.Linear(3, 5), nn.ReLU())
    network = prepend_embeddings([CategoryEmbedding(1, [4], 3)], layers)
    assert isinstance(network, nn.Sequential)
    assert [type(layer) for layer in network] == [CategoryEmbedding, nn.Linear, nn.ReLU]
    assert prepend_embeddings([], layers) is layers
