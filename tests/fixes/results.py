"""What the proof of one scenario found, kept as JSON between runs."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.fixes.engine import CACHE

_FOLDER = CACHE / "results"


@dataclass(slots=True, kw_only=True)
class StepResult:
    """A step of the advice; ``actual_bytes`` is what is no longer in the image of the findings that it names."""

    strategy: str
    safety: str
    stage: str
    line: int | None
    sentence: str
    review: str
    predicted_bytes: int
    actual_bytes: int = 0
    applied: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One patch, built and compared.

    ``mode`` is "safe", "review", "step N" (one step alone) or "by hand". ``left`` has needless bytes that are still
    there, by folder.
    """

    mode: str
    patch: str
    steps: list[StepResult] = field(default_factory=list)
    error: str = ""
    smoke: str = ""
    actual_bytes: int = 0
    needless_saved_bytes: int = 0
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    proposed_again: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def predicted_bytes(self) -> int:
        return sum(step.predicted_bytes for step in self.steps if step.applied)


@dataclass(slots=True, kw_only=True)
class Result:
    """A scenario's own bytes, what is needless of them, what was claimed of it, and the attempts to remove it."""

    scenario: str
    builder: str
    content_bytes: int
    own_bytes: int
    needless_bytes: int
    found_bytes: int
    false_bytes: int
    claimed_bytes: int
    wrong_stage_bytes: int
    missed: dict[str, int]
    false: dict[str, int]
    noise_bytes: int
    smoke: str
    attempts: list[Attempt] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def attempt(self, mode: str) -> Attempt | None:
        """The attempt of a mode; where nothing is left for review, "review" is what "safe" did."""
        for attempt in self.attempts:
            if attempt.mode == mode:
                return attempt
        return self.attempt("safe") if mode == "review" else None

    def saved(self, mode: str) -> int:
        """The needless bytes that a patch removed."""
        attempt = self.attempt(mode)
        return attempt.needless_saved_bytes if attempt is not None and not attempt.error else 0


def write(result: Result) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (_FOLDER / f"{result.scenario}.json").write_text(json.dumps(asdict(result), indent=1))


def read() -> list[Result]:
    """All results that are kept, by name."""
    return [_result(json.loads(path.read_bytes())) for path in sorted(_FOLDER.glob("*.json"))]


def _result(fields: dict[str, Any]) -> Result:
    attempts = []
    for attempt in fields.pop("attempts"):
        steps = [StepResult(**step) for step in attempt.pop("steps")]
        attempts.append(Attempt(**attempt, steps=steps))
    return Result(**fields, attempts=attempts)
