"""The commands of ``layerscope``, each from its own module, which is loaded when the command is called or listed."""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

_HELP = "Tells where a container image's bytes come from, which are needless, and what leaked from its build stages."
COMMANDS = {
    "report": "layerscope.cli.report",
    "explore": "layerscope.cli.explore",
    "leaks": "layerscope.cli.leaks",
    "packages": "layerscope.cli.packages",
    "layers": "layerscope.cli.layers",
    "history": "layerscope.cli.layers",
    "files": "layerscope.cli.files",
    "inspect": "layerscope.cli.inspect",
    "diff": "layerscope.cli.diff",
    "scan": "layerscope.cli.scan",
    "check": "layerscope.cli.check",
    "cat": "layerscope.cli.cat",
    "extract": "layerscope.cli.extract",
    "rules": "layerscope.cli.rules",
    "schema": "layerscope.cli.schema",
}
"""The module of each command, in the order of ``--help``; its function has the name of the command."""


def make_app(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The application with the commands of those names."""
    app = typer.Typer(
        name="layerscope",
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        app.command(name)(getattr(import_module(COMMANDS[name]), name))
    return app


def called(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that the arguments call, if they begin with one; else all of them, as help and completion need."""
    return (arguments[0],) if arguments and arguments[0] in COMMANDS else tuple(COMMANDS)


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
        from layerscope import __version__

        print(f"layerscope {__version__}")
        raise typer.Exit
    from layerscope.cli.configuration import configure, is_help_wanted

    if not is_help_wanted(sys.argv):
        configure(context, COMMANDS, config)
