"""The images in files and directories, one after another: what ``layerscope scan`` reads."""

import os
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from layerscope.analysis.listings.scan import Scanned, scanned
from layerscope.cli.messages import warn
from layerscope.cli.options import ReadArguments
from layerscope.cli.reading import read_options
from layerscope.cli.source import ReportOptions, report_of
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.image.layouts import is_image

_ErrorHandler = Callable[[LayerscopeError], None]


class ImageScan:
    """Reads one image after another; reports the error of one that cannot be read and goes on."""

    def __init__(self, reading: ReadArguments, options: ReportOptions, report_error: _ErrorHandler) -> None:
        self._reading = reading
        self._options = options
        self._report_error = report_error
        self._errors: set[str] = set()

    @property
    def failed(self) -> bool:
        """Whether an image could not be read."""
        return bool(self._errors)

    def images(self, places: Sequence[str]) -> Iterator[Scanned]:
        """Each image, by place and then by name; raises NotAnImage where there is none, and nothing failed."""
        if "-" in places:
            raise UsageError("scan cannot read an image from stdin", hint="use layerscope report -")
        read_options(self._reading)  # Raises for a wrong option once, not for each archive.
        skipped, count = [], 0
        for place, is_named in sources(places, self._fail):
            if not is_named and is_saved_report(place):
                skipped.append(place)
                continue
            try:
                for image in self._images(place, self._reading, is_named=is_named):
                    count += 1
                    yield image
            except LayerscopeError as error:
                if isinstance(error, NotAnImage) and not is_named:
                    skipped.append(place)
                else:
                    self._fail(error)
        if self._reading.verbose:
            warn(tuple(f"{place} is not an image" for place in skipped), quiet=self._reading.quiet)
        if not count and not self.failed:
            raise NotAnImage(f"no image found in {', '.join(places)}")

    def _images(self, place: str, reading: ReadArguments, *, is_named: bool) -> Iterator[Scanned]:
        """The row of each image in an archive; its report is freed before the next one is made."""
        try:
            report = report_of(place, reading, self._options)
        except AmbiguousImage as several:
            if not os.path.isfile(place) and not os.path.isdir(place):
                hint = "save it to a file, or pick one with --image"
                message = f"{place} is a pipe that holds several images:"
                raise ArchiveError(message, hint=hint, listing=several.listing) from None
            for choice in several.choices:
                try:
                    yield from self._images(place, replace(reading, image_name=choice), is_named=is_named)
                except LayerscopeError as error:
                    self._fail(error)
            return
        if report.image.format == "rootfs" and not is_named:
            raise NotAnImage(f"{place} could be any tar")
        if not report.complete:
            warn(tuple(f"{place}: {text}" for text in report.warnings), quiet=reading.quiet)
        yield scanned(report, place)

    def _fail(self, error: LayerscopeError) -> None:
        if error.message not in self._errors:  # Each image of an archive may raise the same.
            self._report_error(error)
        self._errors.add(error.message)


def sources(places: Sequence[str], failed: _ErrorHandler) -> Iterator[tuple[str, bool]]:
    """Files and image directories, each once, and whether the user named it."""
    kinds = [(place, not os.path.isdir(place) or is_image(place)) for place in places]
    named = {os.path.realpath(place) for place, is_named in kinds if is_named}
    seen = set()
    for place, is_named in kinds:
        for source in (place,) if is_named else _inside(place, failed):
            real = os.path.realpath(source)
            if real not in seen and (is_named or real not in named):
                seen.add(real)
                yield source, is_named


def _inside(root: str, failed: _ErrorHandler) -> Iterator[str]:
    """The files and image directories below a directory, by name; symlinks are not followed."""
    left = _listed(root, failed)
    while left:
        path, is_directory = left.pop()
        if is_directory and not is_image(path):
            left += _listed(path, failed)
        else:
            yield path


def _listed(directory: str, failed: _ErrorHandler) -> list[tuple[str, bool]]:
    """The files and directories in a directory, last name first, and whether each is a directory."""
    try:
        # Listing the dot needs the right to enter the directory, too.
        with os.scandir(os.path.join(directory, os.curdir)) as entries:
            found = [
                (os.path.join(directory, entry.name), entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError as error:
        failed(ArchiveError(f"cannot read {directory}: {error.strerror or error}"))
        return []
    return sorted(found, reverse=True)
