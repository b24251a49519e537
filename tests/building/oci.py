"""Archives with an OCI image layout: ``blobs/``, ``index.json``, ``oci-layout``, some with ``manifest.json`` too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.building.compression import Compression, compress
from tests.building.docker import described, repositories, v1_documents
from tests.building.image import ImageSpec, digest, to_json
from tests.building.outer import archive

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
IN_TOTO = "application/vnd.in-toto+json"

Descriptor = dict[str, object]
_SUFFIXES = {"gzip": "+gzip", "gzip-members": "+gzip", "zstd": "+zstd", "zstd-frames": "+zstd"}


class Blobs:
    """The blobs of one layout, each stored once."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def add(self, content: bytes, media_type: str) -> Descriptor:
        """Store the content and describe it (OCI image-spec, descriptor.md)."""
        self.contents[path_of(digest(content))] = content
        return {"mediaType": media_type, "digest": digest(content), "size": len(content)}

    def layout(self, descriptors: Sequence[Descriptor] | None) -> dict[str, bytes]:
        """All files of the layout in the order of their names; ``descriptors`` are those of ``index.json``."""
        index = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
        files = {"blobs/": b"", "blobs/sha256/": b"", **self.contents}
        files |= {"index.json": index, "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        return dict(sorted(files.items()))


def path_of(digest_text: str) -> str:
    """Where a layout keeps the blob of that digest."""
    return "blobs/" + digest_text.replace(":", "/")


def docker_save(*images: ImageSpec, wrong_order: bool = False) -> bytes:
    """docker from 25 on, classic store: plain layers, orphan v1 configs, both indexes, ``repositories``.

    Untagged images are missing from ``index.json``, whose list is then null. ``wrong_order`` turns the layers
    of the OCI manifest round, as 25.0.0 got them wrong.
    """
    blobs = Blobs()
    descriptors: list[Descriptor] = []
    documents = []
    for image in images:
        layers = [blobs.add(data, image.media_types.get(i, LAYER)) for i, data in enumerate(image.layers)]
        for document in v1_documents(image):
            blobs.add(document, CONFIG)
        config = blobs.add(image.config_bytes, CONFIG)
        manifest = _add_manifest(blobs, config, layers[::-1] if wrong_order else layers)
        descriptors += [manifest | {"annotations": _containerd_names(tag)} for tag in image.tags]
        sources = {str(layer["digest"]): layer for layer in layers}
        documents.append(_by_blob(image, config, layers) | {"LayerSources": sources})
    files = blobs.layout(descriptors or None) | {"manifest.json": to_json(documents) + b"\n"}
    if table := repositories(images):
        files["repositories"] = to_json(table) + b"\n"
    return archive(sorted(files.items()))


def oci_archive(
    *images: ImageSpec, compression: Compression | Sequence[Compression] = "gzip", platforms: bool = False
) -> bytes:
    """podman and skopeo ``oci-archive``, buildx ``type=oci``: no ``manifest.json``.

    ``compression`` is one for all layers, or one for each (the last goes for the rest). ``platforms`` puts each
    image's platform into ``index.json``, as buildx does.
    """
    return archive(_layout(images, compression, platforms=platforms).items())


def oci_layout_directory(
    path: Path, *images: ImageSpec, compression: Compression | Sequence[Compression] = "gzip"
) -> None:
    """The same layout, written as files below ``path``: what crane, ko and ``skopeo copy ... oci:`` write."""
    for name, content in _layout(images, compression, platforms=False).items():
        if not name.endswith("/"):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)


def skopeo_dir(image: ImageSpec, *, compression: Compression = "gzip", suffix: str = "") -> bytes:
    """skopeo's ``dir:`` and podman's ``docker-dir``, as a tar; version 1.0 has the suffix ``.tar``."""
    blobs = Blobs()
    manifest = _add_manifest(blobs, *_add_contents(blobs, image, compression))
    files = {path.rpartition("/")[2] + suffix: content for path, content in blobs.contents.items()}
    files["manifest.json"] = files.pop(str(manifest["digest"])[7:] + suffix)
    return archive([("version", b"Directory Transport Version: 1.1\n"), *files.items(), ("signature-1", b"\x99\x01")])


def containerd(
    *images: ImageSpec,
    compression: Compression | Sequence[Compression] = "gzip",
    nested: bool = False,
    attestations: Sequence[Mapping[str, object]] = (),
    manifest_json: bool = True,
) -> bytes:
    """docker's containerd store, nerdctl, ctr, buildx ``type=docker``: both indexes.

    ``nested`` makes the images the platforms of one index, named by the first one's tags, and ``manifest.json``
    then describes the first alone. ``attestations`` are in-toto statements; one attestation manifest for each image
    carries them all. ctr leaves ``manifest_json`` out.
    """
    blobs = Blobs()
    listed: list[Descriptor] = []
    documents: list[Mapping[str, object]] = []
    for image in images:
        config, layers = _add_contents(blobs, image, compression)
        manifest = _add_manifest(blobs, config, layers) | {"platform": image.platform}
        attested = [_add_attestation(blobs, manifest, attestations)] if attestations else []
        listed += [manifest, *attested] if nested else [*_named(manifest, image.tags), *attested]
        documents.append(_by_blob(image, config, layers))
    if nested:
        inner = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
        listed = _named(blobs.add(inner, INDEX), images[0].tags)
        documents = documents[:1]
    extra = {"manifest.json": to_json(documents)} if manifest_json else {}
    return archive(sorted((blobs.layout(listed) | extra).items()))


def buildkit(image: ImageSpec, *, statements: Sequence[Mapping[str, object]], annotations: Mapping[str, str]) -> bytes:
    """buildx ``type=oci`` of an image with ``annotations`` in its manifest, and what ``--provenance`` tells of it."""
    blobs = Blobs()
    manifest = _add_manifest(blobs, *_add_contents(blobs, image, "gzip"), annotations)
    named = [manifest | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag in image.tags]
    files = blobs.layout([*(named or [manifest]), _add_attestation(blobs, manifest, statements)])
    return archive(files.items())


def helm_chart() -> bytes:
    """An OCI archive that holds a Helm chart: an artifact, no image."""
    blobs = Blobs()
    config = blobs.add(to_json({"name": "example", "version": "1.0.0"}), "application/vnd.cncf.helm.config.v1+json")
    chart = blobs.add(compress(b"chart", "gzip"), "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    return archive(blobs.layout([_add_manifest(blobs, config, [chart])]).items())


def with_document(*images: ImageSpec, media_type: str) -> bytes:
    """An OCI archive with one more manifest, of a lone document under the config of an image, as cosign stores it."""
    blobs = Blobs()
    manifests = [_add_manifest(blobs, *_add_contents(blobs, image, "gzip")) for image in images]
    document = blobs.add(to_json({"critical": {}}), media_type)
    config = blobs.add(to_json({"rootfs": {"type": "layers", "diff_ids": [document["digest"]]}}), CONFIG)
    return archive(blobs.layout([*manifests, _add_manifest(blobs, config, [document])]).items())


def _layout(
    images: Sequence[ImageSpec], compression: Compression | Sequence[Compression], *, platforms: bool
) -> dict[str, bytes]:
    blobs = Blobs()
    descriptors: list[Descriptor] = []
    for image in images:
        manifest = _add_manifest(blobs, *_add_contents(blobs, image, compression))
        if platforms:
            manifest["platform"] = image.platform
        named = [manifest | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag in image.tags]
        descriptors += named or [manifest]
    return blobs.layout(descriptors)


def _add_contents(
    blobs: Blobs, image: ImageSpec, compression: Compression | Sequence[Compression]
) -> tuple[Descriptor, list[Descriptor]]:
    """Store config and layers; the media type tells gzip and zstd, the other compressions have none in the spec."""
    chosen: Sequence[Compression] = [compression] if isinstance(compression, str) else compression
    layers = []
    for index, data in enumerate(image.layers):
        packing = chosen[min(index, len(chosen) - 1)]
        media_type = image.media_types.get(index, LAYER + _SUFFIXES.get(packing, ""))
        layers.append(blobs.add(compress(data, packing), media_type))
    return blobs.add(image.config_bytes, CONFIG), layers


def _add_manifest(
    blobs: Blobs, config: Descriptor, layers: Sequence[Descriptor], annotations: Mapping[str, str] | None = None
) -> Descriptor:
    document: dict[str, object] = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers)}
    if annotations is not None:
        document["annotations"] = dict(annotations)
    return blobs.add(to_json(document), MANIFEST)


def _add_attestation(blobs: Blobs, subject: Descriptor, statements: Sequence[Mapping[str, object]]) -> Descriptor:
    """BuildKit's attestation manifest: its layers are in-toto statements, its platform is ``unknown/unknown``."""
    layers = [
        blobs.add(to_json(statement), IN_TOTO)
        | {"annotations": {"in-toto.io/predicate-type": statement.get("predicateType", "")}}
        for statement in statements
    ]
    unknown = {"architecture": "unknown", "os": "unknown"}
    rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
    config = blobs.add(to_json({**unknown, "config": {}, "rootfs": rootfs}), CONFIG)
    annotations = {
        "vnd.docker.reference.digest": subject["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    }
    return _add_manifest(blobs, config, layers) | {"annotations": annotations, "platform": unknown}


def _by_blob(image: ImageSpec, config: Descriptor, layers: Sequence[Descriptor]) -> dict[str, object]:
    return described(image, path_of(str(config["digest"])), [path_of(str(layer["digest"])) for layer in layers])


def _named(descriptor: Descriptor, tags: Sequence[str]) -> list[Descriptor]:
    return [descriptor | {"annotations": _containerd_names(tag)} for tag in tags] or [descriptor]


def _containerd_names(tag: str) -> dict[str, str]:
    full = tag if "/" in tag else f"docker.io/library/{tag}"
    return {"io.containerd.image.name": full, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]}
