"""A COPY of a whole root file system over another: build on what it copies instead."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.strategy import Proposal
from layerscope.model.groups import grouped

_NAME = "system"


def whole_systems(context: AdviceContext) -> Iterator[Proposal]:
    """Start the final stage from a stage that it copies as a whole; in words, since settings come along then."""
    found = (one for one in context.of("rootfs-copy") if one.copy.kind == "COPY" and one.stage)
    for members in grouped(found, lambda one: id(one.copy)).values():
        copy = members[0].copy
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
