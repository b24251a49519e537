"""A RUN that deletes or writes again what an earlier one wrote: make them one, whose layer holds the result alone."""

from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.joins import join_all, joinable
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.model.entry import Fate

_RULES = ("deleted-later", "overwritten", "copied-up")
_LEAST_BYTES = 100_000
"""What makes it worth to give up a layer of the build cache."""


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Join a RUN with a later one that deletes, replaces or changes what it wrote.

    Two installations write the package manager's databases twice, for example. The RUNs may only be joined where
    nothing between them depends on where they stand. Applies from 100 kB on, since a joined RUN is built again whenever
    a part of it changes.
    """
    tried: set[tuple[int, int]] = set()
    while (pair := _largest(context, tried)) is not None:
        tried.add((pair[0].position, pair[1].position))
        joined = joinable(context, *pair)
        if joined:
            yield _proposal(context, joined)


def _largest(context: AdviceContext, tried: set[tuple[int, int]]) -> tuple[Site, Site] | None:
    """The two RUNs of which the second hides most of what the first wrote."""
    sums: dict[tuple[int, int], int] = {}
    for portion in context.of(*_RULES):
        for piece in portion.pieces if portion.site.kind == "RUN" and not portion.stage else ():
            hider = _hider(context, piece)
            pair = (portion.site.position, hider.position) if hider is not None else (0, 0)
            if pair[0] < pair[1] and pair not in tried:
                sums[pair] = sums.get(pair, 0) + piece.content_bytes
    pair = max(sums, key=lambda one: sums[one], default=(0, 0))
    return None if sums.get(pair, 0) < _LEAST_BYTES else (context.final.sites[pair[0]], context.final.sites[pair[1]])


def _hider(context: AdviceContext, piece: Piece) -> Site | None:
    """The RUN that alone made the layer which hides a version."""
    layer = context.filesystem.hidden_by[piece.number] if piece.number >= 0 else -1
    site = context.final.of_layer(layer) if layer >= 0 else None
    return site if site is not None and site.kind == "RUN" else None


def _proposal(context: AdviceContext, joined: Sequence[Site]) -> Proposal:
    positions = {site.position for site in joined}

    def is_inside(piece: Piece) -> bool:
        hider = _hider(context, piece)
        return hider is not None and hider.position in positions

    found = [
        portion.only(is_inside)
        for portion in context.of(*_RULES)
        if not portion.stage and portion.site.position in positions and portion.site.kind == "RUN"
    ]
    members = tuple(portion for portion in found if portion.pieces)
    places = " and ".join(f"line {one.line}" if one.line is not None else f"`{str(one)[:60]}`" for one in joined[1:])
    return Proposal(
        site=joined[0],
        portions=members,
        sentence=f"make it one RUN with {places}: {_story(context, members)} there",
        changes=(join_all(context, joined),),
    )


def _story(context: AdviceContext, members: Sequence[Portion]) -> str:
    """What happens to the largest file that is hidden."""
    piece = max((piece for portion in members for piece in portion.pieces), key=lambda one: one.content_bytes)
    is_deleted = context.filesystem.fates[piece.number] == Fate.DELETED
    return f"{piece.path} is {'deleted' if is_deleted else 'written again'}"


JOIN_RUNS = Strategy(name="join-runs", propose=_propose)
