"""``index.json``, the way into every OCI image layout (OCI image-spec, image-layout.md, image-index.md)."""

import hashlib
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.document import Node, parse
from layerscope.image.store import WithData
from layerscope.model.image import Digest
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform

INDEX = "index.json"
LAYOUT = "oci-layout"
_INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
_CONFIGS = frozenset({"", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
_IN_TOTO = "application/vnd.in-toto+json"
_PREDICATE, _PROVENANCE = "in-toto.io/predicate-type", "slsa.dev/provenance"
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


class Layout:
    """Follows the descriptors from ``index.json`` down to the manifests."""

    format = "oci-archive"

    def __init__(self, store: WithData, limits: Limits, where: str = INDEX) -> None:
        self._store = store
        self._limits = limits
        self._where = where
        self._seen: set[Digest] = set()
        self._tags: dict[Digest, list[str]] = {}
        self._artifacts: list[str] = []
        self._absent = 0

    def candidates(self, document: Node) -> tuple[Candidate, ...]:
        """The image manifests that ``index.json`` leads to; attestations are joined to the image they speak of."""
        if "manifests" not in document:
            raise Damaged("it has no manifests", where=self._where)
        found: list[Candidate] = []
        statements: dict[str, list[str]] = {}
        for number, descriptor in enumerate(document["manifests"]):
            found += self._descriptor(descriptor, f"oci:{number}", _tags(descriptor), None, statements, 0)
        if not found and self._artifacts:
            raise NotAnImage(f"this is {self._artifacts[0]}, not a container image")
        if not found and self._absent:
            raise Damaged("none of the manifests that it names is in the archive", where=self._where)
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
        digest, name = self._blob(descriptor, self._manifest_name)
        self._tags.setdefault(digest, []).extend(tags)
        if digest in self._seen or depth > 8:
            return
        self._seen.add(digest)
        if not self._store.has(name):
            self._absent += 1
            return  # A platform that was left out of the archive, as the index may name.
        manifest = parse(proven(self._store.document(name), digest, name), name, self._limits)
        annotations = descriptor["annotations"].strings()
        if annotations.get(_REFERENCE_TYPE) == "attestation-manifest":
            subject = annotations.get(_REFERENCE_DIGEST, "")
            statements.setdefault(subject, []).extend(self._statements(manifest))
            return
        if "manifests" in manifest and "layers" in manifest:
            raise Damaged("is both an index and a manifest (CVE-2021-41190)", where=name)
        if "fsLayers" in manifest:
            hint = "convert the image with: skopeo copy --format oci"
            raise ArchiveError(f"{name}: manifests of Docker's schema 1 are not supported", hint=hint)
        platform = platform_of(descriptor["platform"]) or platform
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
        config, config_name = self._blob(manifest["config"], self._blob_name)
        layers = tuple(map(self._layer, manifest["layers"]))
        if len(layers) > self._limits.layers:
            raise LimitExceeded(f"{digest}: an image of {len(layers):,} layers", hint="raise --limit layers")
        return Candidate(
            group=group,
            format=self.format,
            config=config_name,
            config_digest=config,
            layers=layers,
            tags=tags,
            platform=platform,
            manifest_digest=str(digest),
            annotations=manifest["annotations"].strings(),
            missing="" if self._store.has(config_name) else f"its config {config} is not in the archive",
        )

    def _layer(self, descriptor: Node) -> LayerBlob:
        digest, name = self._blob(descriptor, self._blob_name)
        return LayerBlob(
            name=name,
            digest=digest,
            media_type=descriptor["mediaType"].text(),
            stored_bytes=descriptor["size"].number(),
        )

    def _blob(self, descriptor: Node, name_of: Callable[[Digest], str]) -> tuple[Digest, str]:
        """The digest of a descriptor, and the name of its blob, for which it may have the ``data``."""
        digest = descriptor["digest"].digest()
        name = name_of(digest)
        if descriptor["data"].value is not None:
            self._store.add(name, descriptor["data"].decoded)
        return digest, name

    def _blob_name(self, digest: Digest) -> str:
        return f"blobs/{digest.algorithm}/{digest.encoded}"

    def _manifest_name(self, digest: Digest) -> str:
        return self._blob_name(digest)

    def _statements(self, manifest: Node) -> Iterator[str]:
        """The provenance in an attestation manifest, as far as the archive holds it; SBOMs are not used."""
        for layer in manifest["layers"]:
            _, name = self._blob(layer, self._blob_name)
            predicate = layer["annotations"].strings().get(_PREDICATE, _PROVENANCE)
            if layer["mediaType"].text() == _IN_TOTO and _PROVENANCE in predicate and self._store.has(name):
                yield name

    def _artifact(self, manifest: Node) -> str:
        """What a manifest describes other than an image; empty for an image."""
        kind = manifest["artifactType"].text() or manifest["config"]["mediaType"].text()
        if manifest["config"]["mediaType"].text() in _CONFIGS and manifest["artifactType"].text() in _CONFIGS:
            kinds = {layer["mediaType"].text() for layer in manifest["layers"]}
            kind = kinds.pop() if len(kinds) == 1 else ""
            return f"{_KINDS_OF_LAYER[kind]} ({kind})" if kind in _KINDS_OF_LAYER else ""
        name = next((name for key, name in _KINDS_OF_ARTIFACT.items() if key in kind.lower()), "an artifact")
        return f"{name} ({kind})"


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


def platform_of(node: Node) -> Platform | None:
    """The platform that a descriptor or a config names; None where it names none."""
    if node.value is None:
        return None
    platform = Platform(os=node["os"].text(), architecture=node["architecture"].text(), variant=node["variant"].text())
    return None if platform.os in ("", "unknown") else platform
