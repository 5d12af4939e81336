"""The shape of the code: small modules, mirrored tests, no global random state."""

import ast
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


def test_no_code_is_loaded_from_data_and_no_global_seed_is_set() -> None:
    banned = {"pickle", "eval", "exec", "literal_eval"}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in banned, module
                assert name not in {"np.random.seed", "torch.load", "random.seed"}, module


def test_logic_lives_in_no_init_file() -> None:
    for module in MODULES:
        if module.name == "__init__.py":
            tree = ast.parse(module.read_text(encoding="utf-8"))
            body = [n for n in tree.body if not (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")]
            assert all(isinstance(n, ast.Expr | ast.ImportFrom | ast.Assign) for n in body), module
