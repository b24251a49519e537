"""The history aligned with the layers: which instruction made which layer."""

from collections.abc import Sequence

from msgspec.structs import replace

from layerscope.history.created_by import KEYWORDS, parse
from layerscope.history.metadata import exec_arguments
from layerscope.model.image import HistoryEntry, Image
from layerscope.model.instruction import Instruction

_MAKES_NO_LAYER = KEYWORDS - {"ADD", "COPY", "FROM", "RUN", "WORKDIR"}
_WRITES = frozenset({"ADD", "COPY", "RUN"})


def instructions(
    history: tuple[HistoryEntry, ...], layer_count: int
) -> tuple[tuple[Instruction, ...], tuple[str, ...]]:
    """Every step of the history with the index of the layer that it made, and warnings where the two do not match.

    Entries without ``empty_layer`` made the layers, in their order. Where their count differs from ``layer_count``
    both are aligned from the end, since it is base images that lose history: the lowest layers then have no
    instruction, or the lowest instructions no layer.
    """
    if not history:
        lost = f"the image has no history: its layers have no instructions (layers: {layer_count})"
        return (), (lost,) if layer_count > 0 else ()
    making = [index for index, entry in enumerate(history) if not entry.empty_layer]
    surplus = len(making) - layer_count
    layers = {index: place - surplus for place, index in enumerate(making) if place >= surplus}
    steps = _joined(history, [replace(step, layer=layers.get(step.index)) for step in _steps(history)])
    return steps, _warnings(steps, surplus, layer_count)


def image_instructions(image: Image) -> tuple[tuple[Instruction, ...], tuple[str, ...]]:
    """The same for an image, whose history is that of the layers that its config names."""
    named = image.named_layers
    steps, warnings = instructions(image.config.history, len(named))
    return tuple(step if step.layer is None else replace(step, layer=named[step.layer]) for step in steps), warnings


def layers_before(instructions: Sequence[Instruction], index: int) -> int:
    """How many layers lie below the first that instruction ``index`` or a later one made."""
    return max((step.layer + 1 for step in instructions[:index] if step.layer is not None), default=0)


def made_content(step: Instruction) -> bool:
    """Whether a step made a layer with contents; a WORKDIR makes a directory at most."""
    return step.layer is not None and step.kind != "WORKDIR"


def _joined(history: tuple[HistoryEntry, ...], steps: list[Instruction]) -> tuple[Instruction, ...]:
    """The steps with those that share a layer: Buildah and a squash put the work of many into the last one's."""
    below: list[Instruction] = []
    for step in steps:
        if not history[step.index].empty_layer:
            if _is_shared(step, below):
                steps[step.index] = replace(step, joined=tuple(one.index for one in below))
            below = []
        elif step.kind in _WRITES:
            below.append(step)
    return tuple(steps)


def _is_shared(step: Instruction, below: list[Instruction]) -> bool:
    """Whether a layer holds the work of the steps below; a RUN alone may have no layer as it changed nothing."""
    by_buildah = any("FROM " in one.comment for one in (*below, step))
    unlikely = not step.kind or step.kind in _MAKES_NO_LAYER
    return bool(below) and (by_buildah or unlikely or any(one.kind != "RUN" for one in below))


def _steps(history: tuple[HistoryEntry, ...]) -> list[Instruction]:
    """Parse in order, since SHELL and CMD say how to read later steps."""
    steps: list[Instruction] = []
    shell = command = ""
    for index, entry in enumerate(history):
        step = parse(entry, index, shell)
        if step.kind == "SHELL":
            shell = " ".join(exec_arguments(step.text) or ()) or step.text.removeprefix("[").removesuffix("]")
        elif step.kind == "CMD":
            command = " ".join(exec_arguments(step.text) or ())
        elif step.kind in ("RUN", "") and command and step.created_by == command:
            # The default command, unchanged and without a shell: a container was started with it and committed.
            step = replace(step, kind="COMMIT", text=command)
        steps.append(step)
    return steps


def _warnings(steps: tuple[Instruction, ...], surplus: int, layer_count: int) -> tuple[str, ...]:
    if surplus:
        left = f"instructions without a layer: {surplus}"
        if surplus < 0:
            left = f"layers without an instruction: {-surplus}"
        own = layer_count + surplus
        return (f"number of layers: {own} in the history, {layer_count} in the image; aligned from the top, {left}",)
    top = steps[-1]
    if len(steps) > 1 and top.layer == 0 and top.kind in _MAKES_NO_LAYER:
        return (f"the image was squashed: its one layer holds the work of all {len(steps)} instructions",)
    return ()
