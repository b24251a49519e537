"""The package lists of ``apt-get update``: delete them in the RUN that downloads them."""

from collections.abc import Iterator
from itertools import takewhile

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change, appending, deleting, prepending
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls, script_of, scripts
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.users import as_root
from layerscope.advice.words import short_place
from layerscope.model.patterns import pattern

_UPDATES = ("apt-get update", "apt update", "aptitude update")
_NAMES = ("install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "source", "download", "satisfy")
_NEEDS_LISTS = (
    *(f"{tool} {name}" for tool in ("apt-get", "apt") for name in _NAMES),
    "apt-cache", "apt-file", "aptitude", "mk-build-deps", "gdebi", "rosdep install", "apt show", "apt search",
    "apt list",
)  # fmt: skip
_ONLY_UPDATES = pattern(r"(?:sudo\s+)?apt(?:-get)?(?:\s+-\S+)*\s+update(?:\s+-\S+)*")
_OVER_LISTS = pattern(r"\b(?:target|dst|destination)=/var/lib/apt(?:[/,]|$)")
_LONGEST = 64 << 10
"""The longest script that is read."""
_UPDATE = "apt-get update"
_DELETE = "rm -rf /var/lib/apt/lists/*"


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Delete the lists in the RUN that downloads them, and download them again in each later RUN that needs them.

    A RUN that does nothing but ``apt-get update`` is joined to the RUNs that need its lists. A later RUN that calls a
    script may need them, too: that is for review. RUNs that mount a cache over the lists have their own.
    """
    for portion in context.of("apt-lists"):
        site = portion.site
        if site.kind == "RUN" and calls(body(site), *_UPDATES):
            yield from _proposal(context, portion)


def _proposal(context: AdviceContext, portion: Portion) -> Iterator[Proposal]:
    site = portion.site
    later = _until_update(context, site)
    users = [one for one in later if _needs_lists(context, one)]
    is_only_update = _ONLY_UPDATES.fullmatch(site.text.strip()) is not None
    edited = users if is_only_update else [site, *users]
    update, delete = ({id(one): as_root(context, (one,), command) for one in edited} for command in (_UPDATE, _DELETE))
    if not all(update.values()):
        return
    changes: list[Change] = [prepending(user, update[id(user)]) for user in users]
    changes += [appending(one, delete[id(one)]) for one in edited]
    places = " and ".join(map(short_place, users))
    portions: tuple[Portion, ...] = (portion,)
    if is_only_update:
        changes.append(deleting(site, into=users[-1] if users else None))
        sentence = f"run `apt-get update` in the RUN that installs packages ({places}), and end it with `{_DELETE}`"
        if not users:
            sentence = "do not download the package lists: no RUN needs them"
            portions = tuple(one for one in context.left if one.site is site)
    elif users:
        sentence = f"end it with `{_DELETE}`, and run `apt-get update` again in {places}"
    else:
        sentence = f"delete the package lists in the RUN that downloads them: end it with `{delete[id(site)]}`"
    yield Proposal(
        site=site, portions=portions, sentence=sentence, review=_review(context, later), changes=tuple(changes)
    )


def _until_update(context: AdviceContext, site: Site) -> list[Site]:
    """The RUNs on top of an update that see its lists: in each stage, up to the RUN that updates again."""
    found: list[Site] = []
    for timeline in context.timelines.values():
        same = next((one for one in timeline.sites if one.is_same(site)), None)
        later = [one for one in timeline.after(same) if one.kind == "RUN"] if same is not None else []
        for one in takewhile(lambda each: not calls(body(each), *_UPDATES), later):
            if not _has_own_lists(one) and not any(one.is_same(other) for other in found):
                found.append(one)
    return found


def _has_own_lists(site: Site) -> bool:
    """Whether a RUN mounts something over the lists, so that it neither sees nor leaves any."""
    flags = site.resolved.instruction.flags if site.resolved is not None else ()
    return any(flag.name == "mount" and _OVER_LISTS.search(flag.value or "") for flag in flags)


def _review(context: AdviceContext, later: list[Site]) -> str:
    unknown = next((one for one in later if _needs_lists(context, one) is None), None)
    if unknown is not None:
        return f"make sure that what {short_place(unknown)} calls installs no packages without `apt-get update`"
    started = (one for one in context.final.sites if one.kind in ("CMD", "ENTRYPOINT"))
    if any(calls(body(one), *_NEEDS_LISTS) for one in started):
        return "make sure that the container downloads the lists itself before it installs packages"
    return ""


def _needs_lists(context: AdviceContext, site: Site) -> bool | None:
    """Whether a RUN installs packages, by itself or by a script; None where a script cannot be read."""
    script = script_of(site)
    if calls(script, *_NEEDS_LISTS):
        return True
    for name in scripts(script):
        text = _text(context, site.path_of(name))
        if calls(text, *_NEEDS_LISTS) and not calls(text, *_UPDATES):
            return True
        if not text or scripts(text):
            return None
    return False


def _text(context: AdviceContext, path: str) -> str:
    """The script that the image holds, or did, at a path; empty where it is not known in full."""
    filesystem = context.filesystem
    found = (number for number, one in enumerate(filesystem.paths) if one == path)
    data = next((data for number in found if (data := filesystem.read(number, 0, _LONGEST))), b"")
    return data.decode("utf-8", "replace") if len(data) < _LONGEST else ""


APT_LISTS = Strategy(name="apt-lists", propose=_propose)
