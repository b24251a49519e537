"""The commands of ``layerscope``; the module of each is loaded when it is called."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from layerscope import __version__

_HELP = "Show where the bytes of a container image come from, and which can be reclaimed"
COMMANDS = {
    "report": ("report", "Show where an image's bytes come from and which are reclaimable"),
    "explore": ("explore", "Browse an image in the terminal"),
    "findings": ("findings", "List findings: secrets, leaks, waste and inherited files"),
    "leaks": ("findings", "List leaks: the same as findings --kind leak"),
    "fix": ("fix", "Print a patch of the Dockerfile that saves bytes"),
    "packages": ("packages", "List packages and the bytes they own"),
    "layers": ("layers", "List layers and their sizes, lowest first"),
    "history": ("layers", "List build steps and their bytes, first to last"),
    "files": ("files", "List files with size, layer, fate and owner"),
    "inspect": ("inspect", "Print what docker inspect prints, or a Go template of it"),
    "diff": ("diff", "Compare two images"),
    "scan": ("scan", "Compare many images: sizes, shared layers, reclaimable bytes"),
    "check": ("check", "Check an image against thresholds; exit 1 if one is exceeded"),
    "cat": ("cat", "Print a file of the image"),
    "extract": ("extract", "Extract a file or directory of the image to DIR"),
    "rules": ("rules", "List the rules, or explain one"),
    "schema": ("rules", "Print the JSON Schema of reports"),
}
"""The module of each command and the first line of its help, in the order of ``--help``."""


class _Commands(TyperGroup):
    """Commands that have only a line of help until they are called or completed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else command, rest


def make_app() -> typer.Typer:
    """Return the application, with no command loaded."""
    app = typer.Typer(
        name="layerscope",
        cls=_Commands,
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, (_, summary) in COMMANDS.items():
        app.command(name, help=summary)(_not_loaded)
    return app


def load(name: str) -> Any:
    """Load a command; the function has the command's name."""
    module, _ = COMMANDS[name]
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(getattr(import_module(f"layerscope.cli.commands.{module}"), name))
    return typer.main.get_command(app)


def _not_loaded() -> None:
    """Stand for a command in the list of commands."""


def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit", is_eager=True)] = False,
    config: Annotated[
        str,
        typer.Option("--config", metavar="FILE", help="Read settings from this file only", envvar="LAYERSCOPE_CONFIG"),
    ] = "",
) -> None:
    if version:
        print(f"layerscope {__version__}")
        raise typer.Exit
    # The list of commands needs no settings.
    from layerscope.cli.configuration import configure, is_help_wanted

    if not is_help_wanted(sys.argv):
        configure(context, COMMANDS, config)
