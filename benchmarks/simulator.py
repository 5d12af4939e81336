"""What the search's benchmarks take from the simulator in ``shared/hpo_bench``: tasks, protocol, settings."""

import os
import sys
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("AUTONET_SHARED", Path(__file__).parents[2] / "shared"))

if not (SHARED / "hpo_bench").is_dir():
    raise SystemExit(f"{SHARED / 'hpo_bench'} is missing: set AUTONET_SHARED to the folder that holds hpo_bench.")
sys.path.insert(0, str(SHARED / "hpo_bench"))

import run as anchors  # noqa: E402 - found only now
from sim import at, reference, simulate  # noqa: E402
from tasks import make  # noqa: E402

KS: list[int] = anchors.KS
TASKS: list[str] = anchors.TASKS
REFERENCE_CONFIGS = {"lcbench": 2000, "xgb": 1000, "synth": 2000}  # as in run.py, to share its scale


def portfolio() -> list[dict[str, Any]]:
    """Configurations that did well on the data sets that are not among `TASKS`."""
    return anchors.portfolio()


__all__ = ["KS", "REFERENCE_CONFIGS", "SHARED", "TASKS", "at", "make", "portfolio", "reference", "simulate"]
