"""Many images for one page: the images by what each could save, the layers that they share, and a map of all."""

from collections.abc import Sequence

from layerscope.analysis.listings.scan import Scanned, ScannedLayer, sums
from layerscope.model.scan import ScanImage, ScanSummary, SharedLayer
from layerscope.model.size_map import NONE, OTHER, SizeCell, SizeMap, State

_MOST_SHARED, _MOST_NAMED = 300, 5
_MOST_NODES = 10_000
"""Images and their layers in the map."""
_LONGEST_NAME = 48


def scan_summary(images: Sequence[Scanned]) -> ScanSummary:
    """Return all images, the most reclaimable bytes first, with their shared layers, the most repeated bytes first."""
    ordered = sorted(images, key=lambda one: (-one.totals.reclaimable_bytes, -one.totals.content_bytes, one.name))
    holders: dict[str, list[int]] = {}
    layers: dict[str, ScannedLayer] = {}
    for place, image in enumerate(ordered):
        for layer in image.layers:
            members = holders.setdefault(layer.identity, [])
            if not members or members[-1] != place:
                members.append(place)
            if layer.content_bytes >= layers.get(layer.identity, layer).content_bytes:
                layers[layer.identity] = layer  # One that was left out of an image has its size in another.
    shared = [_shared(layers[name], members, ordered) for name, members in holders.items() if len(members) > 1]
    shared.sort(key=lambda one: (-one.repeated_bytes, one.identity))
    total = sums(ordered)
    places = {name: place for place, name in enumerate(layers)}
    return ScanSummary(
        images=tuple(_image(one, holders) for one in ordered),
        shared=tuple(shared[:_MOST_SHARED]),
        sizes=_map(ordered, places),
        layer_names=tuple(layer.instruction or name for name, layer in layers.items()),
        incomplete=total.incomplete,
        content_bytes=total.content_bytes,
        distinct_bytes=total.distinct_bytes,
        reclaimable_bytes=total.reclaimable_bytes,
    )


def _shared(layer: ScannedLayer, members: Sequence[int], images: Sequence[Scanned]) -> SharedLayer:
    return SharedLayer(
        identity=layer.identity,
        instruction=layer.instruction,
        content_bytes=layer.content_bytes,
        count=len(members),
        images=tuple(images[place].name for place in members[:_MOST_NAMED]),
    )


def _image(one: Scanned, holders: dict[str, list[int]]) -> ScanImage:
    return ScanImage(
        name=one.name,
        source=one.source,
        platform=one.platform,
        content_bytes=one.totals.content_bytes,
        base_bytes=one.totals.base_bytes,
        shared_bytes=sum(layer.content_bytes for layer in one.layers if len(holders[layer.identity]) > 1),
        reclaimable_bytes=one.totals.reclaimable_bytes,
        critical=one.critical,
        high=one.high,
        complete=one.complete,
        step=one.step,
    )


def _map(images: Sequence[Scanned], places: dict[str, int]) -> SizeMap:
    """The biggest images with their layers, and one cell of each kind for all others."""
    shown: list[SizeCell] = []
    names, parents = ["/"], [0]
    rest = {state: [0, 0] for state in State}
    for image in sorted(images, key=lambda one: -one.totals.content_bytes):
        layers = [(layer, parts) for layer in image.layers if (parts := _parts(layer))]
        if len(names) + len(layers) < _MOST_NODES:
            node = len(names)
            names.append(f"{image.name}/")
            parents.append(0)
            for number, (layer, parts) in enumerate(layers):
                for state, content_bytes, files in parts:
                    cell = SizeCell(
                        len(names), places[layer.identity], NONE, NONE, NONE, state, False, content_bytes, files
                    )
                    shown.append(cell)
                names.append(f"{number}: {layer.instruction[:_LONGEST_NAME] or layer.identity[:_LONGEST_NAME]}")
                parents.append(node)
            continue
        for state, content_bytes, files in (part for _, parts in layers for part in parts):
            rest[state][0] += content_bytes
            rest[state][1] += files
    for state, (content_bytes, files) in rest.items():
        if content_bytes:
            shown.append(SizeCell(0, OTHER, NONE, NONE, NONE, state, False, content_bytes, files))
    return SizeMap(names=tuple(names), parents=tuple(parents), cells=tuple(shown))


def _parts(layer: ScannedLayer) -> list[tuple[State, int, int]]:
    """The kinds of bytes that a layer holds, and how many; it counts as a file once."""
    reclaimable = layer.reclaimable_bytes or 0
    kept = layer.content_bytes - reclaimable
    found = [(State.BASE if layer.reclaimable_bytes is None else State.OWN, kept), (State.RECLAIMABLE, reclaimable)]
    return [
        (state, content_bytes, int(place == 0 or kept <= 0))
        for place, (state, content_bytes) in enumerate(found)
        if content_bytes > 0
    ]
