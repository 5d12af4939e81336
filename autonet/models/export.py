"""End-to-end module: from the arrays of a table to probabilities or values, in a single ``nn.Module``."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from autonet.core.errors import InvalidOption
from autonet.data.targets.targets import TargetEncoder
from autonet.data.targets.transforms import NoTransform, PowerTransform, SignedLog
from autonet.models.ensemble import MIN_PROBABILITY, Ensemble, NetworkMember

__all__ = ["EndToEndModule"]


class EndToEndModule(nn.Module):
    """Encoders, networks and the weighted mean of their predictions, for `torch.export` and ONNX.

    Parameters
    ----------
    ensemble : Ensemble
        Networks only.

    Raises
    ------
    InvalidOption
        If the ensemble has tree ensembles.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        super().__init__()
        members = [member for member in ensemble.members if isinstance(member, NetworkMember)]
        if len(members) < len(ensemble.members):
            raise InvalidOption(
                "Tree ensembles cannot be part of a module; use ensemble=False for the best network alone, or fit "
                "with traditional_learners=False."
            )
        encoders = list(dict.fromkeys(member.encoder for member in members))
        self.encoders = nn.ModuleList(encoder.module for encoder in encoders)
        self.networks = nn.ModuleList(member.network for member in members)
        self.decoders = nn.ModuleList(_Decoder(member.targets) for member in members)
        self.encoder_of = [encoders.index(member.encoder) for member in members]
        self.weights, self.temperature = list(ensemble.weights), ensemble.temperature
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
        encoded = [encoder(numbers, codes, *texts) for encoder in self.encoders]
        outputs = [network(encoded[i]) for network, i in zip(self.networks, self.encoder_of, strict=True)]
        predictions = [decode(output) for decode, output in zip(self.decoders, outputs, strict=True)]
        mean = _weighted_mean(predictions, self.weights)
        if self.temperature == 1:
            return mean
        return torch.softmax(mean.clamp(min=MIN_PROBABILITY).log() / self.temperature, 1)


def _weighted_mean(predictions: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Average predictions; rounding must not take the mean out of their range."""
    mean, low, high = predictions[0] * weights[0], predictions[0], predictions[0]
    for prediction, weight in zip(predictions[1:], weights[1:], strict=True):
        mean, low, high = mean + prediction * weight, low.minimum(prediction), high.maximum(prediction)
    return mean.maximum(low).minimum(high)


class _Decoder(nn.Module):
    """Decode network outputs (n, n_outputs) as `TargetEncoder.decode` does."""

    def __init__(self, targets: TargetEncoder) -> None:
        super().__init__()
        self.kind, self.transform = targets.kind, targets.transform
        if targets.kind != "regression":
            return
        low, high = (-math.inf, math.inf) if targets.bounds is None else targets.bounds
        constant = math.nan if targets.constant is None else targets.constant
        arrays = {"center": targets.center, "scale": targets.scale, "low": low, "high": high, "constant": constant}
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
        return torch.where(self.constant.isnan(), values, self.constant)

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
