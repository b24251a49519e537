"""Debug information in programs that the build links: link without it."""

import re
import shlex
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change, editing_words, inserting_above
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, commands, script_of
from layerscope.advice.stage_files import timeline_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import WordEdit, Words, option, plain, verb

_GO_VERBS = ("build", "install")
_GO_VALUED = frozenset({"-C"})
_STRIPS = re.compile(r"(?<![\w-])-[ws](?![\w-])")
_CARGO = "CARGO_PROFILE_RELEASE_STRIP=debuginfo"
_REVIEW = "make sure that nobody debugs the program itself; stack traces of {language} keep the names of functions"


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Link without debug information: ``-ldflags=-w`` for Go, ``CARGO_PROFILE_RELEASE_STRIP`` for Cargo.

    The program runs the same, but debuggers need what is left out, so it is for review.
    """
    groups: dict[tuple[str, int], list[tuple[Portion, Site]]] = {}
    for portion in context.of("unstripped-elf"):
        site = _linker(context, portion)
        if site is not None:
            groups.setdefault((portion.stage, site.position), []).append((portion, site))
    for members in groups.values():
        portions, site = tuple(portion for portion, _ in members), members[0][1]
        if _calls_go(site):
            yield _proposal(portions, site, "Go", "`-ldflags=-w`", editing_words(site, _without_debug))
        else:
            change = inserting_above(f"ENV {_CARGO}", site)
            yield _proposal(portions, site, "Rust", f"`ENV {_CARGO}` above it", change)


def _proposal(portions: Sequence[Portion], site: Site, language: str, how: str, change: Change) -> Proposal:
    return Proposal(
        site=site,
        portions=tuple(portions),
        sentence=f"link without debug information: build with {how}",
        review=_REVIEW.format(language=language),
        changes=(change,),
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
        return any(_without_debug(words) is not None for words in _commands(site))
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


def _without_debug(words: Words) -> WordEdit | None:
    """Go's linker: ``-w``, also before other flags for it."""
    at = verb(words, ("go",), _GO_VERBS, valued=_GO_VALUED)
    if at < 0:
        return None
    for place in range(at + 1, len(words)):
        value, width = option(words, place, "-ldflags", "--ldflags")
        if not width:
            continue
        if _STRIPS.search(value) or (width == 2 and place + 1 >= len(words)):
            return None
        new = _flags(value)
        return WordEdit(remove=frozenset(range(place, place + width)), add={place - 1: (new,)}) if new else None
    return WordEdit(add={at: ("-ldflags=-w",)})


def _flags(value: str) -> str:
    """The option with ``-w`` before other flags; empty where a variable stands outside of quotes."""
    if "$" not in value and "`" not in value:
        return f"-ldflags={shlex.quote(f'-w {value}'.strip())}"
    return f'-ldflags="-w {value[1:]}' if value.startswith('"') else ""


STRIP_PROGRAMS = Strategy(name="strip-programs", propose=_propose)
