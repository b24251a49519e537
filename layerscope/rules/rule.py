"""What every rule is: metadata, the paths that it asks for, and a generator of what it finds needless."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from layerscope.filesystem.tree import Filesystem
from layerscope.model.finding import Severity
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.pathset import Wanted
from layerscope.packages.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One thing that a rule found: the versions that are needless for one reason.

    ``versions`` are numbers of the file system, live or hidden; a version that an earlier rule claimed already is
    dropped by the engine. A leak without versions speaks of the config (a secret in ENV); ``place`` says where.
    ``severity``, ``title`` and ``fix`` are given where they differ from the rule's own.
    """

    versions: tuple[int, ...] = ()
    detail: str = ""
    place: str = ""
    severity: Severity | None = None
    title: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that a rule may look at.

    ``matches`` are the numbers of all versions (live and hidden, of all layers) that the rule's path set holds.
    ``base_layers`` is how many of the lowest layers are the base image's.
    """

    image: Image
    filesystem: Filesystem
    catalog: Catalog
    instructions: tuple[Instruction, ...]
    base_layers: int
    matches: tuple[int, ...] = ()


Check = Callable[[Scene], Iterator[Leak]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the catalogue; its documentation is the docstring of ``check``."""

    name: str
    severity: Severity
    title: str
    fix: str
    check: Check
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def documentation(self) -> str:
        return self.check.__doc__ or ""


def rule(
    name: str, *, severity: Severity, title: str, fix: str, wanted: Wanted | None = None
) -> Callable[[Check], Rule]:
    """Make a generator a rule: ``@rule("apt-lists", severity=Severity.LOW, title=..., fix=..., wanted=...)``."""

    def decorate(check: Check) -> Rule:
        return Rule(name=name, severity=severity, title=title, fix=fix, check=check, wanted=wanted or Wanted())

    return decorate
