"""The report for a person: the verdict first, then where the bytes are, within forty lines for a usual image."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from textwrap import wrap

from layerscope.model.base import FoundBy
from layerscope.model.finding import Evidence, Finding
from layerscope.model.report import LayerReport, PathBytes, Report, StageReport
from layerscope.model.source import BASE, is_reclaimable, source_of
from layerscope.render.escape import printable
from layerscope.render.finding_summary import more_places, places
from layerscope.render.table import aligned, shortened, shortened_path
from layerscope.render.text_steps import secrets_section, steps_section
from layerscope.render.units import RenderOptions, Units, percent
from layerscope.render.words import (
    FOUND_BY_WORDS,
    INCOMPLETE,
    base_words,
    copied_from,
    counted,
    fate_words,
    layer_line,
    layer_words,
    stage_evidence,
    stage_words,
)

_SCREEN = 40
"""Lines that the report of a usual image takes at most."""
_LAYERS, _FINDINGS, _BYTES, _HIDDEN = 7, 5, 5, 2
"""Rows of each list without ``--top``."""
_PACKAGES, _STEPS, _STAYED = 6, 3, 3
_FINDINGS_BELOW_SECRETS = 2
_LEAST_STEPS = 6
"""Lines that steps take whatever else there is."""
_LONGEST_STEP = 200
"""Characters that are shown of a builder's step."""


def text(report: Report, options: RenderOptions) -> str:
    """The whole report as lines."""
    above = (
        _wrapped(head(report, options), options.width),
        _layers(report, options),
        secrets_section(report, options),
        _findings(report, options),
        _stages(report, options),
        _bytes(report, options),
    )
    sections = [section for lines in above if (section := list(lines))]
    # A blank line follows each section: steps get what the others leave, and the list that comes last what they leave.
    left = _SCREEN - 1 - sum(len(section) + 1 for section in sections)
    if steps := list(steps_section(report, max(_LEAST_STEPS, left - 1), options)):
        sections.insert(-1 if report.directories or report.packages else len(sections), steps)
        left -= len(steps) + 1
    sections.append(list(_hidden(report, options.top or max(0, min(_HIDDEN, left)), options)))
    sections.append(list(_wrapped(warnings(report), options.width)))
    joined = "\n\n".join("\n".join(section) for section in sections if section)
    return "".join(f"{shortened(line, options.width)}\n" for line in joined.split("\n"))


def _wrapped(lines: Iterable[str], width: int | None) -> Iterator[str]:
    for line in lines:
        yield from wrap(line, width, subsequent_indent="  ", break_on_hyphens=False) if width else [line]


def head(report: Report, options: RenderOptions) -> Iterator[str]:
    """The image, the verdict, and what is known of its base image and its Dockerfile."""
    image, totals, units = report.image, report.totals, options.units
    platform = f"{printable(image.platform)}  " if image.platform != "unknown" else ""
    yield (
        f"{printable(image.name)}  {platform}{printable(image.format)}  {units(image.docker_size)} in "
        f"{counted(len(report.layers), 'layer')}, {counted(totals.entries, 'entry', 'entries')}"
    )
    whole = f"your own {units(totals.own_bytes)}" if totals.base_bytes else units(totals.content_bytes)
    if report.base.found_by == FoundBy.HISTORY_GUESS:
        whole += f" above the {base_words(report.base)}"
    if totals.reclaimable_bytes:
        share = percent(totals.reclaimable_bytes, totals.own_bytes)
        yield f"{units(totals.reclaimable_bytes)} ({share}) of {whole} is reclaimable"
    else:
        yield f"no waste found in {whole}"
    known = list(_dockerfile(report))
    if totals.base_bytes:
        name = f" {printable(report.base.name)}" if report.base.name else ""
        adds = f"the base image{name} adds {units(totals.base_bytes)} in {counted(report.base.layers, 'layer')}"
        known.insert(0, f"{adds} ({FOUND_BY_WORDS[report.base.found_by]})" if report.base.found_by else adds)
    if known:
        yield "; ".join(known)


def _dockerfile(report: Report) -> Iterator[str]:
    """How well the Dockerfile fits, whenever one is used."""
    used = report.dockerfile
    if used is not None:
        source = " (from an unsigned attestation)" if used.evidence == Evidence.ATTESTED else ""
        mismatch = f"; first mismatch from the end: {printable(used.first_mismatch)}" if used.first_mismatch else ""
        matches = f"matches {used.matched} of {counted(used.total, 'instruction')}"
        yield f"{printable(used.name)}{source} {matches}{mismatch}"


def _layers(report: Report, options: RenderOptions) -> Iterator[str]:
    """The base as one line, then the own layers; many are summed up at the end, but none that is incomplete."""
    own = [layer for layer in report.layers if layer.origin == "own"]
    shown = own
    most = options.top or _LAYERS
    if len(own) > most:
        biggest = sorted(own, key=lambda layer: (layer.is_complete, -layer.content_bytes, layer.index))[
            : max(1, most - 1)
        ]
        shown = sorted(biggest, key=lambda layer: layer.index)
    units = options.units
    cells = []
    base = [layer for layer in report.layers if layer.origin == "base"]
    if base:
        last = base[-1].index
        name = "0" if not last else f"0-{last}"
        cells.append([name, units(sum(layer.content_bytes for layer in base)), "", base_words(report.base)])
        cells += [layer_cells(report, layer, units) for layer in base if not layer.is_complete][:most]
    cells += [layer_cells(report, layer, units) for layer in shown]
    if len(own) > len(shown):
        rest = [layer for layer in own if layer not in shown]
        back = sum(layer.reclaimable_bytes for layer in rest)
        size = units(sum(layer.content_bytes for layer in rest))
        cells.append(["", size, units(back) if back else "", f"{len(rest)} smaller layers"])
    headers, kinds = ("LAYER", "SIZE", "RECLAIMABLE", "INSTRUCTION"), ("n", "n", "n", "text")
    yield from aligned(headers, cells, kinds, options.width).split("\n")


def layer_cells(report: Report, layer: LayerReport, units: Units) -> list[str]:
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    back = units(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    size = layer.stored_bytes if layer.problem else layer.content_bytes
    return [str(layer.index), units(size), back, printable(layer_line(layer, step))]


def _findings(report: Report, options: RenderOptions) -> Iterator[str]:
    secrets = {one.finding for one in report.secrets}
    own = [one for place, one in enumerate(report.findings) if is_reclaimable(one) and place not in secrets]
    trades = [finding for finding in report.findings if finding.trade and finding.source != BASE]
    inherited = [finding for finding in report.findings if finding.source == BASE]
    most = options.top or (_FINDINGS_BELOW_SECRETS if secrets else _FINDINGS)
    if own:
        cells = [finding_cells(finding, options) for finding in own[:most]]
        headers, kinds = ("FINDING", "RULE", "SIZE", "WHERE"), ("text", "text", "n", "text")
        yield from aligned(headers, cells, kinds, options.width).split("\n")
    yield from _wrapped(_other_findings(report, (own[most:], trades, inherited), options.units), options.width)


def _other_findings(report: Report, others: tuple[list[Finding], ...], units: Units) -> Iterator[str]:
    left, trades, inherited = others

    def size(findings: Iterable[Finding]) -> str:
        return units(sum(finding.content_bytes for finding in findings))

    if left:
        yield f"and {counted(len(left), 'more finding')}, {size(left)}: run layerscope findings"
    if trades:
        yield f"trades, such as start-up time for size, could save {size(trades)} more ({_rules(trades)})"
    if inherited and report.base_step is None:
        yield f"a slimmer base image could save {size(inherited)} more ({_rules(inherited)})"
    if report.ignored:
        yield f"{counted(len(report.ignored), 'finding')}, {size(report.ignored)}: ignored by .layerscope.toml"


def _rules(findings: list[Finding]) -> str:
    sums: dict[str, int] = {}
    for finding in findings:
        sums[finding.rule] = sums.get(finding.rule, 0) + finding.content_bytes
    names = sorted((name for name in sums if sums[name]), key=lambda name: -sums[name])
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def finding_cells(finding: Finding, options: RenderOptions) -> list[str]:
    where = finding.detail or finding.title
    if finding.packages:
        where = f"{counted(len(finding.packages), 'package')}: {_listed(finding, options)}"
    elif finding.paths:
        first, *others = places(finding)
        files = f" ({counted(first.files, 'file')})" if first.files > 1 else ""
        detail = f": {printable(finding.detail)}" if finding.detail else ""
        where = f"{printable(first.path)}{files}{more_places(1 + len(others))}{detail}"
    return [
        f"{finding.severity.value} {finding.kind.value}",
        finding.rule,
        options.units(finding.content_bytes) if finding.content_bytes else "",
        _origin(finding) + where,
    ]


def _listed(finding: Finding, options: RenderOptions) -> str:
    """The biggest packages of a finding with their bytes."""
    rows = finding.packages[:_PACKAGES]
    listed = ", ".join(f"{printable(name.rpartition(' ')[0])} {options.units(size)}" for name, size in rows)
    more = len(finding.packages) - len(rows)
    return f"{listed} and {more} more" if more else listed


def _origin(finding: Finding) -> str:
    """The line of the Dockerfile, else the layer; and the stage with its evidence, where one is known."""
    place = f"layer {finding.layers[0]}" if finding.layers else ""
    if finding.dockerfile_line is not None:
        place = f"line {finding.dockerfile_line}"
    place = ", ".join(filter(None, (place, printable(copied_from(finding)))))
    return f"{place}: " if place else ""


def _stages(report: Report, options: RenderOptions) -> Iterator[str]:
    """What was copied from each build stage, which of its instructions made it, and what was not copied."""
    units = options.units
    if report.stages:
        yield "COPIED FROM BUILD STAGES"
    for stage in report.stages:
        title = f"{printable(stage_words(stage.name))} ({stage_evidence(stage)}): {units(stage.content_bytes)} copied"
        if stage.content_bytes:
            rest = units(stage.content_bytes - stage.reclaimable_bytes - stage.trade_bytes)
            trades = f", {units(stage.trade_bytes)} trades" if stage.trade_bytes else ""
            title += f", {units(stage.reclaimable_bytes)} of it reclaimable{trades}, {rest} with no findings"
        yield from _wrapped([title], options.width)
        for line in _stage(report, stage, options):
            yield f"  {line}"


def _stage(report: Report, stage: StageReport, options: RenderOptions) -> Iterator[str]:
    units = options.units
    for step in stage.made_by[:_STEPS]:
        yield f"{units(step.content_bytes)} made by {shortened(printable(str(step)), _LONGEST_STEP)}"
    for finding in report.findings:
        if finding.source == source_of(stage.name) and finding.packages:
            yield f"{units(finding.content_bytes)} {finding.rule}: {_listed(finding, options)}"
    if stage.same_content_bytes:
        yield f"{units(stage.same_content_bytes)} same content as files in the stage (inconclusive)"
    if stage.different_bytes:
        yield f"{units(stage.different_bytes)} differs from the image given for the stage (rebuilt since?)"
    if stage.not_copied_bytes is not None:
        biggest = ", ".join(f"{printable(path)} {units(size)}" for path, size in stage.not_copied[:_STAYED])
        yield f"{units(stage.not_copied_bytes)} not copied" + (f": {biggest}" if biggest else "")


def _bytes(report: Report, options: RenderOptions) -> Iterator[str]:
    """Packages and directories beside each other."""
    units, most = options.units, options.top or _BYTES
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.full_name))[: most - 1]
    left = [
        f"{units(package.content_bytes):>8}  {printable(f'{package.full_name} {package.version} ({package.type})')}"
        for package in packages
        if package.content_bytes
    ]
    if left:
        where = ", ".join(f"{printable(one.path)} {units(one.content_bytes)}" for one in report.unowned[:2])
        left.append(f"{units(report.unowned_bytes):>8}  not owned by a package" + (f": {where}" if where else ""))
    half = max(40, *map(len, left)) if left else -2
    if left and options.width:
        half = min(half, 58, max(30, options.width // 2))
    room = max(20, options.width - half - 2) if options.width else None
    right = [_directory(one, units, room) for one in report.directories[: max(most, len(left))]]
    rows = zip_longest(["BIGGEST PACKAGES", *left] if left else [], ["BIGGEST DIRECTORIES", *right], fillvalue="")
    for package, directory in rows:
        yield f"{shortened(package, half):<{half}}  {directory}".rstrip() if left else directory


def _directory(row: PathBytes, units: Units, room: int | None) -> str:
    size, files = f"{units(row.content_bytes):>8}  ", f" ({counted(row.files, 'file')})"
    path = printable(row.path)
    return size + (path if room is None else shortened_path(path, max(8, room - len(size) - len(files)))) + files


def _hidden(report: Report, most: int, options: RenderOptions) -> Iterator[str]:
    """The biggest hidden paths, at most so many; the findings have these bytes too."""
    rows = report.hidden[:most]
    if not rows or (report.stages and not options.top):
        return  # The stages take its place.
    yield "BIGGEST PATHS HIDDEN BY A LATER LAYER"
    for row in rows:
        base = "base " if row.layers and row.layers[-1] < report.base.layers else ""
        where = f" ({fate_words(row.fate)}; written in {base}{layer_words(row.layers)})"
        size = f"{options.units(row.content_bytes):>8}  "
        path = printable(row.path)
        if options.width:
            path = shortened_path(path, max(20, options.width - len(size) - len(where)))
        yield f"{size}{path}{where}"


def warnings(report: Report) -> Iterator[str]:
    """Whatever could not be read or did not fit; nothing is lost silently."""
    if not report.complete:
        yield f"INCOMPLETE: {INCOMPLETE}"
    for warning in report.warnings:
        yield f"warning: {printable(warning)}"
