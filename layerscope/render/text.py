"""The report for a person, on one screen: the verdict, the biggest step, secrets, layers, other steps, and the rest."""

from collections.abc import Iterator

from layerscope.model.report import Report
from layerscope.render.onto import onto_section
from layerscope.render.steps import has_biggest
from layerscope.render.style import painted
from layerscope.render.text_rest import LAYERS, LEAST_LAYERS, bytes_section, layers_section, stages_section
from layerscope.render.text_steps import (
    command_line,
    limited,
    notes,
    save_section,
    secrets_section,
    steps_section,
)
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import head, warnings
from layerscope.render.width import shortened
from layerscope.render.words import counted

_SCREEN = 40
"""Lines that the report takes at most without ``--top``."""
_LEAST_STEPS, _LEAST_BYTES, _MOST_STEPS = 9, 5, 14
"""Lines that other steps and directories take whatever else there is, and at most."""
_LAYERS, _STAGES, _WARNINGS = 4, 6, 2
_CROWDED = 14
"""Lines of the sections above the layers with which each warning has but one."""
_TIGHT = 6
"""Lines that are kept for what follows the layers where nearly none are left."""


def text(report: Report, options: RenderOptions) -> str:
    """The whole report as lines."""
    above = [
        [part for line in head(report, options.units, options.width) for part in limited(line, 2, options)],
        list(save_section(report, options)),
        list(secrets_section(report, options)),
    ]
    onto = list(onto_section(report, options))
    is_crowded = sum(map(len, above)) > _CROWDED
    below = [list(notes(report, options)), list(_warnings(report, 1 if is_crowded else 3, options))]
    # Sections of a fixed length first: the others share what is left, in the order of their worth.
    left = _SCREEN - sum(len(section) + 1 for section in (*above, onto, *below) if section)
    rest = min(_LEAST_STEPS, 3 + 3 * (len(report.steps) - has_biggest(report))) + _LEAST_BYTES
    rows = max(LEAST_LAYERS, min(LAYERS, max(_LAYERS, left - rest - 3), left - _TIGHT))
    layers = list(layers_section(report, options.top or rows, options))
    left -= len(layers) + 1
    stages = list(stages_section(report, options))[: None if options.top else min(_STAGES, max(0, left - rest - 1))]
    left -= len(stages) + bool(stages)
    room = min(_MOST_STEPS, max(left - 1 - _LEAST_BYTES, min(left - 1, _LEAST_STEPS)))
    steps = list(steps_section(report, room, options))
    left -= len(steps) + bool(steps and not below[0])
    places = list(bytes_section(report, left, options)) if options.top or left > 1 else []
    sections = [
        above[0],
        onto,
        *above[1:],
        layers,
        [*steps, *below[0]],
        stages,
        places,
        below[1],
    ]
    joined = "\n\n".join("\n".join(section) for section in sections if section)
    lines = (shortened(line, options.width) for line in joined.split("\n"))
    return "".join(f"{painted(line, color=options.color)}\n" for line in lines)


def _warnings(report: Report, lines: int, options: RenderOptions) -> Iterator[str]:
    every = list(warnings(report))
    most = options.top or _WARNINGS
    for line in every[:most]:
        yield from limited(line, lines, options)
    if len(every) > most:
        command = options.command("report", f"--top {len(every)}")
        yield from command_line(f"and {counted(len(every) - most, 'more warning')}:", command, options)
