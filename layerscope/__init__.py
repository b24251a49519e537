"""layerscope shows where the bytes of a container image come from and which of them are not needed.

Public are ``analyze``, ``diff`` and ``scan``, what they return and what they raise; docs/api.md shows them.
"""

from typing import TYPE_CHECKING

from layerscope.version import __version__

__all__ = ("__version__", "analyze", "diff", "scan")

if TYPE_CHECKING:
    from layerscope.api import analyze, diff, scan
else:

    def __getattr__(name: str) -> object:
        """Load a function when it is used: importing the package loads nothing else of it."""
        if name in __all__:
            from layerscope import api

            return getattr(api, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
