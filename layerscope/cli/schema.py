"""``layerscope schema``: the JSON Schema of the report."""

from layerscope.cli.output import write
from layerscope.render.schema import published


def schema() -> None:
    """Print the JSON Schema that every JSON report keeps to.

    layerscope schema > report.schema.json
    """
    write(published())
