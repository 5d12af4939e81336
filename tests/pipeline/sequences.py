"""A second modality: sequences of one length, and a network of 1-d convolutions for them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from ConfigSpace import ConfigurationSpace, Integer
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet import AutoNetClassification
from autonet.core.component import Component, Components, Node
from autonet.core.errors import InvalidData
from autonet.core.modality import Modality
from autonet.core.task import InputLayout, Task
from autonet.data.hashes import hash_array, mix_bits
from autonet.pipeline.nodes import nodes_around
from autonet.training.batches import EncodedRows


@dataclass(frozen=True)
class SequenceData:
    """Sequences (n, length)."""

    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nbytes(self) -> int:
        return self.values.nbytes

    @property
    def n_columns(self) -> int:
        return self.values.shape[1]

    def rows(self, index: NDArray[np.intp] | slice) -> "SequenceData":
        return SequenceData(self.values[index])

    def concat(self, other: "SequenceData") -> "SequenceData":
        return SequenceData(np.concatenate([self.values, other.values]))

    def hashes(self) -> NDArray[np.uint64]:
        return mix_bits(hash_array(self.values, 1))


@dataclass(frozen=True)
class SequenceReader:
    n_features: int
    names: None = None

    def read(self, X: Any, owner: str) -> SequenceData:
        values = np.asarray(X, np.float32)
        if values.shape[1:] != (self.n_features,):
            raise InvalidData(f"{owner} was fitted to sequences of length {self.n_features}; got {values.shape}.")
        return SequenceData(values)

    def missing_row(self) -> SequenceData:
        return SequenceData(np.zeros((1, self.n_features), np.float32))


@dataclass(frozen=True, eq=False)
class SequenceEncoder:
    center: float
    scale: float
    layout: InputLayout

    def inputs(self, data: SequenceData, device: torch.device, rows: Any = None, allocate: Any = None) -> Tensor:
        values = data.values if rows is None else data.values[rows]
        return torch.from_numpy((values - self.center) / self.scale)[:, None].to(device)


def convolutions(*, n_in: int, n_out: int, channels: int) -> nn.Module:
    layers = [nn.Conv1d(1, channels, 5, padding=2), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(channels, n_out))


def convolution_space(task: Task) -> ConfigurationSpace:
    return ConfigurationSpace({"channels": Integer("channels", (4, 32), log=True, default=16)})


CONVOLUTIONS: Node[nn.Module] = Node.from_components(
    "NetworkSelector", [Component("conv", convolutions, convolution_space)], selector="network", option="networks"
)


class Sequences(Modality):
    nodes: Mapping[str, Node[Any]] = nodes_around((), CONVOLUTIONS)

    def read(self, X: Any, **options: Any) -> tuple[SequenceReader, SequenceData]:
        return (reader := SequenceReader(np.shape(X)[1])), reader.read(X, "Sequences")

    def encoder_key(self, components: Components) -> Hashable:
        return ()

    def fit_encoder(self, data: SequenceData, rows: Any, components: Any, seed: int, y: Any = None) -> SequenceEncoder:
        values = data.values[rows]
        return SequenceEncoder(float(values.mean()), float(values.std()), InputLayout(values.shape[1]))

    def build_network(self, task: Task, components: Components, layout: Any, *rows: Any) -> nn.Module:
        return components[CONVOLUTIONS].build(n_in=layout.n_in, n_out=task.n_outputs)

    def build_linear(self, task: Task, layout: InputLayout) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(layout.n_in, task.n_outputs))

    def augmentation(self, components: Components) -> Any:
        return roll


def roll(batch: EncodedRows, generator: torch.Generator) -> EncodedRows:
    """Shift all sequences of a batch by the same random number of places."""
    shift = int(torch.randint(batch.x.shape[-1], (), generator=generator))
    return replace(batch, x=batch.x[:].roll(shift, -1))


class SequenceClassification(AutoNetClassification):
    modality = Sequences()
