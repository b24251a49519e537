"""Writes docs/fixes.md from the results that ``make test-fixes`` left: ``python -m tests.fixes.page``."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fixes import results
from tests.fixes.results import Attempt, Result, StepResult
from tests.fixes.scenario import OWN, Scenario, scenarios

PAGE = Path(__file__).parent.parent.parent / "docs" / "fixes.md"

_HEAD = """# Fixes that were proven

`make test-fixes` builds each scenario of `tests/fixes/scenarios` with a real engine, applies what `layerscope fix`
proposes, builds again, runs the application's own smoke command in both images, and compares all their files. It wrote
this page; the figures are content bytes in MB.

- *needless*: what a person marked before any tool had a look, and whatever a later layer hides.
- *found*: the part of it that a finding names. *false*: what findings name of files that have to be kept.
- *safe* and *with review*: predicted, then actual savings of the patch, then how much of the needless bytes it removed.
- *by hand*: what the patch of a person saves, where there is one.
"""


_BY_SCRIPT = ("`cache-flags`", "`fixtures/notes`", "1, line 10", "safe", "0.10", "see below")
_NOTES = """`fixtures/notes` is the tutorial's image, whose script serves its own packages; it was built by hand before and after
the patch with review. Its three steps (`cache-flags`, `prune-stage`, `purge-packages`) were predicted to save 7.38 MB
together, and saved 7.41.
"""


def page(found: list[Result], known: dict[str, Scenario]) -> str:
    """The whole page, for the scenarios of this repository."""
    parts = [_HEAD, _scenarios(found, known)]
    if any(one.steps for result in found for one in result.attempts):
        parts += ["## What each strategy saved\n", _strategies(found), _NOTES]
        parts += ["## What is left, and why\n", _left(found)]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _scenarios(found: list[Result], known: dict[str, Scenario]) -> str:
    head = ("scenario", "what it covers", "builder", "needless", "found", "false", "safe", "with review", "by hand")
    rows = [
        (
            f"`{result.scenario}`",
            ", ".join(known[result.scenario].covers),
            result.builder,
            _megabytes(result.needless_bytes),
            _share(result.found_bytes, result.needless_bytes),
            _megabytes(result.false_bytes),
            _outcome(result, "safe"),
            _outcome(result, "review"),
            _by_hand(result),
        )
        for result in found
    ]
    needless = sum(result.needless_bytes for result in found)
    total = (
        "all",
        "",
        "",
        _megabytes(needless),
        _share(sum(result.found_bytes for result in found), needless),
        _megabytes(sum(result.false_bytes for result in found)),
        _share(sum(result.saved("safe") for result in found), needless),
        _share(sum(result.saved("review") for result in found), needless),
        "",
    )
    return _table(head, (*rows, total))


def _outcome(result: Result, mode: str) -> str:
    attempt = result.attempt(mode)
    if attempt is None:
        return "-"
    if not attempt.patch:
        return "no patch"
    wrong = "; ".join(_wrong(attempt))
    if wrong:
        return f"**{wrong}**"
    figures = f"{_megabytes(attempt.predicted_bytes)}, {_megabytes(attempt.actual_bytes)}"
    return f"{figures}, {_share(attempt.needless_saved_bytes, result.needless_bytes)}"


def _wrong(attempt: Attempt) -> Iterator[str]:
    if attempt.error:
        yield "does not build"
    if attempt.smoke:
        yield "does not run"
    for what, paths in (("removes", attempt.removed), ("changes", attempt.changed), ("changes", attempt.metadata)):
        if paths:
            yield f"{what} {paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def _by_hand(result: Result) -> str:
    saved = [one.actual_bytes for one in result.attempts if one.mode.startswith("by hand") and not one.error]
    return _megabytes(max(saved)) if saved else "-"


def _steps(found: list[Result]) -> Iterator[tuple[Result, StepResult]]:
    """Each step once: as it was applied with review, which includes what is safe."""
    for result in found:
        attempt = result.attempt("review")
        for step in attempt.steps if attempt is not None and not attempt.error else ():
            yield result, step


def _strategies(found: list[Result]) -> str:
    rows = sorted(
        (
            f"`{step.strategy}`",
            f"`{result.scenario}`",
            f"{step.stage or '-'}, line {step.line or '-'}",
            step.safety,
            _megabytes(step.predicted_bytes),
            _megabytes(step.actual_bytes),
        )
        for result, step in _steps(found)
        if step.applied
    )
    rows = sorted([*rows, _BY_SCRIPT])
    return _table(("strategy", "scenario", "where", "safety", "predicted", "actual"), rows)


def _left(found: list[Result]) -> str:
    rows = [
        (f"`{result.scenario}`", f"`{step.strategy}`", _megabytes(step.predicted_bytes), step.review or step.sentence)
        for result, step in _steps(found)
        if not step.applied or step.safety == "review"
    ]
    return _table(("scenario", "strategy", "saves", "why it is for review"), rows)


def main() -> None:
    known = {scenario.name: scenario for scenario in scenarios() if scenario.folder.parent == OWN}
    PAGE.write_text(page([result for result in results.read() if result.scenario in known], known), "utf-8")


if __name__ == "__main__":
    main()
