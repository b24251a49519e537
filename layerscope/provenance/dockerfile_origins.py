"""The line of each step of an image's history in its Dockerfile, and the stage that it takes files from.

The Dockerfile is the attested one, or the user's. Some builders record the stage in the history itself.
"""

import shlex
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from layerscope.dockerfile.build import Build, ResolvedInstruction
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.stages import Source as Input
from layerscope.dockerfile.stages import SourceKind
from layerscope.dockerfile.syntax import Dockerfile
from layerscope.errors import LayerscopeError
from layerscope.history.match import Match, match
from layerscope.model.base import Base, FoundBy
from layerscope.model.finding import Evidence
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import Via
from layerscope.provenance.attestation import BuildStep, Provenance, read_provenance
from layerscope.provenance.origins import BuildInputs, Origin, Placement, recorded_arguments, recorded_origins

_MOST_SHOWN = 4
"""Instructions without a counterpart that a warning names."""


def place(image: Image, steps: Sequence[Instruction], known: BuildInputs) -> Placement:
    """The origins of all steps by the best evidence; raises UsageError where the user's Dockerfile does not match."""
    provenance = read_provenance(image) if image.attestations else None
    warnings: list[str] = []
    found = _attested(provenance, image, steps, known, warnings) if provenance else None
    evidence = Evidence.ATTESTED if found else Evidence.DECLARED
    if found is None and known.dockerfile is not None:
        found = _match(known.dockerfile, image, steps, known)
        if found.differing:
            warnings.append(_edited(found, image.name))
    origins = recorded_origins(steps)
    if found is not None:
        origins |= {index: _origin(found, step, evidence) for index, step in found.steps.items()}
    if provenance is not None:
        origins |= _from_graph(provenance, found, steps, origins)
    return Placement(
        origins=origins,
        match=found,
        evidence=evidence,
        base=_base(provenance, found, evidence),
        warnings=tuple(warnings),
    )


def _attested(
    provenance: Provenance, image: Image, steps: Sequence[Instruction], known: BuildInputs, warnings: list[str]
) -> Match | None:
    """The attested Dockerfile aligned; its errors are warnings, as the user cannot change it."""
    if not provenance.dockerfile:
        return None
    try:
        dockerfile = parse_dockerfile(provenance.dockerfile, name=provenance.filename)
        attested = replace(known, build_args=provenance.build_args, target=provenance.target)
        found = _match(dockerfile, image, steps, attested)
    except LayerscopeError as error:
        warnings.append(f"the attested Dockerfile is not used: {error.message}")
        return None
    if known.dockerfile is not None and known.dockerfile.instructions != dockerfile.instructions:
        warnings.append(f"{known.dockerfile.name} is not the attested Dockerfile; the attested one is used")
    return found


def _match(dockerfile: Dockerfile, image: Image, steps: Sequence[Instruction], known: BuildInputs) -> Match:
    build = Build.of(
        dockerfile,
        build_args={**recorded_arguments(steps), **known.build_args},
        target=known.target,
        platform=image.config.platform if image.config.platform.os else None,
    )
    if known.base is not None:
        build = replace(build, bases={build.chain()[0].base.image: known.base})
    return match(build, steps)


def _edited(found: Match, image: str) -> str:
    """What differs, what that means, and the command that helps."""
    name, differing = found.build.dockerfile.name, found.differing
    more = f" and {len(differing) - _MOST_SHOWN:,} more" if len(differing) > _MOST_SHOWN else ""
    target = f" --target {shlex.quote(found.build.target_name)}" if found.build.target_name else ""
    file = f" -f {shlex.quote(name)}" if name != "Dockerfile" else ""
    return (
        f"{name} was edited after it built this image, or did not build it ({found.matched} of {found.total} "
        "instructions match). Build the image again for steps that fit: docker build -t "
        f"{shlex.quote(image or 'NAME')}{file}{target} . Without a counterpart: "
        f"{', '.join(differing[:_MOST_SHOWN])}{more}"
    )


def _origin(found: Match, step: ResolvedInstruction, evidence: Evidence) -> Origin:
    inputs = [name for one in step.inputs if (name := _name(found, one))]
    is_run = step.instruction.keyword == "RUN"
    return Origin(
        evidence=evidence,
        line=step.instruction.line,
        stage=found.stage_name(step.stage),
        sources=tuple(dict.fromkeys(inputs)),
        via=Via.MOUNT if is_run else Via.COPY,
        instruction=step,
        from_context=not is_run and bool(step.inputs) and not inputs,
    )


def _name(found: Match, source: Input) -> str:
    if source.stage is not None:
        return found.stage_name(source.stage)
    return f"image {source.image}" if source.kind == SourceKind.IMAGE else ""


def _base(provenance: Provenance | None, found: Match | None, evidence: Evidence) -> Base | None:
    if provenance is not None and provenance.base_layers is not None:
        return Base(found_by=FoundBy.ATTESTATION, layers=provenance.base_layers, name=provenance.base_name)
    if found is None or found.base_layers is None:
        return None
    name = found.build.chain()[0].base
    return Base(
        found_by=FoundBy.ATTESTATION if evidence == Evidence.ATTESTED else FoundBy.DOCKERFILE,
        layers=found.base_layers,
        name=name.image if name.resolved and name.image != "scratch" else "",
    )


def _from_graph(
    provenance: Provenance, found: Match | None, steps: Sequence[Instruction], by_text: Mapping[int, Origin]
) -> dict[int, Origin]:
    """The origins of the layers that the graph of the build names; it knows the line even where no text aligns.

    Where the graph shows no source, the origin ``by_text`` says more: it may be the build context.
    """
    by_layer = {step.layer: step for step in steps}
    origins = {}
    for layer, name in provenance.layer_steps.items():
        vertex, step = provenance.steps[name], by_layer.get(layer)
        if step is None or not vertex.lines or vertex.kind not in ("exec", "file"):
            continue
        before = found.steps.get(step.index) if found else None
        named = (
            _source_name(provenance.steps[one], vertex, found) for one in vertex.sources if one in provenance.steps
        )
        sources = tuple(dict.fromkeys(name for name in named if name))
        if not sources and step.index in by_text:
            continue
        origins[step.index] = Origin(
            evidence=Evidence.ATTESTED,
            line=vertex.lines[-1] if before is None else before.instruction.line,
            stage=found.stage_name(before.stage) if found and before else "",
            sources=sources,
            via=Via.COPY if vertex.kind == "file" else Via.MOUNT,
            instruction=before,
        )
    return origins


def _source_name(source: BuildStep, taker: BuildStep, found: Match | None) -> str:
    """The stage that a vertex belongs to, by its line; the image, where a COPY or a mount names one itself.

    A vertex on the line of the instruction that reads it is a part of that instruction, and of no other stage.
    """
    if set(source.lines) <= set(taker.lines):
        is_image = source.identifier.startswith("docker-image://")
        return f"image {source.identifier.removeprefix('docker-image://').partition('@')[0]}" if is_image else ""
    stages = [stage for stage in found.build.stages if stage.declaration.line <= source.lines[-1]] if found else []
    return found.stage_name(stages[-1].index) if found and stages else ""
