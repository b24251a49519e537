"""What ``COPY . .`` takes from the build context and nothing needs: name it in .dockerignore."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import context_paths, is_named, reads_unknown, would_miss
from layerscope.advice.files import ignoring
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.runs import callers
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.paths import is_at_or_below

_MOST_PATTERNS = 40
_NEVER_READ = frozenset({"ci-config", "editor-os-junk", "logs", "dev-traces", "core-dump", "container-files"})
"""Rules whose files no build reads unless it names them."""
_RULES = _NEVER_READ | {
    "vcs-metadata", "foreign-packages", "project-files", "node-unused", "tests", "env-file", "archive-extracted",
    "objects",
}  # fmt: skip
_VERSION_CONTROL = ("git", "hg", "svn")


class _Ignored(Struct, frozen=True, kw_only=True):
    """What one COPY need not take: the portions, and the patterns that keep them out of the context."""

    portions: tuple[Portion, ...]
    patterns: tuple[str, ...]


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Name in .dockerignore what a COPY takes from the build context and nothing needs.

    Where a later RUN of the stage names the files, nothing is proposed: they have to be there until then. Where it runs
    a build or a script of which nothing is known, the step is for review. A file that another COPY names stays.
    """
    groups: dict[int, list[Portion]] = {}
    for portion in context.of(*_RULES):
        if portion.is_from_context and portion.site.line is not None:
            groups.setdefault(portion.site.line, []).append(portion)
    for members in groups.values():
        site = members[0].site
        unknown = reads_unknown(context, site)
        for review in (False, True):
            some = [one for one in members if _needs_review(context, one, unknown) == review]
            ignored = _ignored(context, site, some)
            if ignored.portions:
                yield _proposal(site, ignored, unknown if review else None)


def _needs_review(context: AdviceContext, portion: Portion, unknown: Site | None) -> bool:
    return unknown is not None and portion.rule not in _NEVER_READ


def _proposal(site: Site, ignored: _Ignored, unknown: Site | None) -> Proposal:
    shown = ", ".join(f"`{pattern}`" for pattern in ignored.patterns[:4])
    more = len(ignored.patterns) - 4
    review = f"make sure that {_place(unknown)} does without them" if unknown is not None else ""
    return Proposal(
        site=site,
        portions=ignored.portions,
        sentence=f"keep {shown}{f' and {more} more' if more > 0 else ''} out of the build context, in .dockerignore",
        review=review,
        changes=(ignoring(sorted(ignored.patterns)),),
    )


def _place(site: Site) -> str:
    return f"`{site}`" if site.line is None else f"line {site.line} (`{str(site)[:60]}`)"


def _ignored(context: AdviceContext, site: Site, members: Sequence[Portion]) -> _Ignored:
    """What can be named in .dockerignore without harm to a later instruction."""
    sources: dict[str, Piece] = {}
    for portion in members:
        found = context_paths(site, portion.pieces)
        if len(_directories(context, site, found)) <= _MOST_PATTERNS:
            sources |= found
    patterns = [one for one in _directories(context, site, sources) if _is_free(context, site, one)]
    covered = {id(piece) for path, piece in sources.items() if any(is_at_or_below(path, one) for one in patterns)}
    portions = (portion.only(lambda piece: id(piece) in covered) for portion in members)
    sums = {one: sum(sources[path].content_bytes for path in sources if is_at_or_below(path, one)) for one in patterns}
    return _Ignored(
        portions=tuple(portion for portion in portions if portion.pieces),
        patterns=tuple(one.lstrip("/") for one in sorted(patterns, key=lambda one: (-sums[one], one))),
    )


def _is_free(context: AdviceContext, site: Site, path: str) -> bool:
    """Whether nothing later names a path of the context, and no COPY copies it by its name."""
    is_repository = path.rpartition("/")[2] in (".git", ".hg", ".svn")
    if is_repository and next(callers(context.later(site), *_VERSION_CONTROL), None) is not None:
        return False
    return not is_named(context, site, (path.rpartition("/")[2],)) and not would_miss(context, None, (path,))


def _directories(context: AdviceContext, site: Site, sources: Mapping[str, Piece]) -> list[str]:
    """The paths, or the directories of the context in which the COPY found nothing else."""
    filesystem = _filesystem(context, site)
    kept: set[str] = set()
    if filesystem is not None and site.layer is not None:
        others = [
            Piece(path=path, layer=site.layer, number=number, content_bytes=0, source=path)
            for number in filesystem.numbers(site.layer)
            if filesystem.kinds[number] != Kind.DIRECTORY and (path := filesystem.path_in_layer(number))
        ]
        for path in context_paths(site, others):
            if path not in sources:
                while path and path not in kept:
                    kept.add(path)
                    path = path.rpartition("/")[0]
    found: dict[str, None] = {}
    for path in sorted(sources):
        above = path
        while filesystem is not None and (parent := above.rpartition("/")[0]) and parent not in kept:
            above = parent
        found[above] = None
    return list(found)


def _filesystem(context: AdviceContext, site: Site) -> Filesystem | None:
    """The filesystem that holds what a site made."""
    return next((one.filesystem for one in context.timelines.values() if any(each is site for each in one.sites)), None)


IGNORE_CONTEXT = Strategy(name="ignore-context", propose=_propose)
