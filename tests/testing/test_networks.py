"""The conformance suite of networks catches broken ones, of tables and of images."""

import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.errors import UnknownName
from autonet.testing.networks import CHECKS, check_network, network_checks


class Broken(nn.Module):
    """A perceptron that a subclass spoils."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(n_in, 8), nn.Linear(8, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))


class LosesTheOnlyRow(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze()


class FreezesALayer(Broken):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            hidden = torch.tanh(self.first(x))
        return self.second(hidden)


class NeedsThreeRows(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / (x.shape[0] - 2 if self.training else 1)


class AlwaysDropsOut(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(super().forward(x), 0.5, training=True)


class LooksAtItsNeighbours(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean(dim=0))


class CountsOutsideOfItsState(Broken):
    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        return super().forward(x) + self.calls


class SharesItsWeights(Broken):
    def __deepcopy__(self, memo: object) -> nn.Module:
        return self


class SeedsItself(Broken):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out)
        nn.init.normal_(self.first.weight, generator=torch.Generator().manual_seed(id(self)))


class DividesByItsBias(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / self.first.bias.prod()


class IgnoresItsInput(Broken):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.detach())


class HoldsALock(Broken):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out)
        self.lock = threading.Lock()


BROKEN: dict[str, type[Broken]] = {
    "outputs_are_one_row_per_row": LosesTheOnlyRow,
    "every_parameter_is_trained": FreezesALayer,
    "two_rows_are_enough_to_train": NeedsThreeRows,
    "evaluation_is_deterministic": AlwaysDropsOut,
    "rows_are_predicted_independently": LooksAtItsNeighbours,
    "the_state_dict_is_all_there_is": CountsOutsideOfItsState,
    "copies_are_independent": SharesItsWeights,
    "a_seed_repeats_the_network": SeedsItself,
    "every_initialization_works": DividesByItsBias,
    "it_works_behind_embedded_categories": IgnoresItsInput,
}


class BrokenOnImages(nn.Module):
    """A network of images that a subclass spoils, or one of tables in its place."""

    table: type[Broken] = Broken

    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        super().__init__()
        self.table_network = self.table(shape[0], n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.table_network(x.mean((2, 3)))


class LooksAtStrides(BrokenOnImages):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x.stride(1)


def broken_on_images(name: str) -> type[BrokenOnImages]:
    if name == "layouts_in_memory_make_no_difference":
        return LooksAtStrides
    return type("AroundATable", (BrokenOnImages,), {"table": BROKEN[name]})


def find_check(component: Component[Any], name: str, modality: Any) -> Any:
    (one,) = [c for c in network_checks(component, modality=modality) if c.check.__name__ == name]
    return one


@pytest.mark.parametrize(("builder", "modality"), [(Broken, "tables"), (BrokenOnImages, "images")])
def test_a_sound_network_conforms_without_a_space(builder: Any, modality: Any) -> None:
    check_network(Component("sound", builder), modality=modality)


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS["tables"]])
def test_every_check_catches_a_network_that_breaks_it(name: str) -> None:
    with pytest.raises(AssertionError):
        find_check(Component("broken", BROKEN[name]), name, "tables")()


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS["images"]])
def test_every_check_catches_a_network_of_images_that_breaks_it(name: str) -> None:
    with pytest.raises(AssertionError):
        find_check(Component("broken", broken_on_images(name)), name, "images")()


def test_a_failure_names_the_check_and_the_configuration() -> None:
    with pytest.raises(AssertionError, match=r"'first\.weight' has no gradient") as caught:
        check_network(Component("broken", FreezesALayer))
    assert caught.value.__notes__ == ["in the check: every_parameter_is_trained in its only configuration"]


class Fails(BrokenOnImages):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 1:
            raise RuntimeError("no gray images, please")
        return super().forward(x)


class Views(BrokenOnImages):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.view(len(x), -1).view(x.shape))


class NeedsEvenSides(nn.Sequential):
    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        features = shape[0] * (shape[1] // 2) * (shape[2] // 2)
        super().__init__(nn.MaxPool2d(2, ceil_mode=True), nn.Flatten(), nn.Linear(features, n_out))


@pytest.mark.parametrize(
    ("builder", "modality", "why"),
    [
        (
            Fails,
            "images",
            r"For 1 image of shape \(1, 28, 28\) and 1 output, the network raises RuntimeError: no gray images, please",
        ),
        (Views, "images", r"For 1 image of shape \(3, 32, 24\) and 1 output, the network raises RuntimeError: view"),
        (NeedsEvenSides, "images", r"For 1 image of shape \(3, 33, 47\) and 1 output, .* shapes cannot be multiplied"),
        (BrokenOnImages, "tables", r"For 1 row of 5 columns .* unexpected keyword argument 'n_in'"),
        (HoldsALock, "tables", r"A deep copy of the network raises TypeError: cannot pickle '_thread.lock' object"),
    ],
    ids=["error", "view", "odd", "kind of data", "lock"],
)
def test_errors_become_sentences(builder: Any, modality: Any, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_network(Component("broken", builder), modality=modality)


def test_images_have_the_shapes_of_the_user() -> None:
    check_network(Component("even", NeedsEvenSides), modality="images", shapes=[(3, 32, 32)])
    with pytest.raises(AssertionError, match=r"For 1 image of shape \(2, 5, 6\)"):
        check_network(Component("even", NeedsEvenSides), modality="images", shapes=[(3, 32, 32), (2, 5, 6)])
    with pytest.raises(UnknownName, match=r"Unknown modality 'image'. Did you mean 'images'"):
        check_network(Component("even", NeedsEvenSides), modality="image")  # type: ignore[arg-type]
