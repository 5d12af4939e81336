"""The program: help, version, errors in one sentence, exit codes, pipes."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import autonet
from autonet.cli.main import COMMANDS, main
from tests.cli.program import run


def test_help_and_version_need_neither_torch_nor_scikit_learn() -> None:
    heavy = ["torch", "sklearn", "ConfigSpace", "pandas"]
    for arguments, expected in ((["--help"], "Examples:"), (["--version"], f"autonet {autonet.__version__}")):
        program = (
            "import sys; from autonet.cli.main import main\n"
            f"try: main({arguments}, prog_name='autonet')\n"
            f"finally: assert not set({heavy}) & set(sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert expected in done.stdout


def test_options_are_completed_without_torch() -> None:
    environment = {"_AUTONET_COMPLETE": "bash_complete", "COMP_WORDS": "autonet fit --max-r", "COMP_CWORD": "2"}
    program = "import sys; from autonet.cli.main import main\n"
    program += "try: main(prog_name='autonet')\nfinally: assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "plain,--max-runtime\n"


def test_the_program_is_also_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "autonet", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"autonet {autonet.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_the_summary_that_the_program_lists(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert f"Usage: autonet {command}" in done.out
    assert f"  {command} " in run("--help").out


def test_a_command_that_does_not_exist() -> None:
    done = run("leaderbord", "train.csv")
    assert done.code == 2
    assert "Unknown command 'leaderbord'. Did you mean 'leaderboard'?" in done.err


def test_an_option_that_does_not_exist() -> None:
    done = run("fit", "train.csv", "--target", "y", "--max-runtme", "3")
    assert done.code == 2
    assert "--max-runtime" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("predict", "none.autonet", "iris.csv"), 1, "none.autonet: No such file or directory."),
        (("predict", "iris.csv", "iris.csv"), 1, "iris.csv cannot be loaded: it is not a model file of autonet"),
        (("predict", ".", "iris.csv"), 1, ". has no fit.safetensors: it holds no fit of an estimator"),
        (("resume", "nowhere", "iris.csv", "-t", "species"), 1, "nowhere has no fit.safetensors"),
        (("fit", "none.csv", "-t", "species"), 1, "none.csv: No such file or directory."),
        (("fit", "iris.csv", "-t", "specis"), 2, "Unknown column of iris.csv 'specis'. Did you mean 'species'?"),
        (("fit", "iris.csv", "-t", "species", "--max-runtime", "-4"), 2, "max_runtime must be a number greater than 0"),
        (("fit", "iris.csv", "-t", "species", "--preset", "tny_cs"), 2, "Unknown preset 'tny_cs'. Did you mean"),
        (("fit", "iris.csv", "-t", "species", "--set", "netwrks=1"), 2, "Unknown option 'netwrks'. Did you mean"),
        (("fit", "iris.csv", "-t", "species", "-o", "no/m.autonet"), 2, "The model cannot be saved to no/m.autonet"),
        (("fit", "iris.csv", "-t", "species", "--task", "regression"), 1, "y"),
    ],
)
def test_errors_are_one_sentence(tables: Path, monkeypatch: Any, arguments: Any, code: int, sentence: str) -> None:
    monkeypatch.chdir(tables)
    done = run(*arguments)
    assert (done.code, done.out) == (code, "")
    last = done.err.splitlines()[-1]
    assert last.startswith(f"Error: {sentence}")
    assert "Traceback" not in done.err


def test_a_traceback_on_request() -> None:
    done = run("predict", "none.autonet", "rows.csv", "--traceback")
    assert done.code == 1
    assert done.err.startswith("Traceback (most recent call last):")
    assert done.err.splitlines()[-1] == "Error: none.autonet: No such file or directory."


def test_other_exceptions_are_told_with_their_type(monkeypatch: Any) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("autonet.load", fail)
    done = run("predict", "model.autonet", "rows.csv")
    assert (done.code, done.err) == (1, "Error: RuntimeError: out of luck; --traceback shows where.\n")


def test_an_interrupt_outside_of_a_fit(monkeypatch: Any) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autonet.load", interrupt)
    done = run("predict", "model.autonet", "rows.csv")
    assert (done.code, done.err) == (130, "Error: interrupted; nothing was written.\n")


def test_a_reader_that_closes_the_pipe(classifier: Path, tables: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stdout, redirect_stdout(stdout), redirect_stderr(io.StringIO()) as err:
        with pytest.raises(SystemExit) as end:
            main(["predict", str(classifier), str(tables / "iris_test.csv")], prog_name="autonet")
        stdout.write("what Python flushes when it exits")
    assert (end.value.code, err.getvalue()) == (141, "")
