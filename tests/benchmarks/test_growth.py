"""The benchmark of growing tables: what it generates, and how it measures memory."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_tables_of_all_sizes_are_of_one_world(script: Any) -> None:
    growth = script("growth")
    table = growth.generate(3000, 1)
    assert table.shape == (3000, 31)
    assert set(table["target"]) == {"yes", "no"}
    assert [len(table[f"category_{n}"].cat.categories) for n in growth.LEVELS] == list(growth.LEVELS)
    assert table["number_0"].isna().mean() == pytest.approx(growth.MISSING_SHARE, abs=0.02)
    effect = [
        t.groupby("category_5", observed=True)["target"].apply(lambda y: (y == "yes").mean())
        for t in (table, growth.generate(6000, 2))
    ]
    assert (effect[0] - effect[1])[["level 0", "level 1"]].abs().max() < 0.1  # others have few rows


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_memory_is_that_of_a_process_and_its_children(script: Any) -> None:
    growth = script("growth")
    child = "x = bytearray(200 * 2**20); x[::4096] = b'1' * len(x[::4096]); print('ready', flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(growth.descendants(process.pid)) == 2
        held = sum(map(growth.held_bytes, growth.descendants(process.pid)))
        process.communicate(b"\n")
    assert 200 < held / growth.MIB < 260
    assert growth.held_bytes(process.pid) == 0
