"""From options to an open image: limits, platform, cache and progress."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from msgspec.structs import replace

from layerscope.cli.image_hints import hinted, layer_hint
from layerscope.cli.messages import naming, say, warn
from layerscope.cli.options import ReadArguments
from layerscope.cli.status import ERASE, can_show, status
from layerscope.cli.user_files import expect_input, is_saved_report
from layerscope.errors import ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.image.layer_cache import DEFAULT_BYTES, Cache, usual_directory
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from layerscope.model.limits import Limits
from layerscope.model.nearest import did_you_mean
from layerscope.model.pathset import Wanted
from layerscope.model.platform import Platform

_SAVED = "only report, findings, leaks, fix, packages, diff, scan and check accept a saved report"
_PATIENCE = 0.1
"""Seconds before a progress bar takes the place of the first line."""


@contextmanager
def opened(
    source: str,
    arguments: ReadArguments,
    *,
    wanted: tuple[Wanted, ...] = (),
    fingerprint: str = "xxh3",
    silent: bool = False,
    threads: int = 2,
) -> Iterator[Image]:
    """Open an image for as long as the context lasts; print its warnings unless ``silent``."""
    expect_input(source)
    options = replace(read_options(arguments), threads=threads, wanted=wanted, fingerprint=fingerprint)
    with ExitStack() as stack:
        yield _opened(source, arguments, options, stack, silent=silent)


def _opened(source: str, arguments: ReadArguments, options: ReadOptions, stack: ExitStack, *, silent: bool) -> Image:
    with (
        _progress(source, quiet=arguments.quiet) as advance,
        hinted(source),
        naming(source, LayerscopeError),
    ):
        try:
            image = stack.enter_context(open_image(source, replace(options, progress=advance)))
        except NotAnImage as error:
            if is_saved_report(source):
                error.hint = _SAVED
            raise
    if arguments.strict and image.warnings:
        refusal = NotAnImage if image.format == "rootfs" else ArchiveError  # Any tar may be a root file system.
        raise refusal(f"{source}: {image.warnings[0]}")
    warn(image.warnings, quiet=arguments.quiet or silent)
    if image.format == "rootfs" and not arguments.quiet and (hint := layer_hint(source)):
        say(hint, "hint: ")
    if arguments.verbose:
        _describe(image)
        if options.cache is not None and options.cache.problem:
            say(f"cache {options.cache.directory}: layers are not kept: {options.cache.problem}")
    return image


def read_options(arguments: ReadArguments) -> ReadOptions:
    """Return the options of the library; raises UsageError for a value that cannot be parsed."""
    if arguments.platform and not all(arguments.platform.split("/")):
        raise UsageError(f"--platform {arguments.platform}: expected OS/ARCH", hint="for example linux/arm64")
    return ReadOptions(
        image=arguments.image_name,
        platform=Platform.parse(arguments.platform) if arguments.platform else None,
        verify=arguments.verify,
        strict=arguments.strict,
        limits=limits(arguments.limit or ()),
        cache=_cache(arguments),
    )


def _cache(arguments: ReadArguments) -> Cache | None:
    """The cache of decompressed layers; None where it is off or has no directory."""
    most = DEFAULT_BYTES
    if arguments.cache_size:
        # Loads exact fractions, which few calls need.
        from layerscope.analysis.amounts import byte_count

        most = byte_count(arguments.cache_size, "--cache-size")
    directory = None if arguments.no_cache else usual_directory(os.environ)
    return None if directory is None else Cache(directory, most)


def limits(settings: Iterable[str]) -> Limits:
    """Return the limits with ``NAME=N`` applied; raises UsageError for an unknown name or a bad number."""
    known = Limits.__struct_fields__
    changes: dict[str, int] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in known:
            hint = did_you_mean(name, known, f"limits are {', '.join(sorted(known))}")
            raise UsageError(f"--limit {setting}: unknown limit {name}", hint=hint)
        if not (value.isascii() and value.isdigit()):
            raise UsageError(f"--limit {setting}: expected a non-negative integer")
        changes[name] = int(value)
    return replace(Limits(), **changes)


def _describe(image: Image) -> None:
    """Print how each layer was read and what was verified."""
    say(f"{image.source}: {image.format}, {image.image_id or 'no config'}")
    for layer in image.layers:
        how = (
            layer.problem
            or f"{layer.compression or 'plain'}, {len(layer.changeset):,} entries, verified: {layer.verified}"
        )
        name = layer.diff_id or layer.digest or "no digest"
        say(f"layer {layer.index}: {name}, {layer.stored_bytes:,} bytes, {how}")


@contextmanager
def _progress(source: str, *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A function that takes the stored bytes read since its last call; None if stderr is no terminal."""
    if not can_show(quiet=quiet):
        yield None
        return
    bar = _Bar(_length(source))
    with status(f"reading {source}", quiet=quiet):
        try:
            yield bar.advance
        finally:
            bar.stop()


def _length(source: str) -> int | None:
    try:
        return os.stat(source).st_size if os.path.isfile(source) else None
    except OSError:
        return None


class _Bar:
    """A progress bar that appears once the work takes long enough to watch."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._update: Callable[[int], None] | None = None
        self.stop: Callable[[], None] = lambda: None

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._update is None and time.monotonic() - self._begun > _PATIENCE:
                self._draw()
            if self._update is not None:
                self._update(self._done)

    def _draw(self) -> None:
        # rich takes long to load, and most reads end before a bar appears.
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        console = Console(stderr=True)
        console.file.write(ERASE)
        bar = Progress(*columns, console=console, transient=True)
        bar.start()
        task = bar.add_task("reading", total=self._total)
        self._update = lambda done: bar.update(task, completed=done)
        self.stop = bar.stop
