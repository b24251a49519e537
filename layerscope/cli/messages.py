"""Messages on stderr, and what is added to an error before it is printed."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, UsageError


def print_error(error: LayerscopeError) -> None:
    """Print the message, its listing and the hint, a line each."""
    say(error.message, "layerscope: ")
    for line in error.listing:
        say(line, "  ")
    if error.hint:
        say(error.hint, "hint: ")


def say(text: str, before: str = "", *, width: int | None = None) -> None:
    """Print one line on stderr: names in it cannot start another line or a command, and secrets are masked.

    With a ``width`` a longer one goes on in lines below.
    """
    # Few runs print a message, and --version must load nothing.
    from layerscope.render.escape import printable, without_commands
    from layerscope.render.width import wrap_words
    from layerscope.secrets.text import redacted

    indent = before[: len(before) - len(before.lstrip(" "))] + "  "
    for line in wrap_words(f"{before}{printable(redacted(text))}", width, indent):
        print(without_commands(line), file=sys.stderr)


def warn(messages: Iterable[str], *, quiet: bool) -> None:
    """Print warnings, unless ``quiet``."""
    for message in () if quiet else messages:
        say(message, "warning: ")


@contextmanager
def writing() -> Iterator[None]:
    """Turn a failed write to stdout into a LayerscopeError; a closed pipe is left to the caller."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LayerscopeError(f"cannot write to standard output: {error.strerror or error}") from None


@contextmanager
def naming(source: str, kind: type[LayerscopeError] = ArchiveError) -> Iterator[None]:
    """Put the archive's name before errors that lack it, since a command may read several."""
    try:
        yield
    except kind as error:
        name = "standard input" if source == "-" else source
        is_named = error.message.startswith((f"{name} ", f"{name}:", f"{name},")) or error.message.endswith(f" {name}")
        if not is_named:
            error.message = f"{name}: {error.message}"
        raise


@contextmanager
def naming_option(option: str) -> Iterator[None]:
    """Put the option that names a second image before errors about it."""
    try:
        yield
    except ArchiveError as error:
        error.message = f"{option}: {error.message}"
        raise


@contextmanager
def hinting(*, image: str, platform: str, dockerfile: str = "") -> Iterator[None]:
    """Name the options that pick an image of this archive and its Dockerfile, where a command reads two."""
    try:
        yield
    except AmbiguousImage as error:
        error.hint = error.hint.replace("--image", image).replace("--platform", platform)
        raise
    except UsageError as error:
        if dockerfile and "--target" in error.hint:
            error.hint += f"; {dockerfile} names the one of this image"
        raise
