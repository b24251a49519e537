"""The findings of a report as CSV, one row for each."""

from layerscope.model.report import Report
from layerscope.model.rows import Column, Rows
from layerscope.render.finding_summary import told
from layerscope.render.options import TextOptions
from layerscope.render.rows import ROW_RENDERERS

COLUMNS = (
    Column(name="rule"),
    Column(name="severity"),
    Column(name="kind"),
    Column(name="evidence"),
    Column(name="content_bytes", kind="bytes"),
    Column(name="path_count", kind="number"),
    Column(name="layers"),
    Column(name="stage"),
    Column(name="dockerfile_line", kind="number"),
    Column(name="path"),
    Column(name="title"),
    Column(name="detail"),
    Column(name="fix"),
)


def csv(report: Report, options: TextOptions) -> str:
    """A header line, then one line for each finding; ``path`` is the place that says most about it."""
    rows = tuple(
        (
            one.finding.rule,
            one.finding.severity.value,
            one.finding.kind.value,
            one.finding.evidence.value,
            one.finding.content_bytes,
            len(one.finding.paths),
            one.finding.layers,
            one.finding.stage,
            one.line,
            one.place,
            one.finding.title,
            one.finding.detail,
            one.finding.fix,
        )
        for one in told(report)
    )
    return "".join(ROW_RENDERERS["csv"](Rows(columns=COLUMNS, rows=rows), options.units, None))
