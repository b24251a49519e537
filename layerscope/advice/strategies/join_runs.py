"""A RUN that deletes or writes again what an earlier one wrote: make them one, whose layer holds the result alone."""

from collections.abc import Iterator, Mapping, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.joins import join_all, joinable
from layerscope.advice.portions import Portion
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.words import short_place
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
    hiders = {site.layer: site for site in context.final.sites if site.kind == "RUN" and site.layer is not None}
    sums = _sums(context, hiders)
    large = (pair for pair in sums if sums[pair] >= _LEAST_BYTES)
    for pair in sorted(large, key=lambda one: (-sums[one], one)):
        joined = joinable(context, *(context.final.sites[position] for position in pair))
        if joined:
            yield from _proposal(context, joined, hiders)


def _sums(context: AdviceContext, hiders: Mapping[int, Site]) -> dict[tuple[int, int], int]:
    """How much of what one RUN wrote another hides, by the positions of both."""
    sums: dict[tuple[int, int], int] = {}
    for portion in _left(context):
        for piece in portion.pieces:
            hider = hiders.get(context.hidden_by(piece))
            if hider is not None and portion.site.position < hider.position:
                pair = (portion.site.position, hider.position)
                sums[pair] = sums.get(pair, 0) + piece.content_bytes
    return sums


def _left(context: AdviceContext) -> list[Portion]:
    return [one for one in context.of(*_RULES) if one.site.kind == "RUN" and not one.stage]


def _proposal(context: AdviceContext, joined: Sequence[Site], hiders: Mapping[int, Site]) -> Iterator[Proposal]:
    positions = {site.position for site in joined}
    layers = {layer for layer, site in hiders.items() if site.position in positions}
    found = [
        one.only(lambda piece: context.hidden_by(piece) in layers)
        for one in _left(context)
        if one.site.position in positions
    ]
    members = tuple(one for one in found if one.pieces)
    if sum(one.content_bytes for one in members) < _LEAST_BYTES:
        return  # A join of other RUNs has taken it.
    places = " and ".join(map(short_place, joined[1:]))
    yield Proposal(
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
