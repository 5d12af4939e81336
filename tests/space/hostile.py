"""Presets and updates files that are damaged or hostile; as a program, 2,000 mutations of each.

Whatever a file holds, autonet makes a space of it, or refuses it with one sentence of its own.
"""

import json
import os
import random
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autonet import parse_hyperparameter_search_space_updates
from autonet.core.errors import AutonetError
from autonet.core.task import Task
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.portfolio import fit_portfolio
from autonet.space.presets import load_preset

__all__ = ["PRESET", "UPDATES", "mutations", "problem", "read_preset", "read_updates", "unreadable"]

TASK = Task("classification", n_rows=150, n_features=4, n_outputs=3)
PRESET = """schema = 1
description = "mine"
[options]
ensemble_size = 1
[components]
NetworkSelector = ["shapedmlpnet", "shapedresnet"]
[classification.components]
LossModuleSelector = ["cross_entropy"]
[[updates]]
node = "NetworkSelector"
hyperparameter = "shapedmlpnet:num_layers"
values = [2, 4]
log = true
default = 3
task = "classification"
min_rows = 10
max_columns = 1000
[[updates]]
node = "OptimizerSelector"
hyperparameter = "sgd:learning_rate"
values = [0.001, 0.1]
[[portfolio]]
description = "first"
max_rows = 1000
[portfolio.values]
"NetworkSelector:network" = "shapedmlpnet"
"NetworkSelector:shapedmlpnet:num_layers" = 3
"OptimizerSelector:sgd:learning_rate" = 0.01
"""
UPDATES = """# mine
OptimizerSelector sgd:learning_rate [0.001, 0.1] log default=0.01
NetworkSelector shapedresnet:activation ["relu", "gelu"]
NetworkSelector shapedresnet:use_dropout [True, False]
CreateDataLoader batch_size [32, 64]
"""
HOSTILE: list[Any] = [
    *(0, 1, -1, 2**63, 10**400, 0.5, 1e308, -1e-320, float("nan"), float("inf"), True, False),
    *("", "x", "a" * 3000, "\x00", "\ud7ff", "é😀", "NetworkSelector", "relu", "true"),
    *([], [[]], [1], [1, 2, 3], [1, "a"], [True, 1], [float("nan")], [10**400, 10**401], ["relu", ["relu"]], {}),
    *({"a": 1}, [{"a": 1}], {"values": []}, {"components": {"NetworkSelector": 1}}),
]
DEEP = ["[" * 1000, "[" * 4000, "{a=" * 1000, "a." * 2000, "[" * 400 + "]" * 400, "9" * 4090]


def mutations(text: str, rng: random.Random, *, structured: bool) -> Iterator[bytes]:
    """Yield mutations without end: of bytes, and of values if the text is TOML."""
    while True:
        if structured and rng.random() < 0.5:
            content = tomllib.loads(text)
            for _ in range(rng.randint(1, 2)):
                _replace(content, rng)
            yield "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in content.items()).encode(
                "utf-8", "surrogatepass"
            )
        else:
            data = bytearray(text.encode())
            for _ in range(rng.randint(1, 4)):
                _damage(data, rng)
            yield bytes(data)


def _replace(content: Any, rng: random.Random) -> None:
    """Replace, remove or add a value somewhere inside."""
    while True:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(content[key], dict | list) or rng.random() < 0.3:
            break
        content = content[key]
    change = rng.random()
    if change < 0.1:
        del content[key]
    elif change < 0.2 and isinstance(content, dict):
        content[rng.choice(["", "values", "nodes", "a" * 2000])] = rng.choice(HOSTILE)
    else:
        content[key] = rng.choice(HOSTILE)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


def _damage(data: bytearray, rng: random.Random) -> None:
    """Damage a few bytes, lose some, repeat some, or put something in."""
    at, length = rng.randrange(len(data) + 1), rng.randint(1, 12)
    match rng.randrange(6):
        case 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        case 1:
            del data[at : at + length]
        case 2:
            data[at:at] = data[at : at + 10 * length]
        case 3:
            data[at:at] = _toml(rng.choice(HOSTILE)).encode("utf-8", "surrogatepass")
        case 4:
            data[at:at] = rng.choice(DEEP).encode()
        case 5:
            del data[at:]


def unreadable(folder: Path, suffix: str) -> dict[str, str | Path]:
    """Return paths at which there is no file that could be read."""
    paths = {
        name: folder / f"{name}{suffix}"
        for name in ("directory", "pipe", "loop", "dangling", "to_pipe", "huge", "utf16")
    }
    paths["directory"].mkdir()
    os.mkfifo(paths["pipe"])
    paths["loop"].symlink_to(paths["loop"])
    paths["dangling"].symlink_to(folder / "nothing")
    paths["to_pipe"].symlink_to(paths["pipe"])
    with paths["huge"].open("wb") as file:
        file.truncate(2**34)
    paths["utf16"].write_text("schema = 1", encoding="utf-16")
    endless = folder / f"endless{suffix}"
    endless.symlink_to("/dev/zero")
    return {**paths, "endless": endless, "nul": f"a\0b{suffix}", "surrogate": f"\ud800{suffix}"}


def read_preset(path: str | Path) -> None:
    """Do with a preset what `fit` does before it trains."""
    preset = load_preset(path, TASK)
    space = build_space(TASK, preset.components, preset.updates)
    fit_portfolio(Encoding(space), preset.portfolio)


def read_updates(path: str | Path) -> None:
    """Do with an updates file what `fit` does before it trains."""
    build_space(TASK, {"NetworkSelector": ["shapedresnet"]}, parse_hyperparameter_search_space_updates(path))


def problem(read: Callable[[str | Path], None], path: str | Path) -> str | None:
    """Read a file; return what is wrong with the answer, if anything is."""
    began = time.process_time()
    try:
        read(path)
    except AutonetError as error:
        sentence = str(error)
        if not sentence.endswith((".", "?")) or "\n" in sentence or len(sentence) > 5000:
            return f"no sentence: {sentence!r:.300}"
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error!s:.200} ({Path(frame.filename).name}:{frame.lineno})"
    seconds = time.process_time() - began
    return f"{seconds:.1f} CPU seconds" if seconds > 5 else None


def main(n: int = 2000, seed: int = 0) -> int:
    """Print how many of the mutations were answered well, and what came of the others."""
    found, kinds = 0, {".toml": (PRESET, read_preset), ".txt": (UPDATES, read_updates)}
    for suffix, (text, read) in kinds.items():
        with tempfile.TemporaryDirectory() as name:
            path, problems = Path(name) / f"mine{suffix}", dict[str, tuple[str, bytes]]()
            source = mutations(text, random.Random(seed), structured=suffix == ".toml")
            for _ in range(n):
                path.write_bytes(data := next(source))
                what = problem(read, path)
                if what is not None:
                    problems.setdefault(what[:60], (what, data))
                    found += 1
            for at in unreadable(Path(name), suffix).values():
                what = problem(read, at)
                if what is not None:
                    problems[str(at)] = (what, b"")
                    found += 1
        print(f"{read.__name__}: {n} mutations, {len(problems)} kinds of wrong answers", flush=True)
        for what, data in problems.values():
            print(f"  {what}\n    {data[-400:]!r}")
    return found


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
