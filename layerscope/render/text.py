"""The report for a person: the verdict first, then where the bytes are, within forty lines for a usual image."""

from collections.abc import Iterator

from layerscope.model.common_path import collapse
from layerscope.model.finding import Evidence, Finding, FindingKind
from layerscope.model.report import LayerReport, PathBytes, Report
from layerscope.render.escape import printable
from layerscope.render.options import TextOptions
from layerscope.render.places import FOUND_BY_WORDS, INCOMPLETE, finding_stage, stage_evidence, stage_words, step_words
from layerscope.render.steps import next_steps
from layerscope.render.table import aligned, shortened, wrapped
from layerscope.render.units import Units, percent

_SCREEN = 40
"""Lines that the report of a usual image takes at most."""
_LAYERS, _FINDINGS, _NEXT, _BYTES, _HIDDEN = 7, 5, 3, 5, 2
"""Rows of each list when nobody asks for more."""
_PACKAGES, _STEPS, _STAYED = 6, 3, 3
_STEP_LINES = 3
"""Lines that one next step may take on a narrow terminal."""
_LONGEST_STEP = 200
"""Characters that are shown of a builder's step."""


def text(report: Report, options: TextOptions) -> str:
    """The whole report as lines."""
    above = (
        head(report, options),
        _layers(report, options),
        _findings(report, options),
        _stages(report, options),
        _steps(report, options),
        _bytes(report, options),
    )
    sections = [section for lines in above if (section := list(lines))]
    # A blank line follows each section, and a title stands above the list that comes last: it gets what is left.
    left = _SCREEN - 1 - sum(len(section) + 1 for section in sections)
    sections += [list(_wasted(report, options.top or max(0, min(_HIDDEN, left)), options)), list(notes(report))]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def head(report: Report, options: TextOptions) -> Iterator[str]:
    image, totals, units = report.image, report.totals, options.units
    platform = f"{printable(image.platform)}  " if image.platform != "unknown" else ""
    yield (
        f"{printable(image.name)}  {platform}{printable(image.format)}  {units(image.docker_size)} in "
        f"{counted(len(report.layers), 'layer')}, {counted(totals.entries, 'entry', 'entries')}"
    )
    part = f" of your own {units(totals.own_bytes)}" if totals.base_bytes else f" of {units(totals.content_bytes)}"
    if totals.reclaimable_bytes:
        share = percent(totals.reclaimable_bytes, totals.own_bytes)
        yield f"{units(totals.reclaimable_bytes)} ({share}){part} can be had back"
    else:
        yield f"nothing{part} is needless, as far as this archive can tell"
    known = list(_fit(report))
    if totals.base_bytes:
        name = f" {printable(report.base.name)}" if report.base.name else ""
        brings = f"the base{name} brings {units(totals.base_bytes)} in {counted(report.base.layers, 'layer')}"
        known.insert(0, f"{brings} ({FOUND_BY_WORDS[report.base.found_by]})" if report.base.found_by else brings)
    if known:
        yield "; ".join(known)


def _fit(report: Report) -> Iterator[str]:
    """How well the Dockerfile fits, said whenever one is used."""
    used = report.dockerfile
    if used is not None:
        told = f"{printable(used.name)} fits {used.matched} of {counted(used.total, 'step')} that make layers"
        where = (
            f"; from the end, the first that does not: {printable(used.first_mismatch)}" if used.first_mismatch else ""
        )
        yield f"{told}{' (attested, unsigned)' if used.evidence == Evidence.ATTESTED else ''}{where}"


def _layers(report: Report, options: TextOptions) -> Iterator[str]:
    """The base as one line, then the own layers; many small ones are summed up at the end."""
    own = [layer for layer in report.layers if layer.origin == "own"]
    shown = own
    most = options.top or _LAYERS
    if len(own) > most:
        biggest = sorted(own, key=lambda layer: (-layer.content_bytes, layer.index))[: max(1, most - 1)]
        shown = sorted(biggest, key=lambda layer: layer.index)
    units = options.units
    cells = []
    base = [layer for layer in report.layers if layer.origin == "base"]
    if base:
        last = base[-1].index
        name = "0" if not last else f"0-{last}"
        cells.append([name, units(sum(layer.content_bytes for layer in base)), "", "the base image"])
    cells += [layer_cells(report, layer, units) for layer in shown]
    if len(own) > len(shown):
        rest = [layer for layer in own if layer not in shown]
        back = sum(layer.reclaimable_bytes for layer in rest)
        size = units(sum(layer.content_bytes for layer in rest))
        cells.append(["", size, units(back) if back else "", f"{len(rest)} smaller layers"])
    headers, kinds = ("LAYER", "SIZE", "CAN GO", "INSTRUCTION"), ("n", "n", "n", "text")
    yield from aligned(headers, cells, kinds, options.width).split("\n")


def layer_cells(report: Report, layer: LayerReport, units: Units) -> list[str]:
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    back = units(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    if layer.problem:
        return [str(layer.index), units(layer.stored_bytes), "", f"LEFT OUT: {printable(layer.problem)}"]
    return [str(layer.index), units(layer.content_bytes), back, printable(step_words(step))]


def _findings(report: Report, options: TextOptions) -> Iterator[str]:
    own = [finding for finding in report.findings if finding.kind != FindingKind.INHERITED]
    inherited = [finding for finding in report.findings if finding.kind == FindingKind.INHERITED]
    most = options.top or _FINDINGS
    if own:
        cells = [finding_cells(finding, options) for finding in own[:most]]
        headers, kinds = ("FINDING", "RULE", "SIZE", "WHERE"), ("text", "text", "n", "text")
        yield from aligned(headers, cells, kinds, options.width).split("\n")
    if len(own) > most:
        rest = sum(finding.content_bytes for finding in own[most:])
        yield f"and {counted(len(own) - most, 'more finding')} of {options.units(rest)}: layerscope leaks"
    if inherited:
        rest = sum(finding.content_bytes for finding in inherited)
        yield f"a slimmer base would save {options.units(rest)} besides ({_rules(inherited)})"
    if report.ignored:
        rest = sum(finding.content_bytes for finding in report.ignored)
        yield f"{counted(len(report.ignored), 'finding')} of {options.units(rest)} ignored by .layerscope.toml"


def _rules(findings: list[Finding]) -> str:
    sums: dict[str, int] = {}
    for finding in findings:
        sums[finding.rule] = sums.get(finding.rule, 0) + finding.content_bytes
    names = sorted((name for name in sums if sums[name]), key=lambda name: -sums[name])
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def finding_cells(finding: Finding, options: TextOptions) -> list[str]:
    where = finding.detail or finding.title
    if finding.packages:
        where = f"{counted(len(finding.packages), 'package')}: {_listed(finding, options)}"
    elif finding.paths:
        groups = collapse((path.path, path.content_bytes) for path in finding.paths)
        first = groups[0]
        files = f" ({counted(first.files, 'file')})" if first.files > 1 else ""
        where = f"{printable(first.path)}{files}"
        if len(groups) > 1:
            where += f" and {counted(len(groups) - 1, 'more place')}"
        if finding.detail:
            where += f": {printable(finding.detail)}"
    return [
        f"{finding.severity.value} {finding.kind.value}",
        finding.rule,
        options.units(finding.content_bytes) if finding.content_bytes else "",
        _brought(finding) + where,
    ]


def _listed(finding: Finding, options: TextOptions) -> str:
    """The biggest packages of a finding with their bytes."""
    rows = finding.packages[:_PACKAGES]
    listed = ", ".join(f"{printable(name.rpartition(' ')[0])} {options.units(size)}" for name, size in rows)
    more = len(finding.packages) - len(rows)
    return f"{listed} and {more} more" if more else listed


def _brought(finding: Finding) -> str:
    """The line of the Dockerfile, else the layer; and the stage with its evidence, where one is known."""
    place = f"layer {finding.layers[0]}" if finding.layers else ""
    if finding.dockerfile_line is not None:
        place = f"line {finding.dockerfile_line}"
    place = f"{place}{printable(finding_stage(finding))}".lstrip()
    return f"{place}: " if place else ""


def _stages(report: Report, options: TextOptions) -> Iterator[str]:
    """What came over from each build stage, which of its instructions made it, and what stayed behind."""
    units = options.units
    if report.stages:
        yield "FROM BUILD STAGES"
    for stage in report.stages:
        name, rest = printable(stage_words(stage.name)), stage.content_bytes - stage.reclaimable_bytes
        came = f"{units(stage.content_bytes)} came over, {units(stage.reclaimable_bytes)} of it needless"
        told = f"{name} ({stage_evidence(stage)}): {came}, {units(rest)} that no rule questions"
        yield told if stage.content_bytes else f"{name}: {stage_evidence(stage)}"
        lines = [
            f"  {units(step.content_bytes)} made by {shortened(printable(str(step)), _LONGEST_STEP)}"
            for step in stage.made_by[:_STEPS]
        ]
        for finding in report.findings:
            if finding.stage == stage.name and finding.packages:
                lines.append(f"  {units(finding.content_bytes)} of {finding.rule}: {_listed(finding, options)}")
        yield from (shortened(line, options.width) if options.width else line for line in lines)
        if stage.same_content_bytes:
            yield f"  {units(stage.same_content_bytes)} have the same content as files of it, which proves nothing"
        if stage.different_bytes:
            yield f"  {units(stage.different_bytes)} of it is not as in the image given for the stage: rebuilt since?"
        if stage.not_copied_bytes is not None:
            biggest = ", ".join(f"{printable(path)} {units(size)}" for path, size in stage.not_copied[:_STAYED])
            yield f"  {units(stage.not_copied_bytes)} stayed behind" + (f": {biggest}" if biggest else "")


def _steps(report: Report, options: TextOptions) -> Iterator[str]:
    """What to do, and what each step wins back."""
    steps = next_steps(report.findings)[: options.top or _NEXT]
    wins = [options.units(step.content_bytes) if step.content_bytes else "" for step in steps]
    cells = [[size, f"{step.rule}: {printable(step.fix)}"] for size, step in zip(wins, steps, strict=True)]
    if cells:
        if options.width:  # Half of an advice is none, so it goes on below instead of being cut.
            left = options.width - 2 - max(len("WINS"), *map(len, wins))
            cells = [[size, wrapped(told, left, _STEP_LINES)] for size, told in cells]
        yield from aligned(("WINS", "NEXT STEPS"), cells, ("n", "text"), None).split("\n")


def _bytes(report: Report, options: TextOptions) -> Iterator[str]:
    """Packages and directories beside each other."""
    units, most = options.units, options.top or _BYTES
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.name))[: most - 1]
    left = [
        f"{units(package.content_bytes):>8}  {printable(f'{package.name} {package.version} ({package.type})')}"
        for package in packages
        if package.content_bytes
    ]
    if left:
        where = ", ".join(f"{printable(one.path)} {units(one.content_bytes)}" for one in report.unowned[:2])
        left.append(f"{units(report.unowned_bytes):>8}  of no package" + (f": {where}" if where else ""))
    right = [f"{units(one.content_bytes):>8}  {_place(one)}" for one in report.directories[: max(most, len(left))]]
    if not left:
        yield from ["BIGGEST DIRECTORIES", *right]
        return
    longest = max(40, *(len(line) for line in left))
    half = min(58, longest) if options.width else longest
    yield f"{'BIGGEST PACKAGES':<{half}}  BIGGEST DIRECTORIES"
    for number in range(max(len(left), len(right))):
        first = shortened(left[number], half) if number < len(left) else ""
        second = right[number] if number < len(right) else ""
        yield f"{first:<{half}}  {second}".rstrip()


def _place(row: PathBytes) -> str:
    return f"{printable(row.path)} ({counted(row.files, 'file')})"


def _wasted(report: Report, most: int, options: TextOptions) -> Iterator[str]:
    """What is hidden and shipped all the same, at most so many paths; the findings have these bytes too."""
    rows = report.hidden[:most]
    if not rows or (report.stages and not options.top):
        return  # What came from build stages takes its place.
    yield "BIGGEST HIDDEN PATHS"
    for row in rows:
        layers = ", ".join(str(layer) for layer in row.layers)
        kind = "layer" if len(row.layers) == 1 else "layers"
        base = ", of the base" if row.layers and row.layers[-1] < report.base.layers else ""
        told = f"({row.fate}, written in {kind} {layers}{base})"
        yield f"{options.units(row.content_bytes):>8}  {printable(row.path)} {told}"


def notes(report: Report) -> Iterator[str]:
    """Whatever could not be read or did not fit; nothing is lost silently."""
    if not report.complete:
        yield f"INCOMPLETE: {INCOMPLETE}"
    for warning in report.warnings:
        yield f"note: {printable(warning)}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 layer``, ``14 layers``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
