"""What the report says of the image on other base images, in words that every format uses."""

from collections.abc import Iterator, Sequence

from layerscope.model.base import FoundBy
from layerscope.model.onto import Missing, Need, Onto
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.style import Style, styled
from layerscope.render.table import aligned
from layerscope.render.text_steps import limited, titles
from layerscope.render.units import RenderOptions, Units
from layerscope.render.width import shortened, wrapped
from layerscope.render.words import counted

TITLE = "On another base image"
HEADERS = ("Base image", "Size", "Saves", "Missing at start", "at build", "elsewhere")
NOTHING = "nothing missing among what was checked"
_NOT_NEEDED = "nothing that the build or the start needs is missing among what was checked"
_GUESS = "where the old base image ends is a guess: --base makes it certain"
_NO_BASE = "no base image was recognised, so all layers count as your own: --base makes it certain"
_LABELS = {
    Need.START: "missing at start",
    Need.BUILD: "missing at build",
    Need.OTHER: "missing elsewhere",
    Need.TRANSPLANT: "if moved as it is",
}
_MOST, _MOST_RULES, _MOST_CANDIDATES = 3, 4, 5
_LINES, _ALL_LINES = 2, 20
"""Lines of what stops the start; of everything with ``--top``."""
_READABLE, _LONGEST = 110, 100
"""Columns of a text, and of one thing in it."""


def rows(report: Report, units: Units) -> list[tuple[str, ...]]:
    """A row below the headers for each candidate."""
    return [
        (
            one.name,
            units(one.content_bytes),
            units(saved(one, report)),
            *(f"{number:,}" for number in missing_counts(one)),
        )
        for one in report.onto
    ]


def missing_counts(one: Onto) -> tuple[int, int, int]:
    """How much is missing at start, at build and elsewhere."""
    return len(one.missing_for(Need.START)), len(one.missing_for(Need.BUILD)), len(one.missing_for(Need.OTHER))


def saved(one: Onto, report: Report) -> int:
    """The bytes that the other base saves, below zero where it adds some."""
    return report.totals.content_bytes - one.content_bytes


def sentences(one: Onto, report: Report, units: Units, most: int = _MOST) -> Iterator[tuple[str, str]]:
    """What comes of one candidate: a label and a text for each kind of thing, ``most`` things of each named."""
    for need in (Need.START, Need.BUILD, Need.OTHER):
        if found := one.missing_for(need):
            yield _LABELS[need], _listed([_missing(each) for each in found], most)
    if one.fits:
        yield "verdict", _NOT_NEEDED if one.missing else NOTHING
    if one.run_layers:
        yield "to run again", _listed([_run_layer(one, index) for index in range(len(one.run_layers))], most)
    if found := one.missing_for(Need.TRANSPLANT):
        yield (
            _LABELS[Need.TRANSPLANT],
            f"also missing without its RUNs: {_listed([each.what for each in found], most)}",
        )
    changes = [
        f"{each.rule} {units(abs(each.before_bytes - each.after_bytes))}"
        f" {'less' if each.after_bytes < each.before_bytes else 'more'}"
        for each in one.inherited
    ]
    if changes:
        yield "inherited", _listed(changes, max(most, _MOST_RULES))
    yield "checked", ", ".join(f"{each.title} ({each.count:,})" for each in one.checked if each.count)
    yield "not checked", "; ".join(one.not_checked)
    for warning in one.warnings[:most]:
        yield "warning", warning


def size_sentence(one: Onto, report: Report, units: Units) -> str:
    """``181 MB instead of 322 MB, saves 140 MB``, and whether the old base is known."""
    less = saved(one, report)
    change = f"saves {units(less)}" if less >= 0 else f"adds {units(-less)}"
    words = f"{units(one.content_bytes)} instead of {units(report.totals.content_bytes)}, {change}"
    if report.base.found_by is None:
        return f"{words}; {_NO_BASE}"
    return f"{words}; {_GUESS}" if report.base.found_by == FoundBy.HISTORY_GUESS else words


def _missing(missing: Missing) -> str:
    detail = f" ({missing.detail})" if missing.detail else ""
    more = f" and {missing.needed_by_count - 1:,} more" if missing.needed_by_count > 1 else ""
    by = f", needed by {shortened(missing.needed_by[0], _LONGEST)}{more}" if missing.needed_by else ""
    return f"{missing.what}{detail}{by}"


def _run_layer(one: Onto, index: int) -> str:
    layer = one.run_layers[index]
    place = f"line {layer.dockerfile_line}" if layer.dockerfile_line is not None else f"layer {layer.layer}"
    what = []
    if layer.packages:
        names = [package.rpartition(" ")[0] for package in layer.packages]
        what.append(f"installs {counted(len(names), 'package')} ({_listed(names, _MOST, ', ')})")
    if layer.path_count:
        what.append(f"changes {counted(layer.path_count, 'file')} of the old base ({_listed(layer.paths, 1, ', ')})")
    return f"{place} {' and '.join(what)}: {shortened(' '.join(layer.instruction.split()), _LONGEST)}"


def _listed(parts: Sequence[str], most: int, joiner: str = "; ") -> str:
    more = len(parts) - most
    return joiner.join((*parts[:most], *([f"and {more:,} more"] if more > 0 else [])))


def onto_section(report: Report, options: RenderOptions) -> Iterator[str]:
    """The text report's section: a table of several candidates, or what is to say of the only one."""
    most = options.top or _MOST_CANDIDATES
    if len(report.onto) == 1:
        yield from _block(report.onto[0], report, options)
    elif report.onto:
        cells = [
            [*map(printable, row[:3]), _critical(one)]
            for one, row in zip(report.onto[:most], rows(report, options.units), strict=False)
        ]
        headers = titles(("ON ANOTHER BASE IMAGE", "SIZE", "SAVES", "MISSING AT START OR BUILD"))
        yield from aligned(headers, cells, ("text", "n", "n", "text"), options.width).split("\n")
    if len(report.onto) > most:
        yield f"and {counted(len(report.onto) - most, 'more base image')} (--top {len(report.onto)} lists all)"


def _critical(one: Onto) -> str:
    """What stops the build or the start, by name."""
    names = [each.what for each in one.missing if each.need in (Need.START, Need.BUILD)]
    return styled(printable(_listed(names, _MOST, ", ")), Style.BAD) if names else "nothing among what was checked"


def _block(one: Onto, report: Report, options: RenderOptions) -> Iterator[str]:
    head = f"{styled('ON ANOTHER BASE IMAGE', Style.SOFT)}   {printable(one.name)}"
    yield from limited(f"{head}: {size_sentence(one, report, options.units)}", 2, options)
    found = list(sentences(one, report, options.units, options.top or _MOST))
    width = max(len(label) for label, _ in found)
    for label, text in found:
        is_critical = label in (_LABELS[Need.START], _LABELS[Need.BUILD])
        words = printable(text)
        if options.width is not None:
            room = min(options.width, _READABLE) - width - 4
            words = wrapped(words, room, _ALL_LINES if options.top else _LINES if is_critical else 1)
        first, *others = words.split("\n")
        yield f"  {styled(label, Style.BAD if is_critical else Style.SOFT)}{' ' * (width - len(label))}  {first}"
        yield from (f"{' ' * (width + 4)}{line}" for line in others)
