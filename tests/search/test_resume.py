"""Run directories under torture, in short; all of it: ``python tests/search/torture.py``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import autonet

TORTURE = Path(__file__).with_name("torture.py")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")
@pytest.mark.parametrize("row", ["R1", "R2", "R3", "R4", "R10", "R11", "R12", "R13", "R19", "S11", "D1", "D2"])
def test_a_run_directory_survives(row: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(autonet.__file__).parents[1])}
    command = [sys.executable, str(TORTURE), "--quick", row]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{row:<4} pass")
