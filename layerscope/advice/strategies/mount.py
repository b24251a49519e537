"""What a COPY brings for one RUN alone: mount it into that RUN, so that no layer holds it."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import by_copy, files_in, would_miss
from layerscope.advice.files import Change, deleting, editing_words, mounting, naming_stage
from layerscope.advice.portions import Portion, mapped, mapping_of
from layerscope.advice.runs import commands, mentioning, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import Plan, WordEdit, Words
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_PLAIN = pattern(r"[\w/.+@-]+")
_MOST_NAMES = 100
_MOVES = frozenset({"mv", "unlink", "rmdir", "shred"})


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Mount files into the one RUN that reads them, instead of a COPY of their own (``RUN --mount=type=bind``).

    Only BuildKit has mounts. The COPY must bring nothing else; an ``rm`` of what is mounted would fail, so it goes, and
    where the RUN moves it, nothing is proposed.
    """
    if not context.is_buildkit:
        return
    found = by_copy(context, "tmp-leftover", "archive-extracted", "deleted-later", "wheelhouse")
    for position, members in found.items():
        copy = context.final.sites[position]
        paths = sorted({piece.path for portion in members for piece in portion.pieces})
        target = _target(context, copy, paths)
        users = _users(context, copy, [target, *paths[:_MOST_NAMES]]) if target else []
        if len(users) == 1:
            yield from _proposal(context, members, copy, target, users[0])


def _target(context: AdviceContext, copy: Site, paths: Sequence[str]) -> str:
    """Where all that a COPY brings is: its one file, or its directory; empty where it brings something else, too."""
    if copy.layer is None or copy.resolved is None:
        return ""
    brought = set(files_in(context.filesystem, copy.layer))
    mapping = mapping_of(copy)
    source = mapping.sources[0].pattern.literal if mapping is not None and mapping.sources else None
    if source is None or brought != set(paths):
        return ""
    if len(paths) == 1 and mapped(copy, paths[0]) == source:
        return paths[0]
    destination = normal(copy.resolved.destination.text)
    return destination if all(path.startswith(f"{destination}/") for path in paths) else ""


def _users(context: AdviceContext, copy: Site, paths: Sequence[str]) -> list[Site]:
    """The instructions that name what is brought, in this stage and in those that are built on it."""
    found: list[Site] = []
    for one in mentioning(context.later(copy), *{posixpath.basename(path) for path in paths}):
        if not any(one.is_same(other) for other in found):
            found.append(one)
    return found


def _proposal(
    context: AdviceContext, members: Sequence[Portion], copy: Site, target: str, run: Site
) -> Iterator[Proposal]:
    is_file = all(piece.path == target for portion in members for piece in portion.pieces)
    flags = {flag.name for flag in copy.resolved.instruction.flags} if copy.resolved is not None else set()
    source, origin = mapped(copy, target), copy.flag("from")
    removals = _removals(run, target)
    if run.kind != "RUN" or not flags <= {"from"} or not _PLAIN.fullmatch(source) or removals is None:
        return
    if "$" in origin or not _PLAIN.fullmatch(target) or would_miss(context, copy.stage, [target]):
        return
    naming: list[Change] = []
    if origin.isdigit():
        origin, naming = _named_stage(context, int(origin))
    mount = ",".join(
        (
            "type=bind",
            *((f"from={origin}",) if origin else ()),
            f"source={source if origin else source.lstrip('/') or '.'}",
            f"target={target}",
            *(() if is_file else ("rw",)),
        )
    )
    changes: list[Change] = [editing_words(run, _dropping(target, run))] if removals else []
    yield Proposal(
        site=copy,
        portions=tuple(members),
        sentence=f"mount {target} into the RUN that reads it (`RUN --mount={mount}`), and drop the COPY"
        + (" and the `rm`" if removals else ""),
        changes=(*naming, *changes, mounting(run, mount), deleting(copy)),
    )


def _named_stage(context: AdviceContext, index: int) -> tuple[str, list[Change]]:
    """The name of a stage, which a mount needs where a COPY takes a number; and the change that gives it one."""
    match = context.placement.match
    stages = match.build.stages if match is not None else ()
    if index >= len(stages):
        return str(index), []
    if stages[index].name:
        return stages[index].name, []
    taken = {stage.name for stage in stages}
    name = next(one for one in ("build", f"build-{index}", f"stage-{index}-for-mount") if one not in taken)
    return name, [naming_stage(index, name)]


def _removals(run: Site, target: str) -> list[Sequence[str]] | None:
    """The commands of a RUN that delete what is mounted and nothing else; None where it moves or deletes more."""
    found: list[Sequence[str]] = []
    for words in commands(script_of(run)):
        if words[0] in _MOVES:
            return None
        if words[0] == "rm":
            if not _deletes_alone(words, target, run) and any(_may_be(word, target, run) for word in words[1:]):
                return None
            found += [words] if _deletes_alone(words, target, run) else []
    return found


def _deletes_alone(words: Words, target: str, run: Site) -> bool:
    plain = [word for word in words[1:] if not word.startswith("-")]
    return words[0] == "rm" and len(plain) == 1 and _at(plain[0].removesuffix("/*"), run) == target


def _may_be(word: str, target: str, run: Site) -> bool:
    """Whether an argument of rm may be at, above or below what is mounted."""
    path = _at(re.split(r"[*?$\[]", word)[0], run)
    return is_at_or_below(target, path) or is_at_or_below(path, target) or target.startswith(path)


def _at(word: str, run: Site) -> str:
    return run.path_of(word.strip("'\""))


def _dropping(target: str, run: Site) -> Plan:
    return lambda words: WordEdit(deletes=True) if _deletes_alone(words, target, run) else None


MOUNT = Strategy(name="mount", propose=_propose)
