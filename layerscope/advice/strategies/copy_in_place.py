"""A file that a COPY brings and a RUN moves, which ships it twice: copy it to its place at once."""

import posixpath
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import by_copy, would_miss
from layerscope.advice.files import copying_to, deleting
from layerscope.advice.portions import Portion
from layerscope.advice.removal import names_files
from layerscope.advice.runs import made_and_called
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.users import is_root
from layerscope.model.entry import Fate, Kind
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_PLAIN = pattern(r"/[\w/.+@-]+")


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Copy files to the place to which a later RUN moves them, and drop that RUN.

    It must do nothing but move them as root (and make the directory), and no instruction between the two may run
    anything or write the same place. Not proposed where a later one changes the moved files once more.
    """
    for position, members in by_copy(context, "deleted-later").items():
        copy = context.final.sites[position]
        run = next((one for one in context.final.after(copy) if one.kind in ("RUN", "USER")), None)
        move = _move(run) if run is not None and run.stage == copy.stage else None
        if run is not None and move is not None and is_root(context, run):
            yield from _proposal(context, members, copy, run, *move)


def _move(run: Site) -> tuple[str, str, list[str]] | None:
    """What the only ``mv`` of a RUN moves, where to, and the directories that it makes before."""
    made, commands = made_and_called(run)
    words = [word for word in commands[0] if word != "-f"] if len(commands) == 1 else []
    if len(words) != 3 or words[0] != "mv" or any(word.startswith("-") for word in words):
        return None
    moved, target = (posixpath.join(run.working_directory or "/", word) for word in words[1:])
    return (normal(moved), target, made) if _PLAIN.fullmatch(moved) and _PLAIN.fullmatch(target) else None


def _proposal(
    context: AdviceContext, members: Sequence[Portion], copy: Site, run: Site, moved: str, target: str, made: list[str]
) -> Iterator[Proposal]:
    place = _place(context, copy, run, moved, normal(target))
    between = context.final.sites[copy.position + 1 : run.position]
    pieces = [piece for portion in members for piece in portion.pieces]
    if not place or not all(is_at_or_below(place, one) for one in made) or would_miss(context, copy.stage, [moved]):
        return
    if any(names_files(one, pieces) for one in between if one.kind not in ("CMD", "ENTRYPOINT")):
        return
    yield Proposal(
        site=copy,
        portions=tuple(members),
        sentence=f"copy to {place} at once, and drop the RUN that moves it there",
        changes=(copying_to(copy, place), deleting(run)),
    )


def _place(context: AdviceContext, copy: Site, run: Site, moved: str, target: str) -> str:
    """Where all that a COPY brings lies in the end, as it came; empty where that is not so."""
    filesystem = context.filesystem
    if copy.layer is None or run.layer is None:
        return ""
    kinds, fates = filesystem.kinds, filesystem.fates
    brought = {
        filesystem.path_in_layer(number): number
        for number in filesystem.numbers(copy.layer)
        if kinds[number] != Kind.DIRECTORY
    }
    written = {
        filesystem.path_in_layer(number): number
        for number in filesystem.numbers(run.layer)
        if kinds[number] < Kind.DIRECTORY
    }
    suffixes = [path.removeprefix(moved) for path in brought if is_at_or_below(path, moved)]
    for place in (target, posixpath.join(target, posixpath.basename(moved))):
        pairs = {f"{place}{suffix}": number for suffix, number in zip(suffixes, brought.values(), strict=False)}
        if not brought or len(suffixes) != len(brought) or pairs.keys() != written.keys():
            continue
        if all(fates[written[path]] == Fate.LIVE for path in pairs) and all(
            kinds[number] != Kind.FILE or filesystem.same_content(number, written[path])
            for path, number in pairs.items()
        ):
            return place
    return ""


COPY_IN_PLACE = Strategy(name="copy-in-place", propose=_propose)
