"""A change to the words of one command, decided on its words alone: the same for text and for a parsed script."""

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct, field

from layerscope.model.patterns import pattern

_REDIRECTS = pattern(r"\d*(?:[<>]+&?|&>)")

Words = Sequence[str]
"""The words of a command without quotes; one that holds an expansion is as it is written."""


class WordEdit(Struct, frozen=True, kw_only=True):
    """Words to remove and to add, by their places in the command.

    ``add`` maps the place of a word that stays to the words behind it, as a shell reads them. ``deletes``: nothing is
    left for the command to do. ``doubt`` says what to make sure of before the change is made.
    """

    remove: frozenset[int] = frozenset()
    add: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    deletes: bool = False
    doubt: str = ""


Plan = Callable[[Words], WordEdit | None]
"""What to change in a command; None where it is not the one that is meant, or needs no change."""


def plain(words: Words) -> list[str]:
    """The words of a command that was split at blanks, without quotes around them and without redirections."""
    found: list[str] = []
    is_target = False
    for word in words:
        redirects = _REDIRECTS.match(word)
        if redirects is None and not is_target:
            found.append(word.strip("'\""))
        is_target = redirects is not None and redirects.end() == len(word)
    return found


def verb(words: Words, programs: Collection[str], verbs: Collection[str], *, valued: Collection[str] = ()) -> int:
    """The place of the word that says what a program is to do, such as ``install``; -1 where it is another command.

    Options may stand before it; ``valued`` are those that take a word of their own.
    """
    at = next((at for at, word in enumerate(words) if word.rpartition("/")[2] in programs), len(words))
    at += 1
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return at if at < len(words) and words[at] in verbs else -1


def option(words: Words, at: int, *names: str) -> tuple[str, int]:
    """The value of an option at a place and how many words it takes; 0 where it is another word."""
    name, equals, value = words[at].partition("=")
    if name not in names:
        return "", 0
    if equals:
        return value, 1
    return (words[at + 1], 2) if at + 1 < len(words) else ("", 1)
