"""The sections of the text report that say what to do: secrets to rotate, steps that save bytes, the base image."""

import shlex
from collections.abc import Iterator
from textwrap import wrap

from layerscope.model.report import Report
from layerscope.model.step import Safety
from layerscope.render.escape import printable
from layerscope.render.steps import Advised, advised, step_place
from layerscope.render.table import aligned, shortened, wrapped
from layerscope.render.units import RenderOptions
from layerscope.render.words import counted

_MOST = 5
"""Rows of a list without ``--top``."""
_LINES = 3
"""Lines that one row may take on a narrow terminal."""
_SECRETS = ("SEVERITY", "SECRETS (anyone who pulled the image has them)")
_LINES_OF_SECRETS = 4
"""Lines that the list of secrets takes, if it has more than one; the others are counted."""
_LONGEST_PLACE = 60


def secrets_section(report: Report, options: RenderOptions) -> Iterator[str]:
    """What to rotate and how to pass it, the most severe first; where that takes too long, how is said once for all."""
    most = options.top or _MOST
    rows = [[one.severity.value, f"{printable(one.rotate)}; {printable(one.supply)}"] for one in report.secrets[:most]]
    shown, lines = _table(_SECRETS, rows, _LINES_OF_SECRETS, options)
    if shown < len(rows):
        rows = [[one.severity.value, printable(one.rotate)] for one in report.secrets[:most]]
        _, lines = _table(_SECRETS, rows, _LINES * most, options, each=1)
    yield from lines
    if shown < len(rows):
        yield from _wrapped("pass them at run time; for the build alone, by RUN --mount=type=secret", options)
    if len(report.secrets) > len(rows):
        command = f"layerscope findings {shlex.quote(report.image.source)} --kind secret"
        yield from _command(f"and {len(report.secrets) - len(rows):,} more:", command, options)


def steps_section(report: Report, room: int, options: RenderOptions) -> Iterator[str]:
    """What to change, what each change saves, and the base image apart from them; in about ``room`` lines."""
    base, every = list(_base(report, options)), advised(report)
    rows = [
        [options.units(one.content_bytes) if one.content_bytes else "", _words(one, report)]
        for one in every[: options.top or _MOST]
    ]
    shown, lines = _table(("SAVES", "STEPS"), rows, room - len(base) - 2, options)
    yield from lines
    left = sum(one.step is not None for one in every[shown:])
    if left:
        command = options.fix_command or f"layerscope fix {shlex.quote(report.image.source)}"
        yield from _command(f"and {counted(left, 'more step')}:", command, options)
    yield from base


def _base(report: Report, options: RenderOptions) -> Iterator[str]:
    base = report.base_step
    if base is not None:
        place = f"{step_place(base, report)}, " if base.dockerfile_line else ""
        words = f"up to {options.units(base.saves_bytes)} more ({place}review): {printable(base.sentence)}"
        yield from _wrapped(words, options)


def _wrapped(words: str, options: RenderOptions) -> list[str]:
    return wrap(words, options.width, subsequent_indent="  ", break_on_hyphens=False) if options.width else [words]


def _words(one: Advised, report: Report) -> str:
    if one.step is None:
        return f"{one.rule}: {printable(one.sentence)}"
    place = shortened(step_place(one.step, report), _LONGEST_PLACE)
    review = " (review)" if one.step.safety == Safety.REVIEW else ""
    return f"{one.number}. {place}{review}: {printable(one.sentence)}"


def _table(
    headers: tuple[str, str], rows: list[list[str]], most: int, options: RenderOptions, *, each: int = _LINES
) -> tuple[int, list[str]]:
    """How many of the rows fit, at least one, and their table; half an advice is useless, so it is wrapped, not cut."""
    if not rows:
        return 0, []
    if options.width:
        room = options.width - 2 - max(len(headers[0]), *(len(first) for first, _ in rows))
        rows = [[first, wrapped(words, room, each)] for first, words in rows]
        used, fitting = 0, 0
        for _, words in rows:
            used += words.count("\n") + 1
            fitting += used <= most or bool(options.top) or not fitting
        rows = rows[:fitting]
    kind = "text" if headers[0] == "SEVERITY" else "n"
    return len(rows), aligned(headers, rows, (kind, "text"), None).split("\n")


def _command(words: str, command: str, options: RenderOptions) -> Iterator[str]:
    """A command that can be run as it stands, over several lines where it is too long for one."""
    line = f"{words} {printable(command)}"
    if not options.width or len(line) <= options.width:
        yield line
        return
    yield words
    lines = wrap(printable(command), options.width - 4, break_on_hyphens=False, break_long_words=False)
    for number, part in enumerate(lines, 1):
        yield f"  {part}{' ' + chr(92) if number < len(lines) else ''}"
