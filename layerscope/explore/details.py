"""The lines below a list about the row under the cursor; each is safe to print."""

from collections.abc import Iterator

from layerscope.analysis.browse import Facts, Item
from layerscope.model.entry import FATE_WORDS, KIND_WORDS, Fate
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.model.report import InstructionReport, LayerReport, Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import places
from layerscope.render.units import Units, percent
from layerscope.render.words import copied_from, counted, fate_words, instruction_words, stage_words

_PLACES = 8


def of_directory(item: Item, units: Units) -> Iterator[str]:
    """A directory with the sums of what is listed in it."""
    yield printable(item.path)
    yield f"{units(item.content_bytes)} in {counted(item.files, 'file')}"
    if item.reclaimable_bytes:
        yield f"{units(item.reclaimable_bytes)} ({percent(item.reclaimable_bytes, item.content_bytes)}) reclaimable"


def of_file(path: str, facts: Facts, units: Units) -> Iterator[str]:
    """A version of a file at ``path``: its origin, its fate, its owner and its findings."""
    version = facts.version
    yield printable(f"{path} -> {version.link}" if version.link else path)
    kind = f"{KIND_WORDS[version.kind]}, mode {version.mode:04o}, owner {version.uid}:{version.gid}"
    yield f"{units(version.content_bytes)}, {kind}"
    yield f"layer {version.layer}: {_step(facts.instruction)}"
    if facts.path != version.path:
        yield printable(f"stored in its layer as {facts.path}; the hardlink {version.path} keeps it live")
    if facts.source is not None:
        yield f"copied from {printable(stage_words(facts.source.stage))} ({facts.source.evidence.value})"
    if version.fate != Fate.LIVE:
        by = f" by layer {version.hidden_by}: {_step(facts.hidden_by)}" if version.hidden_by >= 0 else ""
        yield f"hidden: {fate_words(FATE_WORDS[version.fate])}{by}"
    if facts.package is not None:
        owned = "owned" if facts.package.removed_in is None else "formerly owned"
        yield f"{owned} by {printable(f'{facts.package.full_name} {facts.package.version} ({facts.package.type})')}"
    elif version.fate == Fate.LIVE:
        yield "not owned by a package"
    for finding in facts.findings:
        yield from _finding(finding)


def of_layer(layer: LayerReport, report: Report, units: Units) -> Iterator[str]:
    """A layer and the instruction that made it."""
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    yield f"{'base' if layer.origin == 'base' else 'own'} layer {layer.index}: {_step(step)}"
    if layer.problem:
        yield f"LEFT OUT: {printable(layer.problem)}"
    if layer.partial:
        yield f"INCOMPLETE: {printable(layer.partial)}"
    entries = counted(layer.entries, "entry", "entries")
    yield f"{units(layer.content_bytes)} in {entries}, {units(layer.stored_bytes)} stored"
    yield f"{units(layer.live_bytes)} live, {units(layer.hidden_bytes)} hidden by later layers"
    if layer.reclaimable_bytes:
        yield f"{units(layer.reclaimable_bytes)} reclaimable"
    yield f"diff_id {printable(layer.diff_id) or 'unknown'}, verified: {layer.verified or 'no'}"


def of_finding(finding: Finding, units: Units) -> Iterator[str]:
    """A finding with its fix and its most telling directories."""
    yield from _finding(finding)
    size = (
        f"{units(finding.content_bytes)} in {counted(finding.path_count, 'path')}" if finding.path_count else "no file"
    )
    source = copied_from(finding) or f"evidence: {finding.evidence.value}"
    yield f"{size}, {printable(source)}"
    if finding.made_by:
        yield f"made by {printable(str(finding.made_by))}"
    for group in places(finding, _PLACES):
        files = f" ({counted(group.files, 'file')})" if group.files > 1 else ""
        yield f"{units(group.content_bytes):>9}  {printable(group.path)}{files}"


def of_package(package: Package, units: Units) -> Iterator[str]:
    """A package, the layer that added it and its bytes in each layer."""
    yield printable(f"{package.full_name} {package.version} ({package.type})")
    if package.shared:
        yield "its files are owned by a package of the operating system"
    yield f"{units(package.content_bytes)} in {counted(package.files, 'file')}"
    if package.removed_in is not None:
        yield f"removed by layer {package.removed_in}; {units(package.hidden_bytes)} remain hidden in lower layers"
    if package.layer is not None:
        yield f"added by layer {package.layer}"
    if len(package.layers) > 1:
        yield ", ".join(f"{units(size)} in layer {layer}" for layer, size in sorted(package.layers.items()))
    if package.parent:
        yield f"contained in {printable(package.parent)}"
    if package.location:
        yield f"recorded in {printable(package.location)}"


def _finding(finding: Finding) -> Iterator[str]:
    detail = f": {printable(finding.detail)}" if finding.detail else ""
    yield f"{finding.severity.value} {finding.kind.value}, {finding.rule}: {printable(finding.title)}{detail}"
    yield f"fix: {printable(finding.fix)}"


def _step(step: InstructionReport | None) -> str:
    return printable(instruction_words(step))
