"""The package lists of ``apt-get update``: delete them in the RUN that downloads them."""

import re
from collections.abc import Iterator
from itertools import takewhile

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change, appending, deleting, prepending
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, callers, calls
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site

_UPDATES = ("apt-get update", "apt update")
_NEEDS_LISTS = (
    *(f"apt-get {name}" for name in ("install", "upgrade", "dist-upgrade", "build-dep", "source", "download")),
    *(f"apt {name}" for name in ("install", "upgrade", "full-upgrade", "build-dep", "source", "download")),
    "apt-cache",
    "aptitude",
    "mk-build-deps",
)
_ONLY_UPDATES = re.compile(r"apt(?:-get)?(?:\s+-\S+)*\s+update(?:\s+-\S+)*")
_DELETE = "rm -rf /var/lib/apt/lists/*"


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Delete the lists in the RUN that downloads them, and download them again in each later RUN that needs them.

    A RUN that does nothing but ``apt-get update`` is joined to the RUNs that need its lists.
    """
    for portion in context.of("apt-lists"):
        site = portion.site
        if site.kind == "RUN" and not portion.stage and calls(body(site), *_UPDATES):
            yield _proposal(portion, tuple(_users(context, site)))


def _users(context: AdviceContext, site: Site) -> Iterator[Site]:
    """The RUNs after an update that need its lists: those before the next RUN that updates."""
    rest = takewhile(lambda one: one.kind != "RUN" or not calls(body(one), *_UPDATES), context.later(site))
    return callers(rest, *_NEEDS_LISTS)


def _proposal(portion: Portion, users: tuple[Site, ...]) -> Proposal:
    site = portion.site
    if not users:
        return Proposal(
            site=site,
            portions=(portion,),
            sentence=f"delete the package lists in the RUN that downloads them: end it with `{_DELETE}`",
            changes=(appending(site, _DELETE),),
        )
    changes: list[Change] = []
    for user in users:
        changes += (prepending(user, "apt-get update"), appending(user, _DELETE))
    places = " and ".join(f"line {user.line}" if user.line else f"`{user}`" for user in users)
    if _only_updates(site):
        changes.append(deleting(site))
        sentence = f"run `apt-get update` in the RUN that installs packages ({places}), and end it with `{_DELETE}`"
    else:
        changes.append(appending(site, _DELETE))
        sentence = f"end it with `{_DELETE}`, and run `apt-get update` again in {places}"
    return Proposal(site=site, portions=(portion,), sentence=sentence, changes=tuple(changes))


def _only_updates(site: Site) -> bool:
    return _ONLY_UPDATES.fullmatch(site.text.strip()) is not None


APT_LISTS = Strategy(name="apt-lists", propose=_propose)
