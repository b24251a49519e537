"""Files that one RUN writes and a later one deletes: delete them in the RUN that writes them."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import appending
from layerscope.advice.portions import Portion
from layerscope.advice.removal import removal_words
from layerscope.advice.runs import calls, mentioning, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """End the RUN that writes files with their deletion, where nothing between it and the later deletion names them.

    Not proposed where the later RUN deletes them with an ``rm`` that fails when they are gone.
    """
    for portion in context.of("deleted-later"):
        hiders = {context.filesystem.hidden_by[piece.number] for piece in portion.pieces if piece.number >= 0}
        hider = context.final.of_layer(hiders.pop()) if len(hiders) == 1 else None
        if hider is not None and portion.site.kind == "RUN" and not portion.stage:
            yield from _proposal(context, portion, hider)


def _proposal(context: AdviceContext, portion: Portion, hider: Site) -> Iterator[Proposal]:
    site = portion.site
    if site.layer is None or hider.kind != "RUN":
        return
    filesystem = context.filesystem
    paths = (piece.path for piece in portion.pieces)
    words = removal_words(filesystem, site.layer, paths, remaining=filesystem.live)
    between = context.final.sites[site.position + 1 : hider.position]
    if not words or next(mentioning(between, *words), None) is not None or _reads(hider, words):
        return
    command = f"rm -rf {' '.join(words)}"
    place = f"line {hider.line}" if hider.line is not None else f"`{str(hider)[:60]}`"
    yield Proposal(
        site=site,
        portions=(portion,),
        sentence=f"delete them in the RUN that writes them, not in {place}: end it with `{command}`",
        review="" if not any(one.kind == "RUN" for one in between) else "make sure that no RUN in between reads them",
        changes=(appending(site, command),),
    )


def _reads(hider: Site, words: tuple[str, ...]) -> bool:
    """Whether the later RUN does anything but delete, or deletes in a way that fails when nothing is there."""
    script = script_of(hider)
    named = [word for word in words if word in script]
    forced = calls(script, "rm -rf", "rm -fr", "rm -f", "rm -r -f", "rm -f -r")
    parts = [part.strip() for part in script.replace(";", "&&").split("&&")]
    return not forced or any(word in part and not part.startswith("rm ") for part in parts for word in named)


DELETE_WHERE_WRITTEN = Strategy(name="delete-where-written", propose=_propose)
