"""Takes the secrets that were found out of everything that a report quotes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.rules.masks import mask


def redacted(report: Report, secrets: frozenset[str]) -> Report:
    """The report with each of ``secrets`` masked: in the config, the history, and the findings that quote it.

    Without secrets it is the same report; what ``inspect`` and ``history`` print is the engine's and stays as it is.
    """
    if not secrets:
        return report
    # A secret may be part of another one.
    masks = [(secret, mask(secret)) for secret in sorted(secrets, key=lambda one: (-len(one), one))]

    def clean(text: str) -> str:
        for secret, masked in masks:
            text = text.replace(secret, masked)
        return text

    return replace(
        report,
        image=replace(report.image, config=_document(report.image.config, clean)),
        layers=tuple(replace(layer, created_by=clean(layer.created_by)) for layer in report.layers),
        instructions=tuple(replace(step, text=clean(step.text)) for step in report.instructions),
        findings=tuple(_finding(finding, clean) for finding in report.findings),
        warnings=tuple(map(clean, report.warnings)),
    )


def _finding(finding: Finding, clean: Callable[[str], str]) -> Finding:
    return replace(finding, title=clean(finding.title), fix=clean(finding.fix), detail=clean(finding.detail))


def _document(value: Any, clean: Callable[[str], str]) -> Any:
    """A JSON value with its strings cleaned; the reader has bounded its depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): _document(one, clean) for key, one in value.items()}
    if isinstance(value, list):
        return [_document(one, clean) for one in value]
    return value
