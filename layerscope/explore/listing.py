"""The rows of a tree in which some directories are open."""

from collections.abc import Iterator

from layerscope.analysis.tree import Tree
from layerscope.analysis.tree_items import Key, Order

MOST_OPENED = 10_000
"""Rows that are listed at most when all directories are opened at once."""


class Listing:
    """The rows of a tree as they are listed: each directory that is open is followed by its own."""

    def __init__(self, tree: Tree, opened: frozenset[str], order: Order) -> None:
        self.tree = tree
        self.order = order
        self.opened = opened
        self.rows: list[Key] = list(self._below(""))

    def __len__(self) -> int:
        return len(self.rows)

    def open(self, index: int) -> None:
        """Open the directory of a row."""
        directory = self.rows[index]
        assert isinstance(directory, str)
        self.opened |= {directory}
        self.rows[index + 1 : index + 1] = self._below(directory)

    def close(self, index: int) -> None:
        """Close the directory of a row; those in it stay open for when it is opened again."""
        directory = self.rows[index]
        assert isinstance(directory, str)
        inner: dict[str, list[str]] = {}
        for one in self.opened:
            inner.setdefault(one.rpartition("/")[0], []).append(one)
        count, todo = 0, [directory]
        while todo:
            one = todo.pop()
            count += self.tree.count(one)
            todo += inner.get(one, ())
        self.opened -= {directory}
        del self.rows[index + 1 : index + 1 + count]

    def parent(self, index: int) -> int | None:
        """The row of the directory that a row lies in; None for what lies in the root."""
        directory = self.tree.path(self.rows[index]).rpartition("/")[0]
        return self.rows.index(directory) if directory else None

    def index(self, key: Key) -> int | None:
        """The place of a row; None where it is not listed."""
        return self.rows.index(key) if key in self.rows else None

    def _below(self, directory: str) -> Iterator[Key]:
        todo: list[Iterator[Key]] = [iter(self.tree.children(directory, self.order))]
        while todo:
            key = next(todo[-1], None)
            if key is None:
                todo.pop()
                continue
            yield key
            if isinstance(key, str) and key in self.opened:
                todo.append(iter(self.tree.children(key, self.order)))


def listed(tree: Tree, opened: frozenset[str]) -> int:
    """How many rows are listed, without making them."""
    return tree.count("") + sum(map(tree.count, opened))


def around(path: str) -> frozenset[str]:
    """The directories that a path lies in."""
    places = [place for place, character in enumerate(path) if character == "/" and place]
    return frozenset(path[:place] for place in places)
