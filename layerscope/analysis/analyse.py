"""Runs every step over one image and keeps what each found."""

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.analysis.lockfiles import lockfiles as stage_lockfiles
from layerscope.analysis.placed import placed, with_packages
from layerscope.analysis.redact import shown
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import image_instructions
from layerscope.model.base import Base
from layerscope.model.digest import Digest
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.model.pathset import Wanted
from layerscope.packages.catalog import Catalog
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import WANTED as PACKAGES_WANTED
from layerscope.provenance.base import find_base
from layerscope.provenance.origins import BuildInputs, Placement, better_base, contradiction, recorded_origins
from layerscope.provenance.trace import Trace, trace
from layerscope.rules.engine import Findings, findings
from layerscope.rules.families.secrets_config import secret_values
from layerscope.rules.registry import WANTED as RULES_WANTED

WANTED: tuple[Wanted, ...] = (*PACKAGES_WANTED, *RULES_WANTED)
"""What the one pass over the layers is to keep for the steps after it."""


class AnalysisInputs(Struct, frozen=True, kw_only=True):
    """What the user knows beside the archive, and which work can be skipped.

    ``base`` are the diff_ids of the base image that was given, ``duplicates`` asks for copies at other paths.
    ``known`` is the Dockerfile and the builder images; ``lockfiles`` are pairs of path and content of files from
    outside the image.
    """

    base: tuple[Digest, ...] | None = None
    base_name: str = ""
    duplicates: bool = True
    known: BuildInputs = field(default_factory=BuildInputs)
    lockfiles: tuple[tuple[str, bytes], ...] = ()


class Analysis(Struct, frozen=True, kw_only=True):
    """An image and all that is known of it; ``secrets`` are the values in its documents that nobody may print."""

    image: Image
    filesystem: Filesystem
    catalog: Catalog
    instructions: tuple[Instruction, ...]
    base: Base
    placement: Placement
    trace: Trace
    findings: Findings
    warnings: tuple[str, ...]
    secrets: frozenset[str]


def analyse(image: Image, question: AnalysisInputs) -> Analysis:
    """Everything about an open image; a pure function of what was read."""
    filesystem = Filesystem(image.layers)
    filesystem.select([wanted.paths for wanted in WANTED])  # One pass for whoever asks later.
    packages = catalog(filesystem)
    steps, warnings = image_instructions(image)
    secrets = secret_values(image, steps)
    steps = shown(steps, secrets)
    placement = _placement(image, steps, question.known)
    base = better_base(find_base(image, steps, question.base), placement.base)
    joined = trace(filesystem, image, steps, placement, question.known, base.layers)
    found = findings(
        image,
        filesystem,
        packages,
        steps,
        base.layers,
        duplicates=question.duplicates,
        from_context=frozenset(layer for layer, origin in joined.layers.items() if origin.from_context),
        stage_of=joined.stage_of if joined.layers or joined.matched else None,
        lockfiles=(*question.lockfiles, *stage_lockfiles(joined.builders)),
    )
    return Analysis(
        image=image,
        filesystem=filesystem,
        catalog=packages,
        instructions=steps,
        base=base,
        placement=placement,
        trace=joined,
        findings=_with_places(found, placement, joined, packages),
        warnings=(
            *image.warnings,
            *image.notes,
            *_redirected(filesystem),
            *warnings,
            *packages.warnings,
            *joined.warnings,
            *found.warnings,
            *contradiction(base, placement.base),
        ),
        secrets=secrets,
    )


def _with_places(found: Findings, placement: Placement, joined: Trace, packages: Catalog) -> Findings:
    """The findings with their packages, and with stages and lines where anything tells them."""
    listed = with_packages(found.findings, joined.filesystem.live, packages)
    is_told = placement.origins or joined.matched
    return replace(found, findings=placed(listed, placement, joined) if is_told else listed)


def _placement(image: Image, steps: tuple[Instruction, ...], known: BuildInputs) -> Placement:
    """Where the steps stand; without a Dockerfile or an attestation the history alone tells."""
    if known.dockerfile is None and not image.attestations:
        return Placement(origins=recorded_origins(steps))
    # Most runs have neither, and the Dockerfile's parser would cost them a fifth of their start.
    from layerscope.provenance.placement import place

    return place(image, steps, known)


def _redirected(filesystem: Filesystem) -> tuple[str, ...]:
    """Engines differ on entries below a symlink, so whoever relies on them should know."""
    moved = filesystem.redirected
    if not moved:
        return ()
    example = filesystem.path_of(min(moved))
    return (
        f"{len(moved)} of the entries lie below a symlink of a lower layer and were taken to where it leads, such as"
        f" {example}; Docker's overlay2 puts a directory in the place of the link",
    )
