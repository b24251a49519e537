"""An archive that a COPY brings for one RUN to unpack: unpack it without a layer of its own."""

import posixpath
import re
from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import context_paths
from layerscope.advice.files import deleting, mounting, rewriting
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.runs import body, mentioning
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.model.paths import normal

_ADDABLE = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Endings of archives that ADD unpacks in every builder."""
_TAR = re.compile(r"tar\s+-?[a-zA-Z]*x[a-zA-Z]*f\s+(?P<archive>[^\s;&|]+)(?:\s+-C\s*(?P<directory>[^\s;&|]+))?\s*")


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Unpack an archive of the build context by ADD, or mount it into the RUN that reads it, instead of a COPY.

    The file then is in no layer. Applies where one RUN alone names it; the legacy builder has no mounts, so there the
    RUN must do nothing but unpack a tar archive.
    """
    for portion in context.of("tmp-leftover", "archive-extracted", "deleted-later"):
        site = portion.site
        if not portion.is_from_context or portion.stage or len(portion.pieces) != 1 or site.resolved is None:
            continue
        piece = portion.pieces[0]
        users = tuple(mentioning(context.final.after(site), piece.path, posixpath.basename(piece.path)))
        sources = list(context_paths(site, [piece.path]).values())
        if len(users) == 1 and users[0].kind == "RUN" and len(site.resolved.arguments) == 2 and sources:
            yield from _proposal(context, portion, piece, sources[0].lstrip("/"), users[0])


def _proposal(context: AdviceContext, portion: Portion, piece: Piece, source: str, run: Site) -> Iterator[Proposal]:
    site = portion.site
    directory = _unpacked_into(run, piece.path)
    if directory and piece.path.endswith(_ADDABLE) and not _is_flagged(site):
        line = f"ADD {source} {directory.rstrip('/')}/"
        yield Proposal(
            site=site,
            portions=(portion,),
            sentence=f"unpack it as it is added, and drop the RUN that does: `{line}`",
            changes=(rewriting(site, lambda instruction: line), deleting(run)),
        )
    elif context.is_buildkit and not _removes(run, piece.path):
        mount = f"type=bind,source={source},target={piece.path}"
        yield Proposal(
            site=site,
            portions=(portion,),
            sentence=f"mount {piece.path} into the RUN that reads it (`RUN --mount={mount}`), and drop the COPY",
            changes=(mounting(run, mount), deleting(site)),
        )


def _unpacked_into(run: Site, path: str) -> str:
    """The directory in which the only command of a RUN unpacks an archive; empty where it does anything else."""
    found = _TAR.fullmatch(run.text)
    directory = (found["directory"] or run.working_directory) if found else ""
    is_it = found is not None and normal(posixpath.join(run.working_directory or "/", found["archive"])) == path
    return normal(posixpath.join(run.working_directory or "/", directory)) if is_it and directory else ""


def _removes(run: Site, path: str) -> bool:
    """Whether a RUN deletes or moves a file, which fails for one that is mounted."""
    return re.search(r"(?<![\w-])(?:rm|mv|unlink)(?![\w-])", body(run)) is not None


def _is_flagged(site: Site) -> bool:
    return site.resolved is not None and bool(site.resolved.instruction.flags)


UNPACK = Strategy(name="unpack", propose=_propose)
