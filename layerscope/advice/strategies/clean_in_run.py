"""Leftovers of a RUN: delete them at its end, since a later instruction only hides them."""

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import would_miss
from layerscope.advice.files import appending
from layerscope.advice.portions import Portion
from layerscope.advice.removal import fails_without, names_files, removal_places
from layerscope.advice.runs import body, calls, commands, script_of, scripts
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.users import as_root
from layerscope.advice.words import listed
from layerscope.model.paths import is_at_or_below
from layerscope.model.patterns import pattern


class _Leftover(Struct, frozen=True, kw_only=True):
    """What a rule finds: what to call it, and how to delete all of it; by its paths where ``command`` is empty.

    ``is_cache``: whatever runs later works without it, only slower. ``tools`` are the programs that fill it again
    or read it.
    """

    what: str
    command: str = ""
    is_cache: bool = True
    tools: tuple[str, ...] = ()


_LEFTOVERS = {
    "apt-archives": _Leftover(what="apt's downloads", command="apt-get clean"),
    "apk-index": _Leftover(what="apk's index and downloads", command="rm -rf /var/cache/apk/*"),
    "rpm-cache": _Leftover(what="the package manager's metadata and downloads"),
    "pacman-cache": _Leftover(what="pacman's downloads"),
    "pip-cache": _Leftover(what="the cache of Python's installer"),
    "node-cache": _Leftover(what="the cache of Node's package manager"),
    "go-cache": _Leftover(what="Go's caches", tools=("go", "make", "mage", "task", "goreleaser")),
    "cargo-cache": _Leftover(what="Cargo's caches", tools=("cargo", "make", "just", "maturin", "wasm-pack")),
    "jvm-cache": _Leftover(
        what="the downloads of the JVM build tool",
        tools=("mvn", "mvnw", "gradle", "gradlew", "sbt", "sbtw", "lein", "clojure", "clj", "ant", "make"),
    ),
    "other-cache": _Leftover(what="caches", tools=("bazel", "bazelisk", "dotnet", "ccache", "zig", "make")),
    "logs": _Leftover(what="logs"),
    "dev-traces": _Leftover(what="traces of shells and tools"),
    "core-dump": _Leftover(what="memory dumps"),
    "tmp-leftover": _Leftover(what="temporary files", is_cache=False),
    "editor-os-junk": _Leftover(what="files of editors", is_cache=False),
    "archive-extracted": _Leftover(what="archives that are unpacked", is_cache=False),
    "vcs-metadata": _Leftover(what="the version control repository", is_cache=False, tools=("git", "hg", "svn")),
}
_OF_MANAGERS = pattern(
    r"/var/log/(?:apt/.+|dpkg\.log|alternatives\.log|bootstrap\.log|apk\.log|(?:dnf|yum|hawkey|pacman)[\w.-]*\.log"
    r"|zypp/.+|zypper\.log|anaconda/.+|fontconfig\.log|faillog|lastlog)|(?!/var/log/).*"
)
"""Logs that no daemon writes, which might not be able to make its own again."""
_RANDOM = pattern(
    r"(?:^|[-_.])(?:tmp)?(?=[a-z_]{0,10}\d|tmp)[a-z\d_]{8,11}(?:\.\w{1,5})?$|tmp\.[A-Za-z\d]{6,}$|\d{4}-\d\d-\d\d"
)
"""Names as mkstemp and mktemp make them, or with the date: the next build writes others."""
_CONDA = ("conda", "mamba", "micromamba")
_MOST_WORDS = 12


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """End a RUN with the deletion of the caches, logs and temporary files that it leaves.

    Applies to the final stage. It is not proposed where a later instruction names the files, deletes them with an
    ``rm`` that fails without them, or may fill the cache again; or where the RUN is of a user who may not delete them.
    """
    groups: dict[int, list[tuple[Portion, str]]] = {}
    for portion in context.of(*_LEFTOVERS):
        if portion.site.kind == "RUN" and not portion.stage:
            taken, command = _deletion(context, portion)
            if command and _is_free(context, taken, command):
                groups.setdefault(portion.site.position, []).append((taken, command))
    for members in groups.values():
        yield from _proposal(context, members)


def _proposal(context: AdviceContext, members: Sequence[tuple[Portion, str]]) -> Iterator[Proposal]:
    site = members[0][0].site
    what = listed(list(dict.fromkeys(_LEFTOVERS[portion.rule].what for portion, _ in members)), most=len(members))
    written = [command for _, command in members]
    removals = [command.removeprefix("rm -rf ") for command in written if command.startswith("rm -rf ")]
    others = [command for command in written if not command.startswith("rm -rf ")]
    if removals:
        others.append(f"rm -rf {' '.join(dict.fromkeys(removals))}")
    plain = " && ".join(dict.fromkeys(others))
    command = as_root(context, (site,), *dict.fromkeys(others))
    if not command and not others[1:] and removals:
        command = plain if all(_is_own(context, portion) for portion, _ in members) else ""
    if command:
        yield Proposal(
            site=site,
            portions=tuple(portion for portion, _ in members),
            sentence=f"delete {what} in the same RUN: end it with `{command}`",
            changes=(appending(site, command),),
        )


def _deletion(context: AdviceContext, portion: Portion) -> tuple[Portion, str]:
    """What is deleted of a portion, and the command for it; empty for what takes too many words."""
    command = _LEFTOVERS[portion.rule].command
    layer = portion.site.layer
    if command or layer is None:
        return portion, command
    if portion.rule == "logs":
        logs = portion.only(lambda piece: piece.content_bytes > 0 and _OF_MANAGERS.fullmatch(piece.path) is not None)
        logs = logs.only(lambda piece: _RANDOM.search(posixpath.basename(piece.path)) is None)
        logs = replace(logs, pieces=logs.pieces[:_MOST_WORDS])
        paths = [shlex.quote(piece.path) for piece in logs.pieces]
        return logs, f"rm -rf {' '.join(paths)}" if paths else ""
    if portion.rule == "other-cache" and all("/pkgs/" in piece.path for piece in portion.pieces):
        programs = (words[0] for words in commands(script_of(portion.site)))
        conda = next((one for one in programs if posixpath.basename(one) in _CONDA), "")
        return portion, f"{conda} clean -afy" if conda else ""
    (places,) = removal_places(context.filesystem, layer, [[piece.path for piece in portion.pieces]])
    # A directory may hold such names, as long as it has none itself.
    named = [place for place in places if _RANDOM.search(posixpath.basename(place)) is None]
    if not 0 < len(named) <= _MOST_WORDS:
        return portion, ""
    taken = portion.only(lambda piece: any(is_at_or_below(piece.path, place) for place in named))
    return taken, f"rm -rf {' '.join(map(shlex.quote, named))}"


def _is_own(context: AdviceContext, portion: Portion) -> bool:
    """Whether a user who is not root may delete the files: theirs, in directories of theirs."""
    layer = portion.site.layer
    if layer is None or portion.rule == "go-cache":  # Go's modules are in directories that nobody may write.
        return False
    filesystem = context.filesystem
    changeset = filesystem.layers[layer].changeset
    owners = {path: changeset.ownerships[index][1] for index, path in enumerate(changeset.paths)}
    wanted = {piece.path for piece in portion.pieces}
    above = {posixpath.dirname(path) for path in wanted}
    users = {owners.get(path, 0) for path in wanted | above}
    return len(users) == 1 and 0 not in users


def _is_free(context: AdviceContext, portion: Portion, command: str) -> bool:
    """Whether nothing that comes later needs the files, fills a cache again, or fails when they are not there."""
    leftover = _LEFTOVERS[portion.rule]
    later = tuple(context.later(portion.site))
    if leftover.tools and any(
        calls(body(site), *leftover.tools) or (site.kind == "RUN" and scripts(script_of(site))) for site in later
    ):
        return False
    if would_miss(context, portion.site.stage, (piece.path for piece in portion.pieces)):
        return False
    if leftover.is_cache:
        words = [word.removesuffix("/*") for word in command.removeprefix("rm -rf ").split()]
        gone = words if command.startswith("rm -rf ") else {posixpath.dirname(piece.path) for piece in portion.pieces}
        return not any(site.kind == "RUN" and fails_without(site, gone) for site in later)
    return not any(names_files(site, portion.pieces) or _runs_beside(site, portion) for site in later)


def _runs_beside(site: Site, portion: Portion) -> bool:
    """Whether a RUN has the files in its working directory, or below it, where a program may look for them unasked."""
    directory = site.working_directory if site.kind == "RUN" else ""
    return directory not in ("", "/") and any(is_at_or_below(piece.path, directory) for piece in portion.pieces)


CLEAN_IN_RUN = Strategy(name="clean-in-run", propose=_propose)
