"""The explicit list of all catalogers, and what they ask the reader to keep."""

from layerscope.model.pathset import Wanted
from layerscope.packages import os_release
from layerscope.packages.apk import APK
from layerscope.packages.cataloger import Cataloger
from layerscope.packages.dpkg import DPKG
from layerscope.packages.opkg import OPKG

CATALOGERS: tuple[Cataloger, ...] = (DPKG, APK, OPKG)
"""Managers of whole systems first, then languages, the more specific before the more general."""

WANTED: tuple[Wanted, ...] = (os_release.WANTED, *(cataloger.wanted for cataloger in CATALOGERS))
"""What the catalogers will read; for ``Reading.wanted``."""
