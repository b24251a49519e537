"""The image config (OCI image-spec, config.md), read strictly where we rely on it and kept whole."""

from collections.abc import Mapping
from typing import Any

from layerscope.errors import LimitExceeded
from layerscope.image.document import Node, renamed
from layerscope.model.image import HistoryEntry, ImageConfig
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform

_NAMES = (
    "created", "author", "architecture", "os", "os.version", "variant", "config", "rootfs", "history", "comment",
    "docker_version",
)  # fmt: skip
_RUNTIME_NAMES = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Healthcheck",
    "OnBuild", "Shell",
)  # fmt: skip


def image_config(document: Node, limits: Limits) -> ImageConfig:
    """The config in ``document``; raises Damaged where a field has the wrong type."""
    history = list(document["history"])
    if len(history) > limits.history:
        raise LimitExceeded(f"a history of {len(history):,} steps", hint="raise --limit history")
    runtime = document["config"]
    if runtime.value is None:
        runtime = Node({}, "config")
    return ImageConfig(
        document=_document(document.mapping()),
        platform=Platform(
            os=document["os"].text(),
            architecture=document["architecture"].text(),
            variant=document["variant"].text(),
        ),
        created=document["created"].text(),
        diff_ids=tuple(node.digest() for node in _rootfs(document)),
        history=tuple(
            HistoryEntry(
                created=entry["created"].text(),
                created_by=entry["created_by"].text(),
                author=entry["author"].text(),
                comment=entry["comment"].text(),
                empty_layer=entry["empty_layer"].truth(),
            )
            for entry in history
        ),
        env=runtime["Env"].texts(),
        labels=runtime["Labels"].strings(),
        entrypoint=_command(runtime["Entrypoint"]),
        cmd=_command(runtime["Cmd"]),
        working_dir=runtime["WorkingDir"].text(),
        user=runtime["User"].text(),
    )


def _document(value: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the names that the specification gives its members, since other parts look them up there."""
    document = renamed(value, _NAMES)
    runtime = document.get("config")
    return document | {"config": renamed(runtime, _RUNTIME_NAMES)} if isinstance(runtime, dict) else document


def _rootfs(document: Node) -> Node:
    rootfs = document["rootfs"]
    return rootfs if rootfs.value is None else rootfs["diff_ids"]


def _command(node: Node) -> tuple[str, ...]:
    """An argument vector; very old configs have a single string."""
    return (node.text(),) if isinstance(node.value, str) else node.texts()
