"""A COPY of a whole root file system over another: build on what it copies instead."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Portion
from layerscope.advice.strategy import Proposal

_NAME = "system"


def whole_systems(context: AdviceContext) -> Iterator[Proposal]:
    """Start the final stage from a stage that it copies as a whole; in words, since settings come along then."""
    copies: dict[int, list[Portion]] = {}
    for portion in context.of("rootfs-copy"):
        copy = portion.via or portion.site
        if copy.kind == "COPY" and portion.stage:
            copies.setdefault(id(copy), []).append(portion)
    for members in copies.values():
        copy = members[0].via or members[0].site
        name = copy.flag("from") or members[0].stage
        if name.isdigit():
            start = f"name the stage that it copies (`FROM ... AS {_NAME}`), and start from it: `FROM {_NAME}`"
        else:
            start = f"start from what it copies: `FROM {name}`"
        yield Proposal(
            site=copy,
            portions=tuple(members),
            sentence=f"{start}, instead of copying a whole system over another",
            review="make sure that the image may have the variables, the user and all files of that stage",
        )
