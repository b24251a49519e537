"""What Buildah and Podman add behind a step, for their own cache (its source: imagebuildah, getCreatedBy)."""

import re

from layerscope.model.patterns import pattern

_NOTE = pattern(
    r"\|(?:unsetLabel|inheritLabels|unsetAnnotation|inheritAnnotations|force-mtime|clamp-mtime)=[^\n]*+", re.ASCII
)
_CONTENTS = pattern(r"(?::(?:sha256:)?[0-9a-f]{64}){1,20}\Z")


def without_notes(text: str) -> str:
    """The text before notes on the options of the build, such as ``|inheritLabels=false|force-mtime=10``."""
    end = len(text)
    while (place := text.rfind("|", 0, end)) >= 0 and _NOTE.fullmatch(text, place, end):
        end = place
    return text if end == len(text) else text[:end].rstrip()


def without_mount_checksums(command: str) -> str:
    """The command of a RUN before the checksums of what its ``--mount`` flags bring in, one for each."""
    return _CONTENTS.sub("", command) if command.startswith("--mount=") else command
