"""The rules as rows, and one rule explained."""

import inspect
import textwrap
from collections.abc import Iterable

from layerscope.model.rows import Column, Rows
from layerscope.rules.rule import Rule

_COLUMNS = (
    Column(name="rule", header="RULE"),
    Column(name="severity", header="SEVERITY", kind="severity"),
    Column(name="frees", shown=False),
    Column(name="summary", header="WHAT IT FINDS"),
    Column(name="fix", header="FIX", shown=False),
)
_WIDTH = 100


def rule_rows(rules: Iterable[Rule]) -> Rows:
    """One row for each rule, with the first paragraph of its documentation."""
    rows = tuple((rule.name, rule.severity.value, rule.frees, paragraphs(rule)[0], rule.fix) for rule in rules)
    return Rows(columns=_COLUMNS, rows=rows)


def explained(rule: Rule, width: int | None) -> str:
    """Name, severity, documentation and fix of one rule, wrapped."""
    wide = min(width or _WIDTH, _WIDTH)
    claims = "" if rule.frees else " (claims no bytes: its fix deletes nothing)"
    texts = (*paragraphs(rule), f"Fix: {rule.advice}")
    return (
        "\n\n".join([f"{rule.name}  {rule.severity.value}{claims}", *(textwrap.fill(one, wide) for one in texts)])
        + "\n"
    )


def paragraphs(rule: Rule) -> list[str]:
    """The paragraphs of a rule's documentation, each on one line."""
    return [" ".join(one.split()) for one in inspect.cleandoc(rule.documentation).split("\n\n")]
