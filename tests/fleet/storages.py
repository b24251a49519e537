"""Storages of many images, as registries and engines keep them on their disks."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.builder import Compression, ImageSpec, compress, contents, digest, to_json

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


class Registry:
    """The storage tree of the Distribution registry below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.v2 = root / "docker" / "registry" / "v2"

    def blob_path(self, name: str) -> Path:
        """Where a blob is, by its digest."""
        encoded = name.removeprefix("sha256:")
        return self.v2 / "blobs" / "sha256" / encoded[:2] / encoded / "data"

    def blob(self, content: bytes) -> str:
        """Store a blob; returns its digest."""
        name = digest(content)
        path = self.blob_path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return name

    def manifest(self, repository: str, content: bytes, *tags: str) -> str:
        """Store a manifest or index as a revision of a repository, under these tags; returns its digest."""
        name = self.blob(content)
        manifests = self.v2 / "repositories" / repository / "_manifests"
        places = [
            manifests / "revisions" / name.replace(":", "/"),
            *(manifests / "tags" / tag / "current" for tag in tags),
        ]
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
            (place / "link").write_text(name)
        return name

    def image_manifest(self, spec: ImageSpec, compression: Compression = "gzip") -> bytes:
        """Store the layers and the config of an image; returns its manifest."""
        layers = [
            (LAYER + (f"+{compression}" if compression else ""), compress(one, compression)) for one in spec.layers
        ]
        described = [{"mediaType": kind, "digest": self.blob(one), "size": len(one)} for kind, one in layers]
        config = {"mediaType": CONFIG, "digest": self.blob(spec.config_bytes), "size": len(spec.config_bytes)}
        return to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described})

    def push(self, repository: str, tags: Sequence[str], spec: ImageSpec, compression: Compression = "gzip") -> str:
        """Store an image; returns the digest of its manifest."""
        return self.manifest(repository, self.image_manifest(spec, compression), *tags)

    def push_index(self, repository: str, tag: str, *specs: ImageSpec) -> str:
        """Store an image for several platforms; returns the digest of its index."""
        listed = [
            {"mediaType": MANIFEST, "digest": self.push(repository, (), spec), "platform": spec.platform}
            for spec in specs
        ]
        return self.manifest(repository, to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}), tag)

    def push_archive(self, repository: str, tag: str, archive: bytes) -> str:
        """Store what an OCI archive holds, its first manifest or index under the tag; returns that one's digest."""
        files = contents(archive)
        for name, content in files.items():
            if name.startswith("blobs/sha256/") and not name.endswith("/"):
                (self.manifest(repository, content) if b'"layers"' in content else self.blob(content))
        first = json.loads(files["index.json"])["manifests"][0]["digest"]
        return self.manifest(repository, files["blobs/" + first.replace(":", "/")], tag)

    def files(self) -> dict[str, bytes]:
        """Every file of the tree."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


def content_store(root: Path, archive: bytes) -> Path:
    """containerd's content store below its root directory, with the blobs of an OCI archive; returns the store."""
    store = root / "io.containerd.content.v1.content"
    (store / "ingest").mkdir(parents=True)
    for name, content in contents(archive).items():
        if name.startswith("blobs/") and not name.endswith("/"):
            (store / name).parent.mkdir(parents=True, exist_ok=True)
            (store / name).write_bytes(content)
    return store
