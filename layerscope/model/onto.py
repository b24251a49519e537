"""What would become of an image on another base image, as far as two archives tell."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.finding import ByteCount


class Need(StrEnum):
    """What stops where something is missing, the worst first."""

    START = "start"
    """The command that the container starts, or what that runs before anything else."""
    BUILD = "build"
    """An own instruction: the build on the other base fails."""
    OTHER = "other"
    """Another file of the own layers, or a command that may not be called."""
    TRANSPLANT = "transplant"
    """Only what a RUN made, or installs: a build on the other base does so anew, moving the layer does not."""


class Missing(Struct, frozen=True, kw_only=True):
    """One thing that the old base has and the other one lacks.

    ``check`` is the name of the check that found it, ``needed_by`` are the first of the ``needed_by_count`` files or
    instructions that need it.
    """

    what: str
    check: str
    need: Need
    needed_by: tuple[str, ...] = ()
    needed_by_count: int = 0
    detail: str = ""


class RunLayer(Struct, frozen=True, kw_only=True):
    """A layer that cannot be moved as it is, since its RUN changed what belongs to the old base.

    ``packages`` were added to the old base's database: install these on the other one. ``paths`` are the first of the
    ``path_count`` files of the old base that it changed or deleted, those of package databases and caches left out.
    """

    layer: int
    instruction: str
    dockerfile_line: int | None = None
    packages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    path_count: int = 0


class Checked(Struct, frozen=True, kw_only=True):
    """What one check looked at: ``count`` things of the kind that ``title`` names, ``missing`` of them missing."""

    check: str
    title: str
    count: int
    missing: int


class InheritedChange(Struct, frozen=True, kw_only=True):
    """The bytes of one rule's inherited findings on the old base and on the other."""

    rule: str
    before_bytes: ByteCount
    after_bytes: ByteCount


class Onto(Struct, frozen=True, kw_only=True):
    """The image with its own layers on the base image ``name`` instead of its own.

    ``reference`` is what FROM calls it, empty where its archive has no tag.

    ``content_bytes``, ``live_bytes`` and ``base_bytes`` are counted as the report's totals are, with the own layers as
    they are: what a RUN installs on another base may be of another size. ``own_layers`` are laid over the
    ``base_layers`` of the candidate. ``inherited`` are the rules whose inherited findings change. ``not_checked`` says
    what nobody looked at.
    """

    source: str
    name: str
    reference: str = ""
    image_id: str = ""
    platform: str = ""
    base_layers: int = 0
    own_layers: int = 0
    content_bytes: ByteCount = 0
    live_bytes: ByteCount = 0
    base_bytes: ByteCount = 0
    inherited: tuple[InheritedChange, ...] = ()
    missing: tuple[Missing, ...] = ()
    run_layers: tuple[RunLayer, ...] = ()
    checked: tuple[Checked, ...] = ()
    not_checked: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing is missing, among what was checked, that the build or the start needs."""
        return not any(one.need in (Need.START, Need.BUILD) for one in self.missing)

    def missing_for(self, need: Need) -> tuple[Missing, ...]:
        """What is missing for one need."""
        return tuple(one for one in self.missing if one.need == need)
