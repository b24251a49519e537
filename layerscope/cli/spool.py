"""Copies a pipe to a temporary file, for commands that read an archive twice."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from layerscope.cli.user_files import NEW_FILE
from layerscope.errors import ArchiveError, LayerscopeError


@contextmanager
def rereadable(source: str) -> Iterator[str]:
    """The path of an archive that can be read twice: ``source`` itself, unless it is ``-`` or a named pipe."""
    if source != "-" and (not os.path.exists(source) or os.path.isfile(source) or os.path.isdir(source)):
        yield source
        return
    # The name is chosen first, so that an interrupt leaves no file behind.
    path = os.path.join(tempfile.gettempdir(), f"layerscope-{os.urandom(8).hex()}.tar")
    try:
        with open(os.open(path, NEW_FILE, 0o600), "wb") as spooled:
            if source == "-":
                if sys.stdin is None:
                    raise ArchiveError("standard input is closed")
                shutil.copyfileobj(sys.stdin.buffer, spooled, 1 << 20)
            else:
                with open(source, "rb") as pipe:
                    shutil.copyfileobj(pipe, spooled, 1 << 20)
        try:
            yield path
        except LayerscopeError as error:  # The user knows the source, not its copy.
            error.message = error.message.replace(path, "standard input" if source == "-" else source)
            raise
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
