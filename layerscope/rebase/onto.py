"""What becomes of an image on another base: its size, its inherited findings, and what would be missing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field

from layerscope.errors import LayerscopeError
from layerscope.model.entry import Kind
from layerscope.model.finding import Finding
from layerscope.model.image import Image
from layerscope.model.onto import Checked, InheritedChange, Missing, Need, Onto, RunLayer
from layerscope.model.paths import is_at_or_below
from layerscope.model.source import BASE
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog
from layerscope.rebase.context import Check, Context, Found
from layerscope.rebase.rebased import Rebased, rebased
from layerscope.rebase.registry import CHECKS, NOT_CHECKED
from layerscope.rules.engine import DUPLICATES, findings
from layerscope.rules.ownership import OS_PACKAGES

_MOST_NEEDED_BY, _MOST_PATHS = 20, 50
_NEEDS = tuple(Need)
_NOT_OWN = (
    "/var/lib/dpkg", "/lib/apk", "/usr/lib/apk", "/var/lib/rpm", "/usr/lib/sysimage", "/var/lib/dnf", "/var/lib/apt",
    "/var/cache", "/var/log", "/etc/ld.so.cache", "/tmp", "/run", "/var/tmp", "/root/.cache", "/var/lib/pacman",
)  # fmt: skip
"""Databases, caches and logs, which every installation changes."""


class Known(Struct, frozen=True, kw_only=True):
    """The image as it is, analysed.

    ``lines`` and ``owners`` hold, by the index of an instruction, its line in a Dockerfile and its ``--chown``.
    """

    image: Image
    rebased: Rebased
    catalog: Catalog
    findings: tuple[Finding, ...]
    lines: Mapping[int, int] = field(default_factory=dict)
    owners: Mapping[int, str] = field(default_factory=dict)


def onto(known: Known, candidate: Image, checks: Sequence[Check] = CHECKS) -> Onto:
    """Lay the own layers over the candidate's, and look at what comes of it."""
    new = rebased(known.image, known.rebased, candidate)
    context = Context(known.image, known.rebased, new, known.catalog, known.owners)
    found, checked, warnings = list[tuple[Check, Found]](), list[Checked](), list(candidate.warnings)
    for check in checks:
        try:
            result = check.run(context)
        except LayerscopeError as error:
            warnings.append(f"{check.title} were not checked: {error.message}")
            continue
        things = {one.what for one in result.found}
        checked.append(Checked(check=check.name, title=check.title, count=result.count, missing=len(things)))
        found += [(check, one) for one in result.found]
    hidden = sum(new.filesystem.hidden_bytes(layer.index) for layer in new.filesystem.layers)
    content = sum(layer.content_bytes for layer in new.filesystem.layers)
    return Onto(
        source=candidate.source,
        name=candidate.name,
        reference=next(iter(candidate.tags), ""),
        image_id=candidate.image_id,
        platform=str(candidate.config.platform),
        base_layers=new.base_layers,
        own_layers=len(new.filesystem.layers) - new.base_layers,
        content_bytes=content,
        live_bytes=content - hidden,
        base_bytes=sum(layer.content_bytes for layer in candidate.layers),
        inherited=tuple(_inherited(known, new)),
        missing=tuple(_missing(context, found)),
        run_layers=tuple(_run_layers(known, context)),
        checked=tuple(checked),
        not_checked=NOT_CHECKED,
        warnings=tuple(warnings),
    )


def _inherited(known: Known, new: Rebased) -> Iterator[InheritedChange]:
    """The rules whose inherited findings take other bytes, the biggest change first."""
    after = findings(
        new.image, new.filesystem, catalog(new.filesystem), new.instructions, new.base_layers, duplicates=False
    )
    sums = [_by_rule(known.findings), _by_rule(after.findings)]
    names = sorted(sums[0] | sums[1], key=lambda name: (sums[1][name] - sums[0][name], name))
    for name in names:
        if sums[0][name] != sums[1][name]:
            yield InheritedChange(rule=name, before_bytes=sums[0][name], after_bytes=sums[1][name])


def _by_rule(found: Sequence[Finding]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for finding in found:
        if finding.source == BASE and finding.rule != DUPLICATES and not finding.trade:
            sums[finding.rule] += finding.content_bytes
    return sums


def _missing(context: Context, found: Sequence[tuple[Check, Found]]) -> Iterator[Missing]:
    """Each missing thing once, with all that needs it, what stops the start first."""
    groups: dict[tuple[str, str], list[tuple[Need, Found]]] = {}
    for check, one in found:
        groups.setdefault((check.name, one.what), []).append((_need(context, one), one))
    made = []
    for (check_name, what), members in groups.items():
        members.sort(key=lambda member: _NEEDS.index(member[0]))
        needed_by = tuple(dict.fromkeys(one.by for _, one in members))
        missing = Missing(
            what=what,
            check=check_name,
            need=members[0][0],
            needed_by=needed_by[:_MOST_NEEDED_BY],
            needed_by_count=len(needed_by),
            detail=next((one.detail for _, one in members if one.detail), ""),
        )
        made.append(missing)
    yield from sorted(made, key=lambda one: _NEEDS.index(one.need))


def _need(context: Context, one: Found) -> Need:
    if one.need != Need.BUILD and context.is_installed_by_run(one.provider):
        return Need.TRANSPLANT
    if one.need is not None:
        return one.need
    if one.number is None:
        return Need.OTHER
    if context.is_made_by_run(one.number):
        return Need.TRANSPLANT
    return Need.START if one.number in context.new_start.reached else Need.OTHER


def _run_layers(known: Known, context: Context) -> Iterator[RunLayer]:
    """The layers of RUNs that changed the old base: its packages or its files."""
    old, shift = known.rebased, context.rebased.base_layers - known.rebased.base_layers
    base_files = {
        path
        for path, kind in zip(old.filesystem.paths[: old.own_first], old.filesystem.kinds, strict=False)
        if kind <= Kind.SYMLINK
    }
    for step in old.own_instructions:
        layer = step.layer
        if layer is None or not context.layer_is_made_by_run(layer + shift):
            continue
        packages = tuple(
            f"{one.full_name} {one.version}"
            for one in known.catalog.packages
            if one.layer == layer and one.type in OS_PACKAGES and one.removed_in is None
        )
        paths = list(_changed(known, layer, base_files))
        if packages or paths:
            yield RunLayer(
                layer=layer,
                instruction=step.shown or str(step),
                dockerfile_line=known.lines.get(step.index),
                packages=tuple(sorted(packages)),
                paths=tuple(sorted(paths)[:_MOST_PATHS]),
                path_count=len(paths),
            )


def _changed(known: Known, layer: int, base_files: AbstractSet[str]) -> Iterator[str]:
    """The files of the old base that a layer changed or deleted, those of packages, caches and logs left out."""
    filesystem, owners, packages = known.rebased.filesystem, known.catalog.owners, known.catalog.packages
    for number in filesystem.numbers(layer):
        path = filesystem.paths[number]
        if filesystem.kinds[number] == Kind.DIRECTORY or path not in base_files:
            continue
        owner = owners[number]
        is_packaged = owner != UNOWNED and packages[owner].type in OS_PACKAGES
        if not is_packaged and not any(is_at_or_below(path, one) for one in _NOT_OWN):
            yield path
