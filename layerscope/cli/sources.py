"""What a command can be given: an archive, which is analysed, or a report that was saved as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import asdict

from layerscope.analysis.analyse import WANTED, Analysis, analyse
from layerscope.analysis.ignore import Ignore, ignoring
from layerscope.analysis.report import report
from layerscope.cli.build import fingerprint, question
from layerscope.cli.configuration import today
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.reading import named, opened, warn
from layerscope.cli.saved_reports import is_saved, saved
from layerscope.filesystem.tree import Filesystem
from layerscope.model.report import Report


class Asked(Struct, frozen=True, kw_only=True):
    """How a subject is to be looked at: what is known of its build, and the findings to ignore."""

    build: BuildOptions = field(default_factory=BuildOptions)
    duplicates: bool = True
    ignores: tuple[Ignore, ...] = ()


class Subject(Struct, frozen=True, kw_only=True):
    """A report, and the analysis that it sums up; None where the report was saved."""

    report: Report
    analysis: Analysis | None = None

    @property
    def filesystem(self) -> Filesystem | None:
        """The file system that the report speaks of."""
        return None if self.analysis is None else self.analysis.filesystem


@contextmanager
def subject(source: str, reading: ReadArguments, asked: Asked) -> Iterator[Subject]:
    """The report of an archive, or the one that was saved in ``source``; contents can be read within the context."""
    if is_saved(source):
        _tell_unused(source, reading, asked)
        yield Subject(report=_without_ignored(saved(source), asked))
        return
    with (
        question(asked.build, reading, duplicates=asked.duplicates) as known,
        opened(source, reading, wanted=WANTED, fingerprint=fingerprint(asked.build), silent=True) as image,
    ):
        with named(source):
            analysis = analyse(image, known)
            made = report(analysis)
        yield Subject(report=_without_ignored(made, asked), analysis=analysis)


def report_of(source: str, reading: ReadArguments, asked: Asked, kept: list[object] | None = None) -> Report:
    """The report alone; what it sums up is put in ``kept``, else it is taken apart at once."""
    with subject(source, reading, asked) as one:
        if kept is not None:
            kept.append(one)
        return one.report


def _without_ignored(report: Report, asked: Asked) -> Report:
    """The report with the ignored findings set apart."""
    return ignoring(report, asked.ignores, today()) if asked.ignores else report


def _tell_unused(source: str, reading: ReadArguments, asked: Asked) -> None:
    """Say what was asked for, on the command line or in a file, and cannot be of a report that is made already."""
    about_image = {
        "image": reading.image_name, "platform": reading.platform, "verify": reading.verify, "strict": reading.strict
    }  # fmt: skip
    given = [name for name, value in (about_image | asdict(asked.build)).items() if value]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        warn((f"{source} is a saved report, for which {names} cannot be used",), quiet=reading.quiet)
