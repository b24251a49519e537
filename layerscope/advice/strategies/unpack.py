"""An archive that a COPY brings for a RUN to unpack: let ADD unpack it."""

import posixpath
from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import context_paths, would_miss
from layerscope.advice.files import deleting, rewriting
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.runs import made_and_called, mentioning
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.users import is_root
from layerscope.model.patterns import pattern

_ADDABLE = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Endings of archives that ADD unpacks in every builder."""
_EXTRACTS = pattern(r"-?[xvzjJ]*x[vzjJ]*f")
_PLAIN = pattern(r"[\w/.+@-]+")


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Unpack an archive of the build context by ADD, and drop the RUN that unpacks it, so that no layer holds it.

    That RUN must do nothing else (but make the directory, and delete the archive), as root, and it alone may name it.
    """
    for portion in context.of("tmp-leftover", "archive-extracted", "deleted-later"):
        site = portion.site
        if not portion.is_from_context or portion.stage or len(portion.pieces) != 1 or site.resolved is None:
            continue
        piece = portion.pieces[0]
        users = tuple(mentioning(context.later(site), posixpath.basename(piece.path)))
        if len(users) == 1 and len(site.resolved.arguments) == 2 and not site.resolved.instruction.flags:
            yield from _proposal(context, portion, piece, users[0])


def _proposal(context: AdviceContext, portion: Portion, piece: Piece, run: Site) -> Iterator[Proposal]:
    site = portion.site
    source = next(iter(context_paths(site, [piece.path]).values()), "").lstrip("/")
    directory = unpacked_into(run, piece.path)
    is_plain = bool(_PLAIN.fullmatch(source) and _PLAIN.fullmatch(directory)) and source.endswith(_ADDABLE)
    if not is_plain or not is_root(context, run) or would_miss(context, site.stage, [piece.path]):
        return
    line = f"ADD {source} {directory.rstrip('/')}/"
    yield Proposal(
        site=site,
        portions=(portion,),
        sentence=f"unpack it as it is added, and drop the RUN that does: `{line}`",
        changes=(rewriting(site, lambda instruction: line), deleting(run)),
    )


def unpacked_into(run: Site, path: str) -> str:
    """The directory in which a RUN that does nothing else unpacks an archive; empty where it does anything else.

    It may make that directory before, and delete the archive behind it.
    """
    made, commands = made_and_called(run)
    removed = []
    if commands and commands[-1][:1] == ["rm"]:
        removed = [run.path_of(word) for word in commands.pop()[1:] if not word.startswith("-")]
    if len(commands) != 1:
        return ""
    words, directory = commands[0], run.working_directory or "/"
    if len(words) > 2 and "-C" in words[1:-1]:
        place = words.index("-C")
        directory = run.path_of(words[place + 1])
        words = words[:place] + words[place + 2 :]
    is_it = len(words) == 3 and words[0] == "tar" and _EXTRACTS.fullmatch(words[1]) and run.path_of(words[2]) == path
    return directory if is_it and made in ([], [directory]) and removed in ([], [path]) else ""


UNPACK = Strategy(name="unpack", propose=_propose)
