"""The databases that real tools made, see tests/data/rpm/README.md."""

import lzma
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "data" / "rpm"
NAMES = ("rpmdb.sqlite", "Packages.db", "Packages.little", "Packages.big")


@cache
def database(name: str) -> bytes:
    """The bytes of one database."""
    return lzma.decompress((FOLDER / f"{name}.xz").read_bytes())
