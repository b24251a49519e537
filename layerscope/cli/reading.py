"""From options to an open image: limits, platform, progress, and the warnings that go to stderr."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from msgspec.structs import replace

from layerscope.cli.failure import say
from layerscope.cli.options import ReadArguments
from layerscope.cli.progress import progress
from layerscope.cli.saved_reports import is_saved
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.image.layer_cache import DEFAULT_BYTES, Cache, usual_directory
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from layerscope.model.limits import Limits
from layerscope.model.nearest import nearest
from layerscope.model.pathset import Wanted
from layerscope.model.platform import Platform


@contextmanager
def opened(
    source: str,
    options: ReadArguments,
    *,
    wanted: tuple[Wanted, ...] = (),
    fingerprint: str = "xxh3",
    silent: bool = False,
) -> Iterator[Image]:
    """The image, open for as long as the context lasts; its warnings are printed, unless ``silent``."""
    reading = reading_of(options)
    with ExitStack() as stack:
        with (
            progress(source, quiet=options.quiet) as advance,
            named(source, LayerscopeError),
            _saved_reports_told(source),
        ):
            wish = replace(reading, wanted=wanted, fingerprint=fingerprint, progress=advance)
            image = stack.enter_context(open_image(source, wish))
        if options.strict and image.warnings:
            refusal = NotAnImage if image.format == "rootfs" else ArchiveError  # Any tar may be a root file system.
            raise refusal(f"{source}: {image.warnings[0]}")
        warn(image.warnings, quiet=options.quiet or silent)
        if options.verbose:
            _tell(image)
            _tell_cache(reading.cache)
        yield image


def reading_of(options: ReadArguments) -> ReadOptions:
    """What the options say; raises UsageError where one cannot be understood."""
    if options.platform and not all(options.platform.split("/")):
        raise UsageError(f"--platform {options.platform}: not OS/ARCH", hint="as in linux/arm64")
    return ReadOptions(
        image=options.image_name,
        platform=Platform.parse(options.platform) if options.platform else None,
        verify=options.verify,
        strict=options.strict,
        limits=limits(tuple(options.limit or ())),
        cache=_cache(options),
    )


def _cache(options: ReadArguments) -> Cache | None:
    """Where decompressed layers are kept; None where they are not, or there is no place for them."""
    most = DEFAULT_BYTES
    if options.cache_size:
        # With exact fractions, which hardly any call needs.
        from layerscope.analysis.amounts import byte_count

        most = byte_count(options.cache_size, "--cache-size")
    directory = None if options.no_cache else usual_directory(os.environ)
    return None if directory is None else Cache(directory, most)


@contextmanager
def named(source: str, kind: type[LayerscopeError] = ArchiveError) -> Iterator[None]:
    """Errors about an archive name it, since a command may read several: most of them begin so."""
    try:
        yield
    except kind as error:
        name = "standard input" if source == "-" else source
        begins = error.message.startswith((f"{name} ", f"{name}:", f"{name},"))
        if not begins and not error.message.endswith(f" {name}"):
            error.message = f"{name}: {error.message}"
        raise


@contextmanager
def _saved_reports_told(source: str) -> Iterator[None]:
    """Whoever names a saved report where the archive itself is needed is told so."""
    try:
        yield
    except NotAnImage as error:
        if is_saved(source):
            error.hint = "only report, leaks, packages, diff, scan and check take a saved report"
        raise


@contextmanager
def given(option: str) -> Iterator[None]:
    """Errors about an image beside the one that was asked for begin with the option, or setting, that names it."""
    try:
        yield
    except ArchiveError as error:
        error.message = f"{option}: {error.message}"
        raise


@contextmanager
def picking(*, image: str, platform: str) -> Iterator[None]:
    """Where a command reads two archives, name the options that pick an image of this one."""
    try:
        yield
    except AmbiguousImage as error:
        error.hint = error.hint.replace("--image", image).replace("--platform", platform)
        raise


def limits(settings: tuple[str, ...]) -> Limits:
    """The limits with ``NAME=N`` settings applied; raises UsageError for a name or number that is none."""
    known = Limits.__struct_fields__
    changes: dict[str, int] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant}?" if meant else f"the names are {', '.join(sorted(known))}"
            raise UsageError(f"--limit {setting}: not NAME=N, there is no limit {name}", hint=hint)
        if not (value.isascii() and value.isdigit()):
            raise UsageError(f"--limit {setting}: {value or 'nothing'} is no whole number from 0 on")
        changes[name] = int(value)
    return replace(Limits(), **changes)


def warn(messages: tuple[str, ...], *, quiet: bool) -> None:
    """Print warnings on stderr, unless nobody wants them."""
    if quiet or not messages:
        return
    for message in messages:
        say(message, "warning: ")


def _tell(image: Image) -> None:
    """How each layer was read, and what was proven of it."""
    say(f"{image.source}: {image.format}, {image.image_id or 'no config'}")
    for layer in image.layers:
        way = (
            layer.problem
            or f"{layer.compression or 'plain'}, {len(layer.changeset):,} entries, verified: {layer.verified}"
        )
        name = layer.diff_id or layer.digest or "no digest"
        say(f"layer {layer.index}: {name}, {layer.stored_bytes:,} bytes, {way}")


def _tell_cache(cache: Cache | None) -> None:
    """What the cache was good for."""
    if cache is not None and cache.problem:
        say(f"cache {cache.directory}: nothing can be kept: {cache.problem}")
