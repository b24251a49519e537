"""``layerscope rules``: the catalogue, and what one rule looks for."""

from typing import Annotated

import typer

from layerscope.cli.options import RowFormat, RowFormatOption, UnitsName
from layerscope.cli.output import terminal_width, write, write_rows
from layerscope.render.rules import explained, rule_rows
from layerscope.rules.names import rule_name
from layerscope.rules.registry import RULES


def rules(
    name: Annotated[str, typer.Argument(metavar="[RULE]", help="Print what this rule looks for, and what to do.")] = "",
    row_format: RowFormatOption = RowFormat.TABLE,
) -> None:
    """List the rules, or explain one.

    They stand in the order in which they claim bytes.

    layerscope rules

    layerscope rules vcs-metadata
    """
    known = rule_name(name, "rules") if name else ""
    asked = [rule for rule in RULES if known in ("", rule.name)]
    if known and row_format == RowFormat.TABLE:
        write(explained(asked[0], terminal_width()))
    else:
        write_rows(rule_rows(asked), row_format, UnitsName.SI)
