"""Where a step stands in its Dockerfile and where its files come from: the values, and what needs no Dockerfile.

Nothing here imports the Dockerfile's parser, since most runs are given none.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from layerscope.model.base import Base
from layerscope.model.finding import Evidence
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import Via

if TYPE_CHECKING:
    from layerscope.dockerfile.build import ResolvedInstruction
    from layerscope.dockerfile.scope import BaseConfig
    from layerscope.dockerfile.syntax import Dockerfile
    from layerscope.history.match import Match


class BuildInputs(Struct, frozen=True, kw_only=True):
    """What the user knows of the build beside the archive.

    ``builders`` are open images of build stages by name. ``base`` is the config of the base image, for the variables
    and the working directory that the Dockerfile's first instruction starts with.
    """

    dockerfile: "Dockerfile | None" = None
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    builders: tuple[tuple[str, Image], ...] = ()
    base: "BaseConfig | None" = None


class Origin(Struct, frozen=True, kw_only=True):
    """Where the instruction of one step stands, and what it takes its files from.

    ``stage`` is the stage that runs it, ``source`` the stage or image that it reads ``via`` a copy or a mount, empty
    for the build context. ``instruction`` is the Dockerfile's, where there is one, and ``from_context`` is set where
    that copies from the build context alone.
    """

    evidence: Evidence
    line: int | None = None
    stage: str = ""
    source: str = ""
    via: Via = Via.COPY
    instruction: "ResolvedInstruction | None" = None
    from_context: bool = False


class Placement(Struct, frozen=True, kw_only=True):
    """The origin of each history step by its index, and what else the Dockerfile tells.

    ``match`` is the Dockerfile laid beside the history, ``evidence`` where that comes from. ``base`` is where the
    Dockerfile or the attestation sees the base end, None where neither tells.
    """

    origins: Mapping[int, Origin] = field(default_factory=dict)
    match: "Match | None" = None
    evidence: Evidence = Evidence.INFERRED
    base: Base | None = None
    warnings: tuple[str, ...] = ()


def recorded_origins(steps: Sequence[Instruction]) -> dict[int, Origin]:
    """Builders that keep the line as written keep ``--from`` too."""
    return {step.index: Origin(evidence=Evidence.DECLARED, source=step.copy_from) for step in steps if step.copy_from}


def recorded_arguments(steps: Sequence[Instruction]) -> dict[str, str]:
    """The build arguments that a history records beside its commands."""
    return {name: value for step in steps for name, value in step.build_args}
