"""What made a check fail: findings, files, steps or instructions, where they are, and what to run next."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.model.check import CheckReport, CheckResult, FindingsCheck, Outcome
from layerscope.model.diff import Cause
from layerscope.model.one_line import one_line
from layerscope.model.report import Report
from layerscope.render.causes import cause_words
from layerscope.render.cells import layer_cells
from layerscope.render.escape import printable
from layerscope.render.finding_summary import FindingSummary, finding_summaries
from layerscope.render.text_steps import step_words
from layerscope.render.units import RenderOptions, signed
from layerscope.render.words import fate_words, layer_words

_MOST = 5
"""Rows of one failure without ``--top``."""
_HIDDEN = frozenset({"max-hidden", "min-efficiency", "highestWastedBytes", "highestUserWastedPercent"})
_OWN = "max-hidden"


class Growth(Struct, frozen=True, kw_only=True):
    """What made an image grow since the baseline, the biggest first, and the command that compares them."""

    causes: tuple[Cause, ...] = ()
    command: str = ""


class Failure(Struct, frozen=True, kw_only=True):
    """What made one check fail, or several: the biggest rows, how many others there are, and the next command.

    ``sides`` are the kinds of the columns.
    """

    rules: tuple[str, ...]
    headers: tuple[str, ...]
    sides: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 0
    command: str = ""


def failures(checked: CheckReport, report: Report, options: RenderOptions, growth: Growth) -> Iterator[Failure]:
    """One for each check that failed; those with the same rows are one."""
    found: dict[tuple[object, ...], Failure] = {}
    for check in checked.checks:
        if check.outcome == Outcome.FAIL:
            made = _failure(check, report, options, growth)
            key = (made.headers, made.rows, made.command)
            rules = found[key].rules if key in found else ()
            found[key] = made if not rules else _renamed(made, (*rules, check.rule))
    yield from found.values()


def _renamed(made: Failure, rules: tuple[str, ...]) -> Failure:
    return Failure(
        rules=tuple(dict.fromkeys(rules)),
        headers=made.headers,
        sides=made.sides,
        rows=made.rows,
        left=made.left,
        command=made.command,
    )


def _failure(check: CheckResult, report: Report, options: RenderOptions, growth: Growth) -> Failure:
    if isinstance(check, FindingsCheck):
        return _findings(check, report, options)
    if check.rule == "complete":
        return _incomplete(check, report, options)
    if check.rule == "max-growth":
        return _growth(check, growth, options)
    if check.rule in _HIDDEN:
        return _hidden(check, report, options)
    return _steps(check, report, options)


def _cut(
    check: CheckResult,
    headers: Sequence[str],
    sides: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    command: str,
    options: RenderOptions,
) -> Failure:
    most = options.top or _MOST
    return Failure(
        rules=(check.rule,),
        headers=tuple(headers),
        sides=tuple(sides),
        rows=tuple(rows[:most]),
        left=max(0, len(rows) - most),
        command=command,
    )


def failed_findings(check: FindingsCheck, report: Report) -> list[FindingSummary]:
    """The findings that made a check fail, in the order of the report."""
    wanted = frozenset(check.findings)
    return [one for number, one in enumerate(finding_summaries(report)) if number in wanted] if wanted else []


def _findings(check: FindingsCheck, report: Report, options: RenderOptions) -> Failure:
    """The most severe first, each with the line to edit, else its layer."""
    found = sorted(failed_findings(check, report), key=lambda one: one.finding.severity.rank)
    rows = [
        (
            one.finding.severity.value,
            printable(one.finding.rule),
            options.units(one.finding.content_bytes) if one.finding.content_bytes else "",
            _place(one, report),
            printable(one.place or one.finding.detail or one.finding.title) + one.more_places,
        )
        for one in found
    ]
    severities = dict.fromkeys(one.finding.severity.value for one in found)
    rules = dict.fromkeys(one.finding.rule for one in found)
    of_rule = check.rule.startswith("fail-on-rule")
    filters = [f"--rule {rule}" for rule in rules] if of_rule else [f"--severity {one}" for one in severities]
    headers = ("severity", "rule", "size", "where", "path")
    command = options.command("findings", *filters)
    return _cut(check, headers, ("severity", "text", "n", "text", "text"), rows, command, options)


def _place(one: FindingSummary, report: Report) -> str:
    if one.edit_line is None:
        return layer_words(one.finding.layers) or "config"
    name = report.dockerfile.name if report.dockerfile is not None else "Dockerfile"
    return f"{printable(name)}:{one.edit_line}"


def _steps(check: CheckResult, report: Report, options: RenderOptions) -> Failure:
    """What saves most; where nothing does, the biggest layers of one's own."""
    rows = [
        (options.units(one.saves_bytes), step_words(number, one, report))
        for number, one in enumerate(report.steps, 1)
        if one.saves_bytes
    ]
    has_patch = any(one.edits for one in report.steps) and not options.is_saved
    command = options.command("fix" if has_patch else "report")
    if rows:
        return _cut(check, ("saves", "step"), ("n", "text"), rows, command, options)
    own = [layer for layer in report.layers if layer.origin != "base"] or report.layers
    biggest = sorted(own, key=lambda layer: -layer.content_bytes)
    cells = [layer_cells(report, layer, options.units) for layer in biggest]
    layers = [(size, index, words) for index, size, _, words in cells]
    return _cut(check, ("size", "layer", "instruction"), ("n", "n", "text"), layers, command, options)


def _hidden(check: CheckResult, report: Report, options: RenderOptions) -> Failure:
    """The biggest hidden files; those of the base image only where they count."""
    base = {layer.index for layer in report.layers if layer.origin == "base"}
    rows = [
        (options.units(one.content_bytes), layer_words(one.layers), fate_words(one.fate), printable(one.path))
        for one in report.hidden
        if check.rule != _OWN or not base.issuperset(one.layers)
    ]
    command = options.command("findings") if options.is_saved else options.image_command("files", "--hidden --flat")
    headers = ("size", "where", "fate", "path")
    return _cut(check, headers, ("n", "text", "text", "text"), rows, command, options)


def _growth(check: CheckResult, growth: Growth, options: RenderOptions) -> Failure:
    """What grew and what shrank, so that the rows add up to the growth."""
    rows = [
        (signed(one.delta, options.units), printable(one_line(cause_words(one)))) for one in growth.causes if one.delta
    ]
    return _cut(check, ("growth", "instruction"), ("n", "text"), rows, growth.command, options)


def _incomplete(check: CheckResult, report: Report, options: RenderOptions) -> Failure:
    found = [layer for layer in report.layers if not layer.is_complete]
    rows = [(str(layer.index), layer_cells(report, layer, options.units)[3]) for layer in found]
    command = options.command("report") if options.is_saved else options.image_command("layers")
    return _cut(check, ("layer", "problem"), ("n", "text"), rows, command, options)
