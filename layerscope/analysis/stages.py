"""What came over from each build stage, and what stayed behind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from layerscope.history.dockerfile.stages import SourceKind
from layerscope.model.entry import Kind
from layerscope.model.finding import Evidence, Finding, FindingKind
from layerscope.model.report import DockerfileReport, StageReport, StageStep
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog
from layerscope.rules.collapse import collapse
from layerscope.rules.lockfiles import PYTHON
from layerscope.stages.matching import Verdict
from layerscope.stages.placement import Origin, Placement
from layerscope.stages.trace import Builder, Trace, stayed_behind

WORDS = {
    Evidence.ATTESTED: "as attested, unsigned",
    Evidence.MATCHED: "matched",
    Evidence.DECLARED: "declared by the Dockerfile",
    Evidence.INFERRED: "inferred",
}
"""The evidence of a stage as a person reads it."""
LOCKFILES = frozenset({*PYTHON, "package-lock.json", "pnpm-lock.yaml", "yarn.lock"})
"""Names of the files that tell what a project needs, wherever they lie."""
_MOST = 12
_LONGEST = 200
_OF_PACKAGES = frozenset({"node-dev-deps", "py-dev-deps", "py-managers"})
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})


def placed(findings: Sequence[Finding], placement: Placement, trace: Trace) -> tuple[Finding, ...]:
    """The findings with their line in the Dockerfile, and the builder's instruction that made most of each.

    What the Dockerfile copies from the build context came out of no stage, so it is bloat of the final stage.
    """
    return tuple(_placed(finding, placement, trace) for finding in findings)


def _placed(finding: Finding, placement: Placement, trace: Trace) -> Finding:
    finding = replace(finding, made_by=_made_by(finding, trace))
    origin = placement.origins.get(finding.instruction) if finding.instruction is not None else None
    if origin is None:
        return finding
    kind = finding.kind
    inputs = origin.instruction.inputs if origin.instruction is not None else ()
    if kind == FindingKind.LEAK and not finding.stage and inputs:
        from_context = all(one.kind == SourceKind.CONTEXT for one in inputs)
        kind = FindingKind.BLOAT if from_context else kind
    line = finding.dockerfile_line if finding.dockerfile_line is not None else origin.line
    return replace(finding, kind=kind, dockerfile_line=line)


def with_packages(findings: Sequence[Finding], trace: Trace, packages: Catalog) -> tuple[Finding, ...]:
    """The findings about dependencies with the packages that they claim, each with its bytes, biggest first."""
    found = []
    for finding in findings:
        if finding.rule in _OF_PACKAGES:
            sums: dict[int, int] = {}
            for path in finding.paths:
                number = trace.number_of(path.layer, path.path)
                owner = packages.owners[number] if number is not None else UNOWNED
                if owner != UNOWNED:
                    sums[owner] = sums.get(owner, 0) + path.content_bytes
            listed = ((f"{packages.packages[one].name} {packages.packages[one].version}", sums[one]) for one in sums)
            finding = replace(finding, packages=tuple(sorted(listed, key=lambda item: (-item[1], item[0]))))
        found.append(finding)
    return tuple(found)


def _made_by(finding: Finding, trace: Trace) -> str:
    """The step of the builder that made most bytes of what was found, with its line."""
    builder = next((trace.matched[layer] for layer in finding.layers if layer in trace.matched), None)
    if builder is None or builder.name != finding.stage:
        return ""
    sums: dict[int, int] = {}
    twins, other = builder.comparison.twins, builder.comparison.filesystem
    for path in finding.paths:
        number = trace.number_of(path.layer, path.path)
        twin = twins.get(number) if number is not None else None
        if twin is not None:
            layer = other.layer_of(twin)
            sums[layer] = sums.get(layer, 0) + path.content_bytes
    if not sums:
        return ""
    steps = _steps(builder, sums)
    return str(steps[0]) if steps else ""


def dockerfile_report(placement: Placement) -> DockerfileReport | None:
    """How the Dockerfile that was given or attested fits; None without one."""
    found = placement.match
    if found is None:
        return None
    return DockerfileReport(
        name=found.build.dockerfile.name,
        evidence=WORDS[placement.evidence],
        target=found.stage_name(found.build.target),
        matched=found.matched,
        total=found.total,
        misfit=found.misfit,
    )


def evidence_of(origin: Origin | None, builder: Builder | None) -> str:
    """What is known of an instruction's place and source, in words; an attestation is better than a match."""
    if builder is not None and (origin is None or origin.evidence != Evidence.ATTESTED):
        return "matched" if origin is None or not origin.words else f"matched; {origin.words}"
    return origin.words if origin is not None else ""


def stage_reports(trace: Trace, findings: Sequence[Finding]) -> tuple[StageReport, ...]:
    """One row for each stage of which something came over, or whose image was given."""
    sums: dict[str, int] = {}
    evidence: dict[str, set[Evidence]] = {}
    made: dict[str, dict[int, int]] = {}
    paths: dict[str, list[tuple[str, int]]] = {}
    filesystem = trace.filesystem
    for layer in sorted({*trace.layers, *trace.matched}):
        if layer < trace.base_layers:
            continue
        changeset, start = filesystem.layers[layer].changeset, filesystem.numbers(layer).start
        builder = trace.matched.get(layer)
        for index, content_bytes in enumerate(changeset.sizes):
            if changeset.kinds[index] != Kind.FILE:
                continue
            source = trace.stage_of(start + index)
            if source is None:
                continue
            name = source.stage
            sums[name] = sums.get(name, 0) + content_bytes
            evidence.setdefault(name, set()).add(source.evidence)
            paths.setdefault(name, []).append((changeset.paths[index], content_bytes))
            twin = builder.comparison.twins.get(start + index) if builder is not None else None
            if builder is not None and twin is not None:
                place = builder.comparison.filesystem.layer_of(twin)
                made.setdefault(name, {})[place] = made.setdefault(name, {}).get(place, 0) + content_bytes
    builders = {builder.name: builder for builder in trace.builders}
    recorded = {origin.source for origin in trace.layers.values() if origin.recorded}
    order = sorted({*sums, *builders}, key=lambda name: (-sums.get(name, 0), name))
    return tuple(
        _report(
            name,
            sums.get(name, 0),
            _words(evidence.get(name, set()), name in recorded),
            findings,
            trace,
            builders.get(name),
            made.get(name, {}),
            paths.get(name, []),
        )
        for name in order
    )


def _words(evidence: set[Evidence], recorded: bool) -> str:
    """The best evidence of any of a stage's bytes."""
    best = next((one for one in Evidence if one in evidence), None)
    if best is None:
        return "nothing of it was found"
    return "recorded in the history" if recorded and best == Evidence.DECLARED else WORDS[best]


def _report(
    name: str,
    content_bytes: int,
    evidence: str,
    findings: Sequence[Finding],
    trace: Trace,
    builder: Builder | None,
    made: dict[int, int],
    paths: list[tuple[str, int]],
) -> StageReport:
    needless = sum(
        finding.content_bytes for finding in findings if finding.stage == name and finding.kind != FindingKind.INHERITED
    )
    groups = tuple((group.path, group.content_bytes) for group in collapse(paths, most=_MOST))
    report = StageReport(
        name=name, evidence=evidence, content_bytes=content_bytes, needless_bytes=needless, paths=groups
    )
    if builder is None:
        return report
    comparison = builder.comparison
    compared = sum(comparison.bytes_of(verdict) for verdict in Verdict)
    stayed = _stayed(trace, builder)
    return replace(
        report,
        matched_bytes=comparison.bytes_of(Verdict.MATCHED),
        same_content_bytes=comparison.bytes_of(Verdict.SAME_CONTENT),
        inconclusive_bytes=comparison.bytes_of(Verdict.INCONCLUSIVE),
        different_bytes=max(0, content_bytes - compared),
        stayed_bytes=sum(size for _, size in stayed),
        stayed=tuple(stayed[:_MOST]),
        made_by=tuple(_steps(builder, made)),
    )


def _steps(builder: Builder, sums: dict[int, int]) -> list[StageStep]:
    """The builder's instructions that made these bytes, by layer; most bytes first."""
    found = []
    for layer, content_bytes in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        step, line = builder.step_of_layer(layer)
        text = " ".join(str(step).split()) if step is not None else ""
        found.append(StageStep(text=text[:_LONGEST], dockerfile_line=line, content_bytes=content_bytes))
    return found


def _stayed(trace: Trace, builder: Builder) -> list[tuple[str, int]]:
    """What stayed in the builder, by package where one owns it, else by directory; biggest first."""
    other = builder.comparison.filesystem
    packages = catalog(other)
    owned: dict[str, int] = {}
    loose: list[tuple[str, int]] = []
    for number in stayed_behind(trace, builder):
        owner, content_bytes = packages.owners[number], other.content_bytes(number)
        if owner == UNOWNED:
            loose.append((other.path_of(number), content_bytes))
            continue
        package = packages.packages[owner]
        label = f"{package.name} {package.version} ({package.type})"
        owned[label] = owned.get(label, 0) + content_bytes
    rows = [*owned.items(), *((group.path, group.content_bytes) for group in collapse(loose, most=_MOST))]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def lockfiles(builders: Sequence[Builder]) -> Iterator[tuple[str, bytes]]:
    """The lockfiles of builder images, with the stage before the path; what the base brought is not the project's."""
    for builder in builders:
        other = builder.comparison.filesystem
        for path, number in sorted(other.live.items()):
            is_own = number >= builder.comparison.own_from
            if is_own and path.rpartition("/")[2] in LOCKFILES and not _INSTALLED.intersection(path.split("/")):
                content = other.read(number)
                if content:
                    yield f"{builder.name}:{path}", content
