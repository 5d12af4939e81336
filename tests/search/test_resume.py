"""Run directories under torture, in short and without what a busy machine upsets; all of it: `torture.py`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import autonet

TORTURE = Path(__file__).with_name("torture.py")
ROWS = [["R1", "R2", "R4"], ["R10", "R11", "R12", "R13", "R19", "S11", "D1", "D2"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")
@pytest.mark.parametrize("rows", ROWS, ids=lambda rows: rows[0])
def test_run_directories_survive(rows: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(autonet.__file__).parents[1])}
    command = [sys.executable, str(TORTURE), "--quick", *rows]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [[row, "pass"] for row in rows]
