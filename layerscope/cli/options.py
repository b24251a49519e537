"""Arguments and options that several commands share."""

import inspect
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial, wraps
from typing import Annotated, Any, TypeAlias, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import asdict, fields

from layerscope.cli.help import BUILD_PANEL, OTHER_PANEL, OUTPUT_PANEL, READING_PANEL
from layerscope.errors import UsageError
from layerscope.model.nearest import did_you_mean


class UnitsName(StrEnum):
    """Units of bytes."""

    SI = "si"
    IEC = "iec"
    BYTES = "bytes"


class ColorChoice(StrEnum):
    """When output has colors."""

    AUTO = "auto"
    """On a terminal, unless NO_COLOR is set."""
    ALWAYS = "always"
    NEVER = "never"


class RowFormat(StrEnum):
    """The formats of a listing; the keys of render.rows.ROW_RENDERERS."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"


output_option = partial(typer.Option, rich_help_panel=OUTPUT_PANEL)
"""An option of the output."""
_other = partial(typer.Option, rich_help_panel=OTHER_PANEL)


def reading_option(name: str, *more: str, help: str, metavar: str | None = None, variable: bool = False) -> Any:
    """An option of reading; ``variable`` gives it an environment variable of the same name."""
    envvar = "LAYERSCOPE_" + name.removeprefix("--").upper().replace("-", "_") if variable else None
    return typer.Option(name, *more, help=help, metavar=metavar, rich_help_panel=READING_PANEL, envvar=envvar)


def building_option(*names: str, help: str, metavar: str) -> Any:
    """An option about the build."""
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=BUILD_PANEL)


class ReadArguments(Struct, frozen=True, kw_only=True):
    """Options of every command that reads an archive."""

    image_name: Annotated[
        str,
        reading_option("--image", metavar="NAME|INDEX", help="Image to read if there are several", variable=True),
    ] = ""
    platform: Annotated[
        str,
        reading_option("--platform", metavar="OS/ARCH", help="Platform to read if there are several", variable=True),
    ] = ""
    verify: Annotated[bool, reading_option("--verify", help="Verify every layer's diff_id", variable=True)] = False
    strict: Annotated[bool, reading_option("--strict", help="Treat warnings as errors", variable=True)] = False
    limit: Annotated[
        list[str] | None,
        reading_option("--limit", metavar="NAME=N", help="Change a limit against hostile archives", variable=True),
    ] = None
    no_cache: Annotated[
        bool,
        reading_option("--no-cache", help="Do not use the cache of decompressed layers", variable=True),
    ] = False
    cache_size: Annotated[
        str,
        reading_option("--cache-size", metavar="BYTES", help="Maximum size of the cache (default 1GiB)", variable=True),
    ] = ""
    quiet: Annotated[bool, _other("-q", "--quiet", help="Print no progress and no warnings")] = False
    verbose: Annotated[bool, _other("-v", "--verbose", help="Print how each layer was read")] = False
    color: Annotated[ColorChoice, _other("--color", help="Color the output: auto (on a terminal), always or never")] = (
        ColorChoice.AUTO
    )

    def beside(self, image_name: str = "") -> "ReadArguments":
        """Return the arguments for a second image, which is compared with the first."""
        return ReadArguments(
            image_name=image_name,
            platform=self.platform,
            limit=self.limit,
            no_cache=self.no_cache,
            cache_size=self.cache_size,
            quiet=self.quiet,
        )


class BuildOptions(Struct, frozen=True, kw_only=True):
    """Options that describe how the image was built."""

    base: Annotated[str, building_option("--base", metavar="IMAGE", help="Archive of the base image")] = ""
    dockerfile: Annotated[
        str, building_option("--dockerfile", metavar="FILE", help="Dockerfile of the image, or its directory")
    ] = ""
    context_dir: Annotated[
        str,
        building_option("--context", metavar="DIR", help="Build context, which has .dockerignore"),
    ] = ""
    target: Annotated[
        str, building_option("--target", metavar="STAGE", help="Stage that was built, if not the last")
    ] = ""
    build_arg: Annotated[list[str] | None, building_option("--build-arg", metavar="K=V", help="Build argument")] = None
    stage: Annotated[
        list[str] | None,
        building_option("--stage", metavar="NAME=IMAGE", help="Archive of a build stage"),
    ] = None


OntoOption: TypeAlias = Annotated[
    list[str] | None,
    building_option("--onto", metavar="IMAGE", help="Archive of another base image to compare; repeatable"),
]


def words_of(image: str, reading: ReadArguments, build: BuildOptions) -> Iterator[str]:
    """The words of a command line that name the same image and the same build; stdin cannot be read again."""
    yield "IMAGE" if image == "-" else image
    for name, value in {"image": reading.image_name, "platform": reading.platform, **asdict(build)}.items():
        option = f"--{name.removesuffix('_dir').replace('_', '-')}"
        for one in [value] if isinstance(value, str) else value or ():
            if one:
                yield from (option, one)


Command: TypeAlias = Callable[..., None]


def reading_options(command: Command) -> Command:
    """Add the options of ReadArguments to a command, which gets them as its parameter ``reading``."""
    return grouped(command, ReadArguments, "reading")


def build_options(command: Command) -> Command:
    """Add the options of BuildOptions to a command, which gets them as its parameter ``build``."""
    return grouped(command, BuildOptions, "build")


def grouped(command: Command, kind: type[Any], group: str) -> Command:
    """Return a command whose parameter ``group`` is a ``kind``, made of one option for each of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    own = inspect.signature(command).parameters
    added = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(kind)
    ]

    @wraps(command)
    def wrapped(**values: Any) -> None:
        made = kind(**{parameter.name: values.pop(parameter.name) for parameter in added})
        command(**values, **{group: made})

    kept = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, parameter in own.items() if name != group]
    wrapped.__signature__ = inspect.Signature(kept + added)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {
        **{name: hint for name, hint in get_type_hints(command, include_extras=True).items() if name != group},
        **hints,
    }
    return wrapped


ImagePath: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="IMAGE", help="Image archive, OCI layout, or - for stdin"),
]
ImageOrReport: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="IMAGE", help="Archive, OCI layout, saved report, or - for stdin"),
]
UnitsOption: TypeAlias = Annotated[
    UnitsName,
    output_option("--units", help="Units of sizes: si (kB), iec (KiB) or bytes", envvar="LAYERSCOPE_UNITS"),
]
TopOption: TypeAlias = Annotated[
    int,
    output_option("--top", min=0, help="Maximum rows per list (0: default)", envvar="LAYERSCOPE_TOP"),
]
WideOption: TypeAlias = Annotated[
    bool, output_option("--wide", help="Never cut or wrap lines (default: the terminal's width, 120 columns in a pipe)")
]
WideTableOption: TypeAlias = Annotated[
    bool, output_option("--wide", help="Cut no text and leave out no column (default: fit the terminal)")
]
DuplicatesOption: TypeAlias = Annotated[
    bool, reading_option("--duplicates/--no-duplicates", help="Look for equal contents at different paths")
]
RowFormatOption: TypeAlias = Annotated[RowFormat, output_option("-f", "--format", help="Output format")]


def rule_name(name: str, where: str) -> str:
    """Return ``name`` if it is a rule's; raise UsageError with the nearest name otherwise."""
    from layerscope.rules.registry import RULES

    known = [rule.name for rule in RULES]
    if name not in known:
        hint = f"{did_you_mean(name, known)} layerscope rules lists them all".lstrip()
        raise UsageError(f"{where}: there is no rule {name[:60]}", hint=hint)
    return name
