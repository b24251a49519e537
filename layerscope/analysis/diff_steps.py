"""The layers that two images share, and the steps of both builds in pairs."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from layerscope.model.diff import InstructionChange, LayerDiff, Status
from layerscope.model.patterns import pattern
from layerscope.model.report import Report

CHECKSUM = pattern(r"\b(?:file|dir|multi):[0-9a-f]{64}")
_UNRECORDED = "no instruction is recorded"
_MOST_EDITED = 50
"""Steps between two neighbours that are compared with each other by their words."""
_LEAST_SHARED = 0.5
"""The share of their words that two instructions have in common if one is an edit of the other."""


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
    """A layer with the step that made it, or a step that made none; ``written`` is the Dockerfile's text of it."""

    text: str
    written: str = ""
    line: int | None = None
    index: int | None
    layer: int | None
    diff_id: str
    content_bytes: int

    @property
    def shown(self) -> str:
        """The text that a reader knows."""
        return self.written or self.text


_Key = Callable[[_Step], Hashable]


def _layer_and_text(step: _Step) -> Hashable:
    return (step.diff_id, step.text) if step.diff_id else None


def _layer(step: _Step) -> Hashable:
    # All empty layers have the same diff_id, whatever step made them.
    return step.diff_id if step.content_bytes else None


def _text(step: _Step) -> Hashable:
    return (step.layer is None, step.text) if step.index is not None else None


def _text_without_checksum(step: _Step) -> Hashable:
    return (step.layer is None, CHECKSUM.sub("", step.text)) if step.index is not None else None


def _written(step: _Step) -> Hashable:
    return (step.layer is None, step.written) if step.written else None


def diff_instructions(before: Report, after: Report) -> tuple[InstructionChange, ...]:
    """Return the steps of both builds, paired by layer, else by text, else by place, in the order of the second build.

    A step that only the first build has follows the one that it followed there. All layers are included, so the bytes
    sum to the content bytes of both images.
    """
    ours, theirs = list(_steps(before)), list(_steps(after))
    pairs: dict[int, int] = {}
    for key in (_layer_and_text, _layer, _text, _text_without_checksum, _written):
        _pair(ours, theirs, pairs, key)
    _pair_edited(ours, theirs, pairs)
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
        place: dict[str, Any] = {"written": step.dockerfile_text, "line": step.dockerfile_line}
        for layer_index in layers_of.get(step.index, ()):
            while unclaimed and unclaimed[0] < layer_index:
                yield _of_layer(report, unclaimed.pop(0))
            yield replace(_of_layer(report, layer_index), text=text, index=step.index, **place)
        if step.index not in layers_of:
            yield _Step(text=text, index=step.index, layer=None, diff_id="", content_bytes=0, **place)
    for layer_index in unclaimed:
        yield _of_layer(report, layer_index)


def _of_layer(report: Report, layer_index: int) -> _Step:
    layer = report.layers[layer_index]
    return _Step(
        text=_UNRECORDED, index=None, layer=layer_index, diff_id=layer.diff_id, content_bytes=layer.content_bytes
    )


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


def _pair_edited(ours: list[_Step], theirs: list[_Step], pairs: dict[int, int]) -> None:
    """Pair what is left and makes layers where it stands between the same neighbours and shares most of its words."""
    taken = set(pairs.values())
    apart = [(-1, -1), *_in_both_orders(pairs), (len(ours), len(theirs))]
    for (here, there), (next_here, next_there) in pairwise(apart):
        left = [one for one in range(here + 1, next_here) if one not in pairs and ours[one].layer is not None]
        right = [one for one in range(there + 1, next_there) if one not in taken and theirs[one].layer is not None]
        for other in right if max(len(left), len(right)) <= _MOST_EDITED else ():
            shares = [(_shared_words(ours[one].shown, theirs[other].shown), -one) for one in left]
            share, one = max(shares, default=(0.0, 0))
            if share >= _LEAST_SHARED:
                pairs[-one] = other
                left = [place for place in left if place > -one]  # Edited instructions stay in their order.


def _in_both_orders(pairs: dict[int, int]) -> list[tuple[int, int]]:
    """Return the pairs that no other crosses, as both builds have them in this order."""
    kept: list[tuple[int, int]] = []
    for here, there in sorted(pairs.items()):
        while kept and kept[-1][1] > there:
            kept.pop()
        kept.append((here, there))
    return kept


def _shared_words(one: str, other: str) -> float:
    """Return the share of words that two instructions of the same kind have in common, without the kind; else 0."""
    (kind, *words), (other_kind, *other_words) = (text.split() or [""] for text in (one, other))
    if kind != other_kind or not (words and other_words):
        return 0.0
    common = (Counter(words) & Counter(other_words)).total()
    return 2 * common / (len(words) + len(other_words))


def _change(one: _Step | None, other: _Step | None) -> InstructionChange:
    either = other or one
    assert either is not None
    return InstructionChange(
        text=either.shown,
        status=Status.of(one, other, is_same=_is_same(one, other)),
        before=one.index if one else None,
        after=other.index if other else None,
        before_line=one.line if one else None,
        after_line=other.line if other else None,
        before_layer=one.layer if one else None,
        after_layer=other.layer if other else None,
        before_bytes=one.content_bytes if one else 0,
        after_bytes=other.content_bytes if other else 0,
    )


def _is_same(one: _Step | None, other: _Step | None) -> bool:
    if one is None or other is None:
        return False
    return one.layer is None or (one.diff_id != "" and one.diff_id == other.diff_id)
