"""Bytes as people read them, and the other options that every format takes."""

from collections.abc import Callable

from msgspec import Struct

Units = Callable[[int], str]

_SI = ("B", "kB", "MB", "GB", "TB", "PB")
_IEC = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def units(name: str) -> Units:
    """The formatter for ``si`` (as the engines print), ``iec`` or ``bytes``."""
    return {"si": si, "iec": iec, "bytes": plain}[name]


def si(count: int) -> str:
    """Powers of 1000 with three significant digits: ``1.48 GB``."""
    return _scaled(count, 1000, _SI)


def iec(count: int) -> str:
    """Powers of 1024 with three significant digits: ``1.38 GiB``."""
    return _scaled(count, 1024, _IEC)


def plain(count: int) -> str:
    """All digits, in groups of three."""
    return f"{count:,} B"


def _scaled(count: int, step: int, names: tuple[str, ...]) -> str:
    if abs(count) < step:
        return f"{count} {names[0]}"
    value, power = float(count), 0
    while abs(value) >= step and power < len(names) - 1:
        value, power = value / step, power + 1
    if abs(value) >= step - 0.5 and power < len(names) - 1:  # 999.9 kB would read 1000 kB.
        value, power = value / step, power + 1
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {names[power]}"


def signed(count: int, units: Units) -> str:
    """Bytes with their sign."""
    return f"+{units(count)}" if count > 0 else units(count)


def percent(part: int, whole: int) -> str:
    """``part`` of ``whole``, with a decimal only below ten per cent."""
    if not whole:
        return "0%"
    value = 100 * part / whole
    return f"{value:.1f}%" if 0 < abs(value) < 9.95 else f"{value:.0f}%"


class RenderOptions(Struct, frozen=True, kw_only=True):
    """``top`` rows in each list, 0 for the usual number; ``width`` of the terminal, None where nothing may be cut.

    ``dockerfile`` is the path of the Dockerfile that findings are placed in, as a patch has it, below ``root``, the URI
    of a directory, empty for the working directory. ``inherited`` includes the base image's findings in formats that
    leave them out. ``arguments`` name the same image and the same build on a command line, ``image_arguments`` the
    image alone; ``is_saved`` where that is a saved report. ``color`` allows colours where the format has them.
    """

    units: Units
    top: int = 0
    width: int | None = None
    dockerfile: str = ""
    root: str = ""
    inherited: bool = False
    arguments: str = ""
    image_arguments: str = ""
    is_saved: bool = False
    color: bool = False

    def command(self, name: str, *more: str) -> str:
        """A command line that can be run as it stands: ``layerscope findings app.tar``."""
        return " ".join(filter(None, ("layerscope", name, self.arguments or "IMAGE", *more)))

    def image_command(self, name: str, *more: str) -> str:
        """The same for a command that takes no options about the build."""
        return " ".join(filter(None, ("layerscope", name, self.image_arguments or "IMAGE", *more)))
