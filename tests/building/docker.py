"""Archives whose only way in is ``manifest.json``, in the layout of each tool that writes them."""

from collections.abc import Iterator, Mapping, Sequence

from tests.building.compression import Compression, compress
from tests.building.image import ImageSpec, encoded, to_json
from tests.building.member import Member
from tests.building.outer import archive
from tests.building.tar import symlink

_SUFFIXES = {"": ".tar", "zstd": ".tar.zst", "zstd-frames": ".tar.zst"}


def docker_legacy(*images: ImageSpec) -> bytes:
    """docker before 25: sorted ``<id>/{VERSION,json,layer.tar}``, configs, ``manifest.json``, ``repositories``.

    A diff_id that was already stored becomes a symlink to the first one's ``layer.tar``; in the order of names
    the link can come before its target.
    """
    entries: dict[str, bytes | Member] = {}
    first_of: dict[str, str] = {}
    for image in images:
        entries[_encoded_id(image) + ".json"] = image.config_bytes
        chain = v1_ids(image)
        for layer, v1_id, document in zip(image.layers, chain, v1_documents(image), strict=True):
            first = first_of.setdefault(encoded(layer), v1_id)
            name = f"{v1_id}/layer.tar"
            entries[f"{v1_id}/"] = b""
            entries[f"{v1_id}/VERSION"] = b"1.0"
            entries[f"{v1_id}/json"] = document
            entries[name] = layer if first == v1_id else symlink(name, f"../{first}/layer.tar")
    documents = [
        described(image, _encoded_id(image) + ".json", [f"{v1_id}/layer.tar" for v1_id in v1_ids(image)])
        for image in images
    ]
    return _docker_archive(dict(sorted(entries.items())), documents, images, line_end=b"\n")


def docker_before_1_10(*images: ImageSpec) -> bytes:
    """docker before 1.10: ``<id>/{VERSION,json,layer.tar}`` and ``repositories``; no manifest, no digests."""
    entries: dict[str, bytes] = {}
    for image in images:
        for layer, v1_id, document in zip(image.layers, v1_ids(image), v1_documents(image), strict=True):
            entries[f"{v1_id}/"] = b""
            entries |= {f"{v1_id}/VERSION": b"1.0", f"{v1_id}/json": document, f"{v1_id}/layer.tar": layer}
    table = repositories(images)
    return archive([*sorted(entries.items()), *([("repositories", to_json(table))] if table else [])])


def skopeo_docker_archive(*images: ImageSpec) -> bytes:
    """podman, skopeo and buildah: ``<diff_id>.tar``, config, ``<id>/`` with a symlink; each blob once, indexes last."""
    entries: dict[str, bytes | Member] = {}
    for image in images:
        entries |= {f"{encoded(layer)}.tar": layer for layer in image.layers}
        entries[_encoded_id(image) + ".json"] = image.config_bytes
        for layer, v1_id, document in zip(image.layers, v1_ids(image), v1_documents(image), strict=True):
            name = f"{v1_id}/layer.tar"
            entries[name] = symlink(name, f"../{encoded(layer)}.tar")
            entries[f"{v1_id}/VERSION"] = b"1.0"
            entries[f"{v1_id}/json"] = document
    documents = [
        described(image, _encoded_id(image) + ".json", [f"{encoded(layer)}.tar" for layer in image.layers])
        for image in images
    ]
    return _docker_archive(entries, documents, images)


def crane(*images: ImageSpec, compression: Compression = "gzip") -> bytes:
    """crane, kaniko, ko, apko: config named ``sha256:<hex>``, blobs named by their own digest, ``manifest.json``."""
    suffix = _SUFFIXES.get(compression, ".tar.gz")
    entries: dict[str, bytes | Member] = {}
    documents = []
    for image in images:
        packed = [compress(layer, compression) for layer in image.layers]
        names = [encoded(blob) + suffix for blob in packed]
        entries |= {image.image_id: image.config_bytes} | dict(zip(names, packed, strict=True))
        documents.append(described(image, image.image_id, names))
    return _docker_archive(entries, documents)


def nix(*images: ImageSpec) -> bytes:
    """Nix streamLayeredImage: ``<diff_id>/layer.tar``, config, ``manifest.json``; no directories.

    The absolute ``/nix/store`` names stand in the layers themselves.
    """
    entries: dict[str, bytes | Member] = {}
    documents = []
    for image in images:
        names = [f"{encoded(layer)}/layer.tar" for layer in image.layers]
        config = _encoded_id(image) + ".json"
        entries |= dict(zip(names, image.layers, strict=True)) | {config: image.config_bytes}
        documents.append(described(image, config, names))
    return _docker_archive(entries, documents)


def jib(image: ImageSpec) -> bytes:
    """Jib: ``<hex>.tar.gz``, a config that is not named by its digest, ``manifest.json``; one image only."""
    packed = [compress(layer, "gzip") for layer in image.layers]
    names = [f"{encoded(blob)}.tar.gz" for blob in packed]
    entries: dict[str, bytes | Member] = {**dict(zip(names, packed, strict=True)), "config.json": image.config_bytes}
    return _docker_archive(entries, [described(image, "config.json", names)])


def rules_oci(image: ImageSpec, *, compression: Compression = "gzip") -> bytes:
    """rules_oci: config, ``blobs/sha256/<hex>.tar.gz`` whatever the compression, ``manifest.json``; one image only."""
    packed = [compress(layer, compression) for layer in image.layers]
    names = [f"blobs/sha256/{encoded(blob)}.tar.gz" for blob in packed]
    config = f"blobs/sha256/{_encoded_id(image)}"
    entries: dict[str, bytes | Member] = {config: image.config_bytes, **dict(zip(names, packed, strict=True))}
    return _docker_archive(entries, [described(image, config, names)])


def described(image: ImageSpec, config_name: str, layer_names: Sequence[str]) -> dict[str, object]:
    """The image's element of ``manifest.json``; one without tags has null RepoTags."""
    return {"Config": config_name, "RepoTags": list(image.tags) or None, "Layers": list(layer_names)}


def repositories(images: Sequence[ImageSpec]) -> dict[str, dict[str, str]]:
    """The document of ``repositories``: name to tag to the top layer's v1 id."""
    names: dict[str, dict[str, str]] = {}
    for image in images:
        for reference in image.tags if image.layers else ():
            name, _, tag = reference.rpartition(":")
            names.setdefault(name, {})[tag] = v1_ids(image)[-1]
    return names


def v1_ids(image: ImageSpec) -> tuple[str, ...]:
    """One id for each layer, made from all below it; the top one's also from the config."""
    ids: list[str] = []
    for index, diff_id in enumerate(image.diff_ids):
        top = image.config_bytes if index == len(image.layers) - 1 else b""
        ids.append(encoded(to_json([ids[-1:], diff_id]) + top))
    return tuple(ids)


def v1_documents(image: ImageSpec) -> Iterator[bytes]:
    """The v1 ``json`` of each layer: id and parent, and on the top one what the config says."""
    ids = v1_ids(image)
    history = [entry for entry in image.history or () if not entry.get("empty_layer")]
    for index, v1_id in enumerate(ids):
        document: dict[str, object] = {"id": v1_id}
        if index < len(history):
            document["container_config"] = {"Cmd": str(history[index]["created_by"]).split(" ")}
        if index:
            document["parent"] = ids[index - 1]
        if index == len(ids) - 1:
            document |= {"created": image.created, "config": image.runtime_config, **image.platform}
        yield to_json(document)


def _docker_archive(
    entries: Mapping[str, bytes | Member],
    documents: Sequence[Mapping[str, object]],
    tagged: Sequence[ImageSpec] = (),
    *,
    line_end: bytes = b"",
) -> bytes:
    members = [content if isinstance(content, Member) else (name, content) for name, content in entries.items()]
    members.append(("manifest.json", to_json(documents) + line_end))
    if table := repositories(tagged):
        members.append(("repositories", to_json(table) + line_end))
    return archive(members)


def _encoded_id(image: ImageSpec) -> str:
    return image.image_id.partition(":")[2]
