"""The path in a COPY's source that a path of the image came from (Dockerfile reference, "COPY" and "ADD")."""

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from layerscope.dockerfile.build import ResolvedInstruction, is_inline, names_directory
from layerscope.dockerfile.glob import PathPattern, excluded, parse_excludes
from layerscope.dockerfile.stages import CONTEXT, Source
from layerscope.errors import UsageError
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_REMOTE = pattern(r"(?:https?|git|ssh)://|git@")
_ARCHIVE = pattern(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz)\Z")
_BY_NAME, _CONTENTS, _ARCHIVE_MEMBER = range(3)


class _Candidate(Struct, frozen=True):
    """A path, or pattern, that a path of the image may have come from; the lower the rank the likelier."""

    rank: int
    path: str
    is_pattern: bool = False


class CopySource(Struct, frozen=True, kw_only=True):
    """One source from the root of the stage, image or context: the path as written, and as a pattern.

    ``pivot`` is the directory that ``--parents`` counts from: ``/``, or the part before ``/./``.
    """

    path: str
    pattern: PathPattern
    pivot: PathPattern


class CopyMapping(Struct, frozen=True, kw_only=True):
    """Where a COPY or ADD takes its files from, and where it puts them.

    ``destination`` is absolute and normal unless not ``resolved``. ``destination_is_directory``: it ends in a
    slash, is the working directory, or ``--parents`` is set; otherwise it may still be a directory of the image.
    URLs and repositories of ADD and here-documents have no source path. Sources and destination with unknown
    variables are left out of the mapping, and ``resolved`` is False.
    """

    source: Source
    sources: tuple[CopySource, ...]
    destination: str
    destination_is_directory: bool
    excludes: tuple[PathPattern, ...] = ()
    parents: bool = False
    unpacks: bool = False
    resolved: bool = True

    def map_back(self, final_path: str) -> tuple[str, ...]:
        """Paths in the source that ``final_path`` (absolute) may have come from, the likeliest first.

        Empty where the instruction did not put it there, or its name in the source is lost: see
        ``map_back_patterns``. Files by their name come first, then what may lie in a directory, then archives.
        """
        found = (each.path for each in self._by_likelihood(final_path) if not each.is_pattern)
        return tuple(dict.fromkeys(found))

    def map_back_patterns(self, final_path: str) -> tuple[str, ...]:
        """Like ``map_back``, where a wildcard stands for names that the image does not have.

        They are patterns as COPY takes them: ``PathPattern.parse(it).matches(path)``.
        """
        found = (each.path for each in self._by_likelihood(final_path) if each.is_pattern)
        return tuple(dict.fromkeys(found))

    def _by_likelihood(self, final_path: str) -> list[_Candidate]:
        return sorted(self._candidates(final_path), key=lambda candidate: candidate.rank)

    def _candidates(self, final_path: str) -> Iterator[_Candidate]:
        """All candidates, those of the last source first: it overwrites the files of the others."""
        rest = _below(normal(final_path), self.destination) if self.destination else None
        for source in reversed(self.sources if rest is not None else ()):
            yield from self._from_parents(source, rest or "") if self.parents else self._from_source(source, rest or "")

    def _from_source(self, source: CopySource, rest: str) -> Iterator[_Candidate]:
        """A file by its name, the contents of a directory, a member of an archive, in this order."""
        if not rest and not self.destination_is_directory:
            yield from self._renamed(source)
            return
        if rest and "/" not in rest:
            yield from self._by_name(source, rest)
        if excluded(rest, self.excludes):
            return
        literal = source.pattern.literal
        if literal is not None:
            yield _Candidate(_CONTENTS, normal(f"{literal}/{rest}"))
        elif rest:
            yield _Candidate(_CONTENTS, f"{source.path}/{_quoted(rest)}", True)
        if rest and self.unpacks and _ARCHIVE.search(source.path):
            yield _Candidate(_ARCHIVE_MEMBER, literal or source.path, literal is None)

    def _renamed(self, source: CopySource) -> Iterator[_Candidate]:
        """The destination itself: the source, whatever that is called, and whether file or directory."""
        literal = source.pattern.literal
        if literal is None:
            yield _Candidate(_BY_NAME, source.path, True)
        elif not excluded(literal.rpartition("/")[2], self.excludes):
            yield _Candidate(_BY_NAME, literal)

    def _by_name(self, source: CopySource, name: str) -> Iterator[_Candidate]:
        """A file that keeps its name below the destination."""
        components = source.pattern.components
        if not components or not components[-1].matches(name) or excluded(name, self.excludes):
            return
        parent = PathPattern("", components[:-1]).literal
        if parent is not None:
            yield _Candidate(_BY_NAME, normal(f"{parent}/{name}"))
        else:
            yield _Candidate(_BY_NAME, source.path.rpartition("/")[0] + "/" + _quoted(name), True)

    def _from_parents(self, source: CopySource, rest: str) -> Iterator[_Candidate]:
        if not rest or excluded(rest, self.excludes) or not source.pattern.matches(rest, prefixes=True):
            return
        pivot = source.pivot.literal
        if pivot is not None:
            yield _Candidate(_BY_NAME, normal(f"{pivot}/{rest}"))
        else:
            yield _Candidate(_BY_NAME, f"{source.pivot.text}/{_quoted(rest)}", True)


def copy_mapping(copy: ResolvedInstruction) -> CopyMapping:
    """The mapping of a COPY or ADD; raises UsageError for another instruction, and for a bad pattern."""
    try:
        return _mapping(copy)
    except UsageError as error:
        raise UsageError(f"line {copy.instruction.line} of the Dockerfile: {error.message}") from error


def recorded_mapping(text: str, directory: str) -> CopyMapping | None:
    """The mapping of a COPY as BuildKit records it in the history: all but the stage that it takes its files from.

    ``directory`` is the working directory. None where a flag selects files; raises UsageError for a
    bad pattern.
    """
    words = text.split()
    flags = [word for word in words if word.startswith("--")]
    paths = words[len(flags) :]
    if len(paths) < 2 or not all(flag.startswith(("--chown=", "--chmod=", "--link")) for flag in flags):
        return None
    path = normal(posixpath.join(directory, paths[-1]))
    return CopyMapping(
        source=CONTEXT,
        sources=tuple(_copy_source(each, parents=False) for each in paths[:-1]),
        destination=path,
        destination_is_directory=names_directory(paths[-1]) or path == normal(directory),
    )


def _mapping(copy: ResolvedInstruction) -> CopyMapping:
    instruction = copy.instruction
    if instruction.keyword not in ("COPY", "ADD"):
        raise UsageError(f"{instruction.keyword} copies nothing")
    parents = instruction.switch("parents")
    sources, destination = copy.arguments[:-1], copy.destination
    is_add = instruction.keyword == "ADD"
    local = (
        each for each in sources if not is_inline(instruction, each.text) and not (is_add and _REMOTE.match(each.text))
    )
    path = normal(destination.text) if destination.resolved else destination.text
    here = copy.working_directory.resolved and copy.working_directory.text == path
    return CopyMapping(
        source=next(iter(copy.inputs), CONTEXT),
        sources=tuple(_copy_source(each.text, parents=parents) for each in local if each.resolved),
        destination=path if destination.resolved else "",
        destination_is_directory=names_directory(destination.text) or here or parents,
        excludes=parse_excludes(instruction.flag_values("exclude")),
        parents=parents,
        unpacks=is_add and instruction.flag("unpack").lower() != "false",
        resolved=destination.resolved and all(each.resolved for each in sources),
    )


def _copy_source(text: str, *, parents: bool) -> CopySource:
    pivot, dot, pattern = text.partition("/./") if parents else ("/", "", text)
    if not dot:
        pivot, pattern = "/", text
    path = normal(text)
    return CopySource(
        path=path,
        pattern=PathPattern.parse(normal(pattern)),
        pivot=PathPattern(normal(pivot), PathPattern.parse(normal(pivot)).components),
    )


def _quoted(name: str) -> str:
    """A literal path as a pattern."""
    return re.sub(r"([*?\[\\])", r"\\\1", name)


def _below(path: str, directory: str) -> str | None:
    """The rest of ``path`` below ``directory`` (both normal), empty where they are the same; None outside of it."""
    return path.removeprefix(directory).removeprefix("/") if is_at_or_below(path, directory) else None
