"""Files that one RUN writes and a later one deletes: delete them in the RUN that writes them."""

import posixpath
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import appending
from layerscope.advice.needs import Needs
from layerscope.advice.portions import Portion
from layerscope.advice.removal import fails_without, names_files, removal_words
from layerscope.advice.runs import commands, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.users import as_root
from layerscope.advice.words import short_place
from layerscope.model.paths import is_at_or_below


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """End the RUN that writes files with their deletion, where a later RUN deletes them and nothing reads them.

    Not proposed where a RUN in between may read any file, or where the later ``rm`` fails when they are gone.
    """
    needs = context.shared(Needs)
    for portion in context.of("deleted-later"):
        hider = context.final.of_layer(context.hider_of(portion))
        if hider is not None and portion.site.kind == "RUN" and not portion.stage:
            yield from _proposal(context, needs, portion, hider)


def _proposal(context: AdviceContext, needs: Needs, portion: Portion, hider: Site) -> Iterator[Proposal]:
    site = portion.site
    if site.layer is None or hider.kind != "RUN":
        return
    filesystem = context.filesystem
    paths = (piece.path for piece in portion.pieces)
    words = removal_words(filesystem, site.layer, paths, remaining=filesystem.live)

    def may_read(one: Site) -> bool:
        return names_files(one, portion.pieces) or (one.kind == "RUN" and not needs.reads_what_it_names(one))

    between = context.final.sites[site.position + 1 : hider.position]
    command = as_root(context, (site,), f"rm -rf {' '.join(words)}") if words else ""
    is_read = any(map(may_read, between)) or not needs.reads_what_it_names(hider)
    if command and not is_read and _only_deletes(hider, words):
        yield Proposal(
            site=site,
            portions=(portion,),
            sentence=f"delete them in the RUN that writes them, not in {short_place(hider)}: end it with `{command}`",
            changes=(appending(site, command),),
        )


def _only_deletes(hider: Site, words: Sequence[str]) -> bool:
    """Whether the later RUN deletes the files by name, also when they are gone, and does not read them."""
    found = [one for one in commands(script_of(hider)) if one[0] == "rm"]
    removed = [hider.path_of(word.removesuffix("/*")) for one in found for word in one[1:]]
    others = [word for one in commands(script_of(hider)) if one[0] != "rm" for word in one]
    return (
        not fails_without(hider, words)
        and all(any(is_at_or_below(word, path) for path in removed) for word in words)
        and not any(posixpath.basename(word) in other for word in words for other in others)
    )


DELETE_WHERE_WRITTEN = Strategy(name="delete-where-written", propose=_propose)
