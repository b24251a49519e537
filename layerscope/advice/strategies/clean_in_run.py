"""Leftovers of a RUN: delete them at its end, since a later instruction only hides them."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import appending
from layerscope.advice.portions import Portion
from layerscope.advice.removal import removal_words
from layerscope.advice.runs import body, calls, mentioning
from layerscope.advice.strategy import Proposal, Strategy


class _Leftover(Struct, frozen=True, kw_only=True):
    """What a rule finds: what to call it, and how to delete all of it; by its paths where ``command`` is empty.

    ``is_cache``: whatever runs later works without it, only slower.
    """

    what: str
    command: str = ""
    is_cache: bool = True


_LEFTOVERS = {
    "apt-archives": _Leftover(what="apt's downloads", command="apt-get clean"),
    "apk-index": _Leftover(what="apk's index and downloads", command="rm -rf /var/cache/apk/*"),
    "rpm-cache": _Leftover(what="the package manager's metadata and downloads"),
    "pacman-cache": _Leftover(what="pacman's downloads"),
    "pip-cache": _Leftover(what="the cache of Python's installer"),
    "node-cache": _Leftover(what="the cache of Node's package manager"),
    "go-cache": _Leftover(what="Go's caches"),
    "cargo-cache": _Leftover(what="Cargo's caches"),
    "jvm-cache": _Leftover(what="the downloads of the JVM build tool"),
    "other-cache": _Leftover(what="caches"),
    "logs": _Leftover(what="logs"),
    "dev-traces": _Leftover(what="traces of shells and tools"),
    "core-dump": _Leftover(what="memory dumps"),
    "tmp-leftover": _Leftover(what="temporary files", is_cache=False),
    "editor-os-junk": _Leftover(what="files of editors", is_cache=False),
    "archive-extracted": _Leftover(what="archives that are unpacked", is_cache=False),
    "vcs-metadata": _Leftover(what="the version control repository", is_cache=False),
}
_NEEDED_BY = {
    "go-cache": ("go",),
    "cargo-cache": ("cargo",),
    "jvm-cache": ("mvn", "gradle", "sbt"),
    "vcs-metadata": ("git", "hg", "svn"),
}


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """End a RUN with the deletion of the caches, logs and temporary files that it leaves.

    Applies to the final stage. It is not proposed where a later instruction names the files, or deletes them with an
    ``rm`` that fails without them.
    """
    groups: dict[int, list[Portion]] = {}
    for portion in context.of(*_LEFTOVERS):
        if portion.site.kind == "RUN" and not portion.stage and _is_free(context, portion):
            groups.setdefault(portion.site.position, []).append(portion)
    for members in groups.values():
        commands = _commands(context, members)
        named = [portion for portion in members if portion.rule in commands]
        if named:
            yield _proposal(named, commands)


def _proposal(members: Sequence[Portion], commands: dict[str, str]) -> Proposal:
    site = members[0].site
    what = _listed([_LEFTOVERS[portion.rule].what for portion in members])
    removals = [command.removeprefix("rm -rf ") for command in commands.values() if command.startswith("rm -rf ")]
    others = [command for command in commands.values() if not command.startswith("rm -rf ")]
    if removals:
        others.append(f"rm -rf {' '.join(removals)}")
    command = " && ".join(dict.fromkeys(others))
    return Proposal(
        site=site,
        portions=tuple(members),
        sentence=f"delete {what} in the same RUN: end it with `{command}`",
        changes=(appending(site, command),),
    )


def _commands(context: AdviceContext, members: Sequence[Portion]) -> dict[str, str]:
    """The command that deletes what each rule found; none for what takes too many words."""
    found = {}
    for portion in members:
        command = _LEFTOVERS[portion.rule].command
        if not command and portion.site.layer is not None:
            paths = (piece.path for piece in portion.pieces)
            words = removal_words(context.filesystem, portion.site.layer, paths)
            command = f"rm -rf {' '.join(words)}" if words else ""
        if command:
            found[portion.rule] = command
    return found


def _is_free(context: AdviceContext, portion: Portion) -> bool:
    """Whether nothing that comes later needs the files, or fails when they are not there."""
    later = tuple(context.later(portion.site))
    tools = _NEEDED_BY.get(portion.rule, ())
    if any(calls(body(site), *tools) for site in later):
        return False
    places = {piece.path.rpartition("/")[0] for piece in portion.pieces} | {piece.path for piece in portion.pieces}
    named = mentioning(later, *places)
    if _LEFTOVERS[portion.rule].is_cache:
        return all(not calls(body(site), "rm") or calls(body(site), "rm -rf", "rm -fr", "rm -f") for site in named)
    return next(named, None) is None


def _listed(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


CLEAN_IN_RUN = Strategy(name="clean-in-run", propose=_propose)
