"""``manifest.json``: the way into a docker-archive, and into what skopeo's ``dir:`` and podman's ``docker-dir`` write.

See moby, image/spec/README (combined tarballs), and containers-transports(5), "dir:path". Of the latter, the files
``version`` and ``signature-1`` say nothing about an image.
"""

import re

from layerscope.errors import LimitExceeded, NotAnImage
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.document import Node
from layerscope.image.oci import Layout, digest_of
from layerscope.image.store import Store, WithData
from layerscope.model.image import Digest
from layerscope.model.limits import Limits
from layerscope.model.patterns import pattern

MANIFEST = "manifest.json"
_DIGEST_IN_NAME = pattern(r"(?:^|[/:])([0-9a-f]{64})(?:\.json)?\Z")


def candidates(store: Store, document: Node, limits: Limits) -> tuple[Candidate, ...]:
    """One candidate for each element of ``manifest.json``; NotAnImage for an object, as web pages have there."""
    if isinstance(document.value, dict):
        raise NotAnImage(f"{MANIFEST}: the document is not an array")
    found = []
    for number, item in enumerate(document):
        config = item["Config"].text()
        layers = item["Layers"].texts()
        missing = f"its config {config} is not in the archive" if config else f"{MANIFEST} names no config for it"
        if len(layers) > limits.layers:
            raise LimitExceeded(f"{MANIFEST}: an image of {len(layers):,} layers", hint="raise --limit layers")
        digest = _DIGEST_IN_NAME.search(config)
        found.append(
            Candidate(
                group=f"docker:{number}",
                format="docker-archive",
                config=config,
                config_digest=Digest("sha256", digest.group(1)) if digest else None,
                layers=tuple(_layer(name) for name in layers),
                tags=tuple(tag for tag in item["RepoTags"].texts() if not tag.endswith(":i-was-a-digest")),
                missing="" if store.has(config) else missing,
            )
        )
    return tuple(found)


def _layer(name: str) -> LayerBlob:
    digest = re.match(r"blobs/sha256/([0-9a-f]{64})\Z", name)
    return LayerBlob(name=name, digest=Digest("sha256", digest.group(1)) if digest else None)


def is_manifest(document: Node) -> bool:
    """Whether the document of a ``manifest.json`` is the manifest of an image, or a list of some."""
    return any(key in document for key in ("manifests", "layers", "fsLayers")) and "schemaVersion" in document


class Dir(Layout):
    """Follows the descriptors from ``manifest.json`` down, to files beside it that are called by their digits."""

    format = "dir"

    def __init__(self, store: WithData, limits: Limits) -> None:
        super().__init__(store, limits)
        self._top = digest_of(store.document(MANIFEST))

    def images(self) -> tuple[Candidate, ...]:
        """The image that ``manifest.json`` describes; one for each platform where it is a list of manifests."""
        return self.candidates(Node({"manifests": [{"digest": str(self._top)}]}, MANIFEST))

    def _blob_name(self, digest: Digest) -> str:
        old = f"{digest.encoded}.tar"  # Version 1.0 of the format.
        return old if self._store.has(old) else digest.encoded

    def _manifest_name(self, digest: Digest) -> str:
        return MANIFEST if digest == self._top else f"{digest.encoded}.manifest.json"
