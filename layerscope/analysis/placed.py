"""Findings with what the Dockerfile, the builder images and the packages add to them."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from layerscope.analysis.stages import steps_of
from layerscope.model.entry import FATE_WORDS, Fate
from layerscope.model.finding import BuilderStep, Finding, FindingKind
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.provenance.origins import Placement
from layerscope.provenance.trace import Trace

_LIVE = FATE_WORDS[Fate.LIVE]
_OF_PACKAGES = frozenset({"node-dev-deps", "py-dev-deps", "py-managers"})


def placed(findings: Sequence[Finding], placement: Placement, trace: Trace) -> tuple[Finding, ...]:
    """The findings with their line in the Dockerfile, and the builder's instruction that made most of each."""
    return tuple(_placed(finding, placement, trace) for finding in findings)


def _placed(finding: Finding, placement: Placement, trace: Trace) -> Finding:
    finding = replace(finding, made_by=_made_by(finding, trace))
    origin = placement.origins.get(finding.instruction) if finding.instruction is not None else None
    if origin is None:
        return finding
    line = finding.dockerfile_line if finding.dockerfile_line is not None else origin.line
    return replace(finding, dockerfile_line=line)


def with_packages(findings: Sequence[Finding], live: Mapping[str, int], packages: Catalog) -> tuple[Finding, ...]:
    """The user's own findings about dependencies with the packages that they claim, biggest first, with their bytes.

    ``live`` holds the version at each path of the final file system; nothing else belongs to an installed package.
    """
    found = []
    for finding in findings:
        if finding.rule in _OF_PACKAGES and finding.kind != FindingKind.INHERITED:
            sums: dict[int, int] = {}
            for path in finding.paths:
                number = live.get(path.path) if path.fate == _LIVE else None
                owner = packages.owners[number] if number is not None else UNOWNED
                if owner != UNOWNED:
                    sums[owner] = sums.get(owner, 0) + path.content_bytes
            listed = ((f"{packages.packages[one].name} {packages.packages[one].version}", sums[one]) for one in sums)
            finding = replace(finding, packages=tuple(sorted(listed, key=lambda item: (-item[1], item[0]))))
        found.append(finding)
    return tuple(found)


def _made_by(finding: Finding, trace: Trace) -> BuilderStep | None:
    """The step of the builder that made most bytes of what was found, with its line."""
    builder = next((trace.matched[layer] for layer in finding.layers if layer in trace.matched), None)
    if builder is None or builder.name != finding.stage:
        return None
    sums: dict[int, int] = {}
    twins, other = builder.comparison.twins, builder.comparison.filesystem
    for path in finding.paths:
        number = trace.number_of(path.layer, path.path)
        twin = twins.get(number) if number is not None else None
        if twin is not None:
            layer = other.layer_of(twin)
            sums[layer] = sums.get(layer, 0) + path.content_bytes
    biggest = next(iter(steps_of(builder, sums)), None)
    return biggest and BuilderStep(text=biggest.text, dockerfile_line=biggest.dockerfile_line)
