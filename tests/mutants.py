"""Forty mistakes, planted one after the other in a copy of the code: do the tests of that part notice?

    python tests/mutants.py [number ...]

Prints a line per mutant; those that survive must have a reason in `REASONS`.  Takes half an hour; not part of CI.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, NoReturn

import ConfigSpace  # noqa: F401 - for the children
import pytest
import sklearn.ensemble  # noqa: F401
import torch  # noqa: F401

ROOT = Path(__file__).parents[1]


class Mutant(NamedTuple):
    """A replacement in a file, and the tests that should fail for it."""

    path: str
    old: str
    new: str
    tests: str


FORMULAS, THRESHOLDS = "metrics/formulas.py", "metrics/thresholds.py"
METRIC_TESTS = "tests/metrics"
SPLITS, HOLDOUT = "data/splits/folds.py", "data/splits/holdout.py"
ROW_TESTS = "tests/data/splits"
NUMBERS, ENCODER, MODULES = "data/encoding/numerical.py", "data/encoding/encoder.py", "data/encoding/modules.py"
ENCODING_TESTS = "tests/data/encoding"
TARGETS, TARGET_TESTS = "data/targets/targets.py", "tests/data/targets"
RUNTIME, OPTIONS = "estimators/time_plan.py", "estimators/options.py"
PARAMS = "estimators/params.py"
ESTIMATOR_TESTS = "tests/estimators/test_time_plan.py tests/estimators/test_options.py"
COSTS, HALVING = "search/schedulers/costs.py", "search/schedulers/halving.py"
HYPERBAND, BASE = "search/schedulers/hyperband.py", "search/schedulers/base.py"
SCHEDULER_TESTS = "tests/search/schedulers"
VALUES, SIGNALS = "core/jsonvalues.py", "search/storage/files.py"
CHECKPOINTS, STORE = "search/storage/checkpoints.py", "search/storage/store.py"
STORE_TESTS = "tests/search/storage tests/core/test_jsonvalues.py"

MUTANTS = [
    Mutant(FORMULAS, "share = support if", "share = 1 + support if", METRIC_TESTS),
    Mutant(FORMULAS, "(support + counts.false > 0)", "(support > 0)", METRIC_TESTS),
    Mutant(FORMULAS, "/ (support > 0).sum(axis=-1)", "/ support.shape[-1]", METRIC_TESTS),
    Mutant(FORMULAS, "((ones > 0).astype(int) + (zeros > 0))", "2", METRIC_TESTS),
    Mutant(FORMULAS, "(below[start] + below[end]) / 2", "below[start]", METRIC_TESTS),
    Mutant(FORMULAS, "if p.shape[1] == 2 else 1)", "if p.shape[1] == 3 else 1)", METRIC_TESTS),
    Mutant(FORMULAS, "prediction[:, 1] > threshold", "prediction[:, 1] >= threshold", METRIC_TESTS),
    Mutant(THRESHOLDS, "inside = widths > 0", "inside = widths >= 0", METRIC_TESTS),
    Mutant(SPLITS, "max(round(share * n), 1)", "max(int(share * n), 1)", ROW_TESTS),
    Mutant(SPLITS, "held_out[n - n_valid :]", "held_out[:n_valid]", ROW_TESTS),
    Mutant(SPLITS, "rows.max() >= n", "rows.max() > n", ROW_TESTS),
    Mutant(SPLITS, "if n < 4:", "if n < 3:", ROW_TESTS),
    Mutant(HOLDOUT, "counts - 1 if keep_one", "counts if keep_one", ROW_TESTS),
    Mutant(HOLDOUT, "(counts == 1)[strata]", "(counts == 2)[strata]", ROW_TESTS),
    Mutant(HOLDOUT, "np.argsort(-last)", "np.argsort(last)", ROW_TESTS),
    Mutant(NUMBERS, "column + 0.0).tobytes()", "column).tobytes()", ENCODING_TESTS),
    Mutant(NUMBERS, "np.where(np.isnan(values), fill, values)", "values", ENCODING_TESTS),
    Mutant(NUMBERS, "if missing.any() and not _is_redundant(", "if not _is_redundant(", ENCODING_TESTS),
    Mutant(ENCODER, "FEW_ROWS = 50", "FEW_ROWS = 500", ENCODING_TESTS),
    Mutant(ENCODER, "counts[MISSING_CODE] > 0, False", "True, False", ENCODING_TESTS),
    Mutant(ENCODER, "np.argsort(-counts[levels]", "np.argsort(counts[levels]", ENCODING_TESTS),
    Mutant(MODULES, "sizes >= (np.inf", "sizes > (np.inf", ENCODING_TESTS),
    Mutant(RUNTIME, "TOP_SHARE = 1 / 3", "TOP_SHARE = 1 / 2", ESTIMATOR_TESTS),
    Mutant(RUNTIME, "BASELINE_SHARE * (self.runtime or high), low)", "BASELINE_SHARE * high, low)", ESTIMATOR_TESTS),
    Mutant(RUNTIME, "min(WANTED_EPOCHS * epoch_seconds, high / self.eta)", "high / self.eta", ESTIMATOR_TESTS),
    Mutant(OPTIONS, "self.min_budget > self.max_budget", "self.min_budget >= self.max_budget", ESTIMATOR_TESTS),
    Mutant(PARAMS, "above < value < below", "above <= value < below", ESTIMATOR_TESTS),
    Mutant(COSTS, "- self.overheads.get(trial, self.overhead), 0.0)", ", 0.0)", SCHEDULER_TESTS),
    Mutant(COSTS, "np.median(", "np.max(", SCHEDULER_TESTS),
    Mutant(COSTS, "self.least_rate * target <= left", "self.rate * target <= left", SCHEDULER_TESTS),
    Mutant(HALVING, "MIN_GAIN = 0.05", "MIN_GAIN = 0.5", SCHEDULER_TESTS),
    Mutant(HALVING, "in reversed(list(zip(", "in (list(zip(", SCHEDULER_TESTS),
    Mutant(HALVING, "max(start + reserve, one_rung)", "start + reserve", SCHEDULER_TESTS),
    Mutant(HALVING, "if trial is climber else reserve", "if True else reserve", SCHEDULER_TESTS),
    Mutant(HYPERBAND, "len(members) * eta**-steps), 1)", "len(members) * eta**-steps), 0)", SCHEDULER_TESTS),
    Mutant(BASE, "len(trial.reports) >= 2", "len(trial.reports) >= 1", SCHEDULER_TESTS),
    Mutant(VALUES, "not _READERS.keys() & value.keys()", "True", STORE_TESTS),
    Mutant(VALUES, "math.isfinite(value) else", "not math.isnan(value) else", STORE_TESTS),
    Mutant(SIGNALS, "deferred[number](number, frame)", "pass", STORE_TESTS),
    Mutant(STORE, "if number != expected or checksum != before:", "if checksum != before:", STORE_TESTS),
]  # fmt: skip

REASONS = {
    f"{NUMBERS}: if missing.any() and not _is_redundant(": "an indicator of nothing is constant and left out",
    f"{HALVING}: if trial is climber else reserve": "equal for trials of one speed; to be tested with several",
    f"{STORE}: if number != expected or checksum != before:": "the number is in the checksum, which chains the rows",
}


def main(chosen: list[int]) -> int:
    """Plant mutants; return how many survived without a reason."""
    unexplained = 0
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        for folder in ("autonet", "tests", "presets"):
            shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        for number in chosen or range(len(MUTANTS)):
            mutant = MUTANTS[number]
            verdict, reason = _judge(tree, mutant), REASONS.get(f"{mutant.path}: {mutant.old}", "")
            unexplained += verdict != "killed" and not reason
            print(f"{number:2} {verdict:8} {mutant.path}: {mutant.old}  ->  {mutant.new}  {reason}", flush=True)
    return unexplained


def _judge(tree: Path, mutant: Mutant) -> str:
    path = tree / "autonet" / mutant.path
    source = path.read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        return "stale"
    path.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    tests = [part for part in mutant.tests.split() if (tree / part).exists()]
    child = os.fork()  # which has imported what is slow to import
    if not child:
        _test(tree, tests)
    _, status = os.waitpid(child, 0)
    path.write_text(source, encoding="utf-8")
    verdict = {0: "SURVIVED", 1: "killed"}.get(os.waitstatus_to_exitcode(status), "broken")
    if verdict == "broken":
        print((tree / "output").read_text(errors="replace")[-2000:])
    return verdict


def _test(tree: Path, tests: list[str]) -> NoReturn:
    code = 3
    try:
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        output = os.open(tree / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]]) > 0)
