"""Checkpoints in a run directory: what goes in comes out, whole, and without code."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from autonet.core import specfile
from autonet.core.errors import RunCorrupted
from autonet.search.storage.checkpoints import Checkpoint, read_checkpoint, write_checkpoint

RELAXED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(endianness="?"),
    hnp.byte_string_dtypes(),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.timedelta64_dtypes(endianness="?"),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)).map(
    lambda a: np.asfortranarray(a) if a.size % 2 else a
)
KINDS = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool]
KINDS += [torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.int16, torch.uint16]
TENSORS = st.builds(
    lambda kind, shape, seed: torch.randn(shape, generator=torch.Generator().manual_seed(seed)).mul(3).to(kind),
    st.sampled_from(KINDS),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.integers(0, 9),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec="utf-8")), st.binary()
)
KEYS = st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none(), st.tuples(st.integers(), st.binary()))
STATES = st.recursive(
    st.one_of(SCALARS, ARRAYS, TENSORS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert [(type(k), k) for k in found] == [(type(k), k) for k in expected]
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
        assert found.flags.writeable
    elif isinstance(expected, torch.Tensor):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        bits = [t.contiguous().numpy() if t.dtype.is_complex else t.double().numpy() for t in (found, expected)]
        assert np.array_equal(*bits, equal_nan=True)
    else:
        assert repr(found) == repr(expected)


@RELAXED
@given(state=STATES)
def test_what_is_saved_is_loaded(state: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "0-0-1.safetensors", state)
    assert_same(read_checkpoint(tmp_path / "0-0-1.safetensors"), state)
    assert [p.name for p in tmp_path.iterdir()] == ["0-0-1.safetensors"]


@pytest.mark.parametrize(
    ("given_as", "read_as"),
    [
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (OrderedDict(a=1), {"a": 1}),
        (torch.zeros(2, 3), torch.zeros(2, 3)),
        (torch.ones(3).t(), torch.ones(3)),
        (torch.arange(6.0).view(2, 3).t()[1:], torch.arange(6.0).view(2, 3).t()[1:].contiguous()),
        (torch.ones(2, dtype=torch.complex64).mul(1j).conj(), torch.ones(2, dtype=torch.complex64).mul(-1j)),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
        (np.arange(6)[::2], np.array([0, 2, 4])),
    ],
    ids=str,
)
def test_relatives_of_plain_values_come_back_plain(given_as: Any, read_as: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c.safetensors", [given_as])
    assert_same(read_checkpoint(tmp_path / "c.safetensors"), [read_as])


def test_tensors_that_share_memory_are_each_whole(tmp_path: Path) -> None:
    whole = torch.arange(12.0)
    state = {"whole": whole, "part": whole[3:6], "again": whole}
    write_checkpoint(tmp_path / "c.safetensors", state)
    loaded = read_checkpoint(tmp_path / "c.safetensors")
    assert_same(loaded, {"whole": whole, "part": whole[3:6].clone(), "again": whole})
    loaded["part"] += 1  # may be changed in place
    assert loaded["whole"][3] == 3


def test_a_tensor_that_occurs_twice_is_stored_once(tmp_path: Path) -> None:
    tensor, file = torch.arange(10_000.0), tmp_path / "c.safetensors"
    write_checkpoint(file, {"ema": {"weight": tensor}, "last": [tensor]})
    assert file.stat().st_size < 1.1 * tensor.nbytes
    read = read_checkpoint(file)
    assert torch.equal(read["ema"]["weight"], tensor)
    assert torch.equal(read["last"][0], tensor)


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad])
def test_a_training_goes_on_bit_for_bit(optimizer: Any, tmp_path: Path) -> None:
    def parts() -> tuple[Any, Any]:
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
        return network, optimizer(network.parameters(), lr=0.1, weight_decay=0.01)

    def train(network: Any, steps: Any, n: int) -> None:
        data = torch.randn(16, 4, generator=torch.Generator().manual_seed(1))
        for _ in range(n):
            steps.zero_grad()
            network(data).square().mean().backward()
            steps.step()

    network, steps = parts()
    train(network, steps, 3)
    checkpoint = Checkpoint(None, tmp_path / "0-0-3.safetensors")
    checkpoint.save({"network": network.state_dict(), "optimizer": steps.state_dict()})
    train(network, steps, 3)
    other, other_steps = parts()
    state = Checkpoint(tmp_path / "0-0-3.safetensors", tmp_path / "0-3-6.safetensors").load()
    other.load_state_dict(state["network"])
    other_steps.load_state_dict(state["optimizer"])
    train(other, other_steps, 3)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("state", "where", "kind"),
    [
        ({"a": [1, object()]}, "checkpoint['a'][1]", "object"),
        ({1: {2: lambda: 0}}, "checkpoint[1][2]", "function"),
        (({1, 2},), "checkpoint[0]", "set"),
        ({"p": Path()}, "checkpoint['p']", type(Path()).__name__),
        ([np.array([None])], "checkpoint[0]", "ndarray"),
        ([np.zeros(2, [("a", int)])], "checkpoint[0]", "ndarray"),
        ([torch.float32], "checkpoint[0]", "dtype"),
        ([torch.zeros(2, device="meta")], "checkpoint[0]", "Tensor"),
        ([torch.eye(2).to_sparse()], "checkpoint[0]", "Tensor"),
        ({frozenset(): 1}, "a key of checkpoint", "frozenset"),
        (1j, "checkpoint", "complex"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_anything_else_is_refused_by_its_place(state: Any, where: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    write_checkpoint(path, "before")
    with pytest.raises(TypeError) as caught:
        write_checkpoint(path, state)
    assert str(caught.value).startswith(
        f"{where} is of type {kind}, which cannot be saved in a run directory; save numbers,"
    )
    assert read_checkpoint(path) == "before"


def test_in_memory_anything_goes_and_is_copied_unless_it_is_to_be_kept_as_it_is() -> None:
    state = {"path": Path("elsewhere"), "list": [1]}
    first = Checkpoint()
    assert first.load() is None
    first.save(state)
    state["list"].append(2)
    assert first.load() == {"path": Path("elsewhere"), "list": [1]}
    first.keep(state)
    assert first.load() is state
    with pytest.raises(
        TypeError, match=r"a checkpoint of type lock cannot be copied \(.*\); leave out locks, files and"
    ):
        first.save(threading.Lock())
    first.save(Path("mine"))  # a path of the objective's own is not a checkpoint file
    assert Checkpoint(first.saved).load() == Path("mine")


def test_the_latest_state_is_loaded(tmp_path: Path) -> None:
    first = Checkpoint(None, tmp_path / "0-0-1.safetensors")
    first.save({"epoch": 1})
    second = Checkpoint(first.saved, tmp_path / "0-1-3.safetensors")
    assert second.load() == {"epoch": 1}
    second.save({"epoch": 2})
    assert second.load() == {"epoch": 2}
    assert Checkpoint(first.saved, tmp_path / "0-1-3.safetensors").load() == {"epoch": 1}  # a second attempt


def damage(cut: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(cut(path.read_bytes())), None)[1]


@pytest.mark.parametrize("twentieth", range(20))
def test_a_truncated_file_is_refused_by_its_name(twentieth: int, tmp_path: Path) -> None:
    path = tmp_path / "3-0-1.safetensors"
    write_checkpoint(path, {"weights": np.arange(50.0), "step": 3})
    damage(lambda whole: whole[: len(whole) * twentieth // 20])(path)
    with pytest.raises(RunCorrupted, match=r"The checkpoint .*3-0-1\.safetensors cannot be read"):
        read_checkpoint(path)


def test_damaged_bytes_never_give_more_than_other_numbers(tmp_path: Path) -> None:
    path, rng = tmp_path / "c.safetensors", np.random.default_rng(0)
    write_checkpoint(path, {"weights": np.arange(50.0), "half": torch.ones(3, dtype=torch.bfloat16)})
    whole = path.read_bytes()
    for _ in range(300):
        changed = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)):
            changed[place] = rng.integers(256)
        path.write_bytes(changed)
        with suppress(RunCorrupted):
            assert isinstance(read_checkpoint(path), dict | list | tuple | str | bytes | np.ndarray | torch.Tensor)


def test_a_pickle_is_refused_before_it_runs(tmp_path: Path) -> None:
    path, canary = tmp_path / "c.safetensors", tmp_path / "canary"
    path.write_bytes(f"cposix\nsystem\n(S'touch {canary}'\ntR.".encode())
    with pytest.raises(RunCorrupted):
        read_checkpoint(path)
    np.save(path.with_suffix(".npy"), np.array([object()], dtype=object), allow_pickle=True)
    path.with_suffix(".npy").replace(path)
    with pytest.raises(RunCorrupted):
        read_checkpoint(path)
    assert not canary.exists()


def test_files_are_for_their_owner_alone_and_go_through_no_link(tmp_path: Path) -> None:
    path, outside = tmp_path / "c.safetensors", tmp_path / "outside"
    outside.write_text("mine")
    for link in (path.with_suffix(".part").symlink_to, path.with_suffix(".part").hardlink_to):
        link(outside)
        write_checkpoint(path, 1)
        assert outside.read_text() == "mine"
        assert read_checkpoint(path) == 1
        assert path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"c.safetensors", "outside"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
@pytest.mark.parametrize("kind", ["a symbolic link", "a pipe", "a directory", "another hard link"])
def test_what_stands_in_the_place_of_a_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path, outside = tmp_path / "c.safetensors", tmp_path / "outside"
    write_checkpoint(outside, 1)
    makers: dict[str, Callable[[], None]] = {
        "a symbolic link": lambda: path.symlink_to(outside),
        "a pipe": lambda: os.mkfifo(path),  # whoever opens it waits for ever
        "a directory": path.mkdir,
        "another hard link": lambda: path.hardlink_to(outside),
    }
    makers[kind]()
    with pytest.raises(RunCorrupted, match=rf"The checkpoint .*c\.safetensors cannot be read: .*{kind}"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "tree", [b"{}", b'{"dict": 3}', b'{"array": "7"}', b'{"tensor": {}, "kind": "x"}', b"[" * 99_999]
)
def test_a_file_that_makes_no_sense_is_refused(tree: bytes, tmp_path: Path) -> None:
    save_file({"tree": np.frombuffer(tree, np.uint8)}, tmp_path / "c.safetensors")
    with pytest.raises(RunCorrupted, match=r"The checkpoint .*c\.safetensors cannot be read: \w+"):
        read_checkpoint(tmp_path / "c.safetensors")


def test_files_are_those_of_the_library(tmp_path: Path) -> None:
    arrays = {str(i): np.arange(6).astype(kind).reshape(2, 3) for i, kind in enumerate(specfile.DTYPES)}
    write_checkpoint(tmp_path / "c.safetensors", list(arrays.values()), "notes")
    found = load_file(tmp_path / "c.safetensors")
    del found["tree"]
    assert_same({name: found[name] for name in arrays}, arrays)
    with safe_open(tmp_path / "c.safetensors", "numpy") as file:
        assert file.metadata() == {"notes": "notes"}
