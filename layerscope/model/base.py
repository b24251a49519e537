"""Where the base image ends and the user's own layers begin."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The lowest ``layers`` layers are the base image's; ``evidence`` is a phrase that says how that is known.

    ``name`` is the base's name where something tells it. Only what was given or attested is ``certain``.
    """

    evidence: str = ""
    layers: int = 0
    name: str = ""
    certain: bool = False
