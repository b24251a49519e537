"""How an archive is to be read."""

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.image.layer_cache import Cache
from layerscope.image.plan import Plans
from layerscope.image.spool import Room
from layerscope.model.limits import Limits
from layerscope.model.pathset import Wanted
from layerscope.model.platform import Platform
from layerscope.tar.tally import Tally


class ReadOptions(Struct, frozen=True, kw_only=True):
    """The choices of one run.

    ``image`` picks one of several by name, index or digest, ``platform`` one of several. ``verify`` proves each diff_id
    even where contents could be skipped. ``wanted`` is what later steps ask for, ``fingerprint`` the digest by
    which contents are compared (``xxh3`` or ``sha256``). ``progress`` gets the stored bytes read since its
    last call, from any thread. ``strict`` turns warnings about the archive into errors. ``tally`` counts what all
    layers take together; ``nested`` says that what is read comes out of a stream that is counted already. ``cache``
    keeps what was decompressed for the next run; without one nothing is kept. ``algorithms`` are those beside SHA-256
    by which the image names its layers.
    """

    image: str = ""
    platform: Platform | None = None
    verify: bool = False
    strict: bool = False
    wanted: tuple[Wanted, ...] = ()
    fingerprint: str = "xxh3"
    limits: Limits = field(default_factory=Limits)
    threads: int = 2
    progress: Callable[[int], None] | None = None
    tally: Tally = field(default_factory=Tally)
    plans: Plans = field(default_factory=Plans)
    room: Room = field(default_factory=Room)
    nested: bool = False
    cache: Cache | None = None
    algorithms: tuple[str, ...] = ()

    def inside(self) -> "ReadOptions":
        """For what comes out of a stream, or a file, whose bytes are counted where that is read."""
        return replace(self, progress=None, nested=True)
