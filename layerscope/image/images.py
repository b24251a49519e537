"""All images that an archive holds, whichever of its documents leads to them."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged, NotAnImage
from layerscope.image import docker, oci, v1
from layerscope.image.candidate import Candidate
from layerscope.image.docker import Dir, is_manifest
from layerscope.image.document import Node, parse
from layerscope.image.store import Store, WithData
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform


def images(
    store: WithData, limits: Limits, on_damage: Callable[[Damaged], None] | None = None
) -> tuple[Candidate, ...]:
    """One candidate for each image and platform; where there are several, each with the platform of its config.

    ``on_damage`` gets what is wrong with ``index.json`` where ``manifest.json`` alone leads to an image, as it does for
    ``docker load``; without it that is raised.
    """
    return _with_platforms(_found(store, limits, on_damage), store, limits)


def images_of(index: Node, store: WithData, limits: Limits, where: str) -> tuple[Candidate, ...]:
    """The same for an index that is no file of the store, as a registry has none; ``where`` is for messages."""
    return _with_platforms(oci.Layout(store, limits, where).candidates(index), store, limits)


def _with_platforms(found: tuple[Candidate, ...], store: WithData, limits: Limits) -> tuple[Candidate, ...]:
    if len(found) < 2:
        return found
    configs = dict.fromkeys(one.config for one in found if one.platform is None and not one.missing)
    platforms = {config: platform_of_config(config, store, limits) for config in configs}
    return _one_image_per_name([replace(one, platform=one.platform or platforms.get(one.config)) for one in found])


def is_archive(store: Store, limits: Limits) -> bool:
    """Whether the files are an image's: many another directory has an ``index.json`` or a ``manifest.json``.

    A damaged image layout is one, too.
    """
    if store.has(oci.LAYOUT) and store.has(oci.INDEX):
        return True
    index, manifest = (_document(store, name, limits) for name in (oci.INDEX, docker.MANIFEST))
    return (
        ("manifests" in index and _all_have(index["manifests"], ("digest",)))
        or _all_have(manifest, ("Config", "Layers"))
        or is_manifest(manifest)
        or v1.is_archive(store)
    )


def _found(store: WithData, limits: Limits, on_damage: Callable[[Damaged], None] | None) -> tuple[Candidate, ...]:
    """All images; what ``manifest.json`` and ``index.json`` both describe is one candidate."""
    from_index, damage = tuple[Candidate, ...](), None
    try:
        from_index = _from_index(store, limits)
    except Damaged as error:
        damage = error
    if not store.has(docker.MANIFEST):
        if damage is not None:
            raise damage
        if not store.has(oci.INDEX):
            from_index = v1.candidates(store, limits)
        if not from_index:
            raise NotAnImage("index.json names no image")
        return from_index
    found = _from_manifest(store, limits, from_index)
    if damage is not None:
        if on_damage is None or all(one.missing for one in found):
            raise damage
        on_damage(damage)
    return found


def _from_index(store: WithData, limits: Limits) -> tuple[Candidate, ...]:
    if store.has(oci.INDEX):
        index = parse(store.document(oci.INDEX), oci.INDEX, limits)
        is_layout = store.has(oci.LAYOUT) and not store.has(docker.MANIFEST)
        if "manifests" in index or is_layout:  # Many web pages have an index.json of their own.
            return oci.Layout(store, limits).candidates(index)
    return ()


def _from_manifest(store: WithData, limits: Limits, from_index: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    document = parse(store.document(docker.MANIFEST), docker.MANIFEST, limits)
    if is_manifest(document):
        return from_index or Dir(store, limits).images()
    by_config = {one.config_digest: one for one in from_index if one.config_digest is not None}
    found = []
    for one in docker.candidates(store, document, limits):
        twin = by_config.pop(one.config_digest, None) if one.config_digest is not None else None
        found.append(_joined(one, twin) if twin is not None else one)
    if not found and not by_config:
        raise NotAnImage("manifest.json names no image")
    return (*found, *by_config.values())


def _joined(one: Candidate, twin: Candidate) -> Candidate:
    """An element of ``manifest.json`` with what the OCI manifest knows besides; the former has the layers' order."""
    by_digest = {layer.digest: layer for layer in twin.layers}
    layers = tuple(by_digest.get(layer.digest, layer) if layer.digest is not None else layer for layer in one.layers)
    return replace(twin, format=one.format, layers=layers, tags=one.tags or twin.tags, missing=one.missing)


def platform_of_config(config: str, store: Store, limits: Limits) -> Platform | None:
    """The platform that a config names; None also where it cannot be read, which is an error once it is picked."""
    try:
        return oci.platform_of(parse(store.document(config), config, limits))
    except ArchiveError:
        return None


def _one_image_per_name(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Manifests of an index with the same names, or none, and a platform each, are one image, as apko writes it."""
    groups: dict[str, int] = {}
    for one in candidates:
        groups[one.group] = groups.get(one.group, 0) + 1
    lone: dict[tuple[str, ...], list[Candidate]] = {}
    for one in candidates:
        if one.manifest_digest and groups[one.group] == 1:
            lone.setdefault(one.tags, []).append(one)
    renamed: dict[str, str] = {}
    for alike in lone.values():
        platforms = {one.platform.normalized for one in alike if one.platform is not None}
        if len(platforms) == len(alike):
            renamed |= {one.group: alike[0].group for one in alike}
    return tuple(replace(one, group=renamed.get(one.group, one.group)) for one in candidates)


def _document(store: Store, name: str, limits: Limits) -> Node:
    """The JSON in a file; null where there is no such file, or it holds something else or more than metadata may."""
    try:
        if store.has(name):
            return parse(store.document(name), name, limits)
    except (OSError, ArchiveError):
        pass  # Reading the file for its own sake raises the error.
    return Node(None, name)


def _all_have(node: Node, keys: tuple[str, ...]) -> bool:
    """Whether a value is an array of objects, one at least, that have these members."""
    return isinstance(node.value, list) and bool(node.value) and all(key in one for one in node for key in keys)
