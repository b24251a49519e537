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

The **kind** of a finding says what it is and how it got into the image. It does not change with the evidence at hand;
only `inherited` follows the base, which may be a guess.

| kind | what it is |
|---|---|
| `secret` | a credential, key or token, wherever it is |
| `leak` | a file that a COPY or ADD brought and that nothing needs at run time, also if a later layer hides it |
| `waste` | what a RUN of the final stage, or an unknown instruction, left: caches, lists, tools, old versions |
| `inherited` | the base image's: another base image would save it, a change to your own instructions would not |

Its **source** says where the content came from: `stage:NAME`, `image:REFERENCE`, `context` (the build context), `url`,
`run`, `base`, or `unknown`. What came with the base, secrets too, does not count as reclaimable.

- Rules claim in the order of this page, and a version belongs to the first rule that names it; so findings add up.
- Reclaimable is what findings claim of your own layers, together with all hidden bytes of these layers.
- Some findings are **trades** (`"trade": true` in JSON): to remove them costs something, such as a slower start or
  missing manuals. They are listed last, have a total of their own (`trade_bytes`) and are not reclaimable.
- Bytes that a hardlink elsewhere keeps alive are not claimed, since removing one of their names saves nothing.
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
