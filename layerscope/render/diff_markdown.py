"""A diff as Markdown, for a pull request's comment: the verdict, the biggest causes, new and resolved findings."""

from collections.abc import Iterator

from layerscope.model.check import Outcome
from layerscope.model.diff import Cause, Diff, FindingChange, Status
from layerscope.model.source import BASE
from layerscope.render.diff import Section, flat, growth_words, notes, sections, totals, verdict
from layerscope.render.escape import printable
from layerscope.render.markdown_syntax import (
    details,
    markdown_code,
    markdown_table,
    markdown_text,
    within_limit,
)
from layerscope.render.units import RenderOptions, signed
from layerscope.render.width import shortened
from layerscope.render.words import counted

_LONGEST = 200
"""Characters of a cell; an instruction can be a whole script."""
_CAUSES = 3
_ROWS = 20
_STATUS = {Status.ADDED: "new", Status.REMOVED: "removed", Status.CHANGED: "rebuilt"}
_CODE = frozenset({"instruction", "path", "rule and path"})
"""The columns whose cells are code."""


def markdown(diff: Diff, options: RenderOptions) -> str:
    """What a reviewer wants to know first; everything else is to be unfolded."""
    most = options.top or _ROWS
    return within_limit(
        block
        for block in (
            [f"### {markdown_text(verdict(diff, options))}"],
            list(_growth(diff, options)),
            _table(totals(diff, options)),
            list(_causes(diff, options)),
            list(_findings("New findings", diff, Status.ADDED, options, most)),
            list(_findings("Resolved findings", diff, Status.REMOVED, options, most)),
            *(list(_folded(section)) for section in sections(diff, options, most)),
            [f"> {markdown_text(note)}" for note in notes(diff, options)],
        )
        if block
    )


def _growth(diff: Diff, options: RenderOptions) -> Iterator[str]:
    if diff.growth is not None:
        mark = "\u274c" if diff.growth.outcome == Outcome.FAIL else "\u2705"
        yield f"{mark} **{markdown_text(growth_words(diff.growth, options.units))}**"


def _causes(diff: Diff, options: RenderOptions) -> Iterator[str]:
    causes = [one for one in diff.causes if one.delta][:_CAUSES]
    if causes:
        yield "**Biggest causes**"
        yield ""
        yield from (f"{number}. {_cause(one, diff, options)}" for number, one in enumerate(causes, 1))


def _cause(cause: Cause, diff: Diff, options: RenderOptions) -> str:
    """``**+118 MB** `Dockerfile:11`, changed: `RUN make all`, was `RUN make```."""
    words = f"**{signed(cause.delta, options.units)}**{_place(cause, diff)}"
    status = "changed" if cause.before_text else _STATUS.get(cause.status, cause.status.value)
    was = f", was {_code(cause.before_text)}" if cause.before_text else ""
    maker = cause.made_by
    line = f" line {maker.dockerfile_line}," if maker is not None and maker.dockerfile_line is not None else ""
    size = options.units(abs(cause.made_bytes))
    made_by = f"; {size} of it by{line} {_code(maker.text)}" if maker is not None else ""
    return f"{words}, {status}: {_code(cause.text)}{was}{made_by}"


def _place(cause: Cause, diff: Diff) -> str:
    """`` `Dockerfile:12` (was line 11)``, `` (was `Dockerfile:3`)`` or nothing."""
    after, before = (
        None if line is None else markdown_code(f"{side.dockerfile or 'Dockerfile'}:{line}")
        for side, line in ((diff.after, cause.after_line), (diff.before, cause.before_line))
    )
    if after is None:
        return f" (was {before})" if before is not None else ""
    moved = cause.before_line not in (None, cause.after_line)
    return f" {after} (was line {cause.before_line})" if moved else f" {after}"


def _findings(title: str, diff: Diff, status: Status, options: RenderOptions, most: int) -> Iterator[str]:
    """The findings that only one of the images has; those of its base image are counted."""
    found = [one for one in diff.findings if one.status == status]
    own = [one for one in found if one.source != BASE]
    inherited = len(found) - len(own)
    if found:
        yield f"**{title}: {len(own):,}**" + (f" and {inherited:,} inherited from the base image" if inherited else "")
    if own:
        yield ""
        rows = [_finding(one, options) for one in own[:most]]
        yield from markdown_table(("severity", "size", "rule", "where"), ("text", "n", "text", "text"), rows)
    if len(own) > most:
        yield f"\nand {counted(len(own) - most, 'more finding')}"


def _finding(one: FindingChange, options: RenderOptions) -> tuple[str, ...]:
    size = one.after_bytes if one.after_count else one.before_bytes
    where = _code(one.where) if one.where.startswith("/") else markdown_text(shortened(flat(one.where), _LONGEST))
    return one.severity.value, options.units(size) if size else "", _code(one.rule), where


def _folded(section: Section) -> Iterator[str]:
    """A table below its title; the totals, which have none, stand above already."""
    if section.title and section.rows:
        yield from details(_capitalised(section.title), _table(section))
    elif section.title:
        yield _capitalised(section.title)


def _capitalised(title: str) -> str:
    """``INSTRUCTIONS (5 of 7)`` as ``Instructions (5 of 7)``."""
    name, *rest = title.split(":", 1)
    first = " ".join(word if "(" in word else word.lower() for word in name.split(" "))
    return markdown_text(":".join([first[:1].upper() + first[1:], *rest]))


def _table(section: Section) -> list[str]:
    rows = [
        [
            _code(cell) if header in _CODE else markdown_text(shortened(flat(cell), _LONGEST))
            for header, cell in zip(section.headers, row, strict=True)
        ]
        for row in section.rows
    ]
    return markdown_table(section.headers, section.sides, rows)


def _code(text: str) -> str:
    return markdown_code(shortened(printable(flat(text)), _LONGEST))
