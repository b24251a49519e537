"""JSON documents of an archive, the image config among them: an error names the file and the place in it."""

import base64
import json
import string
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.image import Digest, HistoryEntry, ImageConfig
from layerscope.model.limits import Limits, values_in
from layerscope.model.platform import Platform

_FOLDS = str.maketrans(string.ascii_uppercase + "\u017f\u212a", string.ascii_lowercase + "sk")
"""What Go's encoding/json takes for equal to an ASCII letter: its other case, the long s and the Kelvin sign."""

_MOST_DIGITS = 4300
"""More, Python neither reads nor writes."""
_LINE_ENDS = str.maketrans("", "", "\r\n")


class Node:
    """A JSON value and where it stands (``manifest.json: [0].Layers``).

    Members are found as the engines find them, which are written in Go: whatever the case of their names is, and the
    last one counts.
    """

    def __init__(self, value: object, where: str, path: str = "") -> None:
        self.value = value
        self._where = where
        self._path = path
        self._folded: dict[str, object] | None = None

    def __getitem__(self, key: str) -> "Node":
        """The member of an object; null where it is missing, or the object itself is null within the document."""
        if self.value is None and self._path:  # It leaves a Go struct as it was: empty.
            return Node(None, self._where, f"{self._path}.{key}")
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return Node(self._by_folded_name().get(folded(key)), self._where, f"{self._path}.{key}")

    def __iter__(self) -> Iterator["Node"]:
        """The elements of an array; none where it is null."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("an array")
        for index, element in enumerate(self.value):
            yield Node(element, self._where, f"{self._path}[{index}]")

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and folded(key) in self._by_folded_name()

    def _by_folded_name(self) -> dict[str, object]:
        if self._folded is None:
            self._folded = _members((folded(name), member) for name, member in self.mapping().items())
        return self._folded

    def text(self) -> str:
        """A string; empty where it is null."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(node.text() for node in self)

    def number(self) -> int:
        """A whole number of at least 0; 0 where it is null."""
        if self.value is None:
            return 0
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.wrong("a number of bytes")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool | None):
            raise self.wrong("true or false")
        return bool(self.value)

    def mapping(self) -> dict[str, Any]:
        """An object; an empty one where it is null."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Each member of an object; none where it is null."""
        for key, value in self.mapping().items():
            yield key, Node(value, self._where, f"{self._path}.{key}")

    def strings(self) -> Mapping[str, str]:
        """An object whose values are strings; null is an empty one, as in Go."""
        members = self.mapping()
        if all(isinstance(value, str) for value in members.values()):
            return members  # A copy of 100,000 labels takes megabytes.
        return {key: node.text() for key, node in self.members()}

    def decoded(self) -> bytes:
        """What a string of base64 stands for."""
        try:
            return base64.b64decode(self.text().translate(_LINE_ENDS), validate=True)
        except ValueError:
            raise self.wrong("base64") from None

    def digest(self) -> Digest:
        try:
            return Digest.parse(self.text())
        except Damaged as error:
            raise Damaged(f"{self._path or 'the document'} is {error.message}", where=self._where) from None

    def wrong(self, expected: str) -> Damaged:
        return Damaged(f"{self._path or 'the document'} is not {expected}", where=self._where)


def folded(key: str) -> str:
    """The same for all names that Go takes for the same member."""
    return key.translate(_FOLDS)


def renamed(value: Mapping[str, object], names: Iterable[str]) -> dict[str, Any]:
    """An object in which the members that Go takes for ``names`` have just these names."""
    by_folded_name = {folded(name): name for name in names}
    return _members((by_folded_name.get(folded(name), name), member) for name, member in value.items())


def _members(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """The later of equal names replaces the earlier, but null leaves a string or a number as it was (Go, Unmarshal)."""
    members: dict[str, object] = {}
    for name, member in pairs:
        if member is not None or isinstance(members.get(name), dict | list | None):
            members.pop(name, None)  # So that they stay in the order in which they are read.
            members[name] = member
    return members


def _object(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    value = dict(pairs)
    return value if len(value) == len(pairs) else _members(pairs)


def _constant(text: str) -> float:
    raise ValueError(f"JSON has no {text}")


def _float(text: str) -> float:
    """A number that can be written as JSON again: Python makes infinity of what is too large."""
    value = float(text)
    if not isfinite(value):
        raise OverflowError(text)
    return value


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise OverflowError(text)
    return int(text)


def parse(data: bytes, where: str, limits: Limits) -> Node:
    """The document in ``data``; raises Damaged when it is not JSON, nested too deep, or has a number that is too large.

    A value takes many times the memory of its text, so LimitExceeded is raised for too many before they are made.
    """
    if values_in(data) > limits.json_values:
        raise LimitExceeded(f"{where}: JSON of over {limits.json_values:,} values", hint="raise --limit json_values")
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
        _check_depth(value, limits.json_depth, where)
    except RecursionError:
        raise Damaged("the JSON is nested too deep", where=where) from None
    except OverflowError as error:
        number = str(error)
        raise Damaged(f"the number {number[:20]}{'...' * (len(number) > 20)} is too large", where=where) from None
    except ValueError as error:
        raise Damaged(f"not JSON ({str(error)[:80]})", where=where) from None
    return Node(value, where)


def _check_depth(value: object, deepest: int, where: str) -> None:
    level: list[object] = [value]
    for _ in range(deepest):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise Damaged("the JSON is nested too deep", where=where)


_NAMES = (
    "created", "author", "architecture", "os", "os.version", "variant", "config", "rootfs", "history", "comment",
    "docker_version",
)  # fmt: skip
_RUNTIME_NAMES = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Healthcheck",
    "OnBuild", "Shell",
)  # fmt: skip


def image_config(document: Node, limits: Limits) -> ImageConfig:
    """The config in ``document`` (OCI image-spec, config.md), kept whole; raises Damaged for a wrong type."""
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
