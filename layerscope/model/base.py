"""Where the base image ends and the user's own layers begin."""

from msgspec import Struct


class Base(Struct, frozen=True, kw_only=True):
    """The lowest ``layers`` layers are the base image's; ``evidence`` is a phrase that says how that is known.

    ``name`` is the base's name where something tells it. Only what was given or attested is ``certain``.
    """

    evidence: str = ""
    layers: int = 0
    name: str = ""
    certain: bool = False
