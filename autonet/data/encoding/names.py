"""Names of encoded columns."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import nn

from autonet.data.encoding.feature_maps import KernelComponents, Monomials, Projection
from autonet.data.encoding.modules import (
    CategoricalFeatures,
    EncodingModule,
    NumericalFeatures,
    SparseProjection,
    Zeros,
)
from autonet.data.encoding.preprocessors import FourierFeatures, KernelFeatures, Linear
from autonet.data.encoding.target_means import find_target_means
from autonet.data.table import MISSING_CODE, InputNames

__all__ = ["name_columns"]

MISSING, INDEX, TOPIC, MEAN, WIDE = ":missing", ":index", ":topic", ":mean", "svd"


def name_columns(module: EncodingModule, inputs: InputNames) -> list[str]:
    """Name the columns that a module encodes a table in, each with a name of its own."""
    texts = [
        f"{name}{TOPIC}{i}"
        for name, project in zip(inputs.texts, module.texts, strict=True)
        for i in range(_projection_width(project))
    ]
    features = [*_name_numbers(module.numbers, inputs.numbers), *_name_levels(module.categories, inputs), *texts]
    indices = [f"{inputs.codes[j][0]}{INDEX}" for j in module.categories.embedded.tolist()]
    return _make_unique([*_name_preprocessed(module.features, features), *_name_means(module, inputs), *indices])


def _name_numbers(module: nn.Module, names: Sequence[str]) -> Iterator[str]:
    if not isinstance(module, NumericalFeatures):
        yield from (f"{WIDE}{i}" for i in range(_projection_width(module)))
        return
    yield from (names[j] for j in module.impute.columns.tolist())
    yield from (f"{names[j]}{MISSING}" for j in module.impute.indicator_columns.tolist())


def _name_levels(module: CategoricalFeatures, inputs: InputNames) -> Iterator[str]:
    """Name the features of levels: one for two levels, which is 1 for the second, else one each."""
    for columns, first in ((module.binary, 1), (module.one_hot, 0)):
        for j in columns.tolist():
            name, levels = inputs.codes[j]
            start, n_codes = int(module.offsets[j]), 2 + len(levels)
            position = module.lookup[start : start + n_codes].numpy()
            for code in np.flatnonzero(position)[np.argsort(position[position > 0])][first:].tolist():
                yield f"{name}{MISSING}" if code == MISSING_CODE else f"{name}={levels[code - 2]}"


def _name_means(module: EncodingModule, inputs: InputNames) -> Iterator[str]:
    """Name target means, which are numbered if there are several of a column."""
    means = find_target_means(module)
    if means is not None:
        n_scores = means.matrix.shape[1]
        for j in means.columns.tolist():
            name = f"{inputs.codes[j][0]}{MEAN}"
            yield from [name] if n_scores == 1 else (f"{name}{i}" for i in range(n_scores))


def _name_preprocessed(module: nn.Module, names: list[str]) -> list[str]:
    """Name what the preprocessor of all features makes of them: mixtures are numbered."""
    if isinstance(module, Zeros):
        return ["zeros"]
    for part in module.modules():
        if isinstance(part, Linear):
            return [f"truncated_svd{i}" for i in range(part.matrix.shape[1])]
        if isinstance(part, FourierFeatures):
            return [f"kitchen_sinks{i}" for i in range(len(part.offset))]
        if isinstance(part, KernelFeatures):
            return [f"nystroem{i}" for i in range(part.whitening.shape[1])]
        if isinstance(part, KernelComponents):
            return [f"kernel_pca{i}" for i in range(part.whitening.shape[1])]
        if isinstance(part, Projection):
            return [f"{part.prefix}{i}" for i in range(part.matrix.shape[1])]
        if isinstance(part, Monomials):
            return ["*".join(names[j - 1] for j in row if j) or "1" for row in part.factors.tolist()]
    return names


def _projection_width(module: nn.Module) -> int:
    """Return the number of columns of a projection, the first part of a module."""
    projection = next(part for part in module.modules() if isinstance(part, SparseProjection))
    return int(projection.matrix.shape[1])


def _make_unique(names: Sequence[str]) -> list[str]:
    """Append numbers to repeated names."""
    taken, seen, unique = set(names), set[str](), list[str]()
    for name in names:
        n, own = 1, name
        while own in seen or (n > 1 and own in taken):
            n += 1
            own = f"{name}_{n}"
        seen.add(own)
        unique.append(own)
    return unique
