"""Takes the secrets that were found out of everything that a report quotes."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.model.finding import Finding
from layerscope.model.report import Report, StageReport
from layerscope.secrets.masks import mask

_MOST = 20_000_000
"""Searches for a secret in a text, a few seconds; an image of a hundred secrets and as many variables needs 10,000."""
_CHARACTERS = 1_000
"""Searching so many costs as much again as the call."""


def redacted(report: Report, secrets: frozenset[str]) -> Report:
    """The report with each of ``secrets`` masked: in the config, the history, and what quotes them or a builder's.

    Without secrets it is the same report; what ``inspect`` and ``history`` print is the engine's and stays as it is.
    Raises LimitExceeded where masking would take minutes: a secret that is found is never shown.
    """
    if not secrets:
        return report
    clean = cleaner(secrets)
    return replace(
        report,
        image=replace(report.image, config=_document(report.image.config, clean)),
        layers=tuple(replace(layer, created_by=clean(layer.created_by)) for layer in report.layers),
        instructions=tuple(replace(step, text=clean(step.text)) for step in report.instructions),
        dockerfile=report.dockerfile and replace(report.dockerfile, misfit=clean(report.dockerfile.misfit)),
        stages=tuple(_stage(stage, clean) for stage in report.stages),
        findings=tuple(_finding(finding, clean) for finding in report.findings),
        warnings=tuple(map(clean, report.warnings)),
    )


def cleaner(secrets: frozenset[str]) -> Callable[[str], str]:
    """What masks each of ``secrets`` in a text; raises LimitExceeded where that has taken seconds."""
    # A secret may be part of another one.
    masks = [(secret, mask(secret)) for secret in sorted(secrets, key=lambda one: (-len(one), one))]
    work = 0

    def clean(text: str) -> str:
        nonlocal work
        work += len(masks) * (1 + len(text) // _CHARACTERS)
        if work > _MOST:
            raise LimitExceeded(f"the config and the history hold {len(masks):,} secrets, too many to mask them all")
        for secret, masked in masks:
            text = text.replace(secret, masked)
        return text

    return clean


def _finding(finding: Finding, clean: Callable[[str], str]) -> Finding:
    texts = {name: clean(getattr(finding, name)) for name in ("title", "fix", "detail", "made_by")}
    return replace(finding, **texts)


def _stage(stage: StageReport, clean: Callable[[str], str]) -> StageReport:
    return replace(stage, made_by=tuple(replace(step, text=clean(step.text)) for step in stage.made_by))


def _document(value: Any, clean: Callable[[str], str]) -> Any:
    """A JSON value with its strings cleaned; the reader has bounded its depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): _document(one, clean) for key, one in value.items()}
    if isinstance(value, list):
        return [_document(one, clean) for one in value]
    return value
