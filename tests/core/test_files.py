"""Small files of users; what a preset or a file of updates says of them: tests/space."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.files import MAX_BYTES, MAX_LINE_LENGTH, check_path, find_target, read_text, write_file


def test_texts_are_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "a.toml").write_text("größe = 1\n", encoding=encoding)
        assert read_text(tmp_path / "a.toml", "Preset") == "größe = 1\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "cannot be read: 'utf-8' codec can't decode byte 0xff .*; save it as UTF-8."),
        (b"a\n" * (MAX_BYTES // 2 + 1), f"is larger than {MAX_BYTES // 1024} KiB; is it the right file?"),
        (b"a\n" + b"x" * (MAX_LINE_LENGTH + 1), f"has a line of more than {MAX_LINE_LENGTH} characters; break it"),
    ],
    ids=["encoding", "size", "line"],
)
def test_texts_that_are_none_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidOption, match=f"^Preset '{path}' {said}"):
        read_text(path, "Preset")


def test_the_largest_file_and_the_longest_line_are_read(tmp_path: Path) -> None:
    line = "x" * (MAX_LINE_LENGTH - 1) + "\n"
    text = line * (MAX_BYTES // MAX_LINE_LENGTH)
    (tmp_path / "a").write_text(text)
    assert read_text(tmp_path / "a", "Preset") == text
    assert len(text) == MAX_BYTES


def test_what_is_no_file_is_refused_without_being_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for a writer
    for path, said in (
        (tmp_path, "expected a file; got a directory"),
        (tmp_path / "pipe", "expected a file; got a pipe"),
        ("/dev/zero", "expected a file; got a device"),
        (tmp_path / "none", "No such file or directory"),
        ("a\0b", "embedded null"),
    ):
        with pytest.raises(InvalidOption, match=f"^Updates '.*' cannot be read: .*{said}"):
            read_text(path, "Updates")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"new"
        raise RuntimeError("interrupted")

    path = tmp_path / "a"
    write_file(path, [b"o", memoryview(b"ld")])
    path.chmod(0o600)
    with pytest.raises(RuntimeError, match="interrupted"):
        write_file(path, parts())
    assert path.read_bytes() == b"old"
    write_file(path, [b"new"])
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_cannot_be_written_are_refused_by_what_they_hold(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "it is a directory"), (tmp_path / "none" / "a", "there is no directory")):
        with pytest.raises(InvalidOption, match=f"^The history cannot be saved to {path}: {said}"):
            find_target(path, "The history")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert find_target(tmp_path / "link") == (tmp_path / "a").resolve()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "is empty; name a file or folder, such as '.', the current one"),
        ("a\0b", "has a NUL character; leave it out"),
        ("a" * 300, "is longer than the system allows: 'aaa.*; shorten it"),
        ("a/" * 5000, "is longer than the system allows: 'a/a.*; shorten it"),
    ],
    ids=["empty", "null", "name", "path"],
)
def test_paths_that_no_file_may_have_are_refused(path: str, said: str) -> None:
    with pytest.raises(InvalidData, match=f"^The path of X {said}[.]$"):
        check_path(path, "The path of X", InvalidData)
    with pytest.raises(InvalidOption, match=f"^The report cannot be saved: its path {said}[.]$"):
        find_target(path, "The report")
    check_path("no/such/file", "The path of X")
