"""The lines below a list about the row under the cursor; each is safe to print."""

from collections.abc import Iterator

from layerscope.analysis.browse import Facts
from layerscope.analysis.tree_items import Item
from layerscope.model.change import CHANGE_WORDS
from layerscope.model.entry import FATE_WORDS, KIND_WORDS, Fate
from layerscope.model.finding import Finding
from layerscope.model.onto import Onto
from layerscope.model.package import Package
from layerscope.model.report import InstructionReport, LayerReport, Report, StageReport
from layerscope.model.step import Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import places
from layerscope.render.onto import sentences, size_sentence
from layerscope.render.steps import step_mark, step_place, step_saves
from layerscope.render.units import Units, percent
from layerscope.render.words import copied_from, counted, fate_words, instruction_words, stage_evidence, stage_words

_PLACES = 8


def of_directory(item: Item, units: Units) -> Iterator[str]:
    """A directory with the sums of what is listed in it."""
    yield printable(item.path)
    yield f"{CHANGE_WORDS[item.change]}, {units(item.content_bytes)} in {counted(item.files, 'file')}"
    if item.reclaimable_bytes:
        share = percent(item.reclaimable_bytes, item.content_bytes)
        yield f"{units(item.reclaimable_bytes)} ({share}) reclaimable"
    if item.hidden_bytes:
        yield f"{units(item.hidden_bytes)} of lower layers stay in the image, hidden"


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
    yield f"verified: {layer.verified or 'no'}, diff_id:"
    yield printable(layer.diff_id) or "unknown"
    if layer.digest and layer.digest != layer.diff_id:
        yield f"digest: {printable(layer.digest)}"


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


def of_step(step: Step, report: Report, units: Units) -> Iterator[str]:
    """A step, what to make sure of, and the findings that it is about."""
    yield printable(step.sentence)
    saves = ("up to " if step is report.base_step else "") + step_saves(step, units)
    mark = step_mark(step)
    yield f"saves {saves}, {step_place(step, report)}{f' ({mark})' if mark else ''}"
    if step.review:
        yield f"review: {printable(step.review)}"
    found = sorted((report.findings[place] for place in step.findings), key=lambda one: -one.content_bytes)
    for finding in found[:_PLACES]:
        detail = f": {printable(finding.detail)}" if finding.detail else ""
        yield f"{units(finding.content_bytes):>9}  {finding.rule}: {printable(finding.title)}{detail}"


def of_stage(stage: StageReport, units: Units) -> Iterator[str]:
    """A stage: what was copied from it, what of that is reclaimable, and which instructions made it."""
    yield f"{printable(stage_words(stage.name))}, {stage_evidence(stage)}"
    yield f"{units(stage.content_bytes)} copied, {units(stage.reclaimable_bytes)} of it reclaimable"
    for made in stage.made_by[:_PLACES]:
        yield f"{units(made.content_bytes):>9}  made by {printable(str(made))}"
    for path, size in stage.paths[:_PLACES]:
        yield f"{units(size):>9}  {printable(path)}"
    if stage.not_copied_bytes is not None:
        yield f"{units(stage.not_copied_bytes)} not copied"
        for path, size in stage.not_copied[:_PLACES]:
            yield f"{units(size):>9}  {printable(path)}"


def of_base(one: Onto, report: Report, units: Units, most: int = _PLACES) -> Iterator[str]:
    """The image on another base image: its size, and what would be missing."""
    yield printable(f"{one.name}: {size_sentence(one, report, units)}")
    for label, text in sentences(one, report, units, most):
        yield printable(f"{label}: {text}")


def _finding(finding: Finding) -> Iterator[str]:
    detail = f": {printable(finding.detail)}" if finding.detail else ""
    yield f"{finding.severity.value} {finding.kind.value}, {finding.rule}: {printable(finding.title)}{detail}"
    yield f"fix: {printable(finding.fix)}"


def _step(step: InstructionReport | None) -> str:
    return printable(instruction_words(step))
