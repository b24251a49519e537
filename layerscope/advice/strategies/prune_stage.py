"""What a build stage makes and a COPY brings along: delete it at the end of that stage."""

from collections.abc import Iterator, Mapping, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import copies, would_miss
from layerscope.advice.files import inserting
from layerscope.advice.portions import Portion
from layerscope.advice.removal import removal_words
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.model.paths import is_at_or_below

_KINDS: Mapping[str, tuple[str, str]] = {
    "vcs-metadata": ("the version control repository", ""),
    "ci-config": ("files of the build service", ""),
    "container-files": ("the image's own build files", ""),
    "editor-os-junk": ("files of editors and desktops", ""),
    "logs": ("logs", ""),
    "dev-traces": ("traces of shells and tools", ""),
    "core-dump": ("memory dumps", ""),
    "pip-cache": ("the cache of Python's installer", ""),
    "node-cache": ("the cache of Node's package manager", ""),
    "go-cache": ("Go's caches", ""),
    "cargo-cache": ("Cargo's caches", ""),
    "jvm-cache": ("the downloads of the JVM build tool", ""),
    "other-cache": ("caches", ""),
    "objects": ("object files", ""),
    "apt-lists": ("the package lists", ""),
    "apt-archives": ("apt's downloads", ""),
    "apk-index": ("apk's index and downloads", ""),
    "tmp-leftover": ("temporary files", ""),
    "tests": ("tests", "make sure that the application imports none of them"),
    "sources": ("sources", "make sure that the program reads none of them"),
    "source-maps": ("source maps", "make sure that nothing serves or reads them"),
}
"""What to call what each rule finds, and what to make sure of before it is deleted."""


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Delete at the end of a build stage what a COPY brings from it and nothing needs.

    The stage's own instructions have run by then. Not proposed where another stage is built on it or copies the same
    files, or where the stage ends as a user who may not delete them.
    """
    groups: dict[tuple[str, str], list[Portion]] = {}
    for portion in context.of(*_KINDS):
        if portion.stage and portion.via is not None:
            groups.setdefault((portion.stage, _KINDS[portion.rule][1]), []).append(portion)
    for (stage, review), members in groups.items():
        end = stage_end(context, stage)
        if end is not None:
            yield from _proposal(context, end, members, review)


def _proposal(context: AdviceContext, end: Site, members: Sequence[Portion], review: str) -> Iterator[Proposal]:
    filesystem = context.timelines[end.stage].filesystem
    if filesystem is None:
        return
    last = len(filesystem.layers) - 1
    words: list[str] = []
    taken: list[Portion] = []
    for portion in members:
        sources = [piece.source for piece in portion.pieces if piece.source in filesystem.live]
        found = removal_words(filesystem, last, sources)
        if found and not would_miss(context, end.stage, found) and not _is_read_elsewhere(context, end, found):
            words += found
            taken.append(portion)
    if taken:
        command = f"RUN rm -rf {' '.join(dict.fromkeys(words))}"
        what = " and ".join(dict.fromkeys(_KINDS[portion.rule][0] for portion in taken))
        yield Proposal(
            site=end,
            portions=tuple(taken),
            sentence=f"delete {what} at the end of stage {end.stage}: `{command}`",
            review=review,
            changes=(inserting(command, after=end),),
        )


def _is_read_elsewhere(context: AdviceContext, end: Site, paths: Sequence[str]) -> bool:
    """Whether a stage other than the final one copies any of the paths, or what holds them."""
    final = {id(site) for site in context.final.sites}
    readers = ((site, source) for site, source in copies(context, end.stage) if id(site) not in final)
    return any(is_at_or_below(path, source) for _, source in readers for path in paths)


PRUNE_STAGE = Strategy(name="prune-stage", propose=_propose)
