"""What builders that know no Dockerfile write into the history."""

import re

from layerscope.model.image import HistoryEntry
from layerscope.model.patterns import pattern

_STORE_PATH = pattern(r"/nix/store/[0-9a-z]{1,64}-([^\s'\",\[\]/]+)")
_BUILDPACK = pattern(
    r"Layer: '.*', Created by (?:buildpack|extension): .*"
    r"|Application Layer|Application Slice: \d+|Software Bill-of-Materials|Buildpacks [A-Z].*",
    re.DOTALL,
)
_JIB = pattern(r"jib(?:-[a-z]+)*(?::.*)?", re.DOTALL)
# Root file systems made elsewhere: Debian's and BusyBox's own builders, SUSE's and Fedora's, Windows base images,
# and images flattened into one layer.
_ROOTFS = pattern(r"# \w+\.sh .*|BusyBox \d.*|KIWI \d.*|(?:Apply image|Install update) .*|crane flatten .*", re.DOTALL)
_IMPORTED = ("Imported from ", "Created by Image Factory")


def tool_step(entry: HistoryEntry) -> tuple[str, str] | None:
    """Kind and text of an entry that one of these tools wrote, else None."""
    written, comment = entry.created_by.strip(), entry.comment.strip()
    first, _, rest = written.partition(" ")
    if comment.startswith("store paths:"):
        return "NIX", " ".join(_STORE_PATH.findall(comment)) or comment
    if not written and comment.startswith(_IMPORTED):
        return "IMPORT", comment.removeprefix("Imported ")
    if _ROOTFS.fullmatch(written):
        return "IMPORT", written.removeprefix("# ")
    if _BUILDPACK.fullmatch(written):
        return "BUILDPACK", written
    if (first == "bazel" and rest.startswith("build")) or entry.author == "Bazel":
        return "BAZEL", _joined(rest if first == "bazel" else written, comment)
    if first == "ko" and (rest.startswith(("build", "publish")) or entry.author == "ko"):
        return "KO", _joined(rest, comment)
    if _JIB.fullmatch(written) or entry.author == "Jib":
        return "JIB", _joined(written, comment)
    if first in ("apko", "melange"):
        return "APKO", _joined(rest if first == "apko" else written, comment)
    return None


def _joined(text: str, comment: str) -> str:
    return f"{text} # {comment}" if text and comment else text or comment
