"""What each part is worth: the error without it, relative to autonet as it comes, on the splits of `tabular.py`.

    python benchmarks/ablation.py --seconds 30 --out ablation.jsonl

A run is appended to the file when it is done, and is not repeated: start the same command again to continue.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import geometric_mean, mean
from typing import Any

from common import environment
from portfolio import PRESET, without_portfolio
from tabular_report import TIE, collected, read

TABLES = ["vehicle", "cmc", "kc1", "colleges", "phoneme", "nyc_taxis", "california_housing", "protein"]
ENTRIES = 6  # of a portfolio of medium_cs
PORTFOLIO = "without portfolio"
VARIANTS: dict[str, dict[str, Any]] = {
    "without search": {"max_trials": ENTRIES},
    "without ensemble": {"ensemble_size": 1},
    "without folds": {"cross_validator": "none"},
    "without refit": {"refit_on_all_rows": False},
    "without encodings": {"numeric_embeddings": ["none"], "normalization_strategies": ["standardize"]},
    "without RealMLP and TabM": {"networks": ["shapedresnet", "shapedmlpnet"]},
    "without second worker": {"n_jobs": 1},
    "without tree ensembles": {"tree_ensembles": False},
}
NAMES = [PORTFOLIO, *VARIANTS]


def run(arguments: argparse.Namespace, folder: Path) -> None:
    """Run autonet, and its variants, one after the other on each split."""
    preset = folder / "no_portfolio.toml"
    preset.write_text(without_portfolio(PRESET.read_text(encoding="utf-8")), encoding="utf-8")
    variants = {PORTFOLIO: {"preset": str(preset)}, **VARIANTS}
    (folder / "autonet").symlink_to(sys.prefix)
    command = [sys.executable, str(Path(__file__).parent / "tabular.py"), "--environments", str(folder)]
    command += ["--seconds", str(arguments.seconds), "--out", str(arguments.out), "--systems", "autonet"]
    command += ["--tables", *arguments.tables, "--seeds", *map(str, arguments.seeds)]
    command += [f"--variant=autonet:{name}={json.dumps(variants[name])}" for name in arguments.variants]
    subprocess.run(command, check=True)


def report(out: Path, seconds: float) -> Iterator[str]:
    """A table in Markdown: a line for each part."""
    errors = collected([r for r in read(out).values() if r["seconds"] == seconds], "log_loss")
    tables = sorted(errors["autonet"])
    yield f"| autonet | geometric mean | worse on | better on | {' | '.join(tables)} |"
    yield "|---|---|---|---" + "|---" * len(tables) + "|"
    for name in NAMES:
        of_variant = errors[f"autonet:{name}"]
        ratios = {
            table: mean(of_variant[table].values())
            / mean(errors["autonet"][table][split] for split in of_variant[table])
            for table in tables
            if table in of_variant
        }
        if ratios:
            worse, better = (sum(r > TIE for r in ratios.values()), sum(1 / r > TIE for r in ratios.values()))
            cells = " | ".join(f"{ratios[table]:.3f}" if table in ratios else "" for table in tables)
            yield f"| {name} | {geometric_mean(ratios.values()):.3f} | {worse} | {better} | {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--variants", nargs="+", default=NAMES, choices=NAMES, metavar="VARIANT")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(arguments, Path(folder))
    print(*report(arguments.out, arguments.seconds), sep="\n")
    print(f"\n{arguments.seconds:g} s, splits {arguments.seeds}; {environment()}")


if __name__ == "__main__":
    main()
