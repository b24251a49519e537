"""The layers that two images share, and the steps of both builds in pairs."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence

from msgspec import Struct

from layerscope.model.diff import InstructionChange, LayerDiff, Status
from layerscope.model.patterns import pattern
from layerscope.model.report import Report

_CHECKSUM = pattern(r"\b(?:file|dir|multi):[0-9a-f]{64}")
_UNRECORDED = "no instruction is recorded"


def diff_layers(before: Report, after: Report) -> LayerDiff:
    """Compare layers by their diff_ids; a layer without one is not shared."""
    here, there = ([layer.diff_id for layer in report.layers] for report in (before, after))
    prefix = 0
    for one, other in zip(here, there, strict=False):
        if not one or one != other:
            break
        prefix += 1
    common = Counter(here) & Counter(there)
    common.pop("", None)
    ours = _without(here, common)
    alone = set(ours)
    return LayerDiff(
        shared=common.total(),
        shared_prefix=prefix,
        shared_bytes=sum(layer.content_bytes for layer in before.layers if layer.index not in alone),
        before=ours,
        after=_without(there, common),
    )


def _without(diff_ids: Sequence[str], common: "Counter[str]") -> tuple[int, ...]:
    """Return the indexes of the layers that are left when one layer is taken for each element of ``common``."""
    left = Counter(common)
    found = []
    for index, diff_id in enumerate(diff_ids):
        if left[diff_id] > 0:
            left[diff_id] -= 1
        else:
            found.append(index)
    return tuple(found)


class _Step(Struct, frozen=True, kw_only=True):
    """A layer with the step that made it, or a step that made none."""

    text: str
    index: int | None
    layer: int | None
    diff_id: str
    content_bytes: int


_Key = Callable[[_Step], Hashable]


def _layer_and_text(step: _Step) -> Hashable:
    return (step.diff_id, step.text) if step.diff_id else None


def _layer(step: _Step) -> Hashable:
    # All empty layers have the same diff_id, whatever step made them.
    return step.diff_id if step.content_bytes else None


def _text(step: _Step) -> Hashable:
    return (step.layer is None, step.text) if step.index is not None else None


def _text_without_checksum(step: _Step) -> Hashable:
    return (step.layer is None, _CHECKSUM.sub("", step.text)) if step.index is not None else None


def diff_instructions(before: Report, after: Report) -> tuple[InstructionChange, ...]:
    """Return the steps of both builds, paired by layer, else by text, in the order of the second build.

    A step that only the first build has follows the one that it followed there. All layers are included, so the bytes
    sum to the content bytes of both images.
    """
    ours, theirs = list(_steps(before)), list(_steps(after))
    pairs: dict[int, int] = {}
    for key in (_layer_and_text, _layer, _text, _text_without_checksum):
        _pair(ours, theirs, pairs, key)
    partner = {there: here for here, there in pairs.items()}
    alone = deque(here for here in range(len(ours)) if here not in pairs)
    rows: list[InstructionChange] = []
    for there, step in enumerate(theirs):
        here = partner.get(there)
        while here is not None and alone and alone[0] < here:
            rows.append(_change(ours[alone.popleft()], None))
        rows.append(_change(None if here is None else ours[here], step))
    rows += [_change(ours[here], None) for here in alone]
    return tuple(rows)


def _steps(report: Report) -> Iterator[_Step]:
    """Yield the steps in order, and each layer without a step before the step of the next layer."""
    layers_of: dict[int, list[int]] = {}
    unclaimed = []
    for layer in report.layers:
        if layer.instruction is None:
            unclaimed.append(layer.index)
        else:
            layers_of.setdefault(layer.instruction, []).append(layer.index)
    for step in report.instructions:
        text = f"{step.kind} {step.text}".strip()
        for layer_index in layers_of.get(step.index, ()):
            while unclaimed and unclaimed[0] < layer_index:
                yield _of_layer(report, _UNRECORDED, None, unclaimed.pop(0))
            yield _of_layer(report, text, step.index, layer_index)
        if step.index not in layers_of:
            yield _Step(text=text, index=step.index, layer=None, diff_id="", content_bytes=0)
    for layer_index in unclaimed:
        yield _of_layer(report, _UNRECORDED, None, layer_index)


def _of_layer(report: Report, text: str, index: int | None, layer_index: int) -> _Step:
    layer = report.layers[layer_index]
    return _Step(text=text, index=index, layer=layer_index, diff_id=layer.diff_id, content_bytes=layer.content_bytes)


def _pair(ours: list[_Step], theirs: list[_Step], pairs: dict[int, int], key: _Key) -> None:
    """Pair the steps that are not paired yet and have the same key, in their order."""
    taken = set(pairs.values())
    waiting: dict[Hashable, deque[int]] = {}
    for there, step in enumerate(theirs):
        if there not in taken and key(step) is not None:
            waiting.setdefault(key(step), deque()).append(there)
    for here, step in enumerate(ours):
        if here not in pairs and waiting.get(key(step)):
            pairs[here] = waiting[key(step)].popleft()


def _change(one: _Step | None, other: _Step | None) -> InstructionChange:
    either = other or one
    assert either is not None
    return InstructionChange(
        text=either.text,
        status=Status.of(one, other, is_same=_is_same(one, other)),
        before=one.index if one else None,
        after=other.index if other else None,
        before_layer=one.layer if one else None,
        after_layer=other.layer if other else None,
        before_bytes=one.content_bytes if one else 0,
        after_bytes=other.content_bytes if other else 0,
    )


def _is_same(one: _Step | None, other: _Step | None) -> bool:
    if one is None or other is None or (one.layer is None) != (other.layer is None):
        return False
    return one.layer is None or (one.diff_id != "" and one.diff_id == other.diff_id)
