"""The commands of ``layerscope``, each from its own module."""

import typer

from layerscope.cli.files import files
from layerscope.cli.inspect import inspect
from layerscope.cli.layers import history, layers
from layerscope.cli.report import report

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
    version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit.", is_eager=True),
) -> None:
    if version:
        from layerscope import __version__

        print(f"layerscope {__version__}")
        raise typer.Exit


for _command in (report, layers, history, files, inspect):
    app.command()(_command)
