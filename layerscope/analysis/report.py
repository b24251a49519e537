"""Turn an analysis into a report."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from itertools import compress

from layerscope.advice.finding_fixes import secret_advice, with_fixes
from layerscope.analysis.analyse import Analysis
from layerscope.analysis.directories import biggest_directories
from layerscope.analysis.redact import redacted, step_secrets
from layerscope.analysis.stages import dockerfile_report, evidence_of, stage_reports
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import FATE_WORDS, IS_HIDDEN, both
from layerscope.model.instruction import Instruction
from layerscope.model.report import (
    ImageSummary,
    InstructionReport,
    LayerReport,
    PathBytes,
    Report,
    Totals,
)
from layerscope.model.source import BASE, CONTEXT, Via, recorded_source, source_of
from layerscope.provenance.comparison import Verdict
from layerscope.rules.families.secrets_config import secret_values
from layerscope.secrets.text import secrets_in

_DIRECTORIES = 12
_HIDDEN = 50


def report(analysis: Analysis) -> Report:
    """Return the report of an analysis, with secrets masked."""
    image, filesystem, catalog = analysis.image, analysis.filesystem, analysis.catalog
    layers = tuple(_layers(analysis))
    live = filesystem.live_files()
    unowned = both(live, catalog.unowned)
    dockerfile = dockerfile_report(analysis.placement)
    secrets = secret_advice(analysis.findings.findings)
    made = Report(
        image=_summary(analysis),
        totals=_totals(analysis, layers, live.count(1)),
        layers=layers,
        instructions=tuple(_instructions(analysis)),
        base=analysis.base,
        dockerfile=dockerfile,
        stages=stage_reports(analysis.trace, analysis.findings.findings),
        packages=catalog.packages,
        unowned_bytes=catalog.unowned_bytes,
        unowned=biggest_directories(_files(filesystem, unowned), _DIRECTORIES),
        findings=with_fixes(analysis.findings.findings, analysis.advice, secrets),
        steps=tuple(one.step for one in analysis.advice),
        base_step=analysis.base_step,
        onto=analysis.onto,
        secrets=secrets,
        directories=biggest_directories(_files(filesystem, live), _DIRECTORIES),
        hidden=_hidden(filesystem),
        warnings=analysis.warnings,
        complete=image.complete,
    )
    return redacted(made, secrets_of(analysis))


def secrets_of(analysis: Analysis) -> frozenset[str]:
    """Return every secret that a text of the report may quote."""
    of_builders = (secret_values(one.image, one.instructions) for one in analysis.trace.builders)
    written = (secrets_in(origin.written) for origin in analysis.placement.origins.values())
    of_dockerfile = frozenset(secret.value for found in written for secret in found)
    steps = [one.step for one in analysis.advice]
    return analysis.secrets.union(*of_builders, of_dockerfile, step_secrets(steps))


def _files(filesystem: Filesystem, mask: bytes) -> Iterator[tuple[str, int]]:
    """Return directory and bytes of the versions that are 1 in the mask."""
    return zip(compress(filesystem.directories, mask), compress(filesystem.sizes, mask), strict=True)


def _summary(analysis: Analysis) -> ImageSummary:
    image = analysis.image
    return ImageSummary(
        source=image.source,
        format=image.format,
        name=image.name,
        tags=image.tags,
        image_id=image.image_id,
        manifest_digest=image.manifest_digest,
        platform=str(image.config.platform),
        created=image.config.created,
        docker_size=image.docker_size,
        config=image.config.document.get("config") or {},
    )


def _totals(analysis: Analysis, layers: tuple[LayerReport, ...], files: int) -> Totals:
    content = sum(layer.content_bytes for layer in layers)
    live = sum(layer.live_bytes for layer in layers)
    return Totals(
        content_bytes=content,
        stored_bytes=sum(layer.stored_bytes for layer in layers),
        live_bytes=live,
        hidden_bytes=content - live,
        base_bytes=analysis.findings.base_bytes,
        own_bytes=analysis.findings.own_bytes,
        reclaimable_bytes=analysis.findings.reclaimable_bytes,
        trade_bytes=analysis.findings.trade_bytes,
        files=files,
        entries=sum(layer.entries for layer in layers),
        efficiency=round(live / content, 6) if content else 1.0,
    )


def _layers(analysis: Analysis) -> Iterator[LayerReport]:
    steps = {step.layer: step for step in analysis.instructions}
    for layer in analysis.image.layers:
        hidden = analysis.filesystem.hidden_bytes(layer.index)
        step = steps.get(layer.index)
        yield LayerReport(
            index=layer.index,
            diff_id=str(layer.diff_id or ""),
            digest=str(layer.digest or ""),
            media_type=layer.media_type,
            compression=layer.compression,
            stored_bytes=layer.stored_bytes,
            tar_bytes=layer.tar_bytes,
            content_bytes=layer.content_bytes,
            live_bytes=layer.content_bytes - hidden,
            hidden_bytes=hidden,
            reclaimable_bytes=analysis.findings.reclaimable[layer.index],
            entries=len(layer.changeset),
            origin="base" if layer.index < analysis.base.layers else "own",
            created_by=step.created_by if step else "",
            instruction=step.index if step else None,
            verified=layer.verified,
            problem=layer.problem,
            partial=layer.partial,
        )


def _instructions(analysis: Analysis) -> Iterator[InstructionReport]:
    layers, origins = analysis.image.layers, analysis.placement.origins
    for step in analysis.instructions:
        origin = origins.get(step.index)
        made = step.layer if step.layer is not None and not step.joined else -1
        builder = analysis.trace.matched.get(made)
        stages = origin.sources if origin and origin.sources else (builder.name,) if builder else ()
        yield InstructionReport(
            index=step.index,
            kind=step.kind,
            text=step.text,
            layer=step.layer,
            dockerfile_line=origin.line if origin else None,
            dockerfile_text=origin.written if origin else "",
            stage=origin.stage if origin else "",
            source=_source(analysis, step, stages),
            via=(origin.via if origin else Via.COPY) if stages else None,
            evidence=evidence_of(origin, builder),
            candidates=analysis.trace.alike.get(made, ()) if origin is None else (),
            matched_bytes=builder.comparison.layers[made][Verdict.MATCHED] if builder else 0,
            content_bytes=layers[step.layer].content_bytes if step.layer is not None else 0,
        )


def _source(analysis: Analysis, step: Instruction, stages: Sequence[str]) -> str:
    """Return where the files of an instruction came from; ``stages`` are the stages and images that it reads."""
    if step.layer is not None and step.layer < analysis.base.layers:
        return BASE
    if stages:
        return ", ".join(map(source_of, stages))
    if step.layer is None:
        return ""
    origin = analysis.placement.origins.get(step.index)
    return CONTEXT if origin is not None and origin.from_context else recorded_source(step)


def _hidden(filesystem: Filesystem) -> tuple[PathBytes, ...]:
    """Return the paths with the most hidden bytes."""
    sums: dict[str, int] = {}
    mask = filesystem.fates.translate(IS_HIDDEN)
    for path, content_bytes in zip(compress(filesystem.paths, mask), compress(filesystem.sizes, mask), strict=True):
        sums[path] = sums.get(path, 0) + content_bytes
    biggest = dict(nsmallest(_HIDDEN, sums.items(), key=lambda item: (-item[1], item[0])))
    versions: dict[str, list[int]] = {path: [] for path in biggest}
    for number in compress(range(len(filesystem)), mask):
        if filesystem.paths[number] in biggest:
            versions[filesystem.paths[number]].append(number)
    return tuple(
        PathBytes(
            path=path,
            content_bytes=content_bytes,
            files=len(versions[path]),
            layers=tuple(sorted({filesystem.layer_of(number) for number in versions[path]})),
            fate=FATE_WORDS[filesystem.fates[versions[path][-1]]],
        )
        for path, content_bytes in biggest.items()
        if content_bytes
    )
