"""The images in files, directories and storages: what ``layerscope scan`` reads."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.ignore import Ignore
from layerscope.cli.messages import say, warn
from layerscope.cli.options import ReadArguments
from layerscope.cli.reading import read_options
from layerscope.cli.scan_progress import ScanProgress, summary
from layerscope.cli.source import ReportOptions, opened_source, today
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.fleet.codec import compressed
from layerscope.fleet.executors import Backend, Processes, Serial, cores
from layerscope.fleet.layer_contents import layer_contents
from layerscope.fleet.plan import Choice
from layerscope.fleet.scan import FleetScan, Progress
from layerscope.fleet.values import DistinctLayer, ImageOutcome, ImageResult, Problem, ScannedImage, Settings
from layerscope.fleet.work import program
from layerscope.image.layer_cache import usual_directory

_ErrorHandler = Callable[[LayerscopeError], None]
_UNBOUNDED = 1 << 62
_SMALL_BYTES, _FEW_IMAGES = 128 << 20, 32
"""A scan of less takes about as long as starting processes."""


class ScanOptions(Struct, frozen=True, kw_only=True):
    """Who reads the images, and which; ``jobs`` 0 is a process for each core, ``contents`` those of the layers."""

    jobs: int = 1
    scheduler: str = ""
    state: str = ""
    choice: Choice = Choice()
    contents: bool = False


class ImageScan:
    """Reads all images of some places; reports what cannot be read and goes on."""

    def __init__(
        self,
        reading: ReadArguments,
        ignores: tuple[Ignore, ...],
        report_error: _ErrorHandler,
        options: ScanOptions = ScanOptions(),  # noqa: B008
        on_problem: Callable[[Problem], None] = lambda _: None,
    ) -> None:
        self._reading = reading
        self._ignores = ignores
        self._report_error = report_error
        self._on_problem = on_problem
        self._options = options
        self._errors: set[str] = set()
        self._skipped: list[str] = []
        self._scan: FleetScan | None = None
        self.failed = False

    def images(self, places: Sequence[str]) -> Generator[ScannedImage, None, None]:
        """Each image, in the order of the places; raises NotAnImage where there is none, and nothing failed."""
        if "-" in places:
            raise UsageError("scan cannot read an image from stdin", hint="use layerscope report -")
        count = 0
        with ExitStack() as stack:
            settings = self._settings(stack)
            progress = stack.enter_context(ScanProgress(quiet=self._reading.quiet))
            self._scan = FleetScan(
                settings,
                partial(self._backend, places, settings),
                partial(
                    archive_images,
                    reading=replace(self._reading, quiet=True),
                    ignores=self._ignores,
                    contents=self._options.contents,
                ),
                reading=read_options(self._reading),
                choice=self._options.choice,
                problems=self._fail,
                skips=self._skipped.append if self._reading.verbose else lambda _: None,
                watch=progress.show,
            )
            for image in self._scan.images(places):
                count += 1
                if not image.report.complete:
                    self.failed = self.failed or any(layer.problem for layer in image.report.layers)
                    warn((f"{image.where}: {text}" for text in image.report.warnings), quiet=self._reading.quiet)
                yield image
        warn(self._skipped, quiet=self._reading.quiet)
        if not self._reading.quiet and (text := summary(self._scan.progress)):
            say(text)
        if not count and not self.failed:
            raise NotAnImage(f"no image found in {', '.join(places)}")

    def layers(self) -> Iterator[DistinctLayer]:
        """Each distinct layer of the images that came."""
        return iter(()) if self._scan is None else self._scan.layers()

    def _settings(self, stack: ExitStack) -> Settings:
        """How workers read; raises UsageError for a wrong option once, not for each image."""
        options = read_options(self._reading)
        usual = None if self._reading.no_cache else usual_directory(os.environ)
        if self._options.state:
            state = Path(self._options.state)
        elif usual is not None:
            state = usual / "scan"
        else:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="layerscope-")))
        bounded = options.cache is not None and self._reading.cache_size
        return Settings(
            state=os.path.abspath(state),
            most_bytes=options.cache.most_bytes if bounded and options.cache else _UNBOUNDED,
            program=program(),
            limits=options.limits,
            verify=self._reading.verify,
            strict=self._reading.strict,
            ignores=self._ignores,
            today=today() if self._ignores else None,
            contents=self._options.contents,
        )

    def _backend(self, places: Sequence[str], settings: Settings, work: Progress) -> Backend:
        """Who reads: processes, unless they would take longer to start than the work does."""
        if self._options.scheduler:
            # Few scans need it.
            from layerscope.fleet.dask import DaskCluster

            return DaskCluster(self._options.scheduler, places, settings)
        is_small = work.bytes < _SMALL_BYTES and work.jobs < _FEW_IMAGES
        jobs = self._options.jobs or (1 if is_small else cores())
        return Serial() if jobs == 1 else Processes(min(jobs, max(work.jobs, work.layers)))

    def _fail(self, problem: Problem) -> None:
        self.failed = True
        self._on_problem(problem)
        if problem.message not in self._errors:  # Each image of an archive may raise the same.
            self._errors.add(problem.message)
            self._report_error(problem.exception())


def archive_images(
    place: str, is_named: bool, *, reading: ReadArguments, ignores: tuple[Ignore, ...], contents: bool = False
) -> ImageOutcome:
    """What is found of the images of an archive, a saved report or an unpacked archive; a worker calls it."""
    if not is_named and is_saved_report(place):
        return ImageOutcome(skipped=f"{place} is not an image")
    results, problems = list[bytes](), list[Problem]()
    try:
        with opened_source(place, reading, ReportOptions(ignores=ignores, threads=1)) as source:
            of_layers = layer_contents(source.filesystem) if contents and source.filesystem is not None else ()
        found = ImageResult(report=source.report, contents=of_layers)
    except AmbiguousImage as several:
        if not os.path.isfile(place) and not os.path.isdir(place):
            hint = "save it to a file, or pick one with --image"
            error = ArchiveError(f"{place} is a pipe that holds several images:", hint=hint, listing=several.listing)
            return ImageOutcome(problems=(Problem.of(error, place),))
        for choice in several.choices:
            reading = replace(reading, image_name=choice)
            one = archive_images(place, is_named, reading=reading, ignores=ignores, contents=contents)
            results += one.results
            problems += one.problems
        return ImageOutcome(results=tuple(results), problems=tuple(problems))
    except Exception as error:
        if isinstance(error, NotAnImage) and not is_named:
            return ImageOutcome(skipped=f"{place} is not an image")
        return ImageOutcome(problems=(Problem.of(error, place),))
    if found.report.image.format == "rootfs" and not is_named:
        return ImageOutcome(skipped=f"{place} is not an image")
    return ImageOutcome(results=(compressed(found),))
