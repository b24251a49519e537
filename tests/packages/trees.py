"""Real trees and binaries that are shipped with the tests; each directory's README says how it was made."""

import io
import lzma
import tarfile
from pathlib import Path

from tests.builder import Member, directory, file, symlink

_DATA = Path(__file__).parent.parent / "data"


def binary(name: str) -> bytes:
    """A binary whose needless bytes are zero."""
    return lzma.decompress((_DATA / f"{name}.xz").read_bytes())


def members_of_archive(name: str, below: str) -> list[Member]:
    """A tree as members of a layer, under the directory ``below``."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress((_DATA / f"{name}.tar.xz").read_bytes()))) as archive:
        for member in archive:
            path = f"{below}/{member.name.removeprefix('./')}"
            content = archive.extractfile(member) if member.isfile() else None
            if member.issym():
                found.append(symlink(path, member.linkname))
            elif content is not None:
                found.append(file(path, content.read(), mode=member.mode))
            elif member.name != ".":
                found.append(directory(path))
    return found
