"""Networks of k members, taken apart into k ordinary ones: what BatchEnsemble layers are tested against."""

from copy import deepcopy

from torch import Tensor, nn

from autonet.nets.batch_ensemble import BatchEnsembleLinear, EnsembleMean, LinearEnsemble


def unstack(network: nn.Sequential) -> list[nn.Sequential]:
    """Copy every member of a network into a network of its own, which maps (n, n_in) to (n, n_out)."""
    n_members = next(len(layer.weight) for layer in network if isinstance(layer, LinearEnsemble))
    layers = [layer for layer in network if not isinstance(layer, EnsembleMean)]
    members = [nn.Sequential(*(_extract(layer, i) for layer in layers)) for i in range(n_members)]
    return [member.train(network.training) for member in members]


def _extract(layer: nn.Module, i: int) -> nn.Module:
    if isinstance(layer, LinearEnsemble):
        return _linear(layer.weight[i], layer.bias[i])
    if not isinstance(layer, BatchEnsembleLinear):
        return deepcopy(layer)
    weight, bias = layer.linear.weight * layer.input_scales[i], layer.linear.bias
    if layer.output_scales is not None and layer.biases is not None:
        weight, bias = layer.output_scales[i].unsqueeze(1) * weight, layer.biases[i]
    return _linear(weight, bias)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
    return layer
