"""Steps as every format says them: where, how much, and what to make sure of first."""

from collections.abc import Collection, Iterator

from msgspec import Struct

from layerscope.model.report import Report
from layerscope.model.step import Safety, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import general_fixes
from layerscope.render.units import RenderOptions, Units
from layerscope.render.width import shortened, wrap_words

_LONGEST = 200
"""Characters that are shown of an instruction."""
_BELOW = "   "


class Advised(Struct, frozen=True, kw_only=True):
    """One row of what to do: a step with its number, or the fix of a rule for what no step resolves.

    ``findings`` are places in the report's findings.
    """

    sentence: str
    content_bytes: int
    number: int = 0
    step: Step | None = None
    findings: tuple[int, ...] = ()
    trade: bool = False


def advised(report: Report) -> tuple[Advised, ...]:
    """All steps, and the fixes of rules for what none resolves: what is critical first, then by bytes, trades last."""
    rows: list[tuple[tuple[bool, bool, int], Advised]] = []
    for number, step in enumerate(report.steps, 1):
        is_trade = all(report.findings[place].trade for place in step.findings)
        row = Advised(
            sentence=step.sentence,
            content_bytes=step.saves_bytes,
            number=number,
            step=step,
            findings=step.findings,
            trade=is_trade,
        )
        rows.append(((is_trade, True, -step.saves_bytes), row))
    for fix in general_fixes(report):
        row = Advised(
            sentence=fix.fix,
            content_bytes=fix.content_bytes,
            findings=fix.findings,
            trade=fix.trade,
        )
        rows.append(((fix.trade, fix.rank > 0, -fix.content_bytes), row))
    return tuple(row for _, row in sorted(rows, key=lambda item: item[0]))


class Advice:
    """The rows of what to do: the biggest one that is no trade, the others in their order, and trades."""

    def __init__(self, report: Report) -> None:
        every = advised(report)
        own = [row for row in every if not row.trade]
        self.biggest = max((row for row in own if row.content_bytes), key=lambda row: row.content_bytes, default=None)
        self.others = tuple(row for row in own if row is not self.biggest)
        self.trades = tuple(row for row in every if row.trade)


def step_place(step: Step, report: Report) -> str:
    """``Dockerfile:11, stage builder``; the instruction itself where no line is known."""
    if step.dockerfile_line is None:
        return shortened(printable(step.instruction), _LONGEST)
    name = report.dockerfile.name if report.dockerfile is not None else "Dockerfile"
    # A stage without a name has its number, which says nothing beside a line.
    stage = f", stage {printable(step.stage)}" if step.stage and not step.stage.isdigit() else ""
    return f"{printable(name)}:{step.dockerfile_line}{stage}"


def step_saves(step: Step, units: Units) -> str:
    """``118 MB``, and what a pull saves of it where layers are stored compressed."""
    stored = step.saves_stored_bytes
    return units(step.saves_bytes) + (f" (about {units(stored)} compressed)" if stored else "")


def steps_text(report: Report, options: RenderOptions, numbers: Collection[int] = ()) -> str:
    """All steps in words, or those of some numbers, and the base image below them."""
    lines: list[str] = []
    for number, step in enumerate(report.steps, 1):
        if not numbers or number in numbers:
            lines += [*_block(f"{number}.", step, report, options), ""]
    if report.base_step is not None and not numbers:
        lines += [*_block("base image:", report.base_step, report, options), ""]
    return "".join(f"{line}\n" for line in lines[:-1])


def _block(name: str, step: Step, report: Report, options: RenderOptions) -> Iterator[str]:
    saves = ("up to " if step is report.base_step else "") + step_saves(step, options.units)
    yield from _wrapped(f"{name} saves {saves}  {step_place(step, report)}", "", options)
    yield from _wrapped(printable(step.sentence), _BELOW, options)
    if step.safety == Safety.REVIEW:
        yield from _wrapped(f"review: {printable(step.review)}", _BELOW, options)


def _wrapped(text: str, indent: str, options: RenderOptions) -> Iterator[str]:
    return wrap_words(indent + text, options.width, indent or _BELOW)


def diff_lines(step: Step) -> Iterator[str]:
    """The edits of a step as the lines of a unified diff without context, which ``patch -p1`` applies."""
    file, moved = "", 0
    for edit in step.edits:
        if edit.file != file:
            file, moved = edit.file, 0
            yield f"--- a/{printable(file)}"
            yield f"+++ b/{printable(file)}"
        before, after = len(edit.removed), len(edit.added)
        yield f"@@ -{_range(edit.line, before)} +{_range(edit.line + moved, after)} @@"
        moved += after - before
        yield from (f"-{printable(line)}" for line in edit.removed)
        yield from (f"+{printable(line)}" for line in edit.added)


def _range(line: int, length: int) -> str:
    """Lines of a hunk; none of them stand behind the line before."""
    return f"{line if length else line - 1},{length}"
