"""A COPY from the build context of which nothing is needed: delete it, or those of its sources."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import context_paths, files_in, filesystem_of
from layerscope.advice.files import Change, deleting, rewriting
from layerscope.advice.needs import COMPILED_IN, NEVER_READ, Need, Needs
from layerscope.advice.portions import Portion, mapping_of
from layerscope.advice.strategy import Proposal
from layerscope.advice.timeline import Site
from layerscope.advice.words import REVIEWS, listed, without
from layerscope.errors import EditError
from layerscope.model.groups import grouped
from layerscope.model.paths import is_at_or_below, normal

if TYPE_CHECKING:  # What edits is loaded only for a Dockerfile.
    from layerscope.edit.document import EditableInstruction

_RULES = NEVER_READ | {
    "archive-extracted", "foreign-packages", "node-unused", "objects", "project-files", "source-maps", "sources",
    "tests", "vcs-metadata",
}  # fmt: skip


def drops(context: AdviceContext) -> Iterator[Proposal]:
    """Delete a COPY or ADD from the build context of which nothing is needed, or drop the sources that are not.

    Naming them in .dockerignore would make it fail. Nothing is proposed where a later instruction names what it
    brings; where a build or a script follows, it is for review.
    """
    found = (one for one in context.of(*_RULES) if one.is_from_context and not one.is_declared)
    needs = context.shared(Needs)
    for members in grouped((one for one in found if one.site.line is not None), lambda one: id(one.site)).values():
        site = members[0].site
        sources = _needless(context, site, members)
        paths = context_paths(site, (piece.source for one in members for piece in one.pieces)) if sources else {}
        gone = {path for path, source in paths.items() if any(is_at_or_below(source, each) for each in sources)}
        portions = tuple(part for one in members if (part := _of(one, gone)).pieces)
        if not portions:
            continue
        is_archive = any(portion.rule == "archive-extracted" for portion in portions)
        judged = needs.after(site, sorted(_places(paths, sources)), is_archive=is_archive)
        is_compiled_in = any(portion.rule in COMPILED_IN for portion in portions)
        if judged.need < Need.BUILD or (judged.need == Need.BUILD and not is_compiled_in):
            yield _proposal(site, sources, portions, judged.readers)


def _of(portion: Portion, paths: AbstractSet[str]) -> Portion:
    return portion.only(lambda piece: piece.source in paths)


def _needless(context: AdviceContext, site: Site, members: Sequence[Portion]) -> tuple[str, ...]:
    """The sources of a COPY, as paths, of which it brought nothing but what was found."""
    filesystem, mapping = filesystem_of(context, site), mapping_of(site)
    if filesystem is None or site.layer is None or mapping is None or not mapping.resolved or mapping.parents:
        return ()
    literal = [source.pattern.literal for source in mapping.sources]
    if site.resolved is None or len(literal) != len(site.resolved.arguments) - 1 or None in literal or "/" in literal:
        return ()
    found = {piece.source for one in members for piece in one.pieces}
    files = list(files_in(filesystem, site.layer))
    paths = context_paths(site, files)
    if len(paths) < len(files):
        return ()
    kept = {source for path, source in paths.items() if path not in found}
    gone = set(paths.values()) - kept
    return tuple(one for one in literal if one is not None and _holds(one, gone) and not _holds(one, kept))


def _holds(source: str, paths: Iterable[str]) -> bool:
    return any(is_at_or_below(path, source) for path in paths)


def _places(paths: Mapping[str, str], sources: Sequence[str]) -> set[str]:
    """Where the sources of a COPY are in the image, by the paths of their files there and in the context."""
    found = set()
    for path, source in paths.items():
        for each in sources:
            if is_at_or_below(source, each):
                found.add(path.removesuffix(source.removeprefix(each)))
    return found


def _proposal(site: Site, sources: Sequence[str], portions: tuple[Portion, ...], readers: Sequence[Site]) -> Proposal:
    mapping = mapping_of(site)
    is_whole = mapping is not None and len(sources) == len(mapping.sources)
    shown = listed([f"`{source.lstrip('/')}`" for source in sources])
    reviews = [REVIEWS.get(portion.rule, "") for portion in portions]
    if readers:
        reviews.insert(0, without(readers))
    return Proposal(
        site=site,
        portions=portions,
        sentence="delete it: nothing that it copies is needed" if is_whole else f"do not copy {shown}",
        review="; ".join(dict.fromkeys(filter(None, reviews))),
        changes=(deleting(site) if is_whole else _without(site, sources),),
    )


def _without(site: Site, sources: Sequence[str]) -> Change:
    """Drop sources of a COPY."""

    def rewrite(instruction: "EditableInstruction") -> str:
        from layerscope.edit.copying import with_sources

        old = instruction.parsed.arguments[:-1]
        kept = [one for one in old if normal(one) not in sources]
        if len(kept) + len(sources) != len(old):
            raise EditError("its sources are not written as they are")
        return with_sources(instruction, kept)

    return rewriting(site, rewrite)
