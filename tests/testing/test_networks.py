"""The conformance suite of networks catches broken ones."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from autonet.core.component import Component
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


def test_a_sound_network_conforms_without_a_space() -> None:
    check_network(Component("sound", Broken))


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_every_check_catches_a_network_that_breaks_it(check: Callable[..., None]) -> None:
    component = Component("broken", BROKEN[check.__name__])
    (one,) = [c for c in network_checks(component) if c.check is check]
    with pytest.raises(AssertionError):
        one()


def test_a_failure_names_the_check_and_the_configuration() -> None:
    with pytest.raises(AssertionError, match=r"'first\.weight' has no gradient") as caught:
        check_network(Component("broken", FreezesALayer))
    assert caught.value.__notes__ == ["in the check: every_parameter_is_trained in its only configuration"]
