"""The words in which steps speak of instructions and files."""

from collections.abc import Iterable, Sequence

from layerscope.advice.timeline import Site

REVIEWS = {
    "tests": "make sure that the application imports none of them",
    "sources": "make sure that the program reads none of them",
    "source-maps": "make sure that nothing serves or reads them",
}
"""By rule: what to make sure of before the files that it finds are removed."""
_MOST_QUOTED = 60


def place(site: Site) -> str:
    """An instruction as a sentence names it: by its line, and in its own words where they are short.

    A long one is not cut, since a part of a secret would not be recognised as one and masked.
    """
    text = str(site)
    is_short = len(text) <= _MOST_QUOTED and "\n" not in text
    if site.line is None:
        return f"`{text}`" if is_short else f"a later {site.kind}"
    return f"line {site.line} (`{text}`)" if is_short else f"line {site.line}"


def without(readers: Iterable[Site], what: str = "them") -> str:
    """What to make sure of before files go that some instructions may read."""
    return f"make sure that {listed(list(dict.fromkeys(map(place, readers))))} can do without {what}"


def listed(words: Sequence[str], *, most: int = 4) -> str:
    """Some words in a sentence, and how many more there are."""
    more = len(words) - most
    if more > 0:
        return f"{', '.join(words[:most])} and {more} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
