"""Where the base image ends and the user's own layers begin."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.finding import Evidence


class FoundBy(StrEnum):
    """What says where the base image ends, best first."""

    GIVEN = "given"
    """``--base``: the diff_ids of that image are the lowest of this one."""
    LABEL = "label"
    """The buildpacks label names the top layer of the base."""
    ATTESTATION = "attestation"
    """The provenance attestation, unsigned."""
    DOCKERFILE = "dockerfile"
    """The layers below the Dockerfile's first instruction."""
    HISTORY = "history"
    """The FROM that Buildah and Podman record in the history."""
    HISTORY_GUESS = "history-guess"
    """The last CMD or ENTRYPOINT below the top, a change of the builder, or layers that were dated alike."""


_EVIDENCE = {
    FoundBy.GIVEN: Evidence.MATCHED,
    FoundBy.ATTESTATION: Evidence.ATTESTED,
    FoundBy.HISTORY_GUESS: Evidence.INFERRED,
}


class Base(Struct, frozen=True, kw_only=True):
    """The lowest ``layers`` layers are the base image's; ``found_by`` is None where no sign of a base was found.

    ``name`` is the base's name, where known. Only a base that was given or that a label names by its top layer is
    ``certain``.
    """

    found_by: FoundBy | None = None
    layers: int = 0
    name: str = ""
    certain: bool = False

    @property
    def evidence(self) -> Evidence | None:
        """How strong the sign is that says so."""
        return None if self.found_by is None else _EVIDENCE.get(self.found_by, Evidence.DECLARED)
