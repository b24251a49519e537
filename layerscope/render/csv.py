"""The findings as CSV, one row for each."""

from layerscope.model.report import Report
from layerscope.model.rows import Column, Rows
from layerscope.render.finding_summary import finding_summaries
from layerscope.render.options import RenderOptions
from layerscope.render.rows import ROW_RENDERERS

COLUMNS = (
    Column(name="rule"),
    Column(name="severity"),
    Column(name="kind"),
    Column(name="evidence"),
    Column(name="content_bytes", kind="bytes"),
    Column(name="path_count", kind="number"),
    Column(name="layers"),
    Column(name="source"),
    Column(name="dockerfile_line", kind="number"),
    Column(name="path"),
    Column(name="title"),
    Column(name="detail"),
    Column(name="fix"),
)


def csv(report: Report, options: RenderOptions) -> str:
    """A header line, then one line for each finding; ``path`` is the most telling one."""
    rows = []
    for one in finding_summaries(report):
        derived = {"dockerfile_line": one.line, "path": one.place}
        names = (column.name for column in COLUMNS)
        rows.append(tuple(derived[name] if name in derived else getattr(one.finding, name) for name in names))
    return "".join(ROW_RENDERERS["csv"](Rows(columns=COLUMNS, rows=tuple(rows)), options.units, None))
