"""What was copied from each build stage, and what was not."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.model.common_path import collapse
from layerscope.model.entry import Kind
from layerscope.model.finding import Evidence, Finding
from layerscope.model.report import DockerfileReport, StageReport, StageStep, Unmatched
from layerscope.model.source import Via, is_reclaimable, source_of
from layerscope.packages.catalog import UNOWNED
from layerscope.packages.inventory import catalog
from layerscope.provenance.comparison import Verdict
from layerscope.provenance.origins import Origin, Placement
from layerscope.provenance.trace import Builder, Trace, not_copied
from layerscope.secrets.text import quoted

_MOST = 12


def dockerfile_report(placement: Placement) -> DockerfileReport | None:
    """Return how the Dockerfile that was given or attested matches the history; None without one."""
    found = placement.match
    if found is None:
        return None
    return DockerfileReport(
        name=found.build.dockerfile.name,
        evidence=placement.evidence,
        target=found.stage_name(found.build.target),
        base_line=found.build.chain()[0].declaration.line,
        matched=found.matched,
        total=found.total,
        first_mismatch=found.first_mismatch,
    )


def evidence_of(origin: Origin | None, builder: Builder | None) -> Evidence | None:
    """Return how an instruction's place and source are known; an attested COPY is better than a match."""
    if builder is None or (origin is not None and origin.evidence == Evidence.ATTESTED and origin.via == Via.COPY):
        return origin.evidence if origin is not None else None
    return Evidence.MATCHED


class _Copied(Struct, kw_only=True):
    """What was copied from one stage; ``made`` are its bytes by the layer of the stage's image that made them."""

    content_bytes: int = 0
    evidence: set[Evidence] = field(default_factory=set)
    made: Counter[int] = field(default_factory=Counter)
    paths: list[tuple[str, int]] = field(default_factory=list)


def stage_reports(trace: Trace, findings: Sequence[Finding]) -> tuple[StageReport, ...]:
    """Return a row for each stage from which files were copied, or whose image was given; most bytes first."""
    copied: dict[str, _Copied] = {builder.name: _Copied() for builder in trace.builders}
    for layer in sorted({*trace.layers, *trace.matched}):
        _take(trace, layer, copied)
    builders = {builder.name: builder for builder in trace.builders}
    order = sorted(copied, key=lambda name: (-copied[name].content_bytes, name))
    return tuple(_report(name, copied[name], findings, trace, builders.get(name)) for name in order)


def _take(trace: Trace, layer: int, copied: dict[str, _Copied]) -> None:
    """Add up one layer's files by the stage that they came from."""
    changeset, start = trace.filesystem.layers[layer].changeset, trace.filesystem.numbers(layer).start
    builder = trace.matched.get(layer)
    for index, content_bytes in enumerate(changeset.sizes):
        source = trace.stage_of(start + index) if changeset.kinds[index] == Kind.FILE else None
        if source is None:
            continue
        row = copied.setdefault(source.stage, _Copied())
        row.content_bytes += content_bytes
        row.evidence.add(source.evidence)
        row.paths.append((changeset.paths[index], content_bytes))
        twin = builder.comparison.twins.get(start + index) if builder is not None else None
        if builder is not None and twin is not None:
            row.made[builder.comparison.filesystem.layer_of(twin)] += content_bytes


def _unmatched(builder: Builder) -> Unmatched:
    """Return why nothing is known to come from a stage whose image was given."""
    found = builder.comparison
    if found.shared_layers == len(builder.image.layers) > 0:
        return Unmatched.ANCESTOR
    if not found.layers:
        return Unmatched.NOT_READ
    if found.bytes_of(Verdict.MATCHED):
        return Unmatched.AMBIGUOUS
    if found.bytes_of(Verdict.SAME_CONTENT):
        return Unmatched.SAME_CONTENT
    return Unmatched.INCONCLUSIVE if found.bytes_of(Verdict.INCONCLUSIVE) else Unmatched.ABSENT


def _report(
    name: str, copied: _Copied, findings: Sequence[Finding], trace: Trace, builder: Builder | None
) -> StageReport:
    own = [finding for finding in findings if finding.source == source_of(name)]
    report = StageReport(
        name=name,
        evidence=next((one for one in Evidence if one in copied.evidence), None),
        unmatched=_unmatched(builder) if builder is not None and not copied.evidence else None,
        content_bytes=copied.content_bytes,
        reclaimable_bytes=sum(finding.content_bytes for finding in own if is_reclaimable(finding)),
        trade_bytes=sum(finding.content_bytes for finding in own if finding.trade),
        paths=tuple((group.path, group.content_bytes) for group in collapse(copied.paths, most=_MOST)),
    )
    if builder is None:
        return report
    comparison = builder.comparison
    compared = sum(comparison.bytes_of(verdict) for verdict in Verdict)
    left = _not_copied(trace, builder)
    return replace(
        report,
        matched_bytes=comparison.bytes_of(Verdict.MATCHED),
        same_content_bytes=comparison.bytes_of(Verdict.SAME_CONTENT),
        inconclusive_bytes=comparison.bytes_of(Verdict.INCONCLUSIVE),
        different_bytes=max(0, copied.content_bytes - compared),
        not_copied_bytes=sum(size for _, size in left),
        not_copied=tuple(left[:_MOST]),
        made_by=steps_of(builder, copied.made),
    )


def steps_of(builder: Builder, sums: Mapping[int, int]) -> tuple[StageStep, ...]:
    """Return the instructions of a stage that made these bytes, given by its layers; most bytes first."""
    found = []
    for layer, content_bytes in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        step, line = builder.step_of_layer(layer)
        if step:
            found.append(StageStep(text=quoted(step), dockerfile_line=line, content_bytes=content_bytes))
    return tuple(found)


def _not_copied(trace: Trace, builder: Builder) -> list[tuple[str, int]]:
    """Return what was not copied, by package where one owns it, else by directory; biggest first."""
    other = builder.comparison.filesystem
    packages = catalog(other)
    owned: dict[str, int] = {}
    loose: list[tuple[str, int]] = []
    for number in not_copied(trace, builder):
        owner, content_bytes = packages.owners[number], other.content_bytes(number)
        if owner == UNOWNED:
            loose.append((other.path_of(number), content_bytes))
            continue
        package = packages.packages[owner]
        label = f"{package.full_name} {package.version} ({package.type})"
        owned[label] = owned.get(label, 0) + content_bytes
    rows = [*owned.items(), *((group.path, group.content_bytes) for group in collapse(loose, most=_MOST))]
    return sorted(rows, key=lambda row: (-row[1], row[0]))
