"""What to do, as HTML: the step that saves most, secrets to rotate, and all other steps with their edits."""

from collections.abc import Iterator

from layerscope.model.report import Report
from layerscope.model.step import BY_HAND, Step
from layerscope.render.finding_summary import line_of
from layerscope.render.html_parts import command, finding_link, layer_link, line_code, prose, text
from layerscope.render.steps import diff_lines, has_biggest, step_name, step_place, step_saves
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import base_row, trades_row
from layerscope.render.words import copied_from, counted, layer_words

_MOST_STEPS, _MOST_SECRETS, _MOST_LINES, _MOST_FINDINGS = 40, 200, 200, 5


def biggest_step(report: Report, options: RenderOptions) -> Iterator[str]:
    """The one change that saves most, with its edit and its findings."""
    if not has_biggest(report):
        return
    step = report.steps[0]
    yield '<div class="first">'
    yield f'<p><span class="saves">Save {step_saves(step, options.units)}</span> {_place(1, step, report)}</p>'
    yield f"<p{_lit(1, step)}>{prose(step.sentence)}</p>"
    yield from _details(step, report, options)
    yield "</div>"


def steps(report: Report, options: RenderOptions) -> Iterator[str]:
    """All steps but the biggest, and what else could be smaller."""
    first = int(has_biggest(report))
    others = report.steps[first:]
    if others:
        yield '<ul class="steps" data-list="steps">'
        for number, step in enumerate(others[:_MOST_STEPS], first + 1):
            saves = step_saves(step, options.units) if step.saves_bytes else ""
            yield (
                f'<li id="step-{number}"><div class="row"><span class="size">{saves}</span><span class="words"'
                f"{_lit(number, step)}>{_place(number, step, report)} {prose(step.sentence)}</span></div>"
            )
            yield '<div class="below">'
            yield from _details(step, report, options)
            yield "</div></li>"
        yield "</ul>"
    if len(others) > _MOST_STEPS:
        yield f"<p>and {counted(len(others) - _MOST_STEPS, 'more step')}: {command(options.command('fix'))}</p>"
    for one in (trades_row(report, options.units), base_row(report, options.units)):
        if one is not None:
            yield f"<p><b>{text(one[0])}</b> {prose(one[1])}</p>"
    if any(step.edits for step in report.steps) and not options.is_saved:
        yield f"<p>One patch of all safe steps: {command(options.command('fix'))}</p>"


def secrets(report: Report) -> Iterator[str]:
    """What to rotate, and how to pass it instead."""
    if not report.secrets:
        return
    yield "<p>Anyone who pulled the image has them.</p>"
    yield '<ul class="steps" data-list="secrets">'
    for one in report.secrets[:_MOST_SECRETS]:
        finding = report.findings[one.finding] if one.finding < len(report.findings) else None
        line = line_of(finding, report) if finding is not None else None
        place = line_code(report, line)
        if not place and finding is not None and finding.layers:
            place = f"{layer_words(finding.layers)}: "
        weight, link = one.severity.value, finding_link(one.finding, "finding", report)
        yield (
            f'<li><div class="row"><span class="severity {weight}">{weight}</span><span class="words">{place}'
            f"{prose(one.rotate)}; {prose(one.supply)} {link}</span></div></li>"
        )
    yield "</ul>"
    if len(report.secrets) > _MOST_SECRETS:
        yield f"<p>and {len(report.secrets) - _MOST_SECRETS:,} more below</p>"


def _place(number: int, step: Step, report: Report) -> str:
    """The line to edit as code; without a Dockerfile the layers."""
    name = f'<span class="soft">{step_name(number, step)}</span>'
    place = f"<code>{text(step_place(step, report))}</code>"
    if step.dockerfile_line is not None:
        return f"{name} {place}"
    layers = sorted({layer for place in step.findings for layer in report.findings[place].layers})
    linked = f" {layer_link(layers[0], layer_words(layers), report)}" if layers else ""
    return f"{name}{linked} {place}" if step.instruction else f"{name}{linked}"


def _lit(number: int, step: Step) -> str:
    """What the script lights up in the map."""
    if not step.findings or not step.saves_bytes:
        return ""
    return f' data-findings="{" ".join(map(str, step.findings))}" data-what="Step {number}"'


def _details(step: Step, report: Report, options: RenderOptions) -> Iterator[str]:
    """What the findings are, what to make sure of first, and the change as a diff."""
    found = sorted(step.findings, key=lambda place: -report.findings[place].content_bytes)
    for place in found[:_MOST_FINDINGS]:
        finding = report.findings[place]
        size = f"{options.units(finding.content_bytes)} " if finding.content_bytes else ""
        source = f", {copied_from(finding)}" if copied_from(finding) else ""
        yield f'<p class="soft">{size}{finding_link(place, finding.title, report)}{text(source)}</p>'
    if len(found) > _MOST_FINDINGS:
        yield f'<p class="soft">and {counted(len(found) - _MOST_FINDINGS, "more finding")}</p>'
    yield from _edit(step)


def _edit(step: Step) -> Iterator[str]:
    if step.review and step.strategy != BY_HAND:
        yield f"<p><b>Review:</b> {prose(step.review)}</p>"
    if step.edits:
        # One string: a line end between elements would be one of the text that is copied.
        lines = []
        for line in list(diff_lines(step))[:_MOST_LINES]:
            tag = {"-": "del", "+": "ins"}.get(line[0], "span") if not line.startswith(("---", "+++")) else "span"
            lines.append(f"<{tag}>{text(line)}</{tag}>\n")
        yield f'<div class="patch"><pre class="diff" data-copy>{"".join(lines)}</pre></div>'
