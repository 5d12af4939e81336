"""The shape of the code: small modules, mirrored tests, no global random state."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "autonet").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_are_under_400_lines_and_functions_under_a_screen(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            body = node.body[1:] if ast.get_docstring(node) else node.body
            assert not body or body[-1].end_lineno - body[0].lineno < 60, node.name  # type: ignore[operator]


WITHOUT_TESTS_OF_THEIR_OWN = {
    "__main__.py": "one call, which the tests of cli/main.py make",
    "core/typing.py": "types",
    "search/samplers/base.py": "a protocol",
    "testing/assertions.py": "one assertion, which the tests of the suites see fail",
}


def test_every_module_has_its_tests_under_its_own_name() -> None:
    modules = [module.relative_to(ROOT / "autonet") for module in MODULES if module.name != "__init__.py"]
    missing = {m.as_posix() for m in modules if not (ROOT / "tests" / m.with_name(f"test_{m.name}")).exists()}
    assert missing == set(WITHOUT_TESTS_OF_THEIR_OWN)
    assert len(missing) <= 0.15 * len(modules)


CODE_FROM_DATA = re.compile(
    r"(builtins\.)?(eval|exec|compile|__import__)$|ast\.literal_eval$|runpy\.|shelve\.|numpy\.load$|torch\.(jit\.)?load$"
    r"|(_pickle|pickle|cloudpickle|dill|joblib|marshal|pandas)\.(load|loads|Unpickler|read_pickle)$"
)
GLOBAL_RANDOM_STATE = re.compile(
    r"random\.(?!Random$|SystemRandom$|getstate$)\w+$"
    r"|numpy\.random\.(?!default_rng$|Generator$|BitGenerator$|SeedSequence$|PCG64$|RandomState$|get_state$)\w+$"
    r"|torch\.(random\.)?(seed|manual_seed|set_rng_state)$|torch\.(cuda|mps|xpu)\.(random\.)?\w*(seed|set_rng_state)\w*$"
)
ALLOWED = {
    "autonet/models/initial_weights.py: torch.load": "tensors alone, by weights_only=True",
    "autonet/estimators/pickling.py: pickle.Unpickler": "the attributes of an estimator, which is being unpickled",
    "autonet/estimators/pickling.py: pickle.loads": "its class",
    "autonet/pipeline/trained.py: pickle.loads": "a trained fold, from a worker process of the same fit",
    "autonet/search/executors/pickling.py: cloudpickle.loads": "objectives and outcomes, from processes of the search",
    "autonet/training/random.py: torch.cuda.manual_seed": "of a GPU, where layers draw from nothing else; put back",
    "autonet/training/random.py: torch.cuda.set_rng_state": "puts it back",
    "autonet/training/state.py: torch.set_rng_state": "only for training without a generator of its own",
    "autonet/training/state.py: torch.cuda.set_rng_state": "called by trials, inside of their seed_gpu",
    "autonet/testing/networks.py: torch.manual_seed": "called by checks, inside of their fork_rng",
    "autonet/testing/networks.py: pickle.loads": "the network that is checked, which was pickled the line before",
}


def names_used(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield the nodes that name something, with the full name of what they name, whatever it is imported as."""
    imported = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                imported[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    known = {*imported, *vars(builtins)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, *others = ast.unparse(node).split(".")
            if first in known:
                yield node, ".".join([imported.get(first, first), *others])
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def forbidden_names(source: str) -> set[str]:
    """Return what a module uses that makes code of data, or that changes random numbers outside of a `fork_rng`."""
    tree = ast.parse(source)
    forks = [w for w in ast.walk(tree) if isinstance(w, ast.With) and "fork_rng(" in ast.unparse(w.items[0])]
    forked = {inner for fork in forks for statement in fork.body for inner in ast.walk(statement)}
    return {
        name
        for node, name in names_used(tree)
        if CODE_FROM_DATA.match(name) or (GLOBAL_RANDOM_STATE.match(name) and node not in forked)
    }


def test_no_code_is_loaded_from_data_and_no_global_seed_is_set() -> None:
    found = {
        f"{module.relative_to(ROOT).as_posix()}: {name}"
        for module in MODULES
        for name in forbidden_names(module.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import pickle\npickle.loads(data)", "pickle.loads"),
        ("import pickle as p\nread = p.load", "pickle.load"),
        ("from pickle import loads as read\nread(data)", "pickle.loads"),
        ("def f():\n    import cloudpickle\n    return cloudpickle.loads(data)", "cloudpickle.loads"),
        ("import builtins\nbuiltins.eval(text)", "builtins.eval"),
        ("eval(text)", "eval"),
        ("import torch\ntorch.load(path)", "torch.load"),
        ("import joblib\njoblib.load(path)", "joblib.load"),
        ("import torch\ntorch.manual_seed(0)", "torch.manual_seed"),
        ("import torch\ntorch.random.manual_seed(0)", "torch.random.manual_seed"),
        ("import torch\ntorch.cuda.manual_seed_all(0)", "torch.cuda.manual_seed_all"),
        ("import numpy.random\nnumpy.random.seed(0)", "numpy.random.seed"),
        ("import numpy as np\nx = np.random.normal(size=3)", "numpy.random.normal"),
        ("from numpy import random\nrandom.shuffle(x)", "numpy.random.shuffle"),
        ("import random\nrandom.seed(0)", "random.seed"),
        ("from random import choice\nchoice(x)", "random.choice"),
    ],
)
def test_forbidden_names_are_found_under_any_alias(source: str, name: str) -> None:
    assert forbidden_names(source) == {name}


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile(text)",
        "network.eval()",
        "import numpy as np\nnp.random.default_rng(0).random()",
        "import torch\nwith torch.random.fork_rng(devices=[]):\n    torch.manual_seed(0)",
        "def f(random):\n    random.shuffle(x)",
    ],
)
def test_permitted_names_are_left_alone(source: str) -> None:
    assert forbidden_names(source) == set()


def test_logic_lives_in_no_init_file() -> None:
    for module in MODULES:
        if module.name == "__init__.py":
            tree = ast.parse(module.read_text(encoding="utf-8"))
            body = [n for n in tree.body if not (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")]
            assert all(isinstance(n, ast.Expr | ast.ImportFrom | ast.Assign) for n in body), module
