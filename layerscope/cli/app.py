"""The commands of ``layerscope``; the module of each is loaded when it is called."""

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from layerscope.version import __version__

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
_IMPLIED = "report"
"""The command of a call that names only an image."""
_IN_NAMES = frozenset("./\\:@")
"""Characters of paths and image references, which no command has."""
_ParserError: Any = typer.BadParameter.__mro__[1]
"""The base class of the parser's errors; typer brings its own parser, so its module has no stable name."""
_COLORED = frozenset({"report", "diff", "check", "findings", "leaks", "layers", "history", "files", "packages", "scan"})
"""Commands that print colors; all others accept --color, and do not list it."""
_SETTINGS = {"help_option_names": ["-h", "--help"]}


class _Command(TyperCommand):
    """A command that prints its options by panel."""

    def get_help(self, ctx: Any) -> str:
        from layerscope.cli.help import command_help

        return command_help(self, ctx.command_path)


class _Commands(TyperGroup):
    """Commands that have only a line of help until they are called or completed."""

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run a command and return None or the exit code; raises LayerscopeError, also for what cannot be parsed."""
        try:
            return super().main(*args, **{**settings, "standalone_mode": False})
        except _ParserError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                print(error.format_message(), file=sys.stderr)
                return 2
            from layerscope.cli.usage import usage_error

            raise usage_error(error, list(COMMANDS), load) from None

    def get_help(self, ctx: Any) -> str:
        from layerscope.cli.help import program_help

        return program_help(self, [(name, summary) for name, (_, summary) in COMMANDS.items()], ctx.command_path)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _as_options(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in COMMANDS:
            if _names_image(args[0]):
                args = [_IMPLIED, *args]
            elif not ctx.resilient_parsing:
                from layerscope.cli.usage import unknown_command

                raise unknown_command(args[0], args[1:], list(COMMANDS))
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else command, rest


def _as_options(args: list[str]) -> list[str]:
    """Take ``help COMMAND`` and ``version``, which other programs have, for the options."""
    if args[:1] == ["help"]:
        return [*args[1:2], "--help"]
    return ["--version"] if args == ["version"] else args


def _names_image(word: str) -> bool:
    """Whether a first argument that is no command can be an image: stdin, a file, or what looks like its name."""
    return word == "-" or not _IN_NAMES.isdisjoint(word) or os.path.exists(word)


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
        context_settings=_SETTINGS,
    )
    app.callback()(_options)
    for name, (_, summary) in COMMANDS.items():
        app.command(name, help=summary)(_not_loaded)
    return app


def load(name: str) -> Any:
    """Load a command; the function has the command's name."""
    module, _ = COMMANDS[name]
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=_Command)(getattr(import_module(f"layerscope.cli.commands.{module}"), name))
    command: Any = typer.main.get_command(app)
    for parameter in command.params:
        if parameter.name == "color" and name not in _COLORED:
            parameter.hidden = True
    return command


def _not_loaded() -> None:
    """Stand for a command in the list of commands."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"layerscope {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print no progress and no warnings")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Print how each layer was read")] = False,
    color: Annotated[str, typer.Option("--color", metavar="WHEN", help="Color the output: auto, always or never")] = "",
    config: Annotated[
        str,
        typer.Option("--config", metavar="FILE", help="Read settings from this file only", envvar="LAYERSCOPE_CONFIG"),
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    # The list of commands needs no settings.
    from layerscope.cli.configuration import configure, is_help_wanted

    if not is_help_wanted(sys.argv):
        every = {"quiet": quiet, "verbose": verbose, "color": color}
        given = {name: value for name, value in every.items() if value}
        configure(context, COMMANDS, config, given)
