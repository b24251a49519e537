"""``index.json``, the way into every OCI image layout (OCI image-spec, image-layout.md, image-index.md)."""

import hashlib
from collections.abc import Iterator

from msgspec.structs import replace

from layerscope.archive.candidate import Candidate, LayerBlob
from layerscope.archive.document import Node, parse
from layerscope.archive.store import Store
from layerscope.errors import Damaged, LimitExceeded, NotAnImage
from layerscope.model.digest import Digest
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform

INDEX = "index.json"
LAYOUT = "oci-layout"
_INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
_CONFIGS = frozenset({"", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
_IN_TOTO = "application/vnd.in-toto+json"
_REFERENCE_TYPE = "vnd.docker.reference.type"
_REFERENCE_DIGEST = "vnd.docker.reference.digest"
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_KINDS_OF_ARTIFACT = {
    "helm": "a Helm chart",
    "cosign": "a signature",
    "sigstore": "a signature",
    "notary": "a signature",
    "wasm": "a WebAssembly module",
    "spdx": "an SBOM",
    "cyclonedx": "an SBOM",
    "ollama": "a model",
}
_KINDS_OF_LAYER = {
    "application/vnd.dev.cosign.simplesigning.v1+json": "a cosign signature",
    "application/vnd.dsse.envelope.v1+json": "an attestation",
    _IN_TOTO: "an attestation",
}
"""Documents that cosign and BuildKit store with the config of an image, since registries took no other."""


def blob_name(digest: Digest) -> str:
    """Where an image layout keeps the blob of a digest."""
    return f"blobs/{digest.algorithm}/{digest.encoded}"


class Layout:
    """Follows the descriptors from ``index.json`` down to the manifests."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._seen: set[Digest] = set()
        self._tags: dict[Digest, list[str]] = {}
        self._artifacts: list[str] = []
        self._absent = 0

    def candidates(self, document: Node) -> tuple[Candidate, ...]:
        """The image manifests that ``index.json`` leads to; attestations are joined to the image they speak of."""
        if "manifests" not in document:
            raise Damaged("it has no manifests", where=INDEX)
        found: list[Candidate] = []
        statements: dict[str, list[str]] = {}
        for number, descriptor in enumerate(document["manifests"]):
            found += self._descriptor(descriptor, f"oci:{number}", _tags(descriptor), None, statements, 0)
        if not found and self._artifacts:
            raise NotAnImage(f"this is {self._artifacts[0]}, not a container image")
        if not found and self._absent:
            raise Damaged("none of the manifests that it names is in the archive", where=INDEX)
        return tuple(
            replace(
                one,
                attestations=tuple(statements.get(one.manifest_digest, ())),
                tags=tuple(dict.fromkeys(self._tags.get(Digest.parse(one.manifest_digest), one.tags))),
            )
            for one in found
        )

    def _descriptor(
        self,
        descriptor: Node,
        group: str,
        tags: tuple[str, ...],
        platform: Platform | None,
        statements: dict[str, list[str]],
        depth: int,
    ) -> Iterator[Candidate]:
        digest = descriptor["digest"].digest()
        self._tags.setdefault(digest, []).extend(tags)
        if digest in self._seen or depth > 8:
            return
        self._seen.add(digest)
        if not self._store.has(blob_name(digest)):
            self._absent += 1
            return  # A platform that was left out of the archive, as the index may name.
        manifest = self._read(digest)
        annotations = descriptor["annotations"].strings()
        if annotations.get(_REFERENCE_TYPE) == "attestation-manifest":
            subject = annotations.get(_REFERENCE_DIGEST, "")
            statements.setdefault(subject, []).extend(self._statements(manifest))
            return
        if "manifests" in manifest and "layers" in manifest:
            raise Damaged("is both an index and a manifest (CVE-2021-41190)", where=blob_name(digest))
        platform = _platform(descriptor["platform"]) or platform
        if "manifests" in manifest or descriptor["mediaType"].text() in _INDEXES:
            for child in manifest["manifests"]:
                yield from self._descriptor(child, group, tags, platform, statements, depth + 1)
            return
        artifact = self._artifact(manifest)
        if artifact:
            self._artifacts.append(artifact)
            return
        yield self._manifest(manifest, digest, group, tags, platform)

    def _manifest(
        self, manifest: Node, digest: Digest, group: str, tags: tuple[str, ...], platform: Platform | None
    ) -> Candidate:
        config = manifest["config"]["digest"].digest()
        layers = tuple(
            LayerBlob(
                name=blob_name(layer["digest"].digest()),
                digest=layer["digest"].digest(),
                media_type=layer["mediaType"].text(),
                stored_bytes=layer["size"].number(),
            )
            for layer in manifest["layers"]
        )
        if len(layers) > self._limits.layers:
            raise LimitExceeded(f"{digest}: an image of {len(layers):,} layers", hint="raise --limit layers")
        present = self._store.has(blob_name(config))
        return Candidate(
            group=group,
            format="oci-archive",
            config=blob_name(config),
            config_digest=config,
            layers=layers,
            tags=tags,
            platform=platform,
            manifest_digest=str(digest),
            annotations=manifest["annotations"].strings(),
            missing="" if present else f"its config {config} is not in the archive",
        )

    def _statements(self, manifest: Node) -> Iterator[str]:
        """The in-toto documents of an attestation manifest, as far as the archive holds them."""
        for layer in manifest["layers"]:
            name = blob_name(layer["digest"].digest())
            if layer["mediaType"].text() == _IN_TOTO and self._store.has(name):
                yield name

    def _artifact(self, manifest: Node) -> str:
        """What a manifest is when it is no image; empty for an image."""
        kind = manifest["artifactType"].text() or manifest["config"]["mediaType"].text()
        if manifest["config"]["mediaType"].text() in _CONFIGS and not manifest["artifactType"].text():
            kinds = {layer["mediaType"].text() for layer in manifest["layers"]}
            kind = kinds.pop() if len(kinds) == 1 else ""
            return f"{_KINDS_OF_LAYER[kind]} ({kind})" if kind in _KINDS_OF_LAYER else ""
        name = next((name for key, name in _KINDS_OF_ARTIFACT.items() if key in kind.lower()), "an artifact")
        return f"{name} ({kind})"

    def _read(self, digest: Digest) -> Node:
        name = blob_name(digest)
        return parse(proven(self._store.document(name), digest, name), name, self._limits)


def proven(data: bytes, digest: Digest, name: str) -> bytes:
    """The data, when it has that digest; raises Damaged otherwise."""
    if hashlib.new(digest.algorithm, data).hexdigest() != digest.encoded:
        raise Damaged("its content does not have the digest of its name", where=name)
    return data


def digest_of(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def _tags(descriptor: Node) -> tuple[str, ...]:
    annotations = descriptor["annotations"].strings()
    return next(((annotations[key],) for key in _NAMES if annotations.get(key)), ())


def _platform(node: Node) -> Platform | None:
    if node.value is None:
        return None
    platform = Platform(os=node["os"].text(), architecture=node["architecture"].text(), variant=node["variant"].text())
    return None if platform.os in ("", "unknown") else platform
