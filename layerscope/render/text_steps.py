"""What the text report says to do: the one biggest step, secrets to rotate, other steps, and what else there is."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.model.step import BY_HAND, SecretAdvice, Step
from layerscope.render.cells import finding_place, package_list
from layerscope.render.escape import printable
from layerscope.render.finding_summary import line_of
from layerscope.render.steps import has_biggest, short_place, step_mark, step_name, step_saves
from layerscope.render.style import Style, severity_style, styled
from layerscope.render.table import aligned
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import base_row, ignored_words, trades_row
from layerscope.render.width import shortened, width_of, wrap_words, wrapped
from layerscope.render.words import copied_from, counted, instruction_words, layer_words

_READABLE = 110
"""Columns that a sentence takes at most, however wide the terminal is."""
_MOST = 5
"""Rows of a list without ``--top``."""
_MORE_LINES = 2
"""Lines of the row that sums up the other steps."""
_TIGHT = 6
"""Lines of other steps with which each row has but one."""
_SENTENCE_LINES, _ROW_LINES, _NOTE_LINES = 4, 3, 2
_EVIDENCE, _PACKAGES = 3, 3
"""Findings that are listed below the biggest step, and packages of each."""
_LISTED = "packages: "
"""How the detail of a finding that lists packages begins."""
_SECRETS = ("SEVERITY", "SECRETS (anyone who pulled the image has them)")
_SECRET_LINES = 6
"""Lines of all secrets; where one sentence for each takes more, how to pass them is said once."""
_INDENT = "  "
_LEAST_WIDTH = 10


def save_section(report: Report, options: RenderOptions) -> Iterator[str]:
    """The biggest step: what it saves and where, what to do, and what it is about."""
    if not has_biggest(report):
        return
    step = report.steps[0]
    name = f" ({step_name(1, step)})"
    begin = f"SAVE {step_saves(step, options.units)}   "
    room = None if options.width is None else max(8, options.width - width_of(begin) - len(name))
    yield f"{styled(begin.rstrip(), Style.GOOD)}   {shortened(_place(step, report), room)}{name}"
    yield from limited(_INDENT + printable(step.sentence), _SENTENCE_LINES, options)
    yield from _evidence(step, report, options)
    if step.review and step.strategy != BY_HAND:
        review = f"{styled('review:', Style.NOTICE)} {printable(step.review)}"
        yield from limited(_INDENT + review, _NOTE_LINES, options)


def _place(step: Step, report: Report) -> str:
    """The line to edit; without a Dockerfile the layer and its instruction."""
    short = short_place(step, report)
    if step.dockerfile_line is None and short.startswith("layer "):
        layer = report.findings[step.findings[0]].layers[0]
        made_by = next((one for one in report.instructions if one.layer == layer), None)
        return f"{short}: {printable(instruction_words(made_by))}" if made_by is not None else short
    return short


def _evidence(step: Step, report: Report, options: RenderOptions) -> Iterator[str]:
    """The findings that a step resolves, the biggest first: what they are, what brings them in, what they are about.

    A single one may take several lines, each of several takes one.
    """
    found = sorted(_joined(report.findings[place] for place in step.findings), key=lambda one: -one.content_bytes)
    edited = step.dockerfile_line
    if len(found) == 1:
        yield from limited(_INDENT + _about(found[0], edited, report, options), _NOTE_LINES, options)
        return
    cells = [
        ["", options.units(one.content_bytes) if one.content_bytes else "", _about(one, edited, report, options)]
        for one in found[:_EVIDENCE]
    ]
    if len(found) > _EVIDENCE:
        rest = options.units(sum(finding.content_bytes for finding in found[_EVIDENCE:]))
        cells.append(["", rest, counted(len(found) - _EVIDENCE, "more finding")])
    yield from aligned(("", "", ""), cells, ("text", "n", "text"), options.width).split("\n") if cells else ()


def _joined(findings: Iterable[Finding]) -> Iterable[Finding]:
    """The findings, as one where only the packages differ: what a lockfile adds to a manifest, for instance."""
    alike: dict[tuple[str, str, str, int | None], Finding] = {}
    for number, one in enumerate(findings):
        key = (one.title if one.packages else str(number), one.rule, one.source, one.instruction)
        if (first := alike.get(key)) is not None:
            packages = sorted((*first.packages, *one.packages), key=lambda row: -row[1])
            size = first.content_bytes + one.content_bytes
            one = replace(first, content_bytes=size, packages=tuple(packages))
        alike[key] = one
    return alike.values()


def _about(finding: Finding, edited: int | None, report: Report, options: RenderOptions) -> str:
    line, source = line_of(finding, report), copied_from(finding)
    copied = f", copied by line {line}" if line is not None and edited not in (None, line) else ""
    if edited is None and source:
        copied = f", {printable(source)}"
    # The end may be cut off: what it is about is worth more than the line that copies it.
    return f"{printable(finding.title)}{_what(finding, options)}{copied}"


def _what(finding: Finding, options: RenderOptions) -> str:
    """The packages or the paths that a finding is about, unless its title names them already."""
    if finding.packages:
        return f": {package_list(finding, options.units, _PACKAGES)}"
    if finding.detail.startswith(_LISTED):
        return f": {printable(finding.detail.removeprefix(_LISTED))}"
    titled = tuple(word for word in finding.title.split() if word.startswith("/"))
    place = finding_place(finding, options.units)
    return f": {place}" if place and not (titled and place.startswith(titled)) else ""


def secrets_section(report: Report, options: RenderOptions) -> Iterator[str]:
    """What to rotate and how to pass it, the most severe first; where that takes too long, how is said once for all."""
    most = options.top or _MOST
    shown = report.secrets[:most]
    rows = [[_severity(one), f"{_secret(one, report)}; {printable(one.supply)}"] for one in shown]
    width = _text_room(_SECRETS, rows, options)
    fitted = _fitting(_wrapped_rows(rows, width, _ROW_LINES), _SECRET_LINES, options)
    is_short = len(fitted) < len(rows)
    if is_short:
        rows = [[_severity(one), _secret(one, report)] for one in shown]
        fitted = _wrapped_rows(rows, width, 1)
    yield from _rows(_SECRETS, fitted, ("text", "text"))
    if is_short:
        has_mounts = any("--mount" in one.supply for one in report.secrets)
        build = "by RUN --mount=type=secret" if has_mounts else "to a build stage only"
        yield from limited(f"pass them at run time, or {build}", 2, options)
    if len(report.secrets) > len(rows):
        left = len(report.secrets) - len(rows)
        yield from command_line(f"and {left:,} more:", options.command("findings", "--kind secret"), options)


def _severity(secret: SecretAdvice) -> str:
    return styled(secret.severity.value, severity_style(secret.severity))


def _secret(secret: SecretAdvice, report: Report) -> str:
    """Where it is, and what to rotate."""
    finding = report.findings[secret.finding] if secret.finding < len(report.findings) else None
    line = line_of(finding, report) if finding is not None else None
    place = f"line {line}" if line is not None else layer_words(finding.layers) if finding is not None else ""
    return f"{f'{place}: ' if place else ''}{printable(secret.rotate)}"


def steps_section(report: Report, room: int, options: RenderOptions) -> Iterator[str]:
    """The other steps in about ``room`` lines, one row at least; a row for all trades and one for the base image.

    What is left out is summed up with the command that lists it.
    """
    headers, units, first = ("SAVES", "OTHER STEPS"), options.units, int(has_biggest(report))
    others = report.steps[first:]
    rows = [
        [units(one.saves_bytes) if one.saves_bytes else "", step_words(number, one, report)]
        for number, one in enumerate(others[: options.top or _MOST], first + 1)
    ]
    last = [list(row) for row in (trades_row(report, units), base_row(report, units)) if row is not None]
    width = _text_room(headers, rows + last, options)
    below = _wrapped_rows(last, width, 1 if room < _TIGHT else _NOTE_LINES)
    left = room - 1 - _lines(below)
    fitted = _fitting(_wrapped_rows(rows, width, max(1, min(_ROW_LINES, left))), left, options)
    if len(fitted) < len(others):
        # A step is worth more than the second line of what no step saves.
        below = _wrapped_rows(last, width, 1)
        left = room - 1 - _lines(below) - _MORE_LINES
        fitted = _fitting(_wrapped_rows(rows, width, max(1, min(_ROW_LINES, left))), left, options)
    more, command = _more_steps(others[len(fitted) :], width, options)
    table = iter(_rows(headers, [*fitted, *more, *below], ("n", "text")))
    yield from islice(table, 1 + _lines([*fitted, *more]))
    yield from command
    yield from table


def _more_steps(left: Sequence[Step], width: int | None, options: RenderOptions) -> tuple[list[list[str]], list[str]]:
    """The row that sums up the steps without a row of their own, and the lines of the command where it is too long."""
    if not left:
        return [], []
    size = sum(one.saves_bytes for one in left)
    words = f"{counted(len(left), 'more step')}:"
    # Parts of a word that is broken have nothing before them, so they cannot stand in the table.
    first, *lines = command_line(words, options.command("fix"), options, room=width)
    return [[options.units(size) if size else "", first]], lines


def step_words(number: int, step: Step, report: Report) -> str:
    """``2. Dockerfile:11 (review): what to do``."""
    mark = step_mark(step)
    return f"{number}. {short_place(step, report)}{f' ({mark})' if mark else ''}: {printable(step.sentence)}"


def notes(report: Report, options: RenderOptions) -> Iterator[str]:
    """What the configuration ignores, and which option would add most."""
    if words := ignored_words(report, options.units):
        yield from limited(words, _NOTE_LINES, options)
    if words := _more_evidence(report, options):
        yield from limited(styled("hint:", Style.COMMAND) + f" {words}", _NOTE_LINES, options)


def _more_evidence(report: Report, options: RenderOptions) -> str:
    """The option that would add most to this report; a saved report takes none."""
    if options.is_saved or not (report.totals.reclaimable_bytes or report.secrets):
        return ""
    if report.dockerfile is None:
        return "--dockerfile FILE adds the lines to edit and a patch, --stage NAME=IMAGE what a build stage made"
    without = [one.name for one in report.stages if one.not_copied_bytes is None and not one.name.startswith("image ")]
    if without:
        name = printable(without[0])
        return f"--stage {name}=IMAGE adds what stage {name} made (docker build --target {name})"
    return ""


def limited(words: str, most: int, options: RenderOptions) -> Iterator[str]:
    """Words over a few lines; only the end of what is longer still is cut."""
    if options.width is None:
        yield words
        return
    width = min(options.width, _READABLE)
    lines = wrap_words(words, width, _INDENT * (2 if words.startswith(_INDENT) else 1))
    yield from islice(lines, most - 1)
    last = list(lines)
    if last:
        yield shortened(" ".join([last[0], *(line.strip() for line in last[1:])]), width)


def _text_room(headers: Sequence[str], rows: Sequence[Sequence[str]], options: RenderOptions) -> int | None:
    """The columns that are left for the texts of a table beside its first column."""
    if not options.width:
        return None
    return options.width - 2 - max(len(headers[0]), *(width_of(first) for first, _ in rows), 0)


def _wrapped_rows(rows: Iterable[list[str]], width: int | None, most: int) -> list[list[str]]:
    """Half an advice is useless, so it is wrapped, not cut."""
    return [[first, words if width is None else wrapped(words, width, most)] for first, words in rows]


def _lines(rows: Iterable[list[str]]) -> int:
    return sum(words.count("\n") + 1 for _, words in rows)


def _fitting(rows: list[list[str]], most: int, options: RenderOptions) -> list[list[str]]:
    """As many of the rows as fit into ``most`` lines, one at least."""
    count = next((count for count in range(2, len(rows) + 1) if _lines(rows[:count]) > most), len(rows) + 1) - 1
    return rows if options.top or options.width is None else rows[:count]


def _rows(headers: tuple[str, str], rows: list[list[str]], kinds: tuple[str, str]) -> Iterable[str]:
    return aligned(titles(headers), rows, kinds, None).split("\n") if rows else ()


def titles(headers: Iterable[str]) -> tuple[str, ...]:
    """The headers of a table, in the style that all of them have."""
    return tuple(styled(header, Style.SOFT) for header in headers)


def command_line(words: str, command: str, options: RenderOptions, *, room: int | None = None) -> Iterator[str]:
    """A command that can be run as it stands, beside ``words`` where ``room`` is enough, else on lines of its own."""
    line = f"{words} {printable(command)}"
    if options.width is None or width_of(line) <= (room or options.width):
        yield f"{words} {styled(printable(command), Style.COMMAND)}"
        return
    yield words
    lines = list(_shell_lines(printable(command), options.width))
    for number, part in enumerate(lines, 1):
        yield f"{styled(part, Style.COMMAND)}{chr(92) if number < len(lines) else ''}"


def _shell_lines(command: str, width: int) -> Iterator[str]:
    """A command in parts that a backslash at the end of each joins again; only a quoted word may be too long."""
    line = _INDENT
    for word in map(shlex.quote, shlex.split(command)):
        if line.strip() and width_of(f"{line}{word} ") >= width:
            yield line
            line = _INDENT
        while width_of(f"{line}{word} ") >= width and word[:1] != "'" and width > _LEAST_WIDTH:
            room = width - 1 - len(line)
            yield line + word[:room]
            line, word = "", word[room:]
        line += f"{word} "
    yield line.rstrip()
