"""Export of fitted models: one ``nn.Module`` from arrays, or images, to predictions, as `torch.export` or ONNX."""

import json
import math
import os
import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.files import find_target
from autonet.core.jsonvalues import readable
from autonet.data.encoding.transformers import TRANSFORMERS
from autonet.data.images.reader import ImageData, ImageReader
from autonet.data.table import Table
from autonet.data.targets.transforms import NoTransform, PowerTransform, SignedLog, TargetEncoder
from autonet.models.ensemble import MIN_PROBABILITY, Ensemble, Member, NetworkMember, TreeMember
from autonet.models.model import FittedModel
from autonet.models.network import find_custom
from autonet.models.tree_modules import TreeModule

__all__ = ["EndToEndModule", "build_module", "export_model", "to_tensors"]

SUFFIXES = (".pt2", ".onnx")
OPSET = 18  # version of ONNX's operators


class EndToEndModule(nn.Module):
    """Encoders, networks, trees and the weighted mean of their predictions, for `torch.export` and ONNX.

    Parameters
    ----------
    ensemble : Ensemble
    """

    def __init__(self, ensemble: Ensemble) -> None:
        super().__init__()
        pairs = list(zip(ensemble.members, ensemble.weights, strict=True))
        networks = [(member, weight) for member, weight in pairs if isinstance(member, NetworkMember)]
        trees = [(member, weight) for member, weight in pairs if isinstance(member, TreeMember)]
        encoders: list[Any] = list(dict.fromkeys(member.encoder for member, _ in networks))
        self.encoders = nn.ModuleList(encoder.module for encoder in encoders)
        self.networks = nn.ModuleList(member.network for member, _ in networks)
        self.encoder_of = [encoders.index(member.encoder) for member, _ in networks]
        by_encoder = [
            [pair for pair in trees if pair[0].encoder is e] for e in dict.fromkeys(m.encoder for m, _ in trees)
        ]
        self.trees = nn.ModuleList(TreeModule([member for member, _ in part]) for part in by_encoder)
        ordered: list[tuple[Member, float]] = [*networks, *(pair for part in by_encoder for pair in part)]
        self.decoders = nn.ModuleList(_make_decoder(member) for member, _ in ordered)
        self.weights, self.temperature = [weight for _, weight in ordered], ensemble.temperature
        self.eval()

    def forward(self, numbers: Tensor, codes: Tensor, *texts: Tensor) -> Tensor:
        """Predict.

        Parameters
        ----------
        numbers : Tensor of shape (n, p), float64
            NaN for missing values.
        codes : Tensor of shape (n, q), int64
            0 is a missing value, 1 an unseen level, 2 + i the i-th level.
        *texts : Tensor of shape (n, n_terms), float64
            Term counts of each column of text.

        Returns
        -------
        Tensor of shape (n, n_outputs), float64
            Probabilities of the classes or labels, or values in the unit of the target.
        """
        return self._predict(numbers, codes, *texts)

    def _predict(self, *inputs: Tensor) -> Tensor:
        encoded = [encoder(*inputs) for encoder in self.encoders]
        outputs = [network(encoded[i]) for network, i in zip(self.networks, self.encoder_of, strict=True)]
        outputs += [output for trees in self.trees for output in trees(*inputs)]
        predictions = [decode(output) for decode, output in zip(self.decoders, outputs, strict=True)]
        mean = _weighted_mean(predictions, self.weights)
        if self.temperature == 1:
            return mean
        return torch.softmax(mean.clamp(min=MIN_PROBABILITY).log() / self.temperature, 1)


class ImageModule(EndToEndModule):
    """An `EndToEndModule` of images."""

    def forward(self, images: Tensor) -> Tensor:  # type: ignore[override]  # other inputs
        """Predict.

        Parameters
        ----------
        images : Tensor of shape (n, channels, h, w), uint8 or float32
            As those of fit.

        Returns
        -------
        Tensor of shape (n, n_outputs), float64
            Probabilities of the classes or labels, or values in the unit of the target.
        """
        return self._predict(images)


def build_module(model: FittedModel, *, ensemble: bool) -> EndToEndModule:
    """Make the module of the whole ensemble, or of the best network alone."""
    kind = ImageModule if isinstance(model.schema, ImageReader) else EndToEndModule
    return kind(model.ensemble if ensemble else Ensemble.from_members("best", model.best[:1]))


def to_tensors(table: Table | ImageData) -> tuple[Tensor, ...]:
    """Return read rows as inputs of the end-to-end module: numbers, codes and term counts of each text; or images.

    Parameters
    ----------
    table : Table or ImageData
        As ``model_.read`` returns.

    Returns
    -------
    tuple of Tensor

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from autonet import AutoNetClassification
    >>> from autonet.models.export import to_tensors
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=3, random_state=0)
    >>> module = auto.fit(X, y).get_pytorch_model(include_preprocessing=True)
    >>> module(*to_tensors(auto.model_.read(X[:5]))).shape
    torch.Size([5, 3])
    """
    if isinstance(table, ImageData):
        return (torch.from_numpy(np.require(table.values, requirements=["C", "W"])),)
    raw: Any = table.numbers
    numbers = np.asarray(raw.toarray() if table.is_sparse else raw, np.float64)
    arrays = [numbers, table.codes.astype(np.int64), *(text.toarray().astype(np.float64) for text in table.texts)]
    return tuple(torch.from_numpy(np.array(array)) for array in arrays)


def export_model(model: FittedModel, path: str | os.PathLike[str], *, ensemble: bool = True) -> None:
    """Write the end-to-end module for any number of rows; see `AutoNet.export`."""
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise InvalidOption(f"The name of an exported model must end in {' or '.join(SUFFIXES)}; got {target.name!r}.")
    beside = find_target(target.with_suffix(".json"))
    find_target(target)
    for node, name in {pair for member in model.networks for pair in find_custom(member.config).items()}:
        if node in TRANSFORMERS:
            raise InvalidOption(
                f"The model has the transformer {name!r}, which computes with NumPy, so it cannot be exported; save "
                "it, or fit one without it."
            )
    schema: Any = model.schema
    module, inputs = build_module(model, ensemble=ensemble), to_tensors(schema.missing_row())
    inputs = tuple(torch.cat([x, x]) for x in inputs)  # a dimension of 1 would be taken for a constant
    names = ["numbers", "codes", *(f"text_{i}" for i in range(len(inputs) - 2))]
    rows = {0: torch.export.Dim("rows")}
    shapes: Any = (rows, rows, *([tuple(rows for _ in inputs[2:])] if inputs[2:] else []))
    if isinstance(schema, ImageReader):
        names, shapes = ["images"], (rows,)
    description = {
        "inputs": [
            {"name": name, "dtype": str(x.dtype).removeprefix("torch."), **_describe_shape(x)}
            for name, x in zip(names, inputs, strict=True)
        ],
        **_describe_reading(schema),
        "output": {
            "kind": model.targets.kind,
            "labels": None if model.targets.labels is None else list(map(readable, model.targets.names)),
            "threshold": None if model.threshold is None else np.asarray(model.threshold).tolist(),
            "targets": list(model.targets.columns) or None if model.targets.kind == "regression" else None,
            "quantiles": list(model.targets.quantiles) or None,
        },
    }
    text = json.dumps(description, indent=1, allow_nan=False) + "\n"
    if target.suffix == ".onnx":
        _export_onnx(module, inputs, shapes, names, target)
    else:
        if isinstance(schema, ImageReader):  # torch.export warns of weights with channels last
            module = deepcopy(module).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        _renew_empty_buffers(module)
        torch.export.save(torch.export.export(module, inputs, dynamic_shapes=shapes), target)
    beside.write_text(text)


def _describe_reading(schema: Any) -> dict[str, Any]:
    """Say how columns, or image files, become inputs."""
    return (
        {"files": schema.describe_files()} if isinstance(schema, ImageReader) else {"columns": schema.describe_inputs()}
    )


def _describe_shape(x: Tensor) -> dict[str, Any]:
    return {"columns": x.shape[1]} if x.ndim == 2 else {"shape": list(x.shape[1:])}


def _renew_empty_buffers(module: nn.Module) -> None:
    """Replace buffers without elements: torch.export cannot save those that point into the memory of others."""
    for part in module.modules():
        for name, buffer in list(part.named_buffers(recurse=False)):
            if not buffer.numel():
                setattr(part, name, torch.empty_like(buffer))


def _export_onnx(module: nn.Module, inputs: tuple[Tensor, ...], shapes: Any, names: list[str], path: Path) -> None:
    try:
        from autonet.models.onnx_functions import TRANSLATIONS  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingPackage("export to ONNX", "onnxscript", "onnx") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch and onnxscript about themselves
        program: Any = torch.onnx.export(
            module,
            inputs,
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=names,
            output_names=["output"],
            opset_version=OPSET,
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    program.save(path)


def _weighted_mean(predictions: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Average predictions; rounding must not take the mean out of their range."""
    mean, low, high = predictions[0] * weights[0], predictions[0], predictions[0]
    for prediction, weight in zip(predictions[1:], weights[1:], strict=True):
        mean, low, high = mean + prediction * weight, low.minimum(prediction), high.maximum(prediction)
    return mean.maximum(low).minimum(high)


def _make_decoder(member: Member) -> nn.Module:
    """Make the decoder of what a network or a `TreeModule` returns for a member."""
    if isinstance(member, TreeMember) and member.targets.kind != "regression":
        return nn.Identity()
    return _Decoder(member.targets)


class _Decoder(nn.Module):
    """Decode network outputs (n, n_outputs) as `TargetEncoder.decode` does."""

    center: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor
    constant: Tensor
    unit: Tensor
    y_center: Tensor
    y_scale: Tensor
    exponents: Tensor

    def __init__(self, targets: TargetEncoder) -> None:
        super().__init__()
        self.kind, self.transform, self.ranks = targets.kind, targets.transform, targets.ranks
        if targets.kind != "regression":
            return
        low, high = (-math.inf, math.inf) if targets.bounds is None else targets.bounds
        constant = math.nan if targets.constant is None else targets.constant
        arrays: dict[str, Any] = {
            "center": targets.center,
            "scale": targets.scale,
            "low": low,
            "high": high,
            "constant": constant,
        }
        if isinstance(self.transform, SignedLog):
            arrays["unit"] = self.transform.unit
        if isinstance(self.transform, PowerTransform):
            arrays |= {"y_center": self.transform.center, "y_scale": self.transform.scale}
            arrays["exponents"] = self.transform.exponents
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array, dtype=torch.float64))

    def forward(self, outputs: Tensor) -> Tensor:
        """Return probabilities or values, float64."""
        outputs = outputs.double()
        if self.kind == "classification":
            return outputs.softmax(1)
        if self.kind == "multilabel":
            return outputs.sigmoid()
        values = self._invert(outputs.maximum(self.low).minimum(self.high) * self.scale + self.center)
        values = torch.where(self.constant.isnan(), values, self.constant)
        return values.sort(dim=1).values[:, self.ranks] if self.ranks else values

    def _invert(self, z: Tensor) -> Tensor:
        """Return the targets of transformed ones."""
        if isinstance(self.transform, NoTransform):
            return z
        if isinstance(self.transform, SignedLog):
            return z.sign() * self.unit * z.abs().expm1()
        power = torch.where(z < 0, 2 - self.exponents, self.exponents)
        is_zero = power.abs() < torch.finfo(torch.float64).eps
        root = ((z.abs() * power).log1p() / torch.where(is_zero, 1.0, power)).expm1()
        return z.sign() * torch.where(is_zero, z.abs().expm1(), root) * self.y_scale + self.y_center
