"""Runs every step over one image and keeps what each found."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.advice.advise import Advice, advise
from layerscope.advice.base_step import base_step
from layerscope.advice.by_hand import with_by_hand
from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles, Change
from layerscope.advice.other_base import other_base
from layerscope.analysis.ignore import Ignore, without
from layerscope.analysis.other_bases import on_other_bases
from layerscope.analysis.redact import shown
from layerscope.analysis.stages import steps_of
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import image_instructions
from layerscope.model.base import Base
from layerscope.model.entry import FATE_WORDS, Fate
from layerscope.model.finding import BuilderStep, Finding
from layerscope.model.image import Digest, Image
from layerscope.model.instruction import Instruction
from layerscope.model.onto import Onto
from layerscope.model.pathset import Wanted
from layerscope.model.source import BASE, source_of
from layerscope.model.step import Step
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import WANTED as PACKAGES_WANTED
from layerscope.provenance.base_image import better_base, contradiction, find_base
from layerscope.provenance.origins import BuildInputs, Placement, recorded_origins
from layerscope.provenance.trace import Builder, Trace, trace
from layerscope.rules.bundler import LOCKFILES as GEMFILES
from layerscope.rules.engine import Findings, findings
from layerscope.rules.families.secrets_config import secret_values
from layerscope.rules.lockfiles import PYTHON
from layerscope.rules.registry import RULES
from layerscope.rules.registry import WANTED as RULES_WANTED
from layerscope.rules.requirements import REQUIREMENTS, is_requirements

WANTED: tuple[Wanted, ...] = (*PACKAGES_WANTED, *RULES_WANTED)
"""What the one pass over the layers is to keep for the steps after it."""
LOCKFILES = frozenset(
    {*PYTHON, *REQUIREMENTS.names, *REQUIREMENTS.trees, "package-lock.json", "pnpm-lock.yaml", "yarn.lock"}
    | {"composer.lock", *GEMFILES, *GEMFILES.values()}
)
"""The files that say which packages a project needs, relative to its directory."""
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})
_NAMING_PACKAGES = frozenset(rule.name for rule in RULES if rule.names_packages)
_LIVE = FATE_WORDS[Fate.LIVE]


class AnalysisInputs(Struct, frozen=True, kw_only=True):
    """What the user knows beside the archive, and which work can be skipped.

    ``base`` are the diff_ids of the base image that was given, ``duplicates`` asks for copies at other paths.
    ``known`` is the Dockerfile and the builder images; ``lockfiles`` are pairs of path and content of files from
    outside the image. ``files`` are those that advice would change, as they are on disk; advice leaves alone what
    ``ignores`` match, all of which are active. ``onto`` are other base images to compare with, ``base_steps`` is the
    number of instructions of the base image that was given.
    """

    base: tuple[Digest, ...] | None = None
    base_name: str = ""
    duplicates: bool = True
    known: BuildInputs = field(default_factory=BuildInputs)
    lockfiles: tuple[tuple[str, bytes], ...] = ()
    files: BuildFiles | None = None
    ignores: tuple[Ignore, ...] = ()
    onto: tuple[Image, ...] = ()
    base_steps: int | None = None


class Analysis(Struct, frozen=True, kw_only=True):
    """An image and what every step found; ``secrets`` are the values in its documents that no output may show.

    ``base_changes`` are those of ``base_step``, where another base image was named. ``files`` are those that the advice
    changes, None where no Dockerfile is at hand or another one made the image.
    """

    image: Image
    filesystem: Filesystem
    catalog: Catalog
    instructions: tuple[Instruction, ...]
    base: Base
    placement: Placement
    trace: Trace
    findings: Findings
    advice: tuple[Advice, ...]
    base_step: Step | None
    base_changes: tuple[Change, ...]
    onto: tuple[Onto, ...]
    files: BuildFiles | None
    warnings: tuple[str, ...]
    secrets: frozenset[str]


def analyse(image: Image, inputs: AnalysisInputs) -> Analysis:
    """Run all steps over an open image; a pure function of what was read."""
    filesystem = Filesystem(image.layers)
    image = filesystem.marked(image)
    filesystem.select([wanted.paths for wanted in WANTED])  # One pass for all that select from it later.
    packages = catalog(filesystem)
    steps, warnings = image_instructions(image)
    secrets = secret_values(image, steps)
    steps = shown(steps, secrets)
    placement = _placement(image, steps, inputs.known)
    base = better_base(find_base(image, steps, inputs.base), placement.base)
    joined = _trace(filesystem, image, steps, placement, inputs.known, base)
    found = findings(
        image,
        filesystem,
        packages,
        _as_written(steps, placement),
        base.layers,
        duplicates=inputs.duplicates,
        from_context=frozenset(layer for layer, origin in joined.layers.items() if origin.from_context),
        stage_of=joined.stage_of if joined.layers or joined.matched else None,
        lockfiles=(*inputs.lockfiles, *_stage_lockfiles(joined.builders)),
    )
    found = _with_places(found, placement, joined, packages)
    counted = without(found.findings, inputs.ignores)
    context = AdviceContext(image, filesystem, packages, steps, base, counted, placement, joined)
    files = inputs.files if _is_own(placement, inputs.known) else None
    others = on_other_bases(context, inputs.onto, inputs.base_steps)
    base_advice, base_changes = other_base(context, base_step(context), others, files)
    return Analysis(
        image=image,
        filesystem=filesystem,
        catalog=packages,
        instructions=steps,
        base=base,
        placement=placement,
        trace=joined,
        findings=found,
        advice=with_by_hand(context, advise(context, files)),
        base_step=base_advice,
        base_changes=base_changes,
        onto=others,
        files=files,
        warnings=(
            *image.warnings,
            *image.notes,
            *_broken(filesystem),
            *_redirected(filesystem),
            *warnings,
            *packages.warnings,
            *joined.warnings,
            *found.warnings,
            *contradiction(base, placement.base),
        ),
        secrets=secrets,
    )


def _is_own(placement: Placement, known: BuildInputs) -> bool:
    """Whether the user's Dockerfile is the one that the steps are placed in, and not an attested one beside it."""
    match = placement.match
    return (
        match is not None
        and known.dockerfile is not None
        and match.build.dockerfile.instructions == known.dockerfile.instructions
    )


def _with_places(found: Findings, placement: Placement, joined: Trace, packages: Catalog) -> Findings:
    """The findings with their packages, their lines in the Dockerfile, and the stage's steps that made them."""
    findings = [
        _with_packages(one, joined, packages) if one.rule in _NAMING_PACKAGES and one.source != BASE else one
        for one in found.findings
    ]
    if placement.origins or joined.matched:
        findings = [_placed(finding, placement, joined) for finding in findings]
    return replace(found, findings=tuple(findings))


def _with_packages(finding: Finding, joined: Trace, packages: Catalog) -> Finding:
    """The finding with the packages that it claims and their bytes, biggest first; only live files have an owner."""
    sums: Counter[int] = Counter()
    for path in finding.paths:
        number = joined.filesystem.live.get(path.path) if path.fate == _LIVE else None
        if number is not None:
            sums[packages.owners[number]] += path.content_bytes
    del sums[UNOWNED]
    named = ((f"{packages.packages[one].full_name} {packages.packages[one].version}", sums[one]) for one in sums)
    return replace(finding, packages=tuple(sorted(named, key=lambda item: (-item[1], item[0]))))


def _placed(finding: Finding, placement: Placement, joined: Trace) -> Finding:
    origin = placement.origins.get(finding.instruction) if finding.instruction is not None else None
    line = origin.line if origin is not None and finding.dockerfile_line is None else finding.dockerfile_line
    return replace(finding, dockerfile_line=line, made_by=_made_by(finding, joined))


def _made_by(finding: Finding, joined: Trace) -> BuilderStep | None:
    """The step of the finding's stage that made most of its bytes, where the stage's image was compared."""
    builder = next((joined.matched[layer] for layer in finding.layers if layer in joined.matched), None)
    if builder is None or source_of(builder.name) != finding.source:
        return None
    sums: Counter[int] = Counter()
    for path in finding.paths:
        number = joined.number_of(path.layer, path.path)
        twin = builder.comparison.twins.get(number) if number is not None else None
        if twin is not None:
            sums[builder.comparison.filesystem.layer_of(twin)] += path.content_bytes
    biggest = next(iter(steps_of(builder, sums)), None)
    return biggest and BuilderStep(text=biggest.text, dockerfile_line=biggest.dockerfile_line)


def _stage_lockfiles(builders: Sequence[Builder]) -> Iterator[tuple[str, bytes]]:
    """The lockfiles of builder images, with the stage before the path; those of their base are not the project's."""
    for builder in builders:
        other = builder.comparison.filesystem
        named = [
            item for item in other.live.items() if item[0].rpartition("/")[2] in LOCKFILES or is_requirements(item[0])
        ]
        for path, number in sorted(named):
            if number >= builder.comparison.own_from and _INSTALLED.isdisjoint(path.split("/")):
                content = other.read(number)
                if content:
                    yield f"{builder.name}:{path}", content


def _placement(image: Image, steps: tuple[Instruction, ...], known: BuildInputs) -> Placement:
    """The place of each step in a Dockerfile; without one, and without an attestation, what the history records."""
    if known.dockerfile is None and not image.attestations:
        return Placement(origins=recorded_origins(steps))
    # Most runs have neither, and would spend a fifth of their start on importing the Dockerfile's parser.
    from layerscope.provenance.dockerfile_origins import place

    return place(image, steps, known)


def _as_written(steps: tuple[Instruction, ...], placement: Placement) -> tuple[Instruction, ...]:
    """The steps as sentences show them: in the Dockerfile's own words where it has them."""
    written = {index: origin.written for index, origin in placement.origins.items()}
    if placement.match is not None:
        written |= {index: str(one.instruction) for index, one in placement.match.steps.items()}
    return tuple(replace(step, shown=step.shown or written.get(step.index, "")) for step in steps)


def _trace(
    filesystem: Filesystem,
    image: Image,
    steps: tuple[Instruction, ...],
    placement: Placement,
    known: BuildInputs,
    base: Base,
) -> Trace:
    """What is known of each version's stage; builder images need the Dockerfile's parser too."""
    joined = trace(filesystem, image, steps, placement, base.layers)
    if not known.builders:
        return joined
    from layerscope.provenance.builder_images import with_builders

    return with_builders(joined, image, steps, placement, known.builders)


def _broken(filesystem: Filesystem) -> tuple[str, ...]:
    """A warning about hardlinks whose content is missing."""
    broken = filesystem.broken_hardlinks
    if not broken:
        return ()
    example = filesystem.version(broken[0])
    counted = "1 hardlink is" if len(broken) == 1 else f"{len(broken):,} hardlinks are"
    return (
        f"{counted} broken, such as {example.path}, which links to {example.link}: the content is in no layer,"
        " and no engine can extract it",
    )


def _redirected(filesystem: Filesystem) -> tuple[str, ...]:
    """A warning about entries below a symlink, which engines do not treat alike."""
    moved = filesystem.redirected
    if not moved:
        return ()
    example, count = filesystem.path_of(min(moved)), len(moved)
    counted = "1 entry lies" if count == 1 else f"{count:,} entries lie"
    return (
        f"{counted} below a symlink of a lower layer, taken to where it points, such as"
        f" {example}; Docker's overlay2 replaces the symlink by a directory instead",
    )
