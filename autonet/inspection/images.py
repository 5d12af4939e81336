"""Images to look at: as they were read, as training changes them, and those that are predicted worst."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from autonet.core.component import Components
from autonet.core.errors import InvalidOption
from autonet.core.typing import Array, FloatArray
from autonet.data.images.reader import ImageData, ImageReader
from autonet.metrics.formulas import decide
from autonet.models.model import FittedModel
from autonet.training.augmentation import AUGMENTATIONS
from autonet.training.batches import EncodedRows

__all__ = ["Mistake", "augment_images", "describe_reader", "find_reader", "rank_mistakes", "to_pixels"]

COLORS = {1: "gray", 2: "gray with alpha", 3: "color", 4: "color with alpha"}


def find_reader(model: FittedModel, what: str) -> ImageReader:
    """Return the reader of a model of images.

    Raises
    ------
    InvalidOption
        If the model is of other data.
    """
    if not isinstance(model.schema, ImageReader):
        raise InvalidOption(f"{what} is for estimators of images; this one was fitted to a table.")
    return model.schema


def describe_reader(reader: ImageReader) -> list[tuple[str, str]]:
    """Describe the images of a fit: pairs of a name and a text."""
    channels = f"{reader.n_channels} channel{'' if reader.n_channels == 1 else 's'}"
    named = f", {COLORS[reader.n_channels]}" if reader.n_channels in COLORS else ""
    arrays = "are resized to it" if reader.is_resized else "are refused"
    files = "are resized to it" if reader.takes_files else "are refused"
    other = f"arrays and files {files}" if arrays == files else f"arrays {arrays}; files {files}"
    return [
        ("images", f"{reader.height} × {reader.width} pixels (height × width), {channels}{named}"),
        ("values", reader.describe_values()),
        ("other sizes", other),
    ]


def to_pixels(values: Array, white: float = 255.0) -> FloatArray:
    """Return images as matplotlib draws them, with values from 0 to 1.

    Parameters
    ----------
    values : ndarray of shape (n, channels, h, w)
        Bytes, or floats, of which the range of all becomes 0 to 1 unless they lie in it.
    white : float
        Value of bytes that becomes 1, as larger ones do.

    Returns
    -------
    ndarray of shape (n, h, w, 3)
        Gray if there are 1, 2 or more than 4 channels: the first one, or the mean of all.
    """
    scaled = np.asarray(values, float)
    low, high = (0.0, white) if values.dtype == np.uint8 else (min(scaled.min(), 0.0), max(scaled.max(), 1.0))
    scaled = ((scaled - low) / (high - low)).clip(max=1.0)
    n_channels = scaled.shape[1]
    shown = (
        scaled[:, :3] if n_channels in (3, 4) else scaled[:, : 1 if n_channels == 2 else None].mean(1, keepdims=True)
    )
    return np.moveaxis(np.broadcast_to(shown, (len(shown), 3, *shown.shape[2:])), 1, 3)


def augment_images(model: FittedModel, data: ImageData, n_draws: int, random_state: int = 0) -> Array:
    """Change images at random as in the training of the best configuration.

    Parameters
    ----------
    model : FittedModel
        Of images.
    data : ImageData
    n_draws : int
        Random changes of each image.
    random_state : int

    Returns
    -------
    ndarray of shape (n_draws, n, channels, h, w)
        In the dtype and unit of the images.

    Raises
    ------
    InvalidOption
        If the best configuration changes no images, or by a custom augmentation that is not registered.
    """
    member = model.best[0]
    name = member.config.get(AUGMENTATIONS.key)
    if name is not None and name not in AUGMENTATIONS.components:
        raise InvalidOption(f"The augmentation {name!r:.60} is a custom one; register_augmentation lets it be shown.")
    choice = Components.resolve([AUGMENTATIONS], member.config).get(AUGMENTATIONS)
    augment = None if choice is None else choice.build()
    if augment is None:
        raise InvalidOption("The best configuration trains on the images as they are, without augmentation.")
    encoder: Any = member.encoder  # an `ImageEncoder`
    inputs = encoder.inputs(data, torch.device("cpu"))[:]
    generator = torch.Generator().manual_seed(random_state)
    batch = EncodedRows(inputs, torch.zeros(len(data), dtype=torch.int64))
    drawn = [augment(batch, generator).x[:].numpy() for _ in range(n_draws)]
    shape = (-1, 1, 1)
    values: Array = np.stack(drawn) * encoder.std.reshape(shape) + encoder.mean.reshape(shape)
    values = values.clip(data.values.min(), data.values.max())
    return np.rint(values).astype(np.uint8) if data.values.dtype == np.uint8 else values


@dataclass(frozen=True)
class Mistake:
    """An image, and what is predicted for it.

    Attributes
    ----------
    row : int
        Number of the image.
    truth, predicted : str
    is_wrong : bool
        Of a regression, never.
    """

    row: int
    truth: str
    predicted: str
    is_wrong: bool


def rank_mistakes(model: FittedModel, y: Array, prediction: FloatArray, n: int) -> list[Mistake]:
    """Return the images that are predicted worst, the worst first.

    Parameters
    ----------
    model : FittedModel
    y : ndarray
        Encoded targets: class codes (n,), labels (n, n_labels) or values (n, n_targets).
    prediction : ndarray of shape (n, n_outputs) or (n, n_targets)
        Probabilities, or values.
    n : int
        Number of images.

    Returns
    -------
    list of Mistake
        Of a classification, those whose true class, or labels, the model gives the lowest probability; of a regression,
        those with the largest absolute errors, in standard deviations of the targets.
    """
    kind = model.targets.kind
    labels: Any = model.targets.names
    if kind == "regression":
        values = prediction[:, [prediction.shape[1] // 2]] if model.targets.quantiles else prediction
        badness = (np.abs(values - y) / np.where(y.std(0) > 0, y.std(0), 1)).max(1)
        texts = [(_join_values(a), _join_values(b)) for a, b in zip(y, values, strict=True)]
        return [Mistake(int(i), texts[i][0], texts[i][1], False) for i in _worst(badness, n)]
    decided = decide(prediction, kind, model.threshold)
    if kind == "multilabel":
        badness = np.abs(prediction - y).max(1)
        wrong = (decided.astype(bool) != y.astype(bool)).any(1)
        texts = [(_join_labels(labels, a), _join_labels(labels, b)) for a, b in zip(y, decided, strict=True)]
    else:
        badness, wrong = 1 - prediction[np.arange(len(y)), y], decided != y
        shares = prediction[np.arange(len(y)), decided]
        texts = [(str(labels[a]), f"{labels[b]} ({share:.0%})") for a, b, share in zip(y, decided, shares, strict=True)]
    return [Mistake(int(i), texts[i][0], texts[i][1], bool(wrong[i])) for i in _worst(badness, n)]


def _worst(badness: FloatArray, n: int) -> NDArray[np.intp]:
    return np.argsort(-badness, kind="stable")[:n]


def _join_values(values: Any) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _join_labels(labels: Any, chosen: Any) -> str:
    return ", ".join(str(label) for label, is_in in zip(labels, chosen, strict=True) if is_in) or "none"
