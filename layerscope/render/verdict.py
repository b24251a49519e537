"""What every format says of the image as a whole, in the same words and figures."""

from collections.abc import Iterable, Iterator

from layerscope.model.base import FoundBy
from layerscope.model.finding import Evidence, Finding, kinds_found
from layerscope.model.report import Report
from layerscope.model.source import BASE
from layerscope.model.step import OTHER_BASE
from layerscope.render.escape import printable
from layerscope.render.steps import has_biggest, step_place
from layerscope.render.style import Style, styled
from layerscope.render.table import aligned
from layerscope.render.units import Units, percent
from layerscope.render.width import shortened, width_of
from layerscope.render.words import FOUND_BY_WORDS, INCOMPLETE, counted, layer_words

_MOST_KINDS = 3


def size_words(report: Report, units: Units) -> str:
    """``1.48 GB in 10 layers``."""
    return f"{units(report.image.docker_size)} in {counted(len(report.layers), 'layer')}"


def reclaimable_figures(report: Report, units: Units) -> tuple[str, str] | None:
    """``118 MB`` and ``75%``, of the image's own layers; None where nothing is reclaimable."""
    totals = report.totals
    if not totals.reclaimable_bytes:
        return None
    return units(totals.reclaimable_bytes), percent(totals.reclaimable_bytes, totals.own_bytes)


def waste_words(report: Report, units: Units) -> str:
    """``118 MB (75%) of it reclaimable``, of the image's own layers."""
    figures = reclaimable_figures(report, units)
    if figures is None:
        return "no waste found" if report.complete else "no waste found in what was read"
    return f"{figures[0]} ({figures[1]}) of it reclaimable"


def sentence(report: Report, units: Units) -> str:
    """The whole in one line, for formats without room for more: size, own layers, waste, the biggest step, secrets."""
    own = f"your layers {units(report.totals.own_bytes)}, {waste_words(report, units)}"
    parts = [size_words(report, units), own]
    if has_biggest(report):
        step = report.steps[0]
        parts.append(f"the biggest step saves {units(step.saves_bytes)} at {step_place(step, report)}")
    if report.secrets:
        parts.append(counted(len(report.secrets), "secret"))
    if not report.complete:
        parts.append("incomplete")
    return "; ".join(parts)


def trades_row(report: Report, units: Units) -> tuple[str, str] | None:
    """What trades could save that no step saves, and what they are; None where nothing does."""
    left = report.totals.trade_bytes - sum(step.trade_bytes for step in report.steps)
    if left <= 0:
        return None
    found = kinds_found((one for one in report.findings if one.trade and one.source != BASE), _MOST_KINDS)
    return units(left), f"trades, such as start-up time for size ({printable(found)})"


def base_row(report: Report, units: Units) -> tuple[str, str] | None:
    """What another base image could save at most; None where nothing is known."""
    step = report.base_step
    if step is not None:
        line = f"line {step.dockerfile_line}, " if step.dockerfile_line else ""
        most = "" if step.strategy == OTHER_BASE else "at most, "  # How much a base saves that was given is known.
        return units(step.saves_bytes), f"base image ({line}{most}review): {printable(step.sentence)}"
    inherited = [finding for finding in report.findings if finding.source == BASE and finding.content_bytes]
    if not inherited:
        return None
    return _size(
        inherited, units
    ), f"base image: at most, with a smaller one ({printable(kinds_found(inherited, _MOST_KINDS))})"


def ignored_words(report: Report, units: Units) -> str:
    """What the configuration ignores; empty where it is nothing."""
    if not report.ignored:
        return ""
    return f"{counted(len(report.ignored), 'finding')}, {_size(report.ignored, units)}: ignored by .layerscope.toml"


def head(report: Report, units: Units, width: int | None = None) -> Iterator[str]:
    """The image, its base and own layers with what is reclaimable, and how well the Dockerfile matches."""
    image, totals = report.image, report.totals
    platform = printable(image.platform) if image.platform != "unknown" else ""
    facts = "".join(f"   {fact}" for fact in (platform, size_words(report, units)) if fact)
    name = shortened(printable(image.name), None if width is None else max(width - width_of(facts), 12))
    yield styled(name, Style.STRONG) + facts
    waste = waste_words(report, units)
    if totals.reclaimable_bytes or report.complete:
        waste = styled(waste, Style.NOTICE if totals.reclaimable_bytes else Style.GOOD)
    if totals.base_bytes:
        rows = [
            ["", "base image", units(totals.base_bytes), _share(totals.base_bytes, report), _base(report)],
            ["", "your layers", units(totals.own_bytes), _share(totals.own_bytes, report), waste],
        ]
        yield from aligned([""] * 5, rows, ("text", "text", "n", "n", "text"), width).split("\n")
    else:
        yield f"  all layers  {units(totals.content_bytes)}  {waste}"
    used = report.dockerfile
    if used is not None:
        source = " (from an unsigned attestation)" if used.evidence == Evidence.ATTESTED else ""
        mismatch = f"; first mismatch from the end: {printable(used.first_mismatch)}" if used.first_mismatch else ""
        matches = f"matches {used.matched} of {counted(used.total, 'instruction')}"
        yield f"  {printable(used.name)}{source} {matches}{mismatch}"
    if not report.complete:
        yield styled(f"INCOMPLETE: {INCOMPLETE}", Style.WORST)


def warnings(report: Report) -> Iterator[str]:
    """Whatever could not be read or did not fit; nothing is lost silently."""
    yield from (f"{styled('warning:', Style.NOTICE)} {printable(warning)}" for warning in report.warnings)


def _base(report: Report) -> str:
    base = report.base
    how = FOUND_BY_WORDS[base.found_by] if base.found_by else ""
    layers = layer_words([layer.index for layer in report.layers if layer.origin == "base"])
    if base.found_by == FoundBy.HISTORY_GUESS:
        return f"{layers}, {how}" if layers else how
    return f"{printable(base.name) or layers}{f' ({how})' if how else ''}"


def _share(part: int, report: Report) -> str:
    return percent(part, report.totals.content_bytes)


def _size(findings: Iterable[Finding], units: Units) -> str:
    return units(sum(finding.content_bytes for finding in findings))
