"""The pages that windows show: all keys, the image, a step's edit, the Dockerfile or the history."""

from collections.abc import Iterator

from rich.text import Text

from layerscope.explore.keys import rows
from layerscope.explore.style import KEY, NOTICE, SOFT, STRONG, diff_style
from layerscope.model.report import Report
from layerscope.model.step import BY_HAND, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import line_of
from layerscope.render.steps import diff_lines, step_place, step_saves
from layerscope.render.style import plain_text
from layerscope.render.units import Units, percent
from layerscope.render.verdict import head, warnings
from layerscope.render.words import counted, fate_words, instruction_text, layer_words

_LABEL = 18


def help_page() -> Iterator[Text]:
    """All keys by group."""
    last = ""
    for group, keys, words in rows():
        if group != last:
            yield from [Text()] if last else []
            yield Text(group, STRONG)
            last = group
        yield Text.assemble((f"  {keys:<{_LABEL}} ", KEY), words)


def image_page(report: Report, units: Units) -> Iterator[Text]:
    """What is known of the image as a whole."""
    image, totals = report.image, report.totals
    for line in head(report, units):
        yield Text(plain_text(line))
    yield Text()
    facts = {
        "tags": ", ".join(image.tags),
        "image id": image.image_id,
        "manifest digest": image.manifest_digest,
        "platform": image.platform,
        "created": image.created,
        "format": image.format,
        "content": f"{units(totals.content_bytes)}, {units(totals.stored_bytes)} stored",
        "live": f"{units(totals.live_bytes)} in {counted(totals.files, 'file')}",
        "hidden": units(totals.hidden_bytes),
        "efficiency": f"{percent(totals.live_bytes, totals.content_bytes)} of the bytes are live",
        "reclaimable": units(totals.reclaimable_bytes),
    }
    for name, value in facts.items():
        if value:
            yield Text.assemble((f"{name:<{_LABEL}}", SOFT), printable(value))
    if report.warnings:
        yield Text()
        yield from (Text(plain_text(line), NOTICE) for line in warnings(report))
    if report.hidden:
        yield Text()
        yield Text("BIGGEST HIDDEN PATHS", STRONG)
    for one in report.hidden:
        files = f"{counted(one.files, 'version')}, " if one.files > 1 else ""
        fate = f"{fate_words(one.fate)}, " if one.fate else ""
        yield Text(f"{units(one.content_bytes):>10}  {printable(one.path)}  ") + Text(
            f"{files}{fate}{layer_words(one.layers)}", SOFT
        )


def diff_page(step: Step, report: Report, units: Units) -> Iterator[Text]:
    """A step with its edit as a diff."""
    yield Text().append(printable(step.sentence), STRONG)
    saves = ("up to " if step is report.base_step else "") + step_saves(step, units)
    yield Text(f"saves {saves}, {step_place(step, report)}")
    if step.review:
        yield Text(f"review: {printable(step.review)}", NOTICE)
    yield Text()
    lines = list(diff_lines(step))
    yield from (Text(line, diff_style(line)) for line in lines)
    if not lines:
        by_hand = report.dockerfile is not None or step.strategy == BY_HAND
        yield Text().append("to be done by hand" if by_hand else "--dockerfile FILE shows the edit", SOFT)


def dockerfile_page(text: str, line: int | None) -> tuple[list[Text], int]:
    """The lines of a Dockerfile with their numbers, and the place of one of them."""
    lines = text.removesuffix("\n").split("\n")
    numbered = [
        Text.assemble((f"{number:>5}  ", SOFT), printable(one.removesuffix("\r").expandtabs(4)))
        for number, one in enumerate(lines, 1)
    ]
    return numbered, max(0, min((line or 1) - 1, len(lines) - 1))


def history_page(report: Report, units: Units, instruction: int | None) -> tuple[list[Text], int]:
    """The instructions as the history records them, and the place of one of them."""
    lines: list[Text] = []
    place = 0
    for step in report.instructions:
        if step.index == instruction:
            place = len(lines)
        layer = f"layer {step.layer}" if step.layer is not None else ""
        size = units(step.content_bytes) if step.layer is not None else ""
        lines.append(Text.assemble((f"{layer:>9} {size:>10}  ", SOFT), printable(instruction_text(step))))
    return lines or [Text("no history")], place


def line_of_step(step: Step, report: Report) -> tuple[int | None, int | None]:
    """The line to edit, and the instruction that made the biggest finding."""
    found = sorted((report.findings[place] for place in step.findings), key=lambda one: -one.content_bytes)
    edited = step.dockerfile_line
    if found and edited is None:
        edited = line_of(found[0], report)
    return edited, found[0].instruction if found else None
