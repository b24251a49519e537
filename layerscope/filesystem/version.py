"""A path as one layer holds it, and what became of it."""

from msgspec import Struct

from layerscope.model.entry import Fate, Kind


class Version(Struct, frozen=True, kw_only=True):
    """A path as one layer holds it.

    ``number`` counts versions through all layers. ``content_bytes`` is 0 for all but regular files; a hardlink's
    bytes belong to the version that carries them. ``hidden_by`` is the layer that hides it, -1 where it is live.
    """

    number: int
    layer: int
    path: str
    kind: Kind
    content_bytes: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str
    fate: Fate
    hidden_by: int

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The directory it lies in; the empty string for what lies in the root."""
        return self.path.rpartition("/")[0]
