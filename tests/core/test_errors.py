import pickle

import pytest

from autonet import errors
from autonet.core.errors import UnknownName


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    error = UnknownName("option", "max_runtme", ["eta", "max_runtime", "max_trials"])
    assert error.nearest[0] == "max_runtime"
    assert str(error).startswith("Unknown option 'max_runtme'. Did you mean 'max_runtime'")
    assert "'eta'" not in str(error)


def test_a_name_like_no_other_is_answered_with_all_there_are() -> None:
    error = UnknownName("shape", "zzz", ["brick", "funnel"])
    assert error.nearest == []
    assert str(error) == "Unknown shape 'zzz'. Choose from 'brick', 'funnel'."


def test_at_most_three_names_are_suggested() -> None:
    assert len(UnknownName("option", "name", [f"name{i}" for i in range(9)]).nearest) == 3


def test_errors_survive_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(UnknownName("option", "a", ["b"])))
    assert (error.what, error.name, error.valid) == ("option", "a", ["b"])


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InvalidOption, ValueError),
        (errors.UnknownName, ValueError),
        (errors.InvalidNetwork, ValueError),
        (errors.SearchFailed, RuntimeError),
        (errors.SearchInterrupted, UserWarning),
        (errors.BaselineReturned, UserWarning),
        (errors.ValidationReused, UserWarning),
    ],
)
def test_every_error_is_autonets_and_a_builtin_one(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, builtin)
    assert issubclass(error, errors.AutonetError) != issubclass(error, errors.AutonetWarning)


def test_every_name_in_the_module_is_of_the_family() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.AutonetError | errors.AutonetWarning) for kind in kinds)
