"""Which gems only development needs, by a Gemfile and its lockfile.

Sources: bundler.io, "gemfile" and "Groups"; bundler, lib/bundler/lockfile_parser.rb. A Gemfile is a program: only the
forms that nearly all have are read, and what stands in any other is production's.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from layerscope.model.patterns import pattern
from layerscope.rules.lockfiles import closure, is_for_development

LOCKFILES: Mapping[str, str] = {"Gemfile.lock": "Gemfile", "gems.locked": "gems.rb"}
"""The names of lockfiles, and of the Gemfile beside each."""
_LONGEST = 2000
_GEM = pattern(r"gem[\s(]+['\"]([\w.-]{1,100})['\"](.*)")
_GROUP = pattern(r"group[\s(]++(.*?)\sdo\b")
_OPTION = pattern(r"\bgroups?(?::|['\"]?\s*=>)\s*(\[[^\]]*\]|%[iwIW][\[({][^\])}]*|:\w+|['\"]\w+)")
_LIST = pattern(r"%[iwIW]\W|(?<!\w)\w++\s*+(?::\s|=>)\s*+\w++|\W+")
_OPENS = pattern(r"(?:if|unless|case|begin|while|until|def|for)\b|.*\bdo\b(?:\s*\|[^|]*\|)?\s*\Z")
_COMMENT = pattern(r"(?:\A|\s)#.*")
_ENTRY = pattern(r"(?: {4}| {6}| {2})([A-Za-z0-9][\w.-]*)(?: \(([^)]*)\))?!?\Z")


class Gems(Struct, frozen=True, kw_only=True):
    """The gems that only development needs with their locked versions, all that are locked, and the groups."""

    development: Mapping[str, str]
    locked: frozenset[str]
    groups: tuple[str, ...]


def development_gems(gemfile: str, lockfile: str) -> Gems:
    """Follow what production asks for through the lockfile; what remains of what the groups ask for is theirs."""
    versions, needs, roots = _lock(lockfile)
    groups = _declared(gemfile)
    wanted = {name for name, labels in groups.items() if labels and all(map(is_for_development, labels))} & roots
    development = closure(wanted, lambda name: needs.get(name, ()))
    production: set[str] = closure(roots - wanted, lambda name: needs.get(name, ()))
    return Gems(
        development={name: versions[name] for name in development - production if name in versions},
        locked=frozenset(versions),
        groups=tuple(sorted({label for name in wanted for label in groups[name]})),
    )


def _declared(gemfile: str) -> dict[str, frozenset[str]]:
    """The gems by name with their groups; no group for what production asks for, even if only in one place.

    Empty where the blocks do not fit together, since then nobody can say what is in them.
    """
    found: dict[str, frozenset[str]] = {}
    open_blocks: list[frozenset[str]] = []
    for line in _statements(gemfile):
        if line == "end" or line.startswith(("end ", "end.")):
            if not open_blocks:
                return {}
            open_blocks.pop()
        elif gem := _GEM.match(line):
            option = _OPTION.search(gem[2])
            labels = frozenset().union(*open_blocks, _labels(option[1]) if option is not None else ())
            if gem[1] in found:
                labels = labels | found[gem[1]] if labels and found[gem[1]] else frozenset()
            found[gem[1]] = labels
        elif group := _GROUP.match(line):
            open_blocks.append(_labels(group[1]))
        elif _OPENS.match(line) and not line.endswith((" end", ";end")):
            open_blocks.append(frozenset())
    return {} if open_blocks else found


def _labels(text: str) -> frozenset[str]:
    return frozenset(word for word in _LIST.split(text) if word)


def _statements(text: str) -> Iterator[str]:
    """The lines without comments; one that ends in a comma goes on in the next."""
    held = ""
    for line in text.splitlines():
        statement = held + _COMMENT.sub("", line).strip()
        held = f"{statement} " if statement.endswith(",") and len(statement) < _LONGEST else ""
        if statement and not held:
            yield statement[:_LONGEST]


def _lock(text: str) -> tuple[dict[str, str], dict[str, set[str]], set[str]]:
    """Versions, needs and the project's own dependencies, told by how far a line is indented."""
    versions: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    roots = set[str]()
    section, current = "", set[str]()
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line.strip()
            continue
        entry = _ENTRY.match(line.rstrip())
        if entry is None:
            continue
        depth = len(line) - len(line.lstrip())
        if section == "DEPENDENCIES" and depth == 2:
            roots.add(entry[1])
        elif depth == 4 and entry[2]:
            versions.setdefault(entry[1], entry[2])
            current = needs.setdefault(entry[1], set())
        elif depth == 6:
            current.add(entry[1])
    return versions, needs, roots
