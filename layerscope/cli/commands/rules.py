"""``layerscope rules`` and ``layerscope schema``: what the program looks for, and the format of what it finds."""

from importlib.resources import files
from typing import Annotated

import typer

from layerscope.cli.options import RowFormat, RowFormatOption, UnitsName, rule_name
from layerscope.cli.output import terminal_width, write, write_rows
from layerscope.model.report import SCHEMA_VERSION
from layerscope.render.rules import explained, rule_rows
from layerscope.rules.registry import RULES


def rules(
    name: Annotated[str, typer.Argument(metavar="[RULE]", help="Explain this rule and how to fix what it finds")] = "",
    row_format: RowFormatOption = RowFormat.TABLE,
) -> None:
    """List the rules, or explain one

    Rules are listed in the order in which they claim bytes.

    layerscope rules

    layerscope rules vcs-metadata
    """
    wanted = rule_name(name, "rules") if name else ""
    listed = [rule for rule in RULES if wanted in ("", rule.name)]
    if wanted and row_format == RowFormat.TABLE:
        write(explained(listed[0], terminal_width()))
    else:
        write_rows(rule_rows(listed), row_format, UnitsName.SI)


def schema() -> None:
    """Print the JSON Schema of reports

    layerscope schema > report.schema.json
    """
    write(files("layerscope").joinpath("schema", f"report-{SCHEMA_VERSION}.json").read_text(encoding="utf-8"))
