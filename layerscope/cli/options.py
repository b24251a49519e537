"""Arguments and options that several commands share, each defined once."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, TypeAlias, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import fields


class UnitsName(StrEnum):
    """How bytes are printed."""

    SI = "si"
    IEC = "iec"
    BYTES = "bytes"


class RowFormat(StrEnum):
    """The formats of a listing; the keys of render.rows.ROW_RENDERERS."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"


_READING = "Reading the archive"
_BUILDING = "How the image was built"
_OUTPUT = "Output"


def reading_option(*names: str, help: str, metavar: str | None = None, environment: str | None = None) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=_READING, envvar=environment)


def _building(*names: str, help: str, metavar: str) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=_BUILDING)


class ReadArguments(Struct, frozen=True, kw_only=True):
    """What every command that reads an archive can be told; ``reading_options`` makes options of the fields."""

    image_name: Annotated[
        str,
        reading_option(
            "--image",
            metavar="NAME|INDEX",
            help="Which image, where the archive holds several.",
            environment="LAYERSCOPE_IMAGE",
        ),
    ] = ""
    platform: Annotated[
        str,
        reading_option(
            "--platform",
            metavar="OS/ARCH",
            help="Which platform, where the image has several.",
            environment="LAYERSCOPE_PLATFORM",
        ),
    ] = ""
    verify: Annotated[
        bool,
        reading_option(
            "--verify",
            help="Prove every layer's diff_id, also where contents could be skipped.",
            environment="LAYERSCOPE_VERIFY",
        ),
    ] = False
    strict: Annotated[
        bool,
        reading_option(
            "--strict", help="Take every warning about the archive for an error.", environment="LAYERSCOPE_STRICT"
        ),
    ] = False
    limit: Annotated[
        list[str] | None,
        reading_option(
            "--limit",
            metavar="NAME=N",
            help="Raise a limit that guards against hostile input.",
            environment="LAYERSCOPE_LIMIT",
        ),
    ] = None
    no_cache: Annotated[
        bool,
        reading_option(
            "--no-cache",
            help="Decompress every layer anew, and keep nothing for the next run.",
            environment="LAYERSCOPE_NO_CACHE",
        ),
    ] = False
    cache_size: Annotated[
        str,
        reading_option(
            "--cache-size",
            metavar="BYTES",
            help="How much may be kept of decompressed layers; 1 GiB if not given.",
            environment="LAYERSCOPE_CACHE_SIZE",
        ),
    ] = ""
    quiet: Annotated[bool, reading_option("-q", "--quiet", help="No progress and no warnings on stderr.")] = False
    verbose: Annotated[bool, reading_option("-v", "--verbose", help="Say on stderr how each layer was read.")] = False

    def beside(self, image_name: str = "") -> "ReadArguments":
        """How another image is read that is compared with the one that the options speak of."""
        return ReadArguments(
            image_name=image_name,
            platform=self.platform,
            limit=self.limit,
            no_cache=self.no_cache,
            cache_size=self.cache_size,
            quiet=self.quiet,
        )


class BuildOptions(Struct, frozen=True, kw_only=True):
    """What the user can tell of the build of an image; ``build_options`` makes options of the fields."""

    base: Annotated[
        str, _building("--base", metavar="IMAGE", help="The base image's archive, to know its layers for certain.")
    ] = ""
    dockerfile: Annotated[
        str, _building("--dockerfile", metavar="FILE", help="The Dockerfile that built the image, or its directory.")
    ] = ""
    target: Annotated[
        str, _building("--target", metavar="STAGE", help="The stage of the Dockerfile that was built, if not the last.")
    ] = ""
    build_arg: Annotated[
        list[str] | None, _building("--build-arg", metavar="K=V", help="An argument that the build was given.")
    ] = None
    stage: Annotated[
        list[str] | None,
        _building(
            "--stage", metavar="NAME=IMAGE", help="A build stage's own archive (docker build --target NAME, then save)."
        ),
    ] = None


Command: TypeAlias = Callable[..., None]


def reading_options(command: Command) -> Command:
    """Give a command the options of ReadArguments; it gets them as one value, its parameter ``reading``."""
    return grouped(command, ReadArguments, "reading")


def build_options(command: Command) -> Command:
    """Give a command the options of BuildOptions; it gets them as one value, its parameter ``build``."""
    return grouped(command, BuildOptions, "build")


def grouped(command: Command, kind: type[Any], group: str) -> Command:
    """A command whose parameter ``group`` is made of the fields of ``kind``, each an option of its own."""
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
    typer.Argument(
        metavar="IMAGE",
        help="An image archive (docker save, podman save, OCI), an OCI layout directory, or - for a pipe.",
    ),
]
ImageOrReport: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="IMAGE", help="An image archive, an OCI layout directory, - for a pipe, or a saved report."),
]
UnitsOption: TypeAlias = Annotated[
    UnitsName,
    typer.Option(
        "--units", help="si as the engines print, iec, or bytes.", rich_help_panel=_OUTPUT, envvar="LAYERSCOPE_UNITS"
    ),
]
TopOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--top",
        min=0,
        help="At most so many rows in each list; 0 for the usual number.",
        rich_help_panel=_OUTPUT,
        envvar="LAYERSCOPE_TOP",
    ),
]
RowFormatOption: TypeAlias = Annotated[
    RowFormat, typer.Option("-f", "--format", help="How to print the rows.", rich_help_panel=_OUTPUT)
]
