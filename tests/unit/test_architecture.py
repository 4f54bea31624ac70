"""Dependencies point one way, and nothing heavy is imported before it is needed (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "boltir"
PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT: dict[str, set[str]] = {
    "collector": set(),
    "errors": set(),
    "files": {"errors"},
    "remarks": {"errors"},
    "target": {"errors"},
    "precision": {"errors", "target"},
    "weights": {"errors", "files"},
    "dialects": {"errors", "target"},
    "cost_model": {"dialects", "target"},
    "ranking": {"dialects", "target"},
    "context": {"ranking", "remarks", "weights"},
    "interpreters": {"dialects", "errors", "remarks", "weights"},
    "passes": {
        "context",
        "cost_model",
        "dialects",
        "errors",
        "interpreters",
        "precision",
        "remarks",
        "target",
        "weights",
    },
    "lowering": {
        "collector",
        "context",
        "cost_model",
        "dialects",
        "errors",
        "files",
        "interpreters",
        "passes",
        "precision",
        "ranking",
        "remarks",
        "target",
        "weights",
    },
    "universe": set(),
    "levels": {"dialects", "errors"},
    "pipelines": {"errors", "levels", "precision", "target"},
    "pass_manager": {"collector", "errors", "remarks"},
    "runtime": {"dialects", "errors", "files", "lowering", "target", "weights"},
    "profiler": {
        "context",
        "cost_model",
        "dialects",
        "errors",
        "lowering",
        "passes",
        "ranking",
        "remarks",
        "runtime",
        "target",
    },
    "frontends": {"collector", "dialects", "errors", "weights"},
}
"""What each part of the package may import, besides itself; the parts it names come before it."""

TOP = {"__init__", "compiler", "tools"}
"""The entry points, which may import everything below them."""

HEAVY = ("numpy", "ml_dtypes", "networkx", "safetensors", "jinja2", "onnx", "torch", "pycuda", "rich")
LIGHT_PARTS = ("dialects", "cost_model", "passes", "lowering")


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module="boltir", names=names):
            return [f"boltir.{alias.name}" for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case ast.ImportFrom():
            return ["(relative)"]
        case _:
            return []


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def at_module_level(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(child):
            continue
        yield child
        yield from at_module_level(child)


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    modules = [name for node in ast.walk(ast.parse(path.read_text())) for name in imported_modules(node)]
    assert "(relative)" not in modules
    below = {name.split(".")[1] for name in modules if name.startswith("boltir.")} - {part}
    allowed = set(MAY_IMPORT) | TOP if part in TOP else MAY_IMPORT[part]
    assert below <= allowed, f"boltir.{part} must not import {', '.join(sorted(below - allowed))}"


def test_the_table_of_directions_has_no_cycle() -> None:
    earlier: set[str] = set()
    for part, imports in MAY_IMPORT.items():
        assert imports <= earlier, part
        earlier.add(part)


@pytest.mark.parametrize(
    "path",
    [path for path in PYTHON_FILES if part_of(path) in LIGHT_PARTS],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_heavy_packages_are_imported_inside_functions(path: Path) -> None:
    modules = [name for node in at_module_level(ast.parse(path.read_text())) for name in imported_modules(node)]
    assert not {name.split(".")[0] for name in modules} & set(HEAVY)


def loaded_by(imports: str) -> set[str]:
    """The heavy packages that a fresh interpreter holds after running `imports`."""
    code = f"import sys\n{imports}\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in result.stdout.split()} & set(HEAVY)


@pytest.mark.parametrize("module", ["boltir", "boltir.tools.bolt_opt", "boltir.universe"])
def test_start_up_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == set()


@pytest.mark.parametrize("part", LIGHT_PARTS)
def test_no_module_loads_anything_heavy_through_others(part: str) -> None:
    files = [path for path in PYTHON_FILES if part_of(path) == part and path.name != "__init__.py"]
    modules = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files)
    assert loaded_by("\n".join(f"import {module}" for module in modules)) == set()


def test_parsing_verifying_and_printing_load_nothing_heavy() -> None:
    code = """
from boltir.tools.bolt_opt import main
main(["tests/filecheck/dialects/graph/ops.mlir", "-o", "/dev/null"])
"""
    assert loaded_by(code) == set()
