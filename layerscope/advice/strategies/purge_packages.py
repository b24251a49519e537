"""Packages of compilers and tools: do not install them, or remove them in the RUN that needs them last."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles, Change, appending, joining, removing_words
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.packages.catalog import UNOWNED
from layerscope.packages.package_graph import PackageGraph

_RULES = (
    "native-toolchain", "lang-toolchain", "dev-headers", "static-libs", "build-utils", "os-pkg-managers",
    "orphaned-packages", "orphan-build-group",
)  # fmt: skip


class _Manager(Struct, frozen=True, kw_only=True):
    """How a package manager installs and removes; ``keep`` marks packages that removing others must not take along."""

    type: str
    installs: tuple[str, ...]
    remove: str
    keep: str = ""


_MANAGERS = (
    _Manager(
        type="deb",
        installs=("apt-get install", "apt install"),
        remove="apt-get purge -y --auto-remove",
        keep="apt-mark manual",
    ),
    _Manager(type="apk", installs=("apk add",), remove="apk del", keep="apk add"),
    _Manager(type="rpm", installs=("dnf install", "microdnf install"), remove="dnf remove -y", keep="dnf mark install"),
)
_NEED_NO_TOOL = frozenset(
    {
        "apt-get", "apt", "apt-mark", "apk", "dnf", "microdnf", "yum", "rm", "mkdir", "chown", "chmod", "useradd",
        "adduser", "groupadd", "addgroup", "ln", "mv", "cp", "echo", "touch", "set", "true", "cd", "tar",
    }
)  # fmt: skip
_JOINERS = re.compile(r"&&|\|\||[;|\n&]")
_WORD = re.compile(r"[^\s'\"`;|&()<>]+")
_MOST_JOINED = 3


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Leave packages of compilers and tools out, or remove them in the RUN that needs them last.

    Removing them in a later RUN only hides them, so the RUN that installs them and those that may need them become one.
    Libraries that the rest of the image needs are marked to stay.
    """
    groups: dict[int, list[Portion]] = {}
    for portion in context.of(*_RULES):
        if portion.site.kind == "RUN" and not portion.stage:
            groups.setdefault(portion.site.position, []).append(portion)
    for members in groups.values():
        site = members[0].site
        manager = next((one for one in _MANAGERS if calls(body(site), *one.installs)), None)
        packages = _packages(context, members, manager) if manager is not None else set[int]()
        names = _named(context, site, packages)
        if manager is not None and names:
            yield from _proposal(context, members, manager, packages, names)


def _proposal(
    context: AdviceContext,
    members: Sequence[Portion],
    manager: _Manager,
    packages: AbstractSet[int],
    names: Sequence[str],
) -> Iterator[Proposal]:
    site = members[0].site
    users = [one for one in context.final.after(site) if one.kind == "RUN" and _may_need_tools(one)]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    review = f"make sure that the application itself runs none of {shown}"
    if not users:
        yield Proposal(
            site=site,
            portions=tuple(members),
            sentence=f"do not install {shown}",
            review=review,
            changes=(removing_words(site, manager.installs, names),),
        )
        return
    joined = _joinable(context, site, users)
    if joined:
        kept = _kept(context, manager, packages)
        remove = f"{manager.remove} {' '.join(names)}"
        command = f"{manager.keep} {' '.join(kept)} && {remove}" if kept else remove
        last = joined[-1]
        place = f"line {last.line}" if last.line is not None else f"`{str(last)[:60]}`"
        yield Proposal(
            site=site,
            portions=tuple(members),
            sentence=f"install {shown} in the RUN that needs them last ({place}), and end it with `{command}`",
            review=review,
            changes=(_moved(joined), appending(last, command)),
        )


def _moved(sites: Sequence[Site]) -> Change:
    """Make several RUNs one, in the place of the last."""

    def change(files: BuildFiles) -> BuildFiles:
        for first in reversed(sites[:-1]):
            files = joining(first, sites[-1])(files)
        return files

    return change


def _packages(context: AdviceContext, members: Sequence[Portion], manager: _Manager) -> set[int]:
    owners, packages = context.catalog.owners, context.catalog.packages
    numbers = (piece.number for portion in members for piece in portion.pieces if piece.number >= 0)
    found = {owners[number] for number in numbers}
    return {index for index in found if index != UNOWNED and packages[index].type == manager.type}


def _named(context: AdviceContext, site: Site, packages: AbstractSet[int]) -> list[str]:
    """The packages that the instruction installs by name, in its order."""
    names = {context.catalog.packages[index].name for index in packages}
    return [word for word in dict.fromkeys(_WORD.findall(script_of(site))) if word in names]


def _may_need_tools(site: Site) -> bool:
    commands = (part.split() for part in _JOINERS.split(script_of(site)))
    return any(words and words[0] not in _NEED_NO_TOOL for words in commands)


def _joinable(context: AdviceContext, site: Site, users: Sequence[Site]) -> list[Site]:
    """The RUNs to join; none where something between them depends on where it stands."""
    between = context.final.sites[site.position + 1 : users[-1].position]
    if any(one.kind in ("ARG", "SHELL", "USER") for one in between):
        return []
    if calls(body(site), "useradd", "adduser", "groupadd", "addgroup"):
        return []
    runs = [one for one in between if one.kind == "RUN"]
    joined = [site, *runs, users[-1]]
    return (
        joined
        if len(joined) <= _MOST_JOINED and all(one.line is not None or site.line is None for one in joined)
        else []
    )


def _kept(context: AdviceContext, manager: _Manager, packages: AbstractSet[int]) -> list[str]:
    """What was installed for the packages alone, but is used: it has to be marked, or it is removed with them."""
    graph = PackageGraph(context.filesystem, context.catalog)
    listed = context.catalog.packages
    own = {
        index
        for index in graph.closure(packages) - packages
        if (layer := listed[index].layer) is not None and layer >= context.base.layers
    }
    others = graph.relations.keys() - packages - own
    chosen = {index for index in own if _is_installed_by_name(context, listed[index].name)}
    needed = graph.closure(others | chosen, unrecommended=packages)
    return sorted(listed[index].name for index in own - needed)


def _is_installed_by_name(context: AdviceContext, name: str) -> bool:
    return any(name in _WORD.findall(script_of(site)) for site in context.final.sites if site.kind == "RUN")


PURGE_PACKAGES = Strategy(name="purge-packages", propose=_propose)
