"""The options of a fit to images."""

from autonet.core.task import Task
from autonet.estimators.image_options import ImageOptions
from autonet.estimators.image_params import ImageParams
from autonet.pipeline.images import IMAGES


def test_options_of_reading() -> None:
    assert ImageOptions(image_size=28).reading == {"channels": None, "image_size": (28, 28), "on_bad_files": "raise"}
    reading = ImageOptions(image_size=[28, 32], channels="last", on_bad_files="skip").reading
    assert reading == {"channels": "last", "image_size": (28, 32), "on_bad_files": "skip"}
    assert ImageOptions().reading == {"channels": None, "image_size": None, "on_bad_files": "raise"}


def test_options_choose_components_of_images() -> None:
    options = ImageOptions.resolve({"augmentations": ["none"], "networks": ["densenet"], "preset": "full_cs"})
    space = options.build_space(Task("classification"), IMAGES)
    assert space["ImageAugmentation:augmentation"].default_value == "none"
    assert space["NetworkSelector:network"].default_value == "densenet"
    assert options.ensemble_size == 10


def test_defaults_are_those_of_images() -> None:
    assert {name: getattr(ImageOptions(), name) for name in ImageParams.names()} == {
        name: getattr(ImageParams(), name) for name in ImageParams.names()
    }
