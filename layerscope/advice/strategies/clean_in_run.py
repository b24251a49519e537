"""Caches and leftovers of a RUN: delete them in the same RUN, as a later instruction only hides them."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.strategy import Proposal, Strategy


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    for portion in context.of("apt-lists"):
        if portion.site.kind == "RUN":
            yield Proposal(site=portion.site, portions=(portion,), sentence="end it with `rm -rf /var/lib/apt/lists/*`")


CLEAN_IN_RUN = Strategy(name="clean-in-run", propose=_propose)
