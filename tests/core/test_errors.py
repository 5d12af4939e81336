import pickle

import pytest

from autonet.core import errors
from autonet.core.errors import AutonetError, AutonetWarning, UnknownName


def test_every_error_is_of_the_family_and_of_a_builtin_kind() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, AutonetError | AutonetWarning) for kind in kinds)
    assert all(issubclass(k, ValueError | RuntimeError | UserWarning) for k in kinds if k is not AutonetError)


def test_an_unknown_name_is_answered_with_the_nearest_or_with_all() -> None:
    near = UnknownName("option", "max_runtme", ["max_runtime", "min_budget"])
    assert str(near) == "Unknown option 'max_runtme'. Did you mean 'max_runtime'?"
    assert near.nearest == ["max_runtime"]
    assert str(UnknownName("shape", "zzz", ["a", "b"])) == "Unknown shape 'zzz'. Choose from 'a', 'b'."


def test_errors_survive_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(UnknownName("option", "x", ["y"])))
    assert isinstance(error, UnknownName)
    with pytest.raises(ValueError, match="Unknown option 'x'"):
        raise error
