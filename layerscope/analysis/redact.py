"""Takes the secrets that were found out of everything that a report quotes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.model.finding import BuilderStep, Finding
from layerscope.model.instruction import Instruction
from layerscope.model.report import (
    BaseReport,
    DockerfileReport,
    ImageSummary,
    InstructionReport,
    LayerReport,
    Report,
    StageReport,
    StageStep,
)
from layerscope.secrets.masks import mask

_MOST = 20_000_000
"""Searches for a secret in a text, a few seconds; an image of a hundred secrets and as many variables needs 10,000."""
_CHARACTERS = 1_000
"""Searching so many costs as much again as the call."""


TEXTS: dict[type[Struct], tuple[str, ...]] = {
    Report: ("image", "layers", "instructions", "base", "dockerfile", "stages", "findings", "warnings"),
    ImageSummary: ("created", "config"),
    LayerReport: ("created_by", "problem"),
    InstructionReport: ("text", "stage", "source", "candidates"),
    BaseReport: ("name",),
    DockerfileReport: ("target", "first_mismatch"),
    StageReport: ("name", "made_by"),
    BuilderStep: ("text",),
    StageStep: ("text",),
    Finding: ("title", "fix", "detail", "source", "made_by"),
}
"""Of each part of a report the members that quote an image's documents; names of files and packages are no quotes."""


def redacted(report: Report, secrets: frozenset[str]) -> Report:
    """The report with each of ``secrets`` masked: in the config, the history, and what quotes them or a builder's.

    Without secrets it is the same report; what ``inspect`` prints is the engine's and stays as it is.
    Raises LimitExceeded where masking would take minutes: a secret that is found is never shown.
    """
    made: Report = _cleaned(report, cleaner(secrets)) if secrets else report
    return made


def shown(steps: Sequence[Instruction], secrets: frozenset[str]) -> tuple[Instruction, ...]:
    """The steps, of which those that repeat a secret say how they may be quoted: half of one would be no secret."""
    if not secrets:
        return tuple(steps)
    clean = cleaner(secrets)
    texts = [clean(str(step)) for step in steps]
    return tuple(
        replace(step, shown=text) if text != str(step) else step for step, text in zip(steps, texts, strict=True)
    )


def cleaner(secrets: frozenset[str]) -> Callable[[str], str]:
    """What masks each of ``secrets`` in a text; raises LimitExceeded where that has taken seconds."""
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
    """The text with a mask for each place; of secrets that lie in each other, or overlap, no part is left."""
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
    """A part of a report, or a JSON value, with its texts cleaned; the reader has bounded its depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Struct):
        return replace(value, **{name: _cleaned(getattr(value, name), clean) for name in TEXTS[type(value)]})
    if isinstance(value, Mapping):
        return {clean(key): _cleaned(one, clean) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_cleaned(one, clean) for one in value])
    return value
