"""The line of a step in its Dockerfile and the source of its files: the values, and origins without a Dockerfile.

Nothing here imports the Dockerfile's parser, since most runs have no Dockerfile.
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
    """The inputs of the build that the user gives beside the archive.

    ``builders`` are open images of build stages by name. ``base`` is the config of the base image, for the variables
    and the working directory that the Dockerfile's first instruction starts with.
    """

    dockerfile: "Dockerfile | None" = None
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    builders: tuple[tuple[str, Image], ...] = ()
    base: "BaseConfig | None" = None


class Origin(Struct, frozen=True, kw_only=True):
    """The place of a step in the Dockerfile, and the source of its files.

    ``stage`` is the stage that runs it, ``sources`` the stages and images that it reads ``via`` a copy or a mount, none
    for the build context. ``instruction`` is the Dockerfile's, where there is one, and ``from_context`` is set
    where it copies from the build context.
    """

    evidence: Evidence
    line: int | None = None
    stage: str = ""
    sources: tuple[str, ...] = ()
    via: Via = Via.COPY
    instruction: "ResolvedInstruction | None" = None
    from_context: bool = False

    @property
    def written(self) -> str:
        """The instruction in the Dockerfile's own words, empty where it is in none."""
        return str(self.instruction.instruction) if self.instruction is not None else ""


class Placement(Struct, frozen=True, kw_only=True):
    """The origin of each history step by its index, with the Dockerfile that it is from.

    ``match`` is the Dockerfile aligned with the history, ``evidence`` how that is known. ``base`` is the base image by
    the Dockerfile or the attestation, None without either.
    """

    origins: Mapping[int, Origin] = field(default_factory=dict)
    match: "Match | None" = None
    evidence: Evidence = Evidence.INFERRED
    base: Base | None = None
    warnings: tuple[str, ...] = ()


def recorded_origins(steps: Sequence[Instruction]) -> dict[int, Origin]:
    """The origins of steps with ``--from``, which builders keep that record the line as written."""
    return {
        step.index: Origin(evidence=Evidence.DECLARED, sources=(step.copy_from,)) for step in steps if step.copy_from
    }


def recorded_arguments(steps: Sequence[Instruction]) -> dict[str, str]:
    """The build arguments that a history records before its commands."""
    return {name: value for step in steps for name, value in step.build_args}
