"""The options that every format takes; apart from the formats, which are loaded one by one."""

from msgspec import Struct

from layerscope.render.units import Units


class RenderOptions(Struct, frozen=True, kw_only=True):
    """``top`` rows in each list, 0 for the usual number; ``width`` of the terminal, None where nothing may be cut.

    ``dockerfile`` is the path of the Dockerfile that findings are placed in, as the repository knows it.
    """

    units: Units
    top: int = 0
    width: int | None = None
    dockerfile: str = ""
