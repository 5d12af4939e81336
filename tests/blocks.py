"""Python and console blocks of Markdown pages: the blocks of a page share names and files, and print what it says."""

import contextlib
import io
import math
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from autonet.pipeline.components import list_nodes
from autonet.pipeline.images import IMAGES
from tests.cli.program import run

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?!\w)")
TOLERANCE = 0.03  # of printed numbers: the last digits differ from one kind of processor to the next
SHORTER = 250


@dataclass(frozen=True)
class Block:
    """Code, the line of the page on which it begins, and what the page says that it prints; None for anything.

    The code of a console is a command of the program `autonet`.
    """

    page: Path
    line: int
    code: str
    output: str | None
    is_command: bool = False


def blocks_of(page: Path) -> Iterator[Block]:
    """Find the blocks marked as Python, and the commands of those marked as a console.

    A block marked as text right after one of Python is its output; that of a command is between it and the next one.
    """
    text = page.read_text(encoding="utf-8")
    fences = list(FENCE.finditer(text))
    for fence, following in zip_longest(fences, fences[1:]):
        if fence[1] == "python":
            prints = following and following[1] == "text" and not text[fence.end() : following.start()].strip()
            line = text[: fence.start(2)].count("\n")
            yield Block(page, line, fence[2], following[2] if following and prints else None)
        elif fence[1] == "console":
            line = text[: fence.start(2)].count("\n")
            for command in COMMAND.finditer(fence[2]):
                code = command[1].replace("\\\n", " ")
                yield Block(page, line + fence[2][: command.start()].count("\n"), code, command[2], is_command=True)


def run_page(page: Path, names: Mapping[str, Any]) -> None:
    """Run the blocks of a page in order; seconds of those with a `max_runtime`, and other limits, are divided."""
    nodes = [*list_nodes().values(), *IMAGES.nodes.values()]
    module, before = f"page_{page.stem}", [dict(node.components) for node in nodes]
    scope = {"__name__": module, **names}
    try:
        for block in blocks_of(page):
            printed = run_command(block) if block.is_command else run_block(block, scope)
            if block.output is not None:
                check_output(block, printed)
    finally:
        for node, components in zip(nodes, before, strict=True):
            node.components.clear()
            node.components.update(components)
        sys.modules.pop(module, None)


def run_block(block: Block, scope: dict[str, Any]) -> str:
    """Run a block and return what it prints."""
    code = block.code.replace("arch.render(view=False)", "arch.source")  # needs the program dot
    if "max_runtime=" in code:
        code = re.sub(r"(max_runtime|min_budget|max_budget)=(\d+)", shortened, code)
    code = re.sub(r"(total_walltime_limit)=(\d+)", shortened, code)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile("\n" * block.line + code, str(block.page), "exec"), scope)
    return printed.getvalue()


def run_command(block: Block) -> str:
    """Run a command, with ``< FILE`` before it and ``| head -n N`` after it, and return what a terminal shows."""
    words = shlex.split(block.code)
    count = int(words[-1]) if words[-4:-1] == ["|", "head", "-n"] else None
    words = words if count is None else words[:-4]
    stdin = Path(words[-1]).read_bytes() if words[-2] == "<" else b""
    program, *arguments = words if words[-2] != "<" else words[:-2]
    assert program == "autonet"
    done = run(*arguments, stdin=stdin)
    assert done.code == 0, done.err
    return done.err + "".join(done.out.splitlines(keepends=True)[:count])


def shortened(option: re.Match[str]) -> str:
    return f"{option[1]}={max(int(option[2]) / SHORTER, 0.1):g}"


def check_output(block: Block, printed: str) -> None:
    """Compare texts exactly but for spaces and ``...``, and numbers up to a tolerance."""
    where = f"{block.page.name}, line {block.line}"
    parts = [re.escape(NUMBER.sub("#", " ".join(part.split()))) for part in (block.output or "").split("...")]
    shown, expected = " ".join(printed.split()), NUMBER.findall(block.output or "")
    pattern = ".*?".join(parts).replace(re.escape("#"), f"({NUMBER.pattern})")
    match = re.fullmatch(r"\s*".join(pattern.split(r"\ ")), shown)
    assert match, f"{where} prints\n{printed}\nand not\n{block.output}"
    for got, said in zip(match.groups(), expected, strict=True):
        close = math.isclose(float(got), float(said), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        assert close, f"{where} prints {got} instead of {said}:\n{printed}"
