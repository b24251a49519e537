"""JSON documents of an archive, parsed once and read strictly: an error names the file and the place in it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from layerscope.errors import Damaged
from layerscope.model.digest import Digest
from layerscope.model.limits import Limits


class Node:
    """A JSON value and where it stands (``manifest.json: [0].Layers``)."""

    def __init__(self, value: object, where: str, path: str = "") -> None:
        self.value = value
        self._where = where
        self._path = path

    def __getitem__(self, key: str) -> "Node":
        """The member of an object; null where it is missing."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return Node(self.value.get(key), self._where, f"{self._path}.{key}")

    def __iter__(self) -> Iterator["Node"]:
        """The elements of an array; none where it is null."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("an array")
        for index, element in enumerate(self.value):
            yield Node(element, self._where, f"{self._path}[{index}]")

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

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

    def strings(self) -> Mapping[str, str]:
        """An object whose values are strings; null values are left out."""
        return {key: Node(value, self._where, f"{self._path}.{key}").text() for key, value in self.mapping().items()}

    def digest(self) -> Digest:
        try:
            return Digest.parse(self.text())
        except Damaged as error:
            raise Damaged(f"{self._path or 'the document'} is {error.message}", where=self._where) from None

    def wrong(self, expected: str) -> Damaged:
        return Damaged(f"{self._path or 'the document'} is not {expected}", where=self._where)


def parse(data: bytes, where: str, limits: Limits) -> Node:
    """The document in ``data``; raises Damaged when it is not JSON, or nested too deep."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
        _check_depth(value, limits.json_depth, where)
    except RecursionError:
        raise Damaged("the JSON is nested too deep", where=where) from None
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
