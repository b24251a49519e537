"""Mask the secrets that were found wherever a report quotes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.model.base import Base
from layerscope.model.finding import BuilderStep, Finding
from layerscope.model.instruction import Instruction
from layerscope.model.onto import Missing, Onto, RunLayer
from layerscope.model.report import (
    DockerfileReport,
    ImageSummary,
    InstructionReport,
    LayerReport,
    Report,
    StageReport,
    StageStep,
)
from layerscope.model.step import Edit, SecretAdvice, Step
from layerscope.secrets.masks import mask
from layerscope.secrets.text import secrets_in

_MOST = 20_000_000
"""The most searches for a secret in a text, a few seconds; a hundred secrets and variables need 10,000."""
_CHARACTERS = 1_000
"""The length of a text whose search takes twice as long as an empty one's."""


TEXTS: dict[type[Struct], tuple[str, ...]] = {
    Report: (
        "image",
        "layers",
        "instructions",
        "base",
        "dockerfile",
        "stages",
        "findings",
        "steps",
        "base_step",
        "onto",
        "secrets",
        "warnings",
    ),
    ImageSummary: ("created", "config"),
    LayerReport: ("created_by", "problem", "partial"),
    InstructionReport: ("text", "dockerfile_text", "stage", "source", "candidates"),
    Base: ("name",),
    DockerfileReport: ("target", "first_mismatch"),
    StageReport: ("name", "made_by"),
    BuilderStep: ("text",),
    StageStep: ("text",),
    Finding: ("title", "fix", "detail", "source", "made_by"),
    Step: ("sentence", "review", "stage", "instruction", "edits"),
    Edit: ("removed", "added"),
    Onto: ("missing", "run_layers", "warnings"),
    Missing: ("what", "needed_by", "detail"),
    RunLayer: ("instruction",),
    SecretAdvice: ("rotate", "supply"),
}
"""The members of each part of a report that quote the image's documents, unlike names of files and packages."""


def redacted(report: Report, secrets: frozenset[str]) -> Report:
    """Return the report with all ``secrets`` masked: in the config, in the history, and wherever these are quoted.

    Raises LimitExceeded where masking would take minutes: a secret that was found is never shown. ``inspect`` does not
    mask: it prints what the engine prints.
    """
    masked: Report = _cleaned(report, cleaner(secrets)) if secrets else report
    return masked


def shown(steps: Sequence[Instruction], secrets: frozenset[str]) -> tuple[Instruction, ...]:
    """Return the steps, with the masked text of those that repeat a secret: a part of it would not be recognised."""
    if not secrets:
        return tuple(steps)
    clean = cleaner(secrets)
    texts = [clean(str(step)) for step in steps]
    return tuple(
        replace(step, shown=text) if text != str(step) else step for step, text in zip(steps, texts, strict=True)
    )


def step_secrets(steps: Iterable[Step]) -> frozenset[str]:
    """Return the secrets in what steps quote of a Dockerfile, which the image's own documents may not hold."""
    texts = (text for step in steps for text in (step.instruction, step.sentence, step.review, "\n".join(_lines(step))))
    return frozenset(secret.value for text in texts for secret in secrets_in(text))


def _lines(step: Step) -> Iterator[str]:
    """Yield the lines of the user's files that the edits of a step name."""
    return (line for edit in step.edits for line in (*edit.removed, *edit.added))


def cleaner(secrets: frozenset[str]) -> Callable[[str], str]:
    """Return a function that masks each of ``secrets`` in a text; it raises LimitExceeded after seconds of work."""
    longest_first = sorted(secrets, key=lambda one: (-len(one), one))
    work = 0

    def clean(text: str) -> str:
        nonlocal work
        work += len(longest_first) * (1 + len(text) // _CHARACTERS)
        if work > _MOST:
            raise LimitExceeded(f"the config and the history hold {len(secrets):,} secrets, too many to mask them all")
        places = [place for secret in longest_first if secret in text for place in _places(secret, text)]
        return _masked(text, places) if places else text

    return clean


def _places(secret: str, text: str) -> Iterator[tuple[int, int]]:
    place = text.find(secret)
    while place >= 0:
        yield place, place + len(secret)
        place = text.find(secret, place + len(secret))


def _masked(text: str, places: list[tuple[int, int]]) -> str:
    """Return the text with each place masked; of nested or overlapping secrets no part is left."""
    apart: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    pieces, last = [], 0
    for start, end in apart:
        pieces += [text[last:start], mask(text[start:end])]
        last = end
    return "".join((*pieces, text[last:]))


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Return a part of a report, or a JSON value whose depth the reader has limited, with its texts cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Step) and any(clean(line) != line for line in _lines(value)):
        value = replace(value, edits=())  # A mask in a line of the Dockerfile would be applied to it.
    if isinstance(value, Struct):
        return replace(value, **{name: _cleaned(getattr(value, name), clean) for name in TEXTS[type(value)]})
    if isinstance(value, Mapping):
        return {clean(key): _cleaned(one, clean) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_cleaned(one, clean) for one in value])
    return value
