"""Damaged model files: each must be refused by `InvalidModelFile`, or be loaded as the saved model.

    python -m tests.estimators.hostile_files --files 100000

Prints the counts, and exits with 1 if a file did anything else, or took more than five seconds.
"""

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import autonet
from autonet.core.errors import InvalidModelFile
from tests.mixed import mixed_table

SLOWEST = 5.0  # seconds


def damage(data: bytes, rng: random.Random) -> bytes:
    """Flip bits, cut, extend, change the length or the text of the header, or zero a range."""
    content, header = bytearray(data), int.from_bytes(data[:8], "little")
    place = rng.randrange(len(content))
    kind = rng.choice(["bits", "cut", "extend", "length", "header", "zeros"])
    if kind == "bits":
        for _ in range(rng.choice([1, 1, 2, 8, 64])):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del content[place:]
    elif kind == "extend":
        content += rng.randbytes(rng.randrange(1, 100))
    elif kind == "length":
        content[:8] = rng.choice([0, 1, 2**32, 2**63, 2**64 - 1, len(content), rng.randrange(2**40)]).to_bytes(
            8, "little"
        )
    elif kind == "header":
        place = 8 + rng.randrange(header)
        content[place : place + rng.randrange(1, 9)] = rng.choice(
            [b'"', b"[[[[", b"}", b"-1", b"99999999999", b"\xff", b""]
        )
    else:
        content[place : place + rng.randrange(1, 5000)] = bytes(rng.randrange(1, 5000))
    return bytes(content)


def load(path: Path, table: Any, expected: np.ndarray) -> str:
    """Return what became of a file."""
    try:
        model = autonet.load(path)
    except InvalidModelFile as error:
        return "out of memory" if isinstance(error.__cause__, MemoryError) else "refused"
    except Exception as error:
        return f"raised {type(error).__name__}"
    return "equal" if np.array_equal(model.predict_proba(table), expected) else "different"


def main() -> int:
    """Damage files, and count what becomes of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rng, table, slowest = random.Random(arguments.seed), mixed_table(), 0.0
    options: dict[str, Any] = {"budget_type": "epochs", "min_budget": 2, "max_budget": 4, "max_trials": 3}
    auto = autonet.AutoNetClassification(ensemble_size=4, tree_ensembles=True, random_state=0, **options)
    auto.fit(table, np.where((table.town == "Lima") ^ table.sold, "buy", "skip"))
    expected, counts = auto.predict_proba(table), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.autonet")
        auto.save(path)
        data = path.read_bytes()
        for _ in range(arguments.files):
            path.write_bytes(damage(data, rng))
            began = time.monotonic()
            counts[load(path, table, expected)] += 1
            slowest = max(slowest, time.monotonic() - began)
    print(f"{arguments.files} damaged files of {len(data)} bytes: {dict(counts)}; slowest {slowest:.2f} s")
    return int(bool(counts.keys() - {"refused", "equal"}) or slowest > SLOWEST)


if __name__ == "__main__":
    sys.exit(main())
