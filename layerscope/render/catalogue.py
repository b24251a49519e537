"""The catalogue of rules as rows, and one rule explained."""

import inspect
import textwrap
from collections.abc import Iterable

from layerscope.model.rows import Column, Rows
from layerscope.rules.rule import Rule

_COLUMNS = (
    Column(name="rule", header="RULE"),
    Column(name="severity", header="SEVERITY"),
    Column(name="frees", shown=False),
    Column(name="summary", header="WHAT IT FINDS"),
    Column(name="fix", header="FIX", shown=False),
)
_WIDTH = 100


def rule_rows(rules: Iterable[Rule]) -> Rows:
    """One row for each rule, with the first sentence of its documentation."""
    rows = tuple((rule.name, rule.severity.value, rule.frees, _summary(rule), rule.fix) for rule in rules)
    return Rows(columns=_COLUMNS, rows=rows)


def explained(rule: Rule, width: int | None) -> str:
    """Name, severity, documentation and fix of one rule, wrapped."""
    wide = min(width or _WIDTH, _WIDTH)
    paragraphs = [" ".join(one.split()) for one in inspect.cleandoc(rule.documentation).split("\n\n")]
    claims = "" if rule.frees else " (claims no bytes: what it asks for deletes nothing)"
    head = f"{rule.name}  {rule.severity.value}{claims}"
    fix = f"Fix: {rule.advice}"
    return "\n\n".join([head, *(textwrap.fill(one, wide) for one in (*paragraphs, fix))]) + "\n"


def _summary(rule: Rule) -> str:
    return " ".join(inspect.cleandoc(rule.documentation).partition("\n\n")[0].split())
