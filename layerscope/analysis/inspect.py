"""The document of ``docker image inspect``, without what only a daemon knows."""

from typing import Any

from layerscope.model.image import Image


def inspect(image: Image) -> dict[str, Any]:
    """Return the engine's document for one image (Docker Engine API, ImageInspect).

    What only a daemon knows is left out: its storage driver's paths, the containers of the build, the time of the
    last tag. ``Size`` is the one that the engine which built the image reports.
    """
    config = image.config
    raw = config.document
    return {
        "Id": image.image_id,
        "RepoTags": list(image.tags),
        "RepoDigests": _repository_digests(image),
        "Parent": "",
        "Comment": raw.get("comment") or (config.history[-1].comment if config.history else ""),
        "Created": config.created,
        "DockerVersion": raw.get("docker_version") or "",
        "Author": raw.get("author") or "",
        "Config": raw.get("config") or {},
        "Architecture": config.platform.architecture,
        **({"Variant": config.platform.variant} if config.platform.variant else {}),
        "Os": config.platform.os,
        **({"OsVersion": raw["os.version"]} if raw.get("os.version") else {}),
        "Size": image.docker_size,
        "VirtualSize": image.docker_size,
        "RootFS": {"Type": "layers", "Layers": [str(layer.diff_id or "") for layer in image.layers]},
    }


def _repository_digests(image: Image) -> list[str]:
    """Return ``name@digest`` for each repository, where the manifest's digest is known."""
    names = {tag.rpartition(":")[0] for tag in image.tags if "/" in tag and ":" in tag}
    return [f"{name}@{image.manifest_digest}" for name in sorted(names) if image.manifest_digest]
