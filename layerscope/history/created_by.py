"""One history entry to one Instruction, whichever builder wrote it.

The history is free text (OCI image-spec, config.md): ``created_by`` has what each builder keeps of the step. What it
leaves out, such as the source of a COPY of the legacy builder, is left out here too.
"""

import re

from layerscope.history.metadata import written
from layerscope.history.shells import BuildArgs, is_shell_alone, no_operation, split_build_args, without_shell
from layerscope.model.image import HistoryEntry
from layerscope.model.instruction import Instruction
from layerscope.model.patterns import pattern

KEYWORDS = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip
_KEYWORD = pattern(r"([A-Za-z]{3,11})(?:\s+|$)")
_CONTENT = pattern(r"((?:--[a-z-]+(?:=\S*+)?\s++)*+(?:file|dir|multi):[0-9a-f]{12})[0-9a-f]{20,}+(?= in )")
_GLUED = pattern(r"\A(--chown=\S{1,200}?)(?=(?:file|dir|multi):[0-9a-f]{64} in )")
_COPY_FROM = pattern(r"(?:--(?!from=)[a-z-]++(?:=\S*+)?\s++)*+--from=(\S++)")
_STEP_NAME = pattern(r"\[[^\]\n]{1,200}\] ")
_MOUNTED = pattern(r"mount \S{1,200} from exec ")
_COMMAND = pattern(r"(?:/|[a-z0-9_.])[\w./+-]{0,300}(?: |$)", re.ASCII)
# Notes that Buildah and Podman add behind a step, for their own cache (imagebuildah, getCreatedBy).
_NOTE = pattern(
    r"\|(?:unsetLabel|inheritLabels|unsetAnnotation|inheritAnnotations|force-mtime|clamp-mtime)=[^\n]*+", re.ASCII
)
_CONTENTS = pattern(r"(?::(?:sha256:)?[0-9a-f]{64}){1,20}\Z")
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


def parse(entry: HistoryEntry, index: int, shell: str = "") -> Instruction:
    """The step of a history entry; ``layer`` is left None, as one entry alone does not show it.

    ``index`` is the entry's place in the history. ``shell`` is the SHELL in force, its arguments joined by spaces,
    where the history has declared one. Never raises; a text that no builder is known to write has an empty kind.
    """
    tool = _tool_step(entry)
    kind, text, build_args = (*tool, ()) if tool else _dockerfile_step(entry, shell)
    return Instruction(
        index=index,
        kind=kind,
        text=_shorter(kind, text.strip()),
        created_by=entry.created_by,
        build_args=build_args,
        copy_from=_copy_from(kind, text),
        comment=entry.comment,
    )


def _dockerfile_step(entry: HistoryEntry, shell: str) -> tuple[str, str, BuildArgs]:
    """Kind, text and build arguments of an entry of docker, BuildKit, Buildah, Kaniko or of a committed container."""
    text = _without_notes(entry.created_by.strip().removesuffix("# buildkit").rstrip())
    if entry.comment.startswith("buildkit.exporter"):
        text = _exported(text)
    if (rest := no_operation(text, shell)) is not None:
        return (*(_keyword(rest, any_case=True) or ("", rest)), ())
    as_written = entry.author == "kaniko"
    step = _keyword(text, any_case=as_written)
    if step and (as_written or step[0] != "RUN"):
        return (*step, ())
    build_args, command = split_build_args(step[1] if step else text, shell)
    bare = without_shell(command, shell)
    if step or bare is not None or build_args:
        return "RUN", command if bare is None else _without_mount_checksums(bare), build_args
    return (*_bare_command(entry, command), ())


def _exported(text: str) -> str:
    """BuildKit's exporter names a step that has no history as its progress output does, and keeps the flags."""
    if name := _STEP_NAME.match(text):
        return text[name.end() :]
    mounted = _MOUNTED.match(text)
    return f"RUN {text[mounted.end() :]}" if mounted else text


def _keyword(text: str, *, any_case: bool) -> tuple[str, str] | None:
    match = _KEYWORD.match(text)
    kind = match[1].upper() if match and any_case else match[1] if match else ""
    return (kind, text[match.end() :]) if match and kind in KEYWORDS else None


def _bare_command(entry: HistoryEntry, command: str) -> tuple[str, str]:
    """Arguments without a keyword or shell: a RUN in exec form, a committed container, or unknown."""
    if is_shell_alone(command):
        return "COMMIT", command
    if not _COMMAND.match(command) or entry.comment.startswith("buildkit."):
        return "", command or entry.comment
    # A RUN in exec form and a committed container are written alike, but only a commit brings a message.
    if entry.comment and not entry.comment.startswith("FROM "):
        return "COMMIT", command
    return ("RUN" if command.startswith("/") or " " in command else ""), command


def _shorter(kind: str, text: str) -> str:
    """The legacy builder puts the checksum of what was copied in place of its source: keep its first 12 digits.

    It sets no blank between an owner and the checksum.
    """
    if kind in ("COPY", "ADD"):
        text = _GLUED.sub(r"\1 ", text, count=1)
        return _CONTENT.sub(r"\1", text, count=1) if _CONTENT.match(text) else text
    return written(kind, text)


def _copy_from(kind: str, text: str) -> str:
    flag = _COPY_FROM.match(text) if kind in ("COPY", "ADD") else None
    return flag[1].strip("\"'") if flag else ""


def _without_notes(text: str) -> str:
    """The text before Buildah's notes on the options of the build, such as ``|inheritLabels=false|force-mtime=10``."""
    end = len(text)
    while (place := text.rfind("|", 0, end)) >= 0 and _NOTE.fullmatch(text, place, end):
        end = place
    return text if end == len(text) else text[:end].rstrip()


def _without_mount_checksums(command: str) -> str:
    """The command of a RUN without Buildah's checksums, one for each ``--mount``."""
    return _CONTENTS.sub("", command) if command.startswith("--mount=") else command


def _tool_step(entry: HistoryEntry) -> tuple[str, str] | None:
    """Kind and text of an entry of a builder that knows no Dockerfile, None for others."""
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
