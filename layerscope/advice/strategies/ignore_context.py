"""What ``COPY . .`` takes from the build context and nothing needs: name it in .dockerignore."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import filesystem_of, ignorable
from layerscope.advice.files import ignoring
from layerscope.advice.needs import COMPILED_IN, NEVER_READ, Need, Needs
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.removal import is_read_before_deleted, removal_places
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.words import listed, place, without

_MOST_PATTERNS = 40
_ALIKE = frozenset({"editor-os-junk"})
"""Rules whose files have the same names in many directories."""
_LEAST_ALIKE = 4
"""So many of them are ignored by their name."""
_RULES = NEVER_READ | {
    "vcs-metadata", "foreign-packages", "project-files", "node-unused", "tests", "env-file", "archive-extracted",
    "objects", "deleted-later",
}  # fmt: skip
_LOGS = frozenset({"logs", "log"})
"""Directories that a program may expect to find, if empty."""
_RELEASES = frozenset({"/etc/os-release", "/usr/lib/os-release"})
_ENVIRONMENT = "make sure that the container gets the values it needs when it starts (--env-file)"


class _Candidate(Struct, kw_only=True):
    """What one pattern keeps out of the context: paths there, and what they become."""

    paths: set[str] = field(default_factory=set)
    members: list[tuple[Portion, Piece]] = field(default_factory=list)
    readers: tuple[Site, ...] = ()
    review: str = ""

    @property
    def content_bytes(self) -> int:
        return sum(piece.content_bytes for _, piece in self.members)

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(portion.rule for portion, _ in self.members)


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Name in .dockerignore what COPY and ADD take from the build context and nothing needs.

    All stages that can see the files are looked at, also those that the image does not hold. Nothing is proposed where
    an instruction names the files, copies them by name or runs the tests that they are: they have to be there until
    then. Where a build or a script runs of which nothing is known, the step is for review; so is a `.env`. Package
    managers are known: `pip install -r` reads nothing else unless the file names a directory, `npm ci` unless
    package.json has scripts for it.
    """
    candidates = _candidates(context)
    needs = context.shared(Needs)
    groups: dict[str, dict[str, _Candidate]] = {}
    for pattern in sorted(candidates, key=lambda one: -candidates[one].content_bytes)[: 2 * _MOST_PATTERNS]:
        candidate = candidates[pattern]
        seen = map(needs.viewers.of_context, sorted(candidate.paths))
        judged = needs.judge(seen, is_archive="archive-extracted" in candidate.rules)
        need = judged.need
        if candidate.rules <= NEVER_READ and need < Need.SURE:
            need = Need.NONE
        if need == Need.SURE or (need > Need.NONE and "deleted-later" in candidate.rules):
            continue
        if need == Need.BUILD and not candidate.rules.isdisjoint(COMPILED_IN):
            continue
        group = "env" if "env-file" in candidate.rules else "maybe" if need > Need.NONE else ""
        if need > Need.NONE:
            candidate.readers = judged.readers
        declared = next((one for one, _ in candidate.members if one.is_declared), None)
        if declared is not None and group != "env":
            # Without the stage's image, that the COPY brought them is what its instructions say.
            group = f"make sure that {place(declared.site)} copies them, and that the build can do without them"
        groups.setdefault(group, {})[pattern] = candidate
    for group, found in groups.items():
        review = _ENVIRONMENT if group == "env" else _review(found) if group == "maybe" else group
        yield _proposal(found, review)
    yield from _in_words(context, needs)


def _in_words(context: AdviceContext, needs: Needs) -> Iterator[Proposal]:
    """Without a Dockerfile a history does not say whether a COPY took its files from the build context."""
    sites: dict[int, list[Portion]] = {}
    for portion in context.of(*(_RULES - {"deleted-later"})):
        site = portion.site
        is_copy = site.resolved is None and site.kind in ("COPY", "ADD") and not _is_root(context, site)
        if is_copy and not (portion.stage and stage_end(context, portion.stage)):
            sites.setdefault(id(site), []).append(portion)
    for members in sites.values():
        site, filesystem = members[0].site, filesystem_of(context, members[0].site)
        if filesystem is None or site.layer is None:
            continue
        groups = [[piece.source or piece.path for piece in one.pieces] for one in members]
        found = removal_places(filesystem, site.layer, groups, own_from=site.layer)
        free = [
            (one, places)
            for one, places in zip(members, found, strict=True)
            if needs.after(site, places[:_MOST_PATTERNS]).need != Need.SURE
        ]
        if free:
            shown = listed([f"`{path}`" for path in dict.fromkeys(path for _, places in free for path in places)])
            yield Proposal(
                site=site,
                portions=tuple(one for one, _ in free),
                sentence=f"leave {shown} out of what it copies, in .dockerignore if that is the build context",
                review="make sure that no step of the build needs them",
            )


def _review(found: Mapping[str, _Candidate]) -> str:
    return without(site for candidate in found.values() for site in candidate.readers)


def _proposal(found: Mapping[str, _Candidate], review: str) -> Proposal:
    members = [member for candidate in found.values() for member in candidate.members]
    covered = {id(piece) for _, piece in members}
    portions = {id(portion): portion for portion, _ in members}
    biggest = max(portions.values(), key=lambda portion: portion.content_bytes)
    shown = listed([f"`{pattern}`" for pattern in found])
    return Proposal(
        site=biggest.site,
        portions=tuple(one.only(lambda piece: id(piece) in covered) for one in portions.values()),
        sentence=f"keep {shown} out of the build context, in .dockerignore",
        review=review,
        changes=(ignoring(sorted(found)),),
    )


def _candidates(context: AdviceContext) -> dict[str, _Candidate]:
    """What could be ignored, by pattern; what lies below one is part of it."""
    sites: dict[tuple[str, int], list[Portion]] = {}
    for portion in context.of(*_RULES):
        site = portion.site
        if portion.rule == "deleted-later":
            portion = portion.only(lambda piece: not is_read_before_deleted(context, piece))
        if portion.is_from_context and site.line is not None:
            sites.setdefault((site.stage, site.line), []).append(portion)
    found: dict[str, _Candidate] = {}
    for members in sites.values():
        if _is_root(context, members[0].site):
            continue
        few = [one for one in members if len({pattern for pattern, *_ in _patterns(context, [one])}) <= _MOST_PATTERNS]
        for pattern, path, portion, piece in _patterns(context, few) if few else ():
            candidate = found.setdefault(pattern, _Candidate())
            candidate.paths.add(path)
            candidate.members.append((portion, piece))
    for pattern in sorted(found, key=len, reverse=True):
        above = pattern
        while (above := above.rpartition("/")[0]) and above not in found:
            pass
        if above:
            found[above].members += found.pop(pattern).members
    return found


def _patterns(context: AdviceContext, portions: Sequence[Portion]) -> Iterator[tuple[str, str, Portion, Piece]]:
    """What one COPY need not take: pattern and path in the context, with the piece that it is for."""
    from layerscope.edit.ignore import literal_pattern  # Its parser is loaded only for a Dockerfile.

    own: dict[str, list[tuple[Portion, Piece]]] = {}
    for portion in portions:
        for piece in portion.pieces:
            own.setdefault(piece.source or piece.path, []).append((portion, piece))
    tops = ignorable(context, portions)
    counts = Counter(top.rpartition("/")[2] for top in set(tops.values()))
    for path, top in tops.items():
        name = top.rpartition("/")[2]
        for portion, piece in own[path]:
            if portion.rule in _ALIKE and counts[name] >= _LEAST_ALIKE:
                pattern = f"**/{literal_pattern(name)}"
            else:
                pattern = literal_pattern(top) + ("/*" if name in _LOGS and top != path else "")
            yield pattern, top, portion, piece


def _is_root(context: AdviceContext, site: Site) -> bool:
    """Whether an instruction brings a root file system, whose files are not a project's."""
    filesystem = filesystem_of(context, site)
    if filesystem is None or site.layer is None:
        return False
    return not _RELEASES.isdisjoint(filesystem.layers[site.layer].changeset.paths)


IGNORE_CONTEXT = Strategy(name="ignore-context", propose=_propose)
