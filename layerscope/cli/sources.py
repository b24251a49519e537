"""What a command can be given: an archive, which is analysed, or a report that was saved as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import asdict

from layerscope.analysis.ignore import Ignore
from layerscope.cli.options import BuildOptions, ReadOptions
from layerscope.errors import LimitExceeded
from layerscope.model.report import Report

if TYPE_CHECKING:
    from layerscope.analysis.analyse import Analysis
    from layerscope.filesystem.tree import Filesystem

_LONGEST_REPORT = 1 << 30
"""A report of a million paths takes a fifth of this."""
_HEAD = 512


class Asked(Struct, frozen=True, kw_only=True):
    """How a subject is to be looked at: what is known of its build, and the findings to ignore."""

    build: BuildOptions = field(default_factory=BuildOptions)
    duplicates: bool = True
    ignores: tuple[Ignore, ...] = ()


class Subject(Struct, frozen=True, kw_only=True):
    """A report, and the analysis that it sums up; None where the report was saved."""

    report: Report
    analysis: "Analysis | None" = None

    @property
    def filesystem(self) -> "Filesystem | None":
        """The file system that the report speaks of."""
        return None if self.analysis is None else self.analysis.filesystem


@contextmanager
def subject(source: str, reading: ReadOptions, asked: Asked) -> Iterator[Subject]:
    """The report of an archive, or the one that was saved in ``source``; contents can be read within the context."""
    if is_saved(source):
        _tell_unused(source, reading, asked)
        yield Subject(report=saved(source, asked))
        return
    from layerscope.analysis.analyse import WANTED, analyse
    from layerscope.analysis.report import report
    from layerscope.cli.build import fingerprint, question
    from layerscope.cli.reading import named, opened

    with (
        question(asked.build, reading, duplicates=asked.duplicates) as known,
        opened(source, reading, wanted=WANTED, fingerprint=fingerprint(asked.build), silent=True) as image,
    ):
        with named(source):
            analysis = analyse(image, known)
            made = report(analysis)
        yield Subject(report=without_ignored(made, asked), analysis=analysis)


_HELD: list[Subject] = []
"""What was read last. The process ends without taking it apart, which would cost time for each of its entries."""


def report_of(source: str, reading: ReadOptions, asked: Asked) -> Report:
    """The report alone."""
    _HELD.clear()  # Two images need not be in memory at once.
    with subject(source, reading, asked) as one:
        _HELD.append(one)
        return one.report


def without_ignored(report: Report, asked: Asked) -> Report:
    """The report with the ignored findings set apart."""
    if not asked.ignores:
        return report
    from layerscope.analysis.ignore import ignoring
    from layerscope.cli.configuration import today

    return ignoring(report, asked.ignores, today())


def is_saved(source: str) -> bool:
    """Whether a file holds JSON; an archive begins with the name of its first member, padded with zeros."""
    path = Path(source)
    try:
        if source == "-" or not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False  # Whoever opens the archive tells what is wrong with it.
    return head.lstrip()[:1] == b"{" and b"\0" not in head


def _tell_unused(source: str, reading: ReadOptions, asked: Asked) -> None:
    """Say what was asked for, on the command line or in a file, and cannot be of a report that is made already."""
    from layerscope.cli.reading import warn

    about_image = {
        "image": reading.image_name, "platform": reading.platform, "verify": reading.verify, "strict": reading.strict
    }  # fmt: skip
    given = [name for name, value in (about_image | asdict(asked.build)).items() if value]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        warn((f"{source} is a saved report, for which {names} cannot be used",), quiet=reading.quiet)


def saved(source: str, asked: Asked) -> Report:
    """The report in a file of JSON; raises ArchiveError where it holds something else."""
    from layerscope.analysis.saved import load

    path = Path(source)
    length = path.stat().st_size
    if length > _LONGEST_REPORT:
        raise LimitExceeded(f"{source}: {length:,} bytes are too many for a report")
    return without_ignored(load(path.read_bytes(), source), asked)
