"""Tree ensembles as torch modules, for export: they predict what their arrays do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autonet.core.typing import Array
from autonet.data.encoding.trees import MAX_CELL, MIN_CELL, TreeEncoder, order_columns
from autonet.models.ensemble import TreeMember
from autonet.models.trees import MAX_CATEGORIES, MISSING, BoostedTrees, RandomizedTrees, Trees

__all__ = ["TreeModule"]


class TreeModule(nn.Module):
    """Encoder of a fold and the tree ensembles on it.

    Parameters
    ----------
    members : sequence of TreeMember
        All with the same encoder.
    """

    def __init__(self, members: Sequence[TreeMember]) -> None:
        super().__init__()
        encoder: Any = members[0].encoder
        self.encoder = _TreeEncoding(encoder)
        parts = [list_trees(member.trees) for member in members]
        self.paths = _Paths([trees for part in parts for trees in part])
        self.sums = nn.ModuleList(_Sums(member, part) for member, part in zip(members, parts, strict=True))
        self.n_trees = [sum(len(trees.roots) for trees in part) for part in parts]

    def forward(self, numbers: Tensor, codes: Tensor, *texts: Tensor) -> list[Tensor]:
        """Return probabilities, or encoded targets, (n, n_outputs) of each member, float64; see `EndToEndModule`."""
        leaves = self.paths(self.encoder(numbers, codes, *texts))
        parts = torch.split(leaves, self.n_trees, dim=1)
        return [add_up(part) for add_up, part in zip(self.sums, parts, strict=True)]


def list_trees(ensemble: BoostedTrees | RandomizedTrees) -> list[Trees]:
    """Return the trees of an ensemble for rows in which missing values are NaN."""
    if isinstance(ensemble, BoostedTrees):
        return ensemble.columns
    trees = ensemble.trees  # which take missing values as a number
    return [replace(trees, missing_left=trees.threshold >= MISSING)]


def _to_tensor(array: Array) -> Tensor:
    """Copy an array: torch.export saves contiguous tensors only."""
    return torch.from_numpy(np.array(array, order="C"))


class _TreeEncoding(nn.Module):
    """Encode the arrays of a table as `TreeEncoder` does."""

    low: Tensor
    scale: Tensor

    def __init__(self, encoder: TreeEncoder) -> None:
        super().__init__()
        self.columns = order_columns(encoder.ranks)
        for j in self.columns:
            self.register_buffer(f"ranks_{j}", _to_tensor(encoder.ranks[j]))
        self.has_numbers = len(encoder.low) > 0
        if self.has_numbers:
            self.register_buffer("low", _to_tensor(encoder.low))
            self.register_buffer("scale", _to_tensor(encoder.scale))
        self.texts = encoder.texts

    def forward(self, numbers: Tensor, codes: Tensor, *texts: Tensor) -> Tensor:
        """Return encoded rows (n, p), float32."""
        ranks = [getattr(self, f"ranks_{j}")[codes[:, j]].unsqueeze(1) for j in self.columns]
        scaled = (numbers.double() / 2 - self.low) / self.scale if self.has_numbers else numbers.double()
        # Bounds of NaN differ between runtimes.
        scaled = torch.where(scaled.isnan(), torch.nan, scaled.nan_to_num(0.0).clamp(MIN_CELL, MAX_CELL))
        topics = [project(text).double() for project, text in zip(self.texts, texts, strict=True)]
        encoded = torch.cat([*ranks, scaled, *topics], 1).float()
        return encoded if encoded.shape[1] else encoded.new_zeros((numbers.shape[0], 1))


class _Paths(nn.Module):
    """Follow rows (n, p) to their leaves (n, n_trees); a leaf is its position among the nodes of its trees."""

    roots: Tensor
    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    missing_left: Tensor
    category: Tensor
    sets: Tensor
    first: Tensor

    def __init__(self, parts: Sequence[Trees]) -> None:
        super().__init__()
        joined = Trees.join([replace(trees, value=np.zeros((len(trees.feature), 1))) for trees in parts])
        self.depth = _find_depth(joined)
        starts = np.cumsum([0, *(len(trees.feature) for trees in parts[:-1])])
        arrays: dict[str, Array] = {
            name: getattr(joined, name)
            for name in ("roots", "feature", "threshold", "left", "right", "missing_left", "category")
        }
        if len(joined.sets):
            arrays["sets"] = joined.sets.reshape(-1)
        self.has_sets = len(joined.sets) > 0  # torch.export cannot save several empty tensors
        arrays["first"] = np.repeat(starts, [len(trees.roots) for trees in parts])  # node of the trees of each root
        for name, array in arrays.items():
            self.register_buffer(name, _to_tensor(array))

    def forward(self, x: Tensor) -> Tensor:
        """Return the leaves of rows, int64."""
        node = self.roots.unsqueeze(0).expand(x.shape[0], -1)
        for _ in range(self.depth):
            value = x.gather(1, self.feature[node])
            missing = value.isnan()
            goes_left = value.double() <= self.threshold[node]
            if self.has_sets:
                own, level = self.category[node], value.nan_to_num(0.0).long().clamp(0, MAX_CATEGORIES - 1)
                is_member = self.sets[own.clamp(min=0) * MAX_CATEGORIES + level]
                has_level = (own >= 0) & ~missing
                goes_left = (has_level & is_member) | (~has_level & goes_left)  # onnxruntime has no `where` of booleans
            goes_left = goes_left | (missing & self.missing_left[node])
            node = torch.where(goes_left, self.left[node], self.right[node])
        return node - self.first


def _find_depth(trees: Trees) -> int:
    """Return the number of steps from the roots to the deepest leaf."""
    node, depth = np.unique(trees.roots), 0
    while True:
        node = node[trees.left[node] != node]
        if not len(node):
            return depth
        node, depth = np.concatenate([trees.left[node], trees.right[node]]), depth + 1


class _Sums(nn.Module):
    """Predictions of a member from the leaves of its trees."""

    def __init__(self, member: TreeMember, parts: Sequence[Trees]) -> None:
        super().__init__()
        ensemble = member.trees
        self.task = ensemble.task
        self.n_trees, self.is_boosted = [len(trees.roots) for trees in parts], isinstance(ensemble, BoostedTrees)
        self.starts = list(ensemble.baselines) if isinstance(ensemble, BoostedTrees) else [0.0]
        self.seen = [[int(c) for c in classes] for classes in ensemble.classes]
        for k, trees in enumerate(parts):
            self.register_buffer(f"value_{k}", _to_tensor(trees.value))

    def forward(self, leaves: Tensor) -> Tensor:
        """Return probabilities, or encoded targets, of leaves (n, n_trees)."""
        columns = enumerate(torch.split(leaves, self.n_trees, dim=1))
        sums = [getattr(self, f"value_{k}")[part].sum(1) + self.starts[k] for k, part in columns]
        raw = torch.cat(sums, 1) if self.is_boosted else sums[0] / self.n_trees[0]
        if self.task.kind == "regression":
            return raw
        return self._place(self._to_probabilities(raw))

    def _to_probabilities(self, raw: Tensor) -> list[Tensor]:
        """Return probabilities of the classes that were seen, for each output."""
        if not self.is_boosted:
            return list(torch.split(raw, raw.shape[1] // len(self.seen), dim=1))
        if self.task.kind == "multilabel" or raw.shape[1] == 1:
            positive = raw.sigmoid()
            return [torch.stack([1 - p, p], 1) for p in positive.unbind(1)]
        return [raw.softmax(1)]

    def _place(self, parts: Sequence[Tensor]) -> Tensor:
        """Put probabilities in their places; those of classes that no training row has are 0."""
        if self.task.kind == "classification":
            ((part,), (seen,)) = parts, self.seen
            columns = [part[:, seen.index(k)] if k in seen else 0 * part[:, 0] for k in range(self.task.n_outputs)]
        else:
            pairs = zip(parts, self.seen, strict=True)
            columns = [part[:, seen.index(1)] if 1 in seen else 0 * part[:, 0] for part, seen in pairs]
        return torch.stack(columns, 1)
