"""``layerscope schema``: the JSON Schema of reports."""

from importlib.resources import files

from layerscope.cli.output import write
from layerscope.model.report import SCHEMA_VERSION


def schema() -> None:
    """Print the JSON Schema of reports

    layerscope schema > report.schema.json
    """
    write(files("layerscope").joinpath("schema", f"report-{SCHEMA_VERSION}.json").read_text(encoding="utf-8"))
