"""Augmentation of images: exact transforms, identity at strength zero, seeds that repeat."""

import math

import pytest
import torch
from torch import Tensor

from autonet.core.task import Task
from autonet.training.augmentation import AUGMENTATIONS, RandAugment, StandardAugmentation, Transforms, transform
from autonet.training.batches import EncodedRows

HEIGHT, WIDTH = 9, 13


def point(row: int, column: int, n_channels: int = 1) -> Tensor:
    image = torch.zeros(1, n_channels, HEIGHT, WIDTH)
    image[0, :, row, column] = 1.0
    return image


@pytest.mark.parametrize(
    ("numbers", "row", "column"),
    [
        ({"shift_x": 2 / WIDTH}, 2, 5),
        ({"shift_y": 3 / HEIGHT}, 5, 3),
        ({"flip_x": 1.0}, 2, 9),
        ({"flip_y": 1.0}, 6, 3),
        ({"angle": math.pi / 2}, 7, 4),  # counterclockwise around the center, (4, 6)
        ({"angle": math.pi}, 6, 9),
        ({"log_scale": math.log(2)}, 0, 0),
        ({"flip_x": 1.0, "shift_x": 2 / WIDTH}, 2, 11),
        ({"angle": 0.0}, 2, 3),
    ],
    ids=str,
)
def test_geometry_moves_a_point_to_its_place(numbers: dict[str, float], row: int, column: int) -> None:
    moved = transform(point(2, 3), Transforms(**{name: torch.tensor([value]) for name, value in numbers.items()}))
    assert divmod(int(moved[0, 0].argmax()), WIDTH) == (row, column)
    assert moved.max().item() == pytest.approx(1.0, abs=1e-4)


def test_what_enters_repeats_the_edge() -> None:
    image = torch.arange(4.0).expand(1, 1, 4, 4)
    moved = transform(image, Transforms(shift_x=torch.tensor([0.5])))
    torch.testing.assert_close(moved[0, 0, 0], torch.tensor([0.0, 0.0, 0.0, 1.0]), atol=1e-5, rtol=0)


def test_each_image_has_its_own_numbers() -> None:
    images = point(2, 3).repeat(3, 1, 1, 1)
    moved = transform(images, Transforms(shift_x=torch.tensor([0.0, 1 / WIDTH, 4 / WIDTH])))
    assert [int(image[0, 2].argmax()) for image in moved] == [3, 4, 7]


def test_colours_are_their_formulas() -> None:
    images, number = torch.randn(2, 3, 4, 5), torch.tensor([0.5, -0.25])
    factor, mean = 1 + number.view(-1, 1, 1, 1), images.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(transform(images, Transforms(brightness=number)), images + factor - 1)
    torch.testing.assert_close(transform(images, Transforms(contrast=number)), mean + (images - mean) * factor)
    gray = images.mean(1, keepdim=True)
    torch.testing.assert_close(transform(images, Transforms(saturation=number)), gray + (images - gray) * factor)
    one_channel = images[:, :1]
    torch.testing.assert_close(transform(one_channel, Transforms(saturation=number)), one_channel)


def test_cutout_sets_a_square_to_the_mean() -> None:
    images = torch.ones(1, 2, 8, 8)
    numbers = {"cutout": 0.5, "center_x": 0.25, "center_y": 0.5}
    erased = transform(images, Transforms(**{name: torch.tensor([value]) for name, value in numbers.items()}))
    expected = images.clone()
    expected[..., 2:6, 0:4] = 0.0
    assert torch.equal(erased, expected)


def batch(n: int = 64) -> EncodedRows:
    generator = torch.Generator().manual_seed(0)
    return EncodedRows(torch.randn(n, 3, 8, 8, generator=generator), torch.arange(n) % 5, torch.rand(n))


ALL = {"shift": 0.1, "flip": "both", "rotation": 20.0, "scale": 0.2, "cutout": 0.3, "color": 0.4}


@pytest.mark.parametrize(
    "augment", [StandardAugmentation(**ALL), RandAugment(3, 0.7, "horizontal")], ids=["all", "rand"]
)
def test_labels_stay_and_seeds_repeat(augment: StandardAugmentation | RandAugment) -> None:
    rows = batch()
    first, again, other = (augment(rows, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)
    assert not torch.equal(first.x, rows.x)
    assert first.y is rows.y
    assert first.weights is rows.weights
    assert first.x.shape == rows.x.shape
    assert first.x.isfinite().all()


@pytest.mark.parametrize("augment", [StandardAugmentation(), RandAugment(2, 0.0)], ids=["standard", "rand"])
def test_strength_zero_is_the_identity(augment: StandardAugmentation | RandAugment) -> None:
    rows = batch()
    assert augment(rows, torch.Generator()).x.data_ptr() == rows.x.data_ptr()


def test_a_flip_mirrors_half_of_the_images() -> None:
    rows = batch(400)
    flipped = StandardAugmentation(flip="horizontal")(rows, torch.Generator().manual_seed(0)).x
    same = torch.isclose(flipped, rows.x, atol=1e-4).all(3).all(2).all(1)
    mirrored = torch.isclose(flipped, rows.x.flip(3), atol=1e-4).all(3).all(2).all(1)
    assert (same ^ mirrored).all()
    assert 150 < same.sum() < 250


def test_randaugment_changes_the_drawn_number_of_things() -> None:
    x = torch.randn(300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    rows = EncodedRows(x, torch.zeros(300, dtype=torch.long))
    once = RandAugment(1, 0.5)(rows, torch.Generator().manual_seed(0)).x
    unchanged = torch.isclose(once, x, atol=1e-4).flatten(1).all(1).float().mean().item()
    assert unchanged == pytest.approx(0.1, abs=0.06)  # saturation does not change gray images


def test_drawn_configurations_build() -> None:
    assert AUGMENTATIONS.components["none"].build() is None
    for name in ("standard", "randaugment"):
        component = AUGMENTATIONS.components[name]
        space = component.space(Task("classification"))
        space.seed(0)
        for config in space.sample_configuration(5):
            assert component.build(**dict(config))(batch(), torch.Generator()).x.isfinite().all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_gets_the_same_transforms() -> None:
    rows = batch()
    on_gpu = EncodedRows(rows.x.cuda(), rows.y.cuda())
    expected = RandAugment(3, 0.7)(rows, torch.Generator().manual_seed(1)).x
    torch.testing.assert_close(
        RandAugment(3, 0.7)(on_gpu, torch.Generator().manual_seed(1)).x.cpu(), expected, atol=1e-3, rtol=1e-3
    )
