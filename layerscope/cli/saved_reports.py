"""Reports that were saved as JSON, and are named where an archive could be."""

from pathlib import Path

from layerscope.analysis.saved import load
from layerscope.errors import LimitExceeded
from layerscope.model.report import Report

_LONGEST_REPORT = 1 << 30
"""A report of a million paths takes a fifth of this."""
_HEAD = 512


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


def saved(source: str) -> Report:
    """The report in a file of JSON; raises ArchiveError where it holds something else."""
    path = Path(source)
    length = path.stat().st_size
    if length > _LONGEST_REPORT:
        raise LimitExceeded(f"{source}: {length:,} bytes are too many for a report")
    return load(path.read_bytes(), source)
