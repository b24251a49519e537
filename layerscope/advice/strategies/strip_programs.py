"""Debug information in programs that the build links: link without it."""

import re
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, commands, script_of
from layerscope.advice.stage_files import timeline_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import Words, option, plain, verb

_GO_VERBS = ("build", "install")
_GO_VALUED = frozenset({"-C"})
_STRIPS = re.compile(r"(?<![\w-])-[ws](?![\w-])")
_CARGO = "CARGO_PROFILE_RELEASE_STRIP=debuginfo"
_REVIEW = "make sure that nobody debugs the program itself; stack traces of {language} keep the names of functions"


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Link without debug information: ``-ldflags=-w`` for Go, ``CARGO_PROFILE_RELEASE_STRIP`` for Cargo.

    The program runs the same, but is another file, and debuggers need what is left out: so no patch holds it.
    """
    groups: dict[tuple[str, int], list[tuple[Portion, Site]]] = {}
    for portion in context.of("unstripped-elf"):
        site = _linker(context, portion)
        if site is not None:
            groups.setdefault((portion.stage, site.position), []).append((portion, site))
    for members in groups.values():
        portions, site = tuple(portion for portion, _ in members), members[0][1]
        if _calls_go(site):
            yield _proposal(portions, site, "Go", "`-ldflags=-w`")
        else:
            yield _proposal(portions, site, "Rust", f"`ENV {_CARGO}` above it")


def _proposal(portions: Sequence[Portion], site: Site, language: str, how: str) -> Proposal:
    return Proposal(
        site=site,
        portions=tuple(portions),
        sentence=f"link without debug information: build with {how}",
        review=_REVIEW.format(language=language),
    )


def _linker(context: AdviceContext, portion: Portion) -> Site | None:
    """The RUN that links the programs: the one that made them, or the only one of their stage that can have."""
    if portion.site.kind == "RUN":
        return portion.site if _can_strip(context, portion.site) else None
    timeline = timeline_of(context, portion.stage) if portion.stage else None
    runs = [site for site in (timeline.sites if timeline is not None else ()) if site.kind == "RUN"]
    found = [site for site in runs if _calls_go(site) or _calls_cargo(site)]
    return found[0] if len(found) == 1 and _can_strip(context, found[0]) else None


def _can_strip(context: AdviceContext, site: Site) -> bool:
    if _calls_go(site):
        return any(_links_with_debug(words) for words in _commands(site))
    timeline = timeline_of(context, site.stage)
    before = timeline.sites[: site.position + 1] if timeline is not None else ()
    return _calls_cargo(site) and not any("_STRIP" in body(one) for one in before)


def _commands(site: Site) -> Iterator[list[str]]:
    return (words for one in commands(script_of(site)) if (words := plain(one)))


def _calls_go(site: Site) -> bool:
    return any(verb(words, ("go",), _GO_VERBS, valued=_GO_VALUED) >= 0 for words in _commands(site))


def _calls_cargo(site: Site) -> bool:
    """Whether a RUN links programs with the profile for releases alone."""
    calls = [words for words in _commands(site) if verb(words, ("cargo",), ("build", "install", "b"), valued=()) >= 0]
    return bool(calls) and all(
        ("install" in words or "--release" in words or "-r" in words)
        and not any(word.startswith("--profile") for word in words)
        for words in calls
    )


def _links_with_debug(words: Words) -> bool:
    """Whether Go links, and no option says to leave debug information out."""
    at = verb(words, ("go",), _GO_VERBS, valued=_GO_VALUED)
    values = (option(words, place, "-ldflags", "--ldflags")[0] for place in range(at + 1, len(words)))
    return at >= 0 and not any(_STRIPS.search(value) for value in values)


STRIP_PROGRAMS = Strategy(name="strip-programs", propose=_propose)
