from pathlib import Path

import pytest

from autonet.core.memory import available_memory

GIB = 2**30


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Of a machine with 8 GiB left."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 999 kB\nMemAvailable:   {8 * 2**20} kB\nBuffers: 1 kB\n")
    return tmp_path / "proc"


def write_group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"memory.{name}").write_text(text + "\n")


def test_without_control_groups_it_is_that_of_the_system(proc: Path, tmp_path: Path) -> None:
    assert available_memory(proc, tmp_path / "none") == 8 * GIB
    (proc / "self" / "cgroup").write_text("0::/\n")
    assert available_memory(proc, tmp_path / "none") == 8 * GIB
    assert available_memory(tmp_path / "none", tmp_path / "none") is None


@pytest.mark.parametrize("path", ["/", "/docker/of the host"])
def test_the_limit_of_a_container_counts(proc: Path, tmp_path: Path, path: str) -> None:
    (proc / "self" / "cgroup").write_text(f"0::{path}\n")
    root = tmp_path / "cgroup"
    write_group(root, max=str(2 * GIB), current=str(GIB), stat=f"anon 5\ninactive_file {GIB // 4}")
    assert available_memory(proc, root) == GIB + GIB // 4  # the cache of files can be dropped


def test_the_smallest_limit_of_all_groups_counts(proc: Path, tmp_path: Path) -> None:
    (proc / "self" / "cgroup").write_text("0::/user/session\n")
    root = tmp_path / "cgroup"
    write_group(root / "user", max=str(3 * GIB), current="0", stat="inactive_file 0")
    write_group(root / "user" / "session", max="max", current="0", stat="inactive_file 0")
    assert available_memory(proc, root) == 3 * GIB
    write_group(root / "user" / "session", max=str(GIB), current="0", stat="inactive_file 0")
    assert available_memory(proc, root) == GIB


def test_version_1_has_a_folder_per_controller(proc: Path, tmp_path: Path) -> None:
    (proc / "self" / "cgroup").write_text("4:memory:/box\n3:cpuset:/\n0::/\n")
    root = tmp_path / "cgroup"
    files = {"limit_in_bytes": str(2 * GIB), "usage_in_bytes": str(GIB), "stat": "total_inactive_file 0"}
    write_group(root / "memory" / "box", **files)
    write_group(root / "memory", **{**files, "limit_in_bytes": "9223372036854771712"})
    assert available_memory(proc, root) == GIB


def test_a_full_group_has_none_left(proc: Path, tmp_path: Path) -> None:
    (proc / "self" / "cgroup").write_text("0::/\n")
    write_group(tmp_path / "cgroup", max=str(GIB), current=str(GIB + 9), stat="inactive_file 0")
    assert available_memory(proc, tmp_path / "cgroup") == 0


def test_this_machine_has_some() -> None:
    assert available_memory() > 2**20
