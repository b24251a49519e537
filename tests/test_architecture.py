"""The tree is the architecture: imports point one way, and importing is cheap."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from layerscope.cli.app import COMMANDS, load

PACKAGE = Path(__file__).parent.parent / "layerscope"

EDGES: dict[str, set[str]] = {
    "__init__": {"api", "version"},
    "__main__": {"cli"},
    "api": {"analysis", "cli", "errors", "model"},
    "version": set(),
    "errors": set(),
    "model": {"errors"},
    "tar": {"errors", "model"},
    "image": {"errors", "model", "tar", "version"},
    "filesystem": {"errors", "model"},
    "packages": {"errors", "filesystem", "model"},
    "secrets": {"errors", "model"},
    "dockerfile": {"errors", "model"},
    "edit": {"dockerfile", "errors", "model"},
    "history": {"dockerfile", "errors", "model", "secrets"},
    "provenance": {"dockerfile", "errors", "filesystem", "history", "model"},
    "rules": {"filesystem", "model", "packages", "secrets"},
    "advice": {
        "dockerfile",
        "edit",
        "errors",
        "filesystem",
        "history",
        "model",
        "packages",
        "provenance",
        "rules",
    },
    "fleet": {"analysis", "errors", "filesystem", "image", "model", "version"},
    "rebase": {"advice", "edit", "errors", "filesystem", "history", "model", "packages", "rules"},
    "analysis": {
        "advice",
        "errors",
        "filesystem",
        "history",
        "model",
        "packages",
        "provenance",
        "rebase",
        "rules",
        "secrets",
    },
    "gotemplate": {"errors"},
    "render": {"errors", "model", "rules", "version"},
    "explore": {"analysis", "model", "render"},
    "cli": {
        "advice",
        "analysis",
        "dockerfile",
        "edit",
        "errors",
        "explore",
        "filesystem",
        "fleet",
        "gotemplate",
        "image",
        "model",
        "packages",
        "provenance",
        "rebase",
        "render",
        "rules",
        "secrets",
        "version",
    },
}
"""What the files of each folder import of the others: all of it, and nothing else."""
HEAVY = {
    "typer",
    "rich",
    "tabulate",
    "wcwidth",
    "zstandard",
    "isal",
    "xxhash",
    "elftools",
    "packageurl",
    "sqlite3",
    "textual",
    "tree_sitter",
    "distributed",
    "pyarrow",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file; of a package what is taken from it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if is_module(name) else node.module for name in names)


def is_module(name: str) -> bool:
    place = PACKAGE.parent.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def folder(name: str) -> str:
    """The folder of a module, or the name of a file beside them."""
    return name.split(".")[1] if "." in name else "__init__"


@cache
def ours() -> dict[str, set[str]]:
    """What each module of the package imports of it."""
    found: dict[str, set[str]] = {}
    for path in modules():
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        found[name] = {one for one in imported(path) if one.partition(".")[0] == "layerscope"} - {name}
    return found


def circular(graph: dict[str, set[str]]) -> set[str]:
    """What is left when whatever leads to nothing that is left is taken away."""
    left = set(graph)
    while free := {name for name in left if not graph[name] & left}:
        left -= free
    return left


def test_the_folders_import_what_the_table_says_and_nothing_else() -> None:
    edges: dict[str, set[str]] = {}
    for name, others in ours().items():
        edges.setdefault(folder(name), set()).update({*map(folder, others)} - {folder(name)})
    assert edges == EDGES


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circular(ours()) == set()


def test_the_folders_point_one_way() -> None:
    assert circular(EDGES) == set()


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
    assert {name.split(".")[1] for name in ours} <= {"__main__", "cli", "errors", "render", "version"}
    assert not ours & {f"layerscope.cli.commands.{module}" for module, _ in COMMANDS.values()}


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


def test_a_small_report_loads_little() -> None:
    archive = PACKAGE.parent / "fixtures" / "tiny-legacy.tar"
    code = (
        f"import os, sys; sys.argv = ['layerscope', 'report', {str(archive)!r}, '-q']; os._exit = lambda code: None;"
        "from layerscope.__main__ import main; main(); print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.partition("LOADED ")[2].split()
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & {*HEAVY - {"typer", "tabulate", "wcwidth", "xxhash"}, "asyncio", "concurrent", "multiprocessing"}
    ours = [name for name in loaded if name.startswith("layerscope.")]
    assert not {folder(name) for name in ours} & {"dockerfile", "edit", "explore", "fleet", "gotemplate", "rebase"}
    many = (".rules.families.", ".packages.catalogers.", ".advice.strategies.")
    assert len([name for name in ours if not any(each in name for each in many)]) <= 210


def test_expressions_are_compiled_when_they_are_used() -> None:
    for path in modules():
        if path.parent.name == "gotemplate":  # It stands apart, and only ``inspect -f`` loads it.
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert "re.compile(" not in ast.unparse(node), f"{path.name}: use layerscope.model.patterns.pattern"


def test_a_format_loads_no_other() -> None:
    code = (
        "import sys; from layerscope.render.renderers import RENDERERS; from tests.render.reports import OPTIONS, empty;"
        "RENDERERS['json'](empty(), OPTIONS); print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    loaded = set(done.stdout.split())
    assert "layerscope.render.json" in loaded
    assert not {"layerscope.render.html", "layerscope.render.junit", "layerscope.render.sarif"} & loaded
