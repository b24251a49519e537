"""``manifest.json``, the way into every docker-archive (moby, image/spec/README: combined tarballs)."""

import re

from layerscope.errors import LimitExceeded, NotAnImage
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.document import Node
from layerscope.image.store import Store
from layerscope.model.digest import Digest
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
