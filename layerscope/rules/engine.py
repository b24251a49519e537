"""Runs the rules and settles which finding claims which byte (docs/rules.md).

The rules come in the order of the catalogue, and a version belongs to the first that names it. What a rule found as
one match is split here by what added it: the base image, or each of the user's own instructions.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import FATE_WORDS, Kind
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import BASE, CONTEXT, RUN, UNKNOWN, Source, is_reclaimable, recorded_source, source_of
from layerscope.packages.catalog import Catalog
from layerscope.rules.claims import Claims
from layerscope.rules.phrases import exact, filled, for_builder, ignored, shortened, telling
from layerscope.rules.registry import RULES
from layerscope.rules.rule import Rule, RuleContext, RuleMatch

StageOf = Callable[[int], Source | None]
"""Returns the build stage that a version (by its number) came from, None if unknown."""

DUPLICATES = "duplicate-content"
MOST_APART = 5_000
"""Findings with a line of their own; beyond them one stands for all of a kind that a rule finds."""

_CONTEXT = "keep {path} out of the build context (.dockerignore), or copy less than {step} does"
_INHERITED = "it comes with the base image: a slimmer base image could save it"
_Versions = dict[int, int]
"""Numbers of versions, and the bytes that removing each saves."""


class Findings(Struct, frozen=True, kw_only=True):
    """What all rules found, and how it adds up; all figures in content bytes.

    ``claimed_bytes`` is what findings claim of the user's own bytes, ``inherited_bytes`` what they claim of the
    base's, ``trade_bytes`` what trades claim of the own ones. ``reclaimable`` holds for each layer the own bytes that
    are hidden, or claimed by a finding that is no trade.
    """

    findings: tuple[Finding, ...]
    base_bytes: int
    own_bytes: int
    claimed_bytes: int
    inherited_bytes: int
    trade_bytes: int
    reclaimable: tuple[int, ...]
    warnings: tuple[str, ...] = ()

    @property
    def reclaimable_bytes(self) -> int:
        """What is reclaimable in all layers together."""
        return sum(self.reclaimable)


def findings(
    image: Image,
    filesystem: Filesystem,
    catalog: Catalog,
    instructions: tuple[Instruction, ...],
    base_layers: int,
    *,
    rules: Sequence[Rule] = RULES,
    duplicates: bool = True,
    stage_of: StageOf | None = None,
    from_context: frozenset[int] = frozenset(),
    lockfiles: tuple[tuple[str, bytes], ...] = (),
) -> Findings:
    """Run ``rules`` over an image; ``base_layers`` is how many of the lowest layers its base image brought.

    Without ``duplicates`` no contents are compared for copies at other paths. ``from_context`` are the layers that
    took their files from the build context alone. ``lockfiles`` are pairs of path and content from outside the image.
    Findings come as lists show them: secrets first, by severity, then all others by bytes, trades last.
    """
    context = RuleContext(image, filesystem, catalog, instructions, base_layers, lockfiles)
    judge = _Judge(context, stage_of, from_context)
    chosen = [rule for rule in rules if duplicates or rule.name != DUPLICATES]
    selected = filesystem.select([rule.wanted.paths for rule in chosen])
    found: list[Finding] = []
    for rule, matches in zip(chosen, selected, strict=True):
        context.matches = tuple(matches)
        alike: dict[tuple[object, ...], list[RuleMatch]] = {}
        for match in rule.check(context):
            if len(found) < MOST_APART or not match.versions:
                found += judge.findings(rule, match)
            else:
                alike.setdefault(_kind_of(match), []).append(match)
        for matches_alike in alike.values():
            found += judge.findings(rule, _together(matches_alike))
    found.sort(key=_order)
    return judge.account(found)


def _kind_of(match: RuleMatch) -> tuple[object, ...]:
    """All of a match but what it found and where."""
    texts = (match.severity, match.title, match.fix, match.evidence, match.trade)
    return (*texts, match.layer, match.apart, bool(match.place), match.savings is None)


def _together(matches: Sequence[RuleMatch]) -> RuleMatch:
    """One match for many of a kind: a finding for each of a million keys would take ten times the image's memory."""
    if len(matches) == 1:
        return matches[0]
    return replace(
        matches[0],
        versions=tuple(number for match in matches for number in match.versions),
        savings=None if matches[0].savings is None else tuple(one for match in matches for one in match.savings or ()),
        detail=f"{len(matches):,} of a kind, as there are over {MOST_APART:,} findings",
    )


def _order(finding: Finding) -> tuple[int, bool, int, int, str, tuple[int, ...]]:
    rank = finding.severity.rank
    first = rank if finding.kind == FindingKind.SECRET else len(Severity)
    return first, finding.trade, -finding.content_bytes, rank, finding.rule, finding.layers


class _Group(Struct, frozen=True, kw_only=True):
    """What the versions of one finding have in common."""

    kind: FindingKind
    layer: int
    source: str
    stage: Source | None = None
    is_copied: bool = False


class _Judge:
    """Turns what the rules found into findings, one claim after another."""

    def __init__(self, context: RuleContext, stage_of: StageOf | None, from_context: frozenset[int]) -> None:
        self._context = context
        self._filesystem = context.filesystem
        self._claims = Claims(context.filesystem, context.claimed)
        self._stage_of = stage_of
        self._from_context = from_context

    def findings(self, rule: Rule, match: RuleMatch) -> Iterator[Finding]:
        """Return the findings of one match; none if other rules have claimed all of it."""
        if not match.versions:
            if match.place or match.detail:
                yield self._finding(
                    rule, match, _Group(kind=rule.kind or FindingKind.WASTE, layer=-1, source=UNKNOWN), []
                )
            return
        taken = self._claims.take(match) if rule.frees else self._claims.point(match)
        groups: dict[_Group, list[FoundPath]] = {}
        for layer, versions in taken.items():
            for group, members in self._grouped(rule, match, layer, versions):
                groups.setdefault(group, []).extend(self._found(layer, members))
        for group, paths in groups.items():
            yield self._finding(rule, match, group, paths)

    def account(self, found: Sequence[Finding]) -> Findings:
        """Return the findings with their sums."""
        layers, base = self._filesystem.layers, self._context.base_layers
        reclaimable = [0] * len(layers)
        inherited = sum(finding.content_bytes for finding in found if finding.source == BASE)
        for finding in found:
            if is_reclaimable(finding):
                for path in finding.paths:
                    reclaimable[path.layer] += path.content_bytes
        trades = sum(finding.content_bytes for finding in found if finding.trade and finding.source != BASE)
        claimed = sum(reclaimable) + trades
        for layer in range(base, len(layers)):
            reclaimable[layer] += self._claims.hidden_unclaimed(layer)
        return Findings(
            findings=tuple(found),
            base_bytes=sum(layer.content_bytes for layer in layers[:base]),
            own_bytes=sum(layer.content_bytes for layer in layers[base:]),
            claimed_bytes=claimed,
            inherited_bytes=inherited,
            trade_bytes=trades,
            reclaimable=tuple(reclaimable),
            warnings=tuple(self._context.warnings),
        )

    def _grouped(
        self, rule: Rule, match: RuleMatch, layer: int, versions: _Versions
    ) -> Iterator[tuple[_Group, _Versions]]:
        """One layer's versions by where they came from; a layer may hold the work of several stages."""
        if not versions:
            return
        if layer < self._context.base_layers:
            kind = FindingKind.SECRET if rule.kind == FindingKind.SECRET else FindingKind.INHERITED
            yield _Group(kind=kind, layer=-1, source=BASE), versions
            return
        blamed = layer if match.layer is None else match.layer
        origin = self._origin(blamed)
        origins: dict[tuple[str, Source | None], _Versions] = {}
        if rule.kind != FindingKind.WASTE and self._stage_of is None:
            origins[origin, None] = versions
        else:
            for number, saving in versions.items():
                stage = self._stage_of(number) if self._stage_of is not None and blamed == layer else None
                source = source_of(stage.stage) if stage is not None else origin
                if rule.kind == FindingKind.WASTE and self._origin(self._filesystem.hidden_by[number]) == RUN:
                    source, stage = RUN, None
                origins.setdefault((source, stage), {})[number] = saving
        for (source, stage), members in origins.items():
            is_copied = self._is_copy(blamed) or origin == CONTEXT or (stage is not None and origin != RUN)
            kind = rule.kind or (FindingKind.LEAK if is_copied else FindingKind.WASTE)
            layer = blamed if match.apart else -1
            yield _Group(kind=kind, layer=layer, source=source, stage=stage, is_copied=is_copied), members

    def _origin(self, layer: int) -> str:
        """The source of a layer's content, by the instruction that made it."""
        return CONTEXT if layer in self._from_context else recorded_source(self._context.makers.get(layer))

    def _is_copy(self, layer: int) -> bool:
        step = self._context.makers.get(layer)
        return step is not None and step.kind in ("COPY", "ADD")

    def _finding(self, rule: Rule, match: RuleMatch, group: _Group, found: list[FoundPath]) -> Finding:
        # Two sorts by one field each are faster than one by pairs.
        found.sort(key=attrgetter("path"))
        found.sort(key=attrgetter("content_bytes"), reverse=True)
        paths = tuple(found)
        step = self._context.makers.get(group.layer)
        stage = group.stage
        meanings = {
            "path": lambda: exact(paths, partial(self._is_whole, {path.path for path in paths})),
            "place": lambda: telling(paths),
            "ignore": lambda: ignored(paths, rule.wanted.paths),
            "step": lambda: shortened(step) if step else "the instruction that adds it",
        }
        fix = for_builder(_fix(rule, match, group), is_buildkit=self._context.is_buildkit)
        title, fix = filled((match.title or rule.title, fix), meanings)
        return Finding(
            rule=rule.name,
            severity=match.severity or rule.severity,
            kind=group.kind,
            evidence=stage.evidence if stage else match.evidence or Evidence.INFERRED,
            title=title,
            fix=fix,
            content_bytes=sum([path.content_bytes for path in paths]),
            layers=tuple(sorted({path.layer for path in paths})),
            instruction=step.index if step else None,
            dockerfile_line=stage.dockerfile_line if stage else None,
            source=group.source,
            detail=match.detail or match.place,
            trade=match.trade,
            paths=paths,
        )

    def _is_whole(self, found: AbstractSet[str], directory: str) -> bool:
        """Whether a directory of the final file system holds only what was found."""
        filesystem = self._filesystem
        paths, kinds, directory_kind = filesystem.paths, filesystem.kinds, Kind.DIRECTORY
        return all(paths[number] in found or kinds[number] == directory_kind for number in filesystem.below(directory))

    def _found(self, layer: int, versions: _Versions) -> list[FoundPath]:
        paths, fates = self._filesystem.paths, self._filesystem.fates
        return [
            FoundPath(path=paths[number], layer=layer, content_bytes=saving, fate=FATE_WORDS[fates[number]])
            for number, saving in versions.items()
        ]


def _fix(rule: Rule, match: RuleMatch, group: _Group) -> str:
    """The advice by what added it: the base, a COPY from a stage or from the build context, or a RUN."""
    if group.source == BASE and rule.frees:
        return _INHERITED
    if match.fix:
        return match.fix
    if group.source == CONTEXT:
        return rule.ignored_fix or (_CONTEXT if rule.copied_fix else rule.fix)
    if group.is_copied:
        return (rule.ignored_fix if group.stage is None else "") or rule.copied_fix or rule.fix
    return rule.fix
