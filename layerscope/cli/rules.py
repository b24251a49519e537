"""``layerscope rules``: the catalogue, and what one rule looks for."""

from typing import Annotated

import typer

from layerscope.cli.options import RowFormat, RowFormatOption


def rules(
    name: Annotated[str, typer.Argument(metavar="[RULE]", help="Print what this rule looks for, and what to do.")] = "",
    row_format: RowFormatOption = RowFormat.TABLE,
) -> None:
    """List the rules in the order in which they claim bytes, or explain one of them.

    layerscope rules

    layerscope rules vcs-metadata
    """
    from layerscope.cli.options import UnitsName
    from layerscope.cli.output import terminal_width, write, write_rows
    from layerscope.render.catalogue import explained, rule_rows
    from layerscope.rules.catalogue import RULES
    from layerscope.rules.names import rule_name

    if not name:
        write_rows(rule_rows(RULES), row_format, UnitsName.SI)
        return
    known = rule_name(name, "rules")
    write(explained(next(rule for rule in RULES if rule.name == known), terminal_width()))
