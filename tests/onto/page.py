"""Writes the table of docs/what-if.md from the results that ``make test-onto`` left: ``python -m tests.onto.page``."""

import json
from pathlib import Path

from tests.onto.pairs import PAIRS, Pair
from tests.onto.proof import FOLDER, Outcome

PAGE = Path(__file__).parent.parent.parent / "docs" / "what-if.md"
BEGIN, END = "<!-- written by make test-onto -->\n", "<!-- end -->\n"
_MOST = 3


def outcomes() -> list[tuple[Pair, Outcome]]:
    """The pairs that were proven, with what they showed."""
    found = []
    for pair in PAIRS:
        path = FOLDER / f"{pair.name}.json"
        if path.exists():
            fields = json.loads(path.read_text("utf-8"))
            lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
            found.append((pair, Outcome(**{**fields, **lists})))
    return found


def table(found: list[tuple[Pair, Outcome]]) -> str:
    """A row for each pair."""
    head = ("what", "base", "candidate", "missing at start or build", "container", "size now", "predicted", "built")
    rows: list[tuple[str, ...]] = [head, ("---",) * 5 + ("---:",) * 3]
    for pair, outcome in found:
        container = "starts" if not outcome.after else "not built" if _is_not_built(outcome) else "does not start"
        if pair.limit:
            container += f" ({pair.limit}; listed elsewhere: {_listed(outcome.elsewhere)})"
        sizes = (outcome.before_bytes, outcome.content_bytes, outcome.actual_bytes)
        figures = [f"{size / 1e6:.2f} MB" if size else "" for size in sizes]
        rows.append(
            (pair.covers, f"`{pair.base}`", f"`{pair.candidate}`", _listed(outcome.missing), container, *figures)
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _is_not_built(outcome: Outcome) -> bool:
    return outcome.after.startswith("not built")


def _listed(names: tuple[str, ...]) -> str:
    more = [f"and {len(names) - _MOST} more"] if len(names) > _MOST else []
    return ", ".join([*(f"`{name}`" for name in names[:_MOST]), *more]) or "nothing"


def main() -> None:
    """Put the table in its place."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{table(outcomes())}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
