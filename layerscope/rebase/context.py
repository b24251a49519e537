"""What every check looks at: the image as it is, the image on the other base, and what its start reaches in both."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property

from msgspec import Struct

from layerscope.model.entry import Fate, Kind
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.onto import Need
from layerscope.packages.catalog import Catalog
from layerscope.packages.package_graph import PackageGraph
from layerscope.rebase.loader import Loader
from layerscope.rebase.rebased import Rebased
from layerscope.rebase.shell import installed_packages
from layerscope.rebase.start import Start
from layerscope.rebase.system import System

_HEAD = 256
_LIBRARIES = (".so", ".node")
_VERSION = ".0123456789"


class Found(Struct, frozen=True, kw_only=True):
    """One thing that is missing on the other base, and one file or setting that needs it.

    ``number`` is the version that needs it, in the rebased image. ``need`` is set where it does not follow from that.
    ``provider`` is the version that it is on the old base, in the image as it is, where that may be a package's.
    """

    what: str
    by: str
    number: int | None = None
    need: Need | None = None
    provider: int | None = None
    detail: str = ""


class Result(Struct, frozen=True, kw_only=True):
    """What one check found among ``count`` things."""

    count: int
    found: tuple[Found, ...]


class Check(Struct, frozen=True, kw_only=True):
    """A kind of thing that may be missing; ``title`` names what is counted, in the plural."""

    name: str
    title: str
    run: "Callable[[Context], Result]"


class Context:
    """Both images, with the questions that several checks ask.

    ``old`` and ``new`` are the image as it is and on the other base. A version of an own layer has another number in
    each. ``owners`` are the ``--chown`` of instructions of ``original``, by their index.
    """

    def __init__(self, image: Image, old: Rebased, new: Rebased, catalog: Catalog, owners: Mapping[int, str]) -> None:
        self.rebased, self.original, self._catalog = new, old, catalog
        self.old, self.new = System(image, old.filesystem), System(new.image, new.filesystem)
        self.old_loader, self.new_loader = Loader(self.old), Loader(self.new)
        self.owners = owners

    @cached_property
    def old_start(self) -> Start:
        return _start(self.old, self.old_loader)

    @cached_property
    def new_start(self) -> Start:
        return _start(self.new, self.new_loader)

    def was_in_base(self, program: str) -> bool:
        """Whether any layer of the old base has a program, also if a later one deleted it."""
        return any(path in self._base_paths for path in self.old.places(program))

    @cached_property
    def _base_paths(self) -> frozenset[str]:
        return frozenset(self.original.filesystem.paths[: self.original.own_first])

    def old_number(self, number: int) -> int:
        """The number of an own version in the image as it is."""
        return number - self.rebased.own_first + self.original.own_first

    def is_own(self, number: int) -> bool:
        return number >= self.rebased.own_first

    def is_made_by_run(self, number: int) -> bool:
        """Whether a RUN made a version, so that a build on the other base makes it anew."""
        return self.is_own(number) and self.layer_is_made_by_run(self.rebased.filesystem.layer_of(number))

    def layer_is_made_by_run(self, layer: int) -> bool:
        maker = self._makers.get(layer)
        return maker is not None and maker.kind == "RUN" and not maker.joined

    def is_installed_by_run(self, number: int | None) -> bool:
        """Whether a version of the image as it is belongs to a package that a RUN installs, or that such a one needs.

        A RUN leaves out what the base has already, and installs it on another one.
        """
        return number is not None and self._catalog.owners[self.original.filesystem.carrier(number)] in self._installed

    @cached_property
    def _installed(self) -> AbstractSet[int]:
        """The packages that own RUNs install, by their index in the catalogue, with all that these need."""
        steps = self.original.own_instructions
        named = {name for step in steps if step.kind == "RUN" for name in installed_packages(step.text)}
        packages, relations = self._catalog.packages, self._catalog.relations
        start = [index for index in relations if packages[index].name in named]
        if not start:
            return frozenset()
        graph = PackageGraph(self.original.filesystem, self._catalog)
        return graph.closure(start, unrecommended=frozenset(relations))

    @cached_property
    def _makers(self) -> dict[int, Instruction]:
        return {step.layer: step for step in self.rebased.own_instructions if step.layer is not None}

    def own_live(self, kind: Kind) -> Iterator[int]:
        """The own versions of a kind that are live on the other base."""
        filesystem = self.rebased.filesystem
        fates, kinds, live = filesystem.fates, filesystem.kinds, Fate.LIVE
        for number in range(self.rebased.own_first, len(filesystem)):
            if kinds[number] == kind and fates[number] == live:
                yield number

    @cached_property
    def own_programs(self) -> tuple[tuple[int, bytes], ...]:
        """The own files that may be programs or libraries, with how they begin."""
        filesystem = self.rebased.filesystem
        found = []
        for number in self.own_live(Kind.FILE):
            layer, index = filesystem.place(number)
            path = filesystem.paths[number]
            is_executable = filesystem.layers[layer].changeset.ownerships[index][0] & 0o111
            if is_executable or path.rstrip(_VERSION).endswith(_LIBRARIES):
                head = filesystem.read(number, 0, min(_HEAD, filesystem.sizes[number]))
                if head is not None:
                    found.append((number, head))
        return tuple(found)


def _start(system: System, loader: Loader) -> Start:
    """Follow the command of the config and of its health check."""
    start, config = Start(system, loader), system.config
    start.run((*config.entrypoint, *config.cmd), "ENTRYPOINT" if config.entrypoint else "CMD")
    form, *words = health_check(system)
    if form in ("CMD", "CMD-SHELL") and words:
        words = words if form == "CMD" else ["/bin/sh", "-c", *words]
        start.run(words, "HEALTHCHECK", is_needed=False)
    return start


def health_check(system: System) -> tuple[str, ...]:
    """The command of the health check with its form in front; that alone where there is none."""
    settings = system.config.document.get("config")
    check = settings.get("Healthcheck") if isinstance(settings, dict) else None
    test = check.get("Test") if isinstance(check, dict) else None
    return tuple(word for word in test if isinstance(word, str)) or ("",) if isinstance(test, list) else ("",)
