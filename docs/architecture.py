"""The tree of the package: every module with the first line of its docstring."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def describe_tree(package: Path = ROOT / "autonet") -> str:
    """Return a line per folder and module, indented by its depth."""
    lines = []
    for path in sorted(package.rglob("*.py"), key=lambda p: (p.parent.parts, p.name != "__init__.py", p.name)):
        title = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0].replace("`", "")
        is_folder = path.name == "__init__.py"
        shown = path.parent if is_folder else path
        depth = len(shown.relative_to(package.parent).parts) - 1
        name = f"{'  ' * depth}{shown.name}{'/' if is_folder else ''}"
        lines.append(f"{name:32}{title}".rstrip())
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(describe_tree(), end="")  # noqa: T201
