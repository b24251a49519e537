"""Files that the user names, or that lie where a file of that name counts."""

from pathlib import Path

from layerscope.errors import UsageError


def read_whole(path: Path, most_bytes: int) -> bytes:
    """The content; raises UsageError where it cannot be read, or is longer than ``most_bytes``."""
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(content) > most_bytes:
        raise UsageError(f"{path} is longer than {most_bytes:,} bytes")
    return content
