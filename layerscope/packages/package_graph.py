"""Which installed packages of the operating system need which, followed in time that grows with what they name."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from layerscope.filesystem.tree import Filesystem
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.relations import Relations

_NOTHING = frozenset[int]()
_NEEDS, _RECOMMENDS, _BRINGS = "needs", "recommends", "brings"


class PackageGraph:
    """The packages whose database says what they need, by their index in the catalogue (``relations``)."""

    def __init__(self, filesystem: Filesystem, catalog: Catalog) -> None:
        self._filesystem, self._owners = filesystem, catalog.owners
        self._packages = packages = catalog.packages
        self.relations = {
            index: relations for index, relations in catalog.relations.items() if packages[index].removed_in is None
        }
        # What offers a name, and what was installed with what has a name.
        self._offers: dict[tuple[str, str], list[int]] = {}
        self._followers: dict[tuple[str, str], list[int]] = {}
        for index, relations in self.relations.items():
            kind = packages[index].type
            for name in (packages[index].name, *relations.provides):
                self._offers.setdefault((kind, name), []).append(index)
            for name in relations.installed_with:
                self._followers.setdefault((kind, name), []).append(index)

    def closure(
        self,
        start: Iterable[int],
        *,
        leads_on: Callable[[int], bool] = lambda index: True,
        unrecommended: AbstractSet[int] = _NOTHING,
    ) -> set[int]:
        """The packages, all that they need or recommend, and so on; every alternative of a need counts.

        What does not lead on is found, but not what it needs. What only recommends name is not found if it is among
        the ``unrecommended``.
        """
        found = {index for index in start if index in self.relations}
        todo, asked = list(found), set[tuple[str, str, str]]()
        while todo:
            index = todo.pop()
            if not leads_on(index):
                continue
            kind, relations = self._packages[index].type, self.relations[index]
            asks = [(_NEEDS, name) for name in relations.needs]
            asks += [(_RECOMMENDS, name) for name in relations.recommends]
            asks += [(_BRINGS, self._packages[index].name)]
            for ask, name in asks:
                if (kind, ask, name) in asked:
                    continue  # Each name is followed once, however many packages have it.
                asked.add((kind, ask, name))
                reached = self._followers.get((kind, name), ()) if ask == _BRINGS else self._named(kind, name)
                new = {one for one in reached if ask == _NEEDS or one not in unrecommended} - found
                todo += new
                found |= new
        return found

    def needing(self, some: Iterable[int], others: Iterable[int]) -> list[int]:
        """Those of ``some`` that need or recommend one of the others themselves."""
        offered = {
            (self._packages[index].type, name)
            for index in others
            for name in (self._packages[index].name, *self.relations[index].provides)
        }
        return [index for index in some if self._asks(index, self.relations[index], offered)]

    def _asks(self, index: int, relations: Relations, offered: AbstractSet[tuple[str, str]]) -> bool:
        kind = self._packages[index].type
        return any((kind, name) in offered for name in (*relations.needs, *relations.recommends))

    def _named(self, kind: str, name: str) -> Iterable[int]:
        """The packages that offer a name, or own the file at a path."""
        found = self._offers.get((kind, name), ())
        if found or not name.startswith("/"):
            return found
        number = self._filesystem.resolve(name)
        owner = self._owners[number] if number is not None else UNOWNED
        return (owner,) if owner in self.relations else ()
