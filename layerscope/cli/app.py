"""The commands of ``layerscope``, each from its own module."""

import sys
from typing import Annotated

import typer

from layerscope.cli.cat import cat
from layerscope.cli.check import check
from layerscope.cli.diff import diff
from layerscope.cli.extract import extract
from layerscope.cli.files import files
from layerscope.cli.inspect import inspect
from layerscope.cli.layers import history, layers
from layerscope.cli.leaks import leaks
from layerscope.cli.packages import packages
from layerscope.cli.report import report
from layerscope.cli.rules import rules
from layerscope.cli.schema import schema

app = typer.Typer(
    name="layerscope",
    help="Tells where a container image's bytes come from, which are needless, and what leaked from its build stages.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
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
        configure(context, (command.__name__ for command in _COMMANDS), config)


_COMMANDS = (report, leaks, packages, layers, history, files, inspect, diff, check, cat, extract, rules, schema)
for _command in _COMMANDS:
    app.command()(_command)
