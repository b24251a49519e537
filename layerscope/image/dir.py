"""What skopeo's ``dir:`` and podman's ``docker-dir`` write: the manifest as ``manifest.json``, and its blobs beside it.

See containers-transports(5), "dir:path". The files ``version`` and ``signature-1`` say nothing about an image.
"""

from layerscope.image.candidate import Candidate
from layerscope.image.docker import MANIFEST
from layerscope.image.document import Node
from layerscope.image.oci import Layout, digest_of
from layerscope.image.store import WithData
from layerscope.model.digest import Digest
from layerscope.model.limits import Limits


def is_manifest(document: Node) -> bool:
    """Whether the document of a ``manifest.json`` is the manifest of an image, or a list of some."""
    return any(key in document for key in ("manifests", "layers", "fsLayers")) and "schemaVersion" in document


class Dir(Layout):
    """Follows the descriptors from ``manifest.json`` down, to files that are called by their digits."""

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
