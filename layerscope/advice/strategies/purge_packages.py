"""Packages of compilers and tools: do not install them, or remove them in the RUN that needs them last."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import appending, inserting, removing_words
from layerscope.advice.joins import join_all, joinable
from layerscope.advice.portions import Portion, mapping_of
from layerscope.advice.programs import SYSTEM
from layerscope.advice.runs import body, calls, commands, only_finds, script_of
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.users import as_root
from layerscope.advice.words import short_place
from layerscope.model.groups import grouped
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.orphans import automatic_packages

_RULES = (
    "native-toolchain", "lang-toolchain", "dev-headers", "static-libs", "build-utils", "os-pkg-managers",
    "orphaned-packages", "orphan-build-group",
)  # fmt: skip


class _Manager(Struct, frozen=True, kw_only=True):
    """How a package manager installs and removes.

    ``keep`` marks packages that removing others must not take along; without it, nothing is removed that would take
    one along. ``takes_along``: what only the removed packages need goes with them.
    """

    type: str
    program: str
    install: str
    remove: str
    removals: tuple[str, ...]
    keep: str = ""
    takes_along: bool = True

    @property
    def installs(self) -> str:
        return f"{self.program} {self.install}"


_PURGE = "apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false"
"""Without the option apt keeps what another package merely suggests, such as perl."""
_APT = ("apt-get remove", "apt-get purge", "apt remove", "apt purge")
_DNF = ("dnf remove", "dnf erase", "yum remove", "yum erase", "microdnf remove")
_MANAGERS = (
    _Manager(
        type="deb", program="apt-get", install="install", remove=_PURGE, removals=_APT,
        keep="apt-mark manual",
    ),
    _Manager(
        type="deb", program="apt", install="install", remove=_PURGE, removals=_APT,
        keep="apt-mark manual",
    ),
    _Manager(type="apk", program="apk", install="add", remove="apk del", removals=("apk del",), keep="apk add"),
    _Manager(type="rpm", program="dnf", install="install", remove="dnf remove -y", removals=_DNF),
    _Manager(
        type="rpm", program="microdnf", install="install", remove="microdnf remove -y", removals=_DNF,
        takes_along=False,
    ),
)  # fmt: skip
_NEED_NO_TOOL = SYSTEM | {
    "apt-cache", "basename", "chgrp", "chpasswd", "date", "dirname", "done", "fi", "getent", "grep", "head", "id",
    "mktemp", "passwd", "sleep", "sort", "stat", "tail", "tee", "tr", "unset", "wc",
}  # fmt: skip
_COMPRESSORS = frozenset({"xz-utils", "xz", "bzip2", "zstd", "tar", "gzip", "lzip"})
_NAME = pattern(r"[a-z0-9.+_-]+", re.IGNORECASE)
_WITH_VALUE = frozenset({"-t", "--virtual", "-o", "-c", "--target-release"})
_GROUP = pattern(r"(?:-t|--virtual)(?:=|\s+)(\S+)")


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Leave packages of compilers and tools out, or remove them in the RUN that needs them last.

    Removing them in a later RUN only hides them, so the RUN that installs them and those that may need them become one.
    Libraries that the rest of the image needs are marked to stay. Not proposed where the packages are not named in the
    RUN, where a stage built on this one runs more, or where a later RUN removes some of them itself. Where the image is
    a copy of a whole stage, they are removed at the end of that stage.
    """
    found = (one for one in context.of(*_RULES) if one.site.kind == "RUN")
    final = (one for one in found if not one.stage or _is_whole_stage(context, one))
    for members in grouped(final, lambda one: (one.stage, one.site.position)).values():
        script = script_of(members[0].site)
        manager = next((one for one in _MANAGERS if calls(script, one.installs)), None)
        if manager is not None:
            yield from _removal(context, members, manager)


def _removal(context: AdviceContext, members: Sequence[Portion], manager: _Manager) -> Iterator[Proposal]:
    site = members[0].site
    packages = _packages(context, members, manager)
    group = _GROUP.search(script_of(site)) if manager.type == "apk" else None
    installed = _installed(site, manager, group[1] if group is not None else "")
    listed = context.catalog.packages
    by_name = {listed[index].name: index for index in packages}
    words = {name: word for name, word in installed.items() if name in by_name}
    chosen = {by_name[name] for name in words}
    if group is not None:
        # What a group holds is removed with it, so it goes as a whole or not at all.
        words = {group[1]: group[1]} if len(words) == len(installed) and _NAME.fullmatch(group[1]) else {}
    graph = context.package_graph
    packages &= (graph.closure(chosen) | chosen) if manager.takes_along else chosen
    owned = (portion.only(lambda piece: context.owner_of(piece) in packages) for portion in members)
    taken = tuple(one for one in owned if one.pieces)
    if words and taken and members[0].stage:
        yield from _removal_at_end(context, taken, manager, packages, list(words))
    elif words and taken and not _is_needed_otherwise(context, site, manager, words):
        is_whole = group is not None or (manager.type == "rpm" and len(words) == len(installed))
        yield from _proposal(context, taken, manager, packages, words, is_whole=is_whole)


def _proposal(
    context: AdviceContext,
    members: tuple[Portion, ...],
    manager: _Manager,
    packages: AbstractSet[int],
    words: Mapping[str, str],
    *,
    is_whole: bool,
) -> Iterator[Proposal]:
    """``is_whole``: nothing would be left to install, which is no command, or a group without members."""
    site = members[0].site
    names = list(words)
    shown, review = _shown(names)
    users = [one for one in (site, *context.final.after(site)) if one.kind == "RUN" and _may_need(one, names)]
    if not users and not is_whole:
        yield Proposal(
            site=site,
            portions=members,
            sentence=f"do not install {shown}",
            review=review,
            changes=(removing_words(site, manager.installs, list(words.values())),),
        )
        return
    last = users[-1] if users else site
    joined = joinable(context, site, last) if last is not site else (site,)
    command = (
        as_root(context, joined, *_commands_of(context, context.final, manager, packages, names)) if joined else ""
    )
    if not command:
        return
    where = (
        f"install {shown} in the last RUN that needs this ({short_place(last)}), and end it with"
        if last is not site
        else ""
    )
    yield Proposal(
        site=site,
        portions=members,
        sentence=f"{where or f'remove {shown} in the RUN that installs them: end it with'} `{command}`",
        review=review,
        changes=(join_all(context, joined), appending(last, command)),
    )


def _removal_at_end(
    context: AdviceContext,
    members: tuple[Portion, ...],
    manager: _Manager,
    packages: AbstractSet[int],
    names: Sequence[str],
) -> Iterator[Proposal]:
    end = stage_end(context, members[0].stage)
    if end is None:
        return
    shown, review = _shown(names)
    removal = _commands_of(context, context.timelines[members[0].stage], manager, packages, names)
    if removal:
        command = f"RUN {' && '.join(removal)}"
        yield Proposal(
            site=end,
            portions=members,
            sentence=f"remove {shown} at the end of stage {end.stage}: `{command}`",
            review=review,
            changes=(inserting(command, after=end),),
        )


def _is_whole_stage(context: AdviceContext, portion: Portion) -> bool:
    """Whether the image is a copy of all that a stage holds, its packages' database included, and nothing else is."""
    via = portion.via
    mapping = mapping_of(via) if via is not None and context.base.layers == 0 else None
    if via is None or mapping is None or not mapping.resolved or mapping.excludes or mapping.parents:
        return False
    is_whole = [source.pattern.literal for source in mapping.sources] == ["/"] and mapping.destination == "/"
    return is_whole and all(reader.is_same(via) for reader in context.readers(portion.stage))


def _shown(names: Sequence[str]) -> tuple[str, str]:
    """How a sentence names the packages, and what to make sure of."""
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return shown, f"make sure that the application itself does not use {shown}"


def _commands_of(
    context: AdviceContext, timeline: Timeline, manager: _Manager, packages: AbstractSet[int], names: Sequence[str]
) -> tuple[str, ...]:
    """The commands that remove the packages; none where that would take along what is used."""
    kept = _kept(context, timeline, packages) if manager.takes_along else []
    if kept and not manager.keep:
        return ()
    keep = (f"{manager.keep} {' '.join(kept)}",) if kept else ()
    return (*keep, f"{manager.remove} {' '.join(names)}")


def _packages(context: AdviceContext, members: Sequence[Portion], manager: _Manager) -> set[int]:
    found = {context.owner_of(piece) for portion in members for piece in portion.pieces} - {UNOWNED}
    return {index for index in found if context.catalog.packages[index].type == manager.type}


def _installed(site: Site, manager: _Manager, group: str) -> dict[str, str]:
    """The packages that the commands of a RUN install by name, without versions, with the words that say so.

    Of a group, those that are in it.
    """
    found: dict[str, str] = {}
    for words in commands(script_of(site)):
        is_other = group and group not in words and f"--virtual={group}" not in words
        if words[0].rpartition("/")[2] != manager.program or manager.install not in words or is_other:
            continue
        is_value = False
        for word in words[words.index(manager.install) + 1 :]:
            name = _NAME.match(word)
            if not word.startswith("-") and not is_value and name is not None:
                found[name[0]] = word
            is_value = word in _WITH_VALUE
    return found


def _may_need(site: Site, names: Iterable[str]) -> bool:
    """Whether a RUN calls anything that may need the packages."""
    harmless = _NEED_NO_TOOL - {"tar"} if _COMPRESSORS.intersection(names) else _NEED_NO_TOOL
    return any(words[0] not in harmless and not only_finds(words) for words in commands(script_of(site)))


def _is_needed_otherwise(context: AdviceContext, site: Site, manager: _Manager, names: Iterable[str]) -> bool:
    """Whether a stage built on this one runs more, or a later RUN removes one of the packages, which then fails."""
    own = {id(one) for one in context.final.sites}
    others = (one for one in context.later(site) if id(one) not in own)
    if any(one.kind == "RUN" and _may_need(one, names) for one in others):
        return True
    later = (body(one) for one in context.final.after(site) if one.kind == "RUN")
    removing = [text for text in later if calls(text, *manager.removals)]
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text) for text in removing for name in names)


def _kept(context: AdviceContext, timeline: Timeline, packages: AbstractSet[int]) -> list[str]:
    """What has to be marked, or it is removed with the packages though it is used, or this build did not install it."""
    graph, listed = context.package_graph, context.catalog.packages
    own = {
        index
        for index in graph.closure(packages) - packages
        if (layer := listed[index].layer) is not None and layer >= context.base.layers
    }
    others = graph.relations.keys() - packages - own
    chosen = {index for index in own if _is_installed_by_name(timeline, listed[index].name)}
    needed = graph.closure(others | chosen, unrecommended=packages)
    automatic = automatic_packages(context.filesystem) or ()
    # Nothing may need these any more, or others merely suggest them.
    loose = {index for index in others if listed[index].type == "deb" and listed[index].name in automatic}
    loose -= graph.closure((others - loose) | chosen, unrecommended=packages)
    return sorted(listed[index].name for index in (own - needed) | loose)


def _is_installed_by_name(timeline: Timeline, name: str) -> bool:
    scripts = (script_of(site) for site in timeline.sites if site.kind == "RUN")
    return any(name in words for script in scripts for words in commands(script))


PURGE_PACKAGES = Strategy(name="purge-packages", propose=_propose)
