"""The instructions that make the difference between two images, in words."""

from layerscope.model.diff import Cause


def cause_words(cause: Cause) -> str:
    """``line 12 (was 11): RUN make``; the lines are left out where no Dockerfile is known."""
    place = cause_place(cause)
    made_by = f", mostly by {cause.made_by}" if cause.made_by is not None else ""
    return f"{place}: {cause.text}{made_by}" if place else f"{cause.text}{made_by}"


def cause_place(cause: Cause) -> str:
    """``line 12 (was 11)``; empty where no line is known."""
    line, before = cause.after_line, cause.before_line
    if line is None:
        return f"was line {before}" if before is not None else ""
    return f"line {line} (was {before})" if before not in (None, line) else f"line {line}"
