"""What a command accepts: an archive, which is analysed, or a report that was saved as JSON."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import asdict

from layerscope.analysis.ignore import Ignore, active, ignoring
from layerscope.analysis.saved import load
from layerscope.cli.image_hints import hinted
from layerscope.cli.messages import naming, warn
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.status import status
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import LimitExceeded, UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.report import Report
from layerscope.model.size_map import SizeMap

if TYPE_CHECKING:  # Loaded for archives only.
    from layerscope.analysis.analyse import Analysis

_MOST_REPORT_BYTES = 1 << 30
"""A report of a million paths takes a fifth of this."""


class ReportOptions(Struct, frozen=True, kw_only=True):
    """How a report is made: what the user knows of the build, which findings to ignore, and the other bases to try.

    ``sizes`` also adds up what a map shows, which takes a pass over all files. ``fingerprint`` is the digest that
    compares contents, where that is not for this image alone to decide.
    """

    build: BuildOptions = field(default_factory=BuildOptions)
    duplicates: bool = True
    ignores: tuple[Ignore, ...] = ()
    sizes: bool = False
    onto: tuple[str, ...] = ()
    fingerprint: str = ""
    threads: int = 2


class Source(Struct, frozen=True, kw_only=True):
    """A report and the analysis that it summarises, with its map if that was asked for; None for a saved report."""

    report: Report
    analysis: "Analysis | None" = None
    sizes: SizeMap | None = None

    @property
    def filesystem(self) -> Filesystem | None:
        """The analysed file system; None for a saved report."""
        return None if self.analysis is None else self.analysis.filesystem


@contextmanager
def opened_source(path: str, reading: ReadArguments, options: ReportOptions) -> Iterator[Source]:
    """Analyse an archive or load a saved report; contents can be read within the context."""
    if [path, *options.onto].count("-") > 1:
        raise UsageError("only one image can come through a pipe", hint="write the others to files first")
    if is_saved_report(path):
        _warn_unused(path, reading, options)
        yield Source(report=_without_ignored(saved_report(path), options))
        return
    with ExitStack() as stack:
        yield _analysed(path, reading, options, stack)  # Not in a variable, so that the caller may let go of it.


def _analysed(path: str, reading: ReadArguments, options: ReportOptions, stack: ExitStack) -> Source:
    with status(f"reading {path}", quiet=reading.quiet):
        # A saved report needs none of these, which are most of the program.
        from layerscope.analysis.analyse import analyse
        from layerscope.analysis.report import report
        from layerscope.analysis.size_map import size_maps
        from layerscope.cli.build import analysis_inputs, fingerprint, wanted
        from layerscope.cli.reading import opened

        ignores = active(options.ignores, today())
        known = analysis_inputs(
            options.build, reading, duplicates=options.duplicates, ignores=ignores, onto=options.onto
        )
        inputs = stack.enter_context(known)
        compared = options.fingerprint or fingerprint(options.build)
        asked = wanted(options.onto)
        image = stack.enter_context(
            opened(path, reading, wanted=asked, fingerprint=compared, silent=True, threads=options.threads)
        )
    with status(f"analysing {path}", quiet=reading.quiet), naming(path):
        analysis = analyse(image, inputs)
        made = _without_ignored(report(analysis), options)
        sizes = size_maps((analysis, made))[0] if options.sizes else None
    return Source(report=made, analysis=analysis, sizes=sizes)


def report_of(path: str, reading: ReadArguments, options: ReportOptions, kept: list[object] | None = None) -> Report:
    """Return the report alone; its analysis goes into ``kept``, where given, or is freed at once."""
    with opened_source(path, reading, options) as source:
        if kept is not None:
            kept.append(source)
        return source.report


def saved_report(path: str) -> Report:
    """Return the report in a JSON file; raises ArchiveError if it holds something else."""
    file = Path(path)
    length = file.stat().st_size
    if length > _MOST_REPORT_BYTES:
        raise LimitExceeded(f"{path}: {length:,} bytes are too many for a report")
    with hinted(path):
        return load(file.read_bytes(), path)


def today() -> date:
    """The day, in UTC, on which ignores are active or expired."""
    return datetime.now(UTC).date()


def _without_ignored(report: Report, options: ReportOptions) -> Report:
    return ignoring(report, options.ignores, today()) if options.ignores else report


def _warn_unused(path: str, reading: ReadArguments, options: ReportOptions) -> None:
    """Warn of options that only apply to an archive."""
    about_image = {
        "image": reading.image_name, "platform": reading.platform, "verify": reading.verify, "strict": reading.strict
    }  # fmt: skip
    given = [
        f"--{name.removesuffix('_dir').replace('_', '-')}"
        for name, value in (about_image | asdict(options.build) | {"onto": options.onto}).items()
        if value
    ]
    if given:
        warn((f"{path} is a saved report: {', '.join(given)} ignored",), quiet=reading.quiet)
