"""Writes docs/rules.md from the rules themselves."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from layerscope.rules.registry import RULES
from layerscope.rules.rule import Rule

PAGE = Path(__file__).parent / "rules.md"
_HEAD = """\
# What counts as a finding

<!-- Made by `make docs` from the docstrings of the rules; do not edit. -->

A **leak** is content of the final image that was copied into it and that nothing needs at run time.
**Bloat** is waste that the final stage made itself. **Inherited** is what the base image brought: it is shown apart,
and not counted as reclaimable. The same rules serve all three; the layer that holds the bytes decides which it is.

- Rules claim in the order of this page, and a version belongs to the first rule that names it; so findings add up.
- `reclaimable` is what findings of kind leak or bloat claim, and with it all hidden bytes of the user's own layers.
- Bytes that a hardlink elsewhere keeps alive are not claimed, since removing one name of them wins nothing back.
- A tool that Entrypoint, Cmd or the health check names is wanted.
- A secret's value is never printed: at most its first and last two characters.
- Rules marked as claiming no bytes point at files that stay (mode bits).

How well it is known where the bytes came from, best first: *attested* by a provenance in the archive, *matched* with
a builder image that was given, *declared* by a Dockerfile that was given, or *inferred* from the archive alone, which
never names a stage.
"""


def markdown(rules: Sequence[Rule] = RULES) -> str:
    """docs/rules.md: an overview in a table, then each rule with what it finds, what it leaves alone, and the fix."""
    rows = [f"| [{rule.name}](#{rule.name}) | {rule.severity} | {_summary(rule)} |" for rule in rules]
    table = "\n".join(["| rule | severity | finds |", "|---|---|---|", *rows])
    return "\n".join([_HEAD, table, "", *(_section(rule) for rule in rules)])


def _paragraphs(rule: Rule) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(rule.documentation).split("\n\n")]


def _summary(rule: Rule) -> str:
    return _paragraphs(rule)[0].replace("|", r"\|")


def _section(rule: Rule) -> str:
    severity = f"Severity: {rule.severity}, unless the finding says otherwise."
    weight = severity if rule.frees else f"{severity} Claims no bytes."
    return "\n\n".join([f"## {rule.name}", *_paragraphs(rule), f"Fix: {rule.advice}.", weight]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
