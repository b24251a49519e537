"""What docker before 1.10 saved: for each layer a directory, called by its id, with ``json`` and ``layer.tar``.

Each ``json`` names the layer below as ``parent``; the file ``repositories`` has the names of images by the id of their
top layer, which is the image's id (moby, image/spec/v1.md). There are no digests, and no config but these documents.
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from layerscope.errors import LimitExceeded
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.document import Node, parse
from layerscope.image.oci import platform_of
from layerscope.image.store import Store, WithData
from layerscope.model.limits import Limits
from layerscope.model.patterns import pattern
from layerscope.model.platform import Platform

REPOSITORIES = "repositories"
_ID = pattern(r"[0-9a-f]{64}\Z")
_OF_THE_LAYER = frozenset(
    {"id", "parent", "Size", "parent_id", "layer_id", "throwaway", "container", "container_config"}
)


class _Step(Struct, frozen=True, kw_only=True):
    """What a layer's ``json`` says of it."""

    parent: str
    platform: Platform | None
    history: Mapping[str, Any]


def is_archive(store: Store) -> bool:
    """Whether there is such a layer, and no config of a later version, whose manifest may have been lost."""
    ids = _ids(store)
    return bool(ids) and not any(store.has(f"{one}.json") for one in ids)


def candidates(store: WithData, limits: Limits) -> tuple[Candidate, ...]:
    """One candidate for each image that has a name, and for each layer that is not a parent."""
    ids = _ids(store)
    if len(ids) > limits.layers:
        raise _too_many(limits)
    steps = {one: _step(_document(store, one, limits)) for one in ids}
    tags = _tags(store, limits)
    parents = {step.parent for step in steps.values()}
    tops = dict.fromkeys([*tags, *(one for one in ids if one not in parents)])
    left, found = limits.layers, []
    for top in tops:
        chain = _chain(top, steps)
        left -= len(chain)
        if left < 0:
            raise _too_many(limits)
        found.append(_candidate(store, top, chain, steps, tuple(tags.get(top, ())), limits))
    return tuple(found)


def _ids(store: Store) -> list[str]:
    return [name for name in store.folders() if _ID.match(name) and store.has(f"{name}/json")]


def _too_many(limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"images of over {limits.layers:,} layers together", hint="raise --limit layers")


def _document(store: Store, layer: str, limits: Limits) -> Node:
    name = f"{layer}/json"
    return parse(store.document(name), name, limits)


def _step(document: Node) -> _Step:
    made = document["container_config"]
    command = made["Cmd"] if made.value is not None else made
    history = {key: document[key].text() for key in ("created", "author", "comment")}
    words = command.text() if isinstance(command.value, str) else " ".join(command.texts())
    return _Step(
        parent=document["parent"].text(),
        platform=platform_of(document),
        history={key: value for key, value in (history | {"created_by": words}).items() if value},
    )


def _tags(store: Store, limits: Limits) -> dict[str, list[str]]:
    """The names of images by id."""
    tags: dict[str, list[str]] = {}
    if store.has(REPOSITORIES):
        document = parse(store.document(REPOSITORIES), REPOSITORIES, limits)
        for name, versions in document.members():
            for version, layer in versions.strings().items():
                tags.setdefault(layer, []).append(f"{name}:{version}")
    return tags


def _chain(top: str, steps: Mapping[str, _Step]) -> list[str]:
    """The ids from the lowest layer to ``top``; one that is not there ends it."""
    chain: dict[str, None] = {}
    layer = top
    while layer and layer not in chain:
        chain[layer] = None
        layer = steps[layer].parent if layer in steps else ""
    return list(chain)[::-1]


def _candidate(
    store: WithData, top: str, chain: list[str], steps: Mapping[str, _Step], tags: tuple[str, ...], limits: Limits
) -> Candidate:
    def config() -> bytes:
        """The top layer's document, with a history, as docker makes it of one (moby, image/v1/imagev1.go)."""

        document = {
            key: value for key, value in _document(store, top, limits).mapping().items() if key not in _OF_THE_LAYER
        }
        history = [steps[layer].history if layer in steps else {} for layer in chain]
        return json.dumps(document | {"history": history}).encode()

    missing = "" if top in steps else f"its top layer {top} is not in the archive"
    if chain[0] in steps and steps[chain[0]].parent:
        missing = f"its layer {chain[0]} is its own ancestor"
    name = f"{top}/config"
    store.add(name, config)
    return Candidate(
        group=f"v1:{top}",
        format="docker-v1",
        config=name,
        layers=tuple(LayerBlob(name=f"{layer}/layer.tar") for layer in chain),
        tags=tags,
        platform=steps[top].platform if top in steps else None,
        missing=missing,
        image_id=top,
    )
