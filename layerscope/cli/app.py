"""The commands of ``layerscope``, each from its own module, which is loaded when the command is called."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from layerscope import __version__

_HELP = "Tells where a container image's bytes come from, which are needless, and what leaked from its build stages."
COMMANDS = {
    "report": ("report", "Tell where an image's bytes come from, and which are needless."),
    "explore": ("explore", "Walk through an image in the terminal."),
    "leaks": ("leaks", "List what the rules found needless: paths, layers and bytes."),
    "packages": ("packages", "List the packages with the bytes that are their own."),
    "layers": ("layers", "List the layers with their sizes, lowest first."),
    "history": ("layers", "List the steps of the build, first to last, with their bytes."),
    "files": ("files", "List files as a tree or flat, with bytes, layer, fate and owner."),
    "inspect": ("inspect", "Print the engine's document of an image, or a template over it."),
    "diff": ("diff", "Tell what differs between two images."),
    "scan": ("scan", "Compare many images: what each takes, and what they share."),
    "check": ("check", "Hold an image against limits, and end with 1 when one is passed."),
    "cat": ("cat", "Write one file of the image to stdout, whatever its length."),
    "extract": ("extract", "Write a file or a subtree to DIR, under its own name."),
    "rules": ("rules", "List the rules, or explain one."),
    "schema": ("schema", "Print the JSON Schema that every JSON report keeps to."),
}
"""The module of each command and the first line of its help, in the order of ``--help``."""


class _Commands(TyperGroup):
    """Knows a command by its line in the help until somebody calls or completes it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else command, rest


def make_app() -> typer.Typer:
    """The application, of which no command is loaded."""
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
    """A command with its options; its function has the command's name."""
    module, _ = COMMANDS[name]
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(getattr(import_module(f"layerscope.cli.commands.{module}"), name))
    return typer.main.get_command(app)


def _not_loaded() -> None:
    """Stands for a command in the help."""


def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True)
    ] = False,
    config: Annotated[
        str,
        typer.Option(
            "--config", metavar="FILE", help="Read settings from this file alone.", envvar="LAYERSCOPE_CONFIG"
        ),
    ] = "",
) -> None:
    if version:
        print(f"layerscope {__version__}")
        raise typer.Exit
    # Loaded here, as a list of the commands needs no settings.
    from layerscope.cli.configuration import configure, is_help_wanted

    if not is_help_wanted(sys.argv):
        configure(context, COMMANDS, config)
