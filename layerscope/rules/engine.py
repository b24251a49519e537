"""Runs the rules and settles who claims which byte (docs/rules.md, "Common to all rules").

The rules come in the order of the catalogue, and a version belongs to the first that names it. What a rule found as
one thing is split here by who brought it: the base image, or each of the user's own instructions.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from operator import attrgetter

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import FATE_WORDS, Kind
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.source import Source
from layerscope.packages.catalog import Catalog
from layerscope.rules.claims import Claims
from layerscope.rules.phrases import exact, filled, ignored, shortened, telling
from layerscope.rules.registry import RULES
from layerscope.rules.rule import Context, Rule, RuleMatch

StageOf = Callable[[int], Source | None]
"""Tells for the number of a version which build stage it came from, None where that is not known."""

DUPLICATES = "duplicate-content"

_CONTEXT = "keep {path} out of the build context (.dockerignore), or copy less than {step} does"
_INHERITED = "it comes with the base image: a slimmer base would not bring it"
_Versions = dict[int, int]
"""Numbers of versions, and the bytes that each would win back."""


class Findings(Struct, frozen=True, kw_only=True):
    """What all rules found, and how it adds up; all figures in content bytes.

    ``claimed_bytes`` is what findings of kind leak or bloat claim: the user's own bytes. ``inherited_bytes`` is what
    findings of kind inherited claim. ``reclaimable`` holds for each layer the own bytes that are hidden or claimed;
    ``hidden_unclaimed_bytes`` is the part of it that no finding names (0 with the whole catalogue).
    """

    findings: tuple[Finding, ...]
    base_bytes: int
    own_bytes: int
    claimed_bytes: int
    inherited_bytes: int
    hidden_unclaimed_bytes: int
    reclaimable: tuple[int, ...]
    warnings: tuple[str, ...] = ()

    @property
    def reclaimable_bytes(self) -> int:
        """What could be had back in all layers together."""
        return sum(self.reclaimable)

    @property
    def rest_bytes(self) -> int:
        """The user's own bytes that no finding questions."""
        return self.own_bytes - self.claimed_bytes


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
    Findings come by severity, then size.
    """
    context = Context(image, filesystem, catalog, instructions, base_layers, lockfiles)
    judge = _Judge(context, stage_of, from_context)
    chosen = [rule for rule in rules if duplicates or rule.name != DUPLICATES]
    selected = filesystem.select([rule.wanted.paths for rule in chosen])
    found: list[Finding] = []
    for rule, matches in zip(chosen, selected, strict=True):
        for leak in rule.check(context.scene(tuple(matches))):
            found += judge.findings(rule, leak)
    found.sort(key=lambda finding: (finding.severity.rank, -finding.content_bytes, finding.rule, finding.layers))
    return judge.account(found)


class _Group(Struct, frozen=True, kw_only=True):
    """What the versions of one finding have in common."""

    kind: FindingKind
    layer: int
    source: Source | None
    from_context: bool = False


class _Judge:
    """Turns what the rules found into findings, one claim after another."""

    def __init__(self, context: Context, stage_of: StageOf | None, from_context: frozenset[int]) -> None:
        self._context = context
        self._filesystem = context.filesystem
        self._claims = Claims(context.filesystem, context.claimed)
        self._stage_of = stage_of
        self._from_context = from_context

    def findings(self, rule: Rule, leak: RuleMatch) -> Iterator[Finding]:
        """The findings that one leak becomes; none where other rules have claimed all of it."""
        if not leak.versions:
            if leak.place or leak.detail:
                yield self._finding(rule, leak, self._configured(), [])
            return
        taken = self._claims.take(leak) if rule.frees else self._claims.point(leak)
        groups: dict[_Group, list[FoundPath]] = {}
        for layer, versions in taken.items():
            for group, members in self._grouped(layer, versions, leak):
                groups.setdefault(group, []).extend(self._found(layer, members))
        for group, paths in groups.items():
            yield self._finding(rule, leak, group, paths)

    def account(self, found: Sequence[Finding]) -> Findings:
        """How the findings add up, and what is hidden beside them."""
        layers, base = self._filesystem.layers, self._context.base_layers
        reclaimable = [0] * len(layers)
        unclaimed = 0
        inherited = sum(finding.content_bytes for finding in found if finding.kind == FindingKind.INHERITED)
        for finding in found:
            if finding.kind != FindingKind.INHERITED:
                for path in finding.paths:
                    reclaimable[path.layer] += path.content_bytes
        claimed = sum(reclaimable)
        for layer in range(base, len(layers)):
            hidden = self._claims.hidden_unclaimed(layer)
            reclaimable[layer] += hidden
            unclaimed += hidden
        return Findings(
            findings=tuple(found),
            base_bytes=sum(layer.content_bytes for layer in layers[:base]),
            own_bytes=sum(layer.content_bytes for layer in layers[base:]),
            claimed_bytes=claimed,
            inherited_bytes=inherited,
            hidden_unclaimed_bytes=unclaimed,
            reclaimable=tuple(reclaimable),
            warnings=tuple(self._context.warnings),
        )

    def _configured(self) -> _Group:
        """The config is the final stage's own."""
        return _Group(kind=FindingKind.BLOAT, layer=-1, source=None)

    def _grouped(self, layer: int, versions: _Versions, leak: RuleMatch) -> Iterator[tuple[_Group, _Versions]]:
        """One layer's versions by who brought them; a layer may hold the work of several stages."""
        if not versions:
            return
        if layer < self._context.base_layers:
            yield _Group(kind=FindingKind.INHERITED, layer=-1, source=None), versions
            return
        blamed = layer if leak.layer is None else leak.layer
        sources: dict[Source | None, _Versions] = {}
        if self._stage_of is None or blamed != layer:
            sources[None] = versions
        else:
            for number, saving in versions.items():
                sources.setdefault(self._stage_of(number), {})[number] = saving
        for source, members in sources.items():
            # What the build context brought came out of no stage.
            from_context = source is None and blamed in self._from_context
            came_over = source is not None or (self._is_copy(blamed) and not from_context)
            kind = FindingKind.LEAK if came_over else FindingKind.BLOAT
            layer = blamed if leak.apart else -1
            yield _Group(kind=kind, layer=layer, source=source, from_context=from_context), members

    def _is_copy(self, layer: int) -> bool:
        """Whether the layer's contents were made elsewhere; the ADD of a root file system is a base's own beginning."""
        step = self._context.makers.get(layer)
        return step is not None and (step.kind == "COPY" or (step.kind == "ADD" and layer > 0))

    def _finding(self, rule: Rule, leak: RuleMatch, group: _Group, found: list[FoundPath]) -> Finding:
        # Two sorts by one field each are faster than one by pairs.
        found.sort(key=attrgetter("path"))
        found.sort(key=attrgetter("content_bytes"), reverse=True)
        paths = tuple(found)
        step = self._context.makers.get(group.layer)
        source = group.source
        meanings = {
            "path": lambda: exact(paths, partial(self._is_whole, {path.path for path in paths})),
            "place": lambda: telling(paths),
            "ignore": lambda: ignored(paths, rule.wanted.paths),
            "step": lambda: shortened(step) if step else "the instruction that brings it",
        }
        title, fix = filled((leak.title or rule.title, _fix(rule, leak, group)), meanings)
        return Finding(
            rule=rule.name,
            severity=leak.severity or rule.severity,
            kind=group.kind,
            evidence=source.evidence if source else leak.evidence or Evidence.INFERRED,
            title=title,
            fix=fix,
            content_bytes=sum([path.content_bytes for path in paths]),
            layers=tuple(sorted({path.layer for path in paths})),
            instruction=step.index if step else None,
            dockerfile_line=source.dockerfile_line if source else None,
            stage=source.stage if source else "",
            detail=leak.detail or leak.place,
            paths=paths,
        )

    def _is_whole(self, found: AbstractSet[str], directory: str) -> bool:
        """Whether the final file system has nothing in a directory but what was found."""
        filesystem = self._filesystem
        paths, kinds, directory_kind = filesystem.paths, filesystem.kinds, Kind.DIRECTORY
        return all(paths[number] in found or kinds[number] == directory_kind for number in filesystem.below(directory))

    def _found(self, layer: int, versions: _Versions) -> list[FoundPath]:
        paths, fates = self._filesystem.paths, self._filesystem.fates
        return [
            FoundPath(path=paths[number], layer=layer, content_bytes=saving, fate=FATE_WORDS[fates[number]])
            for number, saving in versions.items()
        ]


def _fix(rule: Rule, leak: RuleMatch, group: _Group) -> str:
    """The advice for who brought it: the base, a COPY from a stage, one from the build context, or a RUN."""
    if group.kind == FindingKind.INHERITED and rule.frees:
        return _INHERITED
    if leak.fix:
        return leak.fix
    if group.from_context:
        return rule.ignored_fix or (_CONTEXT if rule.copied_fix else rule.fix)
    if group.kind == FindingKind.LEAK:
        return (rule.ignored_fix if group.source is None else "") or rule.copied_fix or rule.fix
    return rule.fix
