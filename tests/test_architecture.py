"""The tree is the architecture: imports point one way, and importing is cheap."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.cli.app import COMMANDS, load

PACKAGE = Path(__file__).parent.parent / "layerscope"

ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "model": {"errors"},
    "archive": {"model", "errors"},
    "filesystem": {"model", "errors"},
    "packages": {"filesystem", "model", "errors"},
    "secrets": {"model", "errors"},
    "history": {"secrets", "filesystem", "model", "errors"},
    "stages": {"secrets", "history", "packages", "filesystem", "model", "errors"},
    "rules": {"secrets", "stages", "history", "packages", "filesystem", "model", "errors"},
    "analysis": {"secrets", "rules", "stages", "history", "packages", "filesystem", "model", "errors"},
    "render": {"secrets", "analysis", "rules", "stages", "history", "packages", "filesystem", "model", "errors"},
    "gotemplate": {"errors"},
    "explore": {"render", "analysis", "rules", "model", "errors"},
}
HEAVY = {"typer", "rich", "tabulate", "zstandard", "isal", "xxhash", "elftools", "packageurl", "sqlite3", "textual"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    folder = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if folder not in ALLOWED:
        return  # cli and the package itself stand above all others.
    inner = {name.split(".")[1] for name in imported(path) if name.startswith("layerscope.")}
    assert inner <= ALLOWED[folder] | {folder}


def test_the_model_does_no_input_or_output() -> None:
    for path in (PACKAGE / "model").glob("*.py"):
        assert not set(imported(path)) & {"os", "io", "sys", "pathlib", "subprocess", "socket"}, path.name


def test_help_loads_only_the_command_line() -> None:
    code = (
        "import os, sys; sys.argv = ['layerscope', '--help']; os._exit = lambda code: None;"
        "from layerscope.__main__ import main; main(); print('\\n'.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not (HEAVY - {"typer", "rich"}) & {name.partition(".")[0] for name in loaded}
    ours = {name for name in loaded if name.startswith("layerscope.")}
    assert {name.split(".")[1] for name in ours} <= {"__main__", "cli", "errors", "render"}
    assert not ours & {f"layerscope.cli.{module}" for module, _ in COMMANDS.values()}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_is_the_first_of_its_help(name: str) -> None:
    assert inspect.cleandoc(load(name).help).split("\n")[0] == COMMANDS[name][1]


def test_version_loads_not_even_that() -> None:
    code = (
        "import os, sys; sys.argv = ['layerscope', '--version']; os._exit = lambda code: None;"
        "from layerscope.__main__ import main; main(); print('\\n'.join(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_a_format_loads_no_other() -> None:
    code = (
        "import sys; from layerscope.render.renderers import RENDERERS; from tests.render.reports import OPTIONS, empty;"
        "RENDERERS['json'](empty(), OPTIONS); print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    loaded = set(done.stdout.split())
    assert "layerscope.render.json" in loaded
    assert not {"layerscope.render.html", "layerscope.render.junit", "layerscope.render.sarif"} & loaded
