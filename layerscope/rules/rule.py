"""A rule: metadata, the paths that it asks for, and a generator of what it finds."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from itertools import compress

from msgspec import Struct, field

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import inverse
from layerscope.model.finding import Evidence, FindingKind, Severity
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction, built_by_buildkit
from layerscope.model.pathset import Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import Catalog
from layerscope.rules.commands import tools_of, words_of
from layerscope.rules.phrases import for_builder


class RuleMatch(Struct, frozen=True, kw_only=True):
    """One thing that a rule found: versions that nothing needs, for one reason.

    ``versions`` are numbers of the file system, live or hidden; a version that an earlier rule claimed already is
    dropped by the engine. A match without versions is about the config (a secret in ENV); ``place`` says where. One
    without place and detail either is nothing.
    ``severity``, ``title`` and ``fix`` are given where they differ from the rule's own (see Rule).
    ``savings`` is given where the fix saves less than the versions' lengths (debug sections of a program): the
    bytes of each live version, in the order of ``versions``. ``layer`` is the layer whose instruction is to blame,
    where that is not the one that holds the versions (a chown that copied them). Not ``apart``, one finding stands
    for all the instructions of a kind, where none of them is worth a line of its own.
    ``evidence`` is given where the place shows it and no stage is known. A ``trade`` is not waste: removing it has a
    price, such as a slower start.
    """

    versions: tuple[int, ...] = ()
    detail: str = ""
    place: str = ""
    severity: Severity | None = None
    title: str = ""
    fix: str = ""
    savings: tuple[int, ...] | None = None
    layer: int | None = None
    apart: bool = True
    evidence: Evidence | None = None
    trade: bool = False


class RuleContext:
    """What a rule may look at; what several rules ask for is worked out once in a run.

    ``matches`` are the numbers of all versions (live and hidden, of all layers) that the rule's path set holds; the
    engine sets them for each rule. ``base_layers`` is how many of the lowest layers are the base image's. ``claimed``
    is 1 for each version that an earlier finding has claimed; rules do not change it. ``lockfiles`` are pairs of path
    and content of files from outside the image (beside the Dockerfile, or in a builder image) that say what its
    projects need.
    """

    def __init__(
        self,
        image: Image,
        filesystem: Filesystem,
        catalog: Catalog,
        instructions: tuple[Instruction, ...] = (),
        base_layers: int = 0,
        lockfiles: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        self.image = image
        self.filesystem = filesystem
        self.catalog = catalog
        self.instructions = instructions
        self.base_layers = base_layers
        self.lockfiles = lockfiles
        self.matches: tuple[int, ...] = ()
        self.claimed = bytearray(len(filesystem))
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        """Report what a limit kept a rule from reading."""
        self.warnings.append(message)

    @cached_property
    def makers(self) -> dict[int, Instruction]:
        """The instruction that made each layer; none where the history does not say, or where several did."""
        steps = (step for step in reversed(self.instructions) if not step.joined)
        return {step.layer: step for step in steps if step.layer is not None}

    @cached_property
    def is_buildkit(self) -> bool:
        """Whether fixes may use what only BuildKit understands."""
        return built_by_buildkit(self.instructions, self.base_layers)

    @cached_property
    def owned(self) -> dict[int, "array[int]"]:
        """The live versions of each package, by its index in the catalogue."""
        found: dict[int, array[int]] = defaultdict(partial(array, "q"))
        owners = self.catalog.owners
        for number in compress(range(len(owners)), inverse(self.catalog.unowned)):
            found[owners[number]].append(number)
        return dict(found)

    @cached_property
    def command_words(self) -> Sequence[str]:
        """The words of the commands that the image starts, and of the scripts that these run."""
        return words_of(self.image, self.filesystem)

    @cached_property
    def called(self) -> AbstractSet[str]:
        """The tools that these words name."""
        return tools_of(self.command_words)


Check = Callable[[RuleContext], Iterator[RuleMatch]]
_PLACEHOLDER = pattern(r"\{(path|place|ignore|step)\}")
_BUILDKIT = " (--mount, --chmod and --exclude need BuildKit)"


class Rule(Struct, frozen=True, kw_only=True):
    """A rule of the catalogue; its documentation is the docstring of ``check``.

    In ``title`` and ``fix`` the engine puts what was found for ``{path}``, a directory only where nothing else is in
    it; for ``{place}`` the directory that says most about where that lies; for ``{ignore}`` patterns of a
    .dockerignore; for ``{step}`` the instruction's text. Of ``[[A|B]]`` a fix keeps A for BuildKit, else B.

    ``kind`` is given where it does not follow from the instruction: SECRET wherever it lies, WASTE for files that were
    needed until a later instruction replaced them. ``frees`` is false for a rule whose fix deletes nothing (mode
    bits): such a rule claims no bytes, and other rules may still claim the same versions. ``names_packages`` is true
    for a rule whose findings list the packages that they claim. ``copied_fix`` is the fix
    for what a COPY or ADD brought, which cannot be cleaned up in the same instruction; ``ignored_fix`` that for
    what it brought from the build context, or may have, as no stage is known. Where they are empty, the one before
    fits.
    """

    name: str
    severity: Severity
    title: str
    fix: str
    check: Check
    kind: FindingKind | None = None
    wanted: Wanted = field(default_factory=Wanted)
    frees: bool = True
    names_packages: bool = False
    copied_fix: str = ""
    ignored_fix: str = ""

    @property
    def documentation(self) -> str:
        return self.check.__doc__ or ""

    @property
    def general_title(self) -> str:
        """The title in general, without a finding's path."""
        return self.title.replace(": {path}", "").replace("{path}", "a file")

    @property
    def advice(self) -> str:
        """The fix in general, without a finding's path and instruction."""
        known = {"path": "PATH", "place": "PATH", "ignore": "PATTERN", "step": "the instruction that adds it"}
        copied = self.ignored_fix or self.copied_fix
        text = f"{self.fix}; where a COPY brought it, {copied}" if copied else self.fix
        text += _BUILDKIT if "[[" in text else ""
        if self.kind == FindingKind.SECRET:
            text += "; rotate it: anyone who pulled the image has it"
        return _PLACEHOLDER.sub(lambda mark: known[mark[1]], for_builder(text, is_buildkit=True))


def rule(
    name: str,
    *,
    severity: Severity,
    title: str,
    fix: str,
    kind: FindingKind | None = None,
    wanted: Wanted | None = None,
    frees: bool = True,
    names_packages: bool = False,
    copied_fix: str = "",
    ignored_fix: str = "",
) -> Callable[[Check], Rule]:
    """Make a generator a rule: ``@rule("apt-lists", severity=Severity.LOW, title=..., fix=..., wanted=...)``."""

    def decorate(check: Check) -> Rule:
        return Rule(
            name=name,
            severity=severity,
            title=title,
            fix=fix,
            check=check,
            kind=kind,
            wanted=wanted or Wanted(),
            frees=frees,
            names_packages=names_packages,
            copied_fix=copied_fix,
            ignored_fix=ignored_fix,
        )

    return decorate
