"""Many images as rows: the size of each, what they share, and what is reclaimable."""

from collections import Counter
from collections.abc import Iterable, Sequence
from sys import intern

from msgspec import Struct
from msgspec.structs import asdict, replace

from layerscope.model.finding import Severity
from layerscope.model.report import LayerReport, Report, Totals
from layerscope.model.rows import Column, Rows, beyond, row
from layerscope.model.source import BASE
from layerscope.model.step import Step

_LONGEST = 200
"""Characters of an instruction that are kept."""

_COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="layers", header="LAYERS", kind="number"),
    Column(name="left_out", header="LEFT OUT", kind="number"),
    Column(name="base_bytes", header="BASE", kind="bytes"),
    Column(name="shared_bytes", header="SHARED", kind="bytes"),
    Column(name="reclaimable_bytes", header="RECLAIMABLE", kind="bytes"),
    Column(name="critical", header="CRITICAL", kind="number"),
    Column(name="high", header="HIGH", kind="number"),
    Column(name="name", header="IMAGE"),
    Column(name="names", header="NAMES", shown=False),
    Column(name="platform", header="PLATFORM", rank=1),
    Column(name="source", header="SOURCE", rank=2),
    Column(name="image_id", header="ID", shown=False),
    Column(name="docker_size", kind="bytes", shown=False),
    Column(name="stored_bytes", kind="bytes", shown=False),
    Column(name="live_bytes", kind="bytes", shown=False),
    Column(name="hidden_bytes", kind="bytes", shown=False),
    Column(name="complete", shown=False),
)


class ScannedLayer(Struct, frozen=True, kw_only=True):
    """A layer of a scanned image; ``identity`` is equal for the same layer in two images.

    ``reclaimable_bytes`` is None where the image says nothing of it: the layer is its base's, or was left out.
    ``instruction`` made the layer.
    """

    identity: str
    content_bytes: int
    reclaimable_bytes: int | None
    instruction: str = ""


class Scanned(Struct, frozen=True, kw_only=True):
    """What is kept of the report of one image; ``critical`` and ``high`` count its own findings.

    ``left_out`` counts the layers that could not be read, of which nothing is in the other figures. ``step`` is the
    change to the build that saves most.
    """

    source: str
    name: str
    names: tuple[str, ...]
    platform: str
    image_id: str
    docker_size: int
    totals: Totals
    critical: int
    high: int
    left_out: int
    complete: bool
    layers: tuple[ScannedLayer, ...]
    step: Step | None = None


class ScanRow(Struct, frozen=True, kw_only=True):
    """One image as ``scan`` lists it; the fields are the keys of its JSON.

    ``left_out`` counts layers that could not be read. ``shared_bytes`` are those of layers that another image has too.
    ``critical`` and ``high`` count the image's own findings.
    """

    content_bytes: int
    layers: int
    left_out: int
    base_bytes: int
    shared_bytes: int
    reclaimable_bytes: int
    critical: int
    high: int
    name: str
    names: tuple[str, ...]
    platform: str
    source: str
    image_id: str
    docker_size: int
    stored_bytes: int
    live_bytes: int
    hidden_bytes: int
    complete: bool


class Sums(Struct, frozen=True, kw_only=True):
    """All images together; ``distinct_bytes`` and ``reclaimable_bytes`` count each layer once.

    The latter takes of each layer the least that any image says whose own it is, since what one hides another may show;
    two images may mean different files by it, so it is a bound and no promise. ``incomplete`` ones lack layers or have
    some that are damaged or doubtful.
    """

    images: int
    incomplete: int
    content_bytes: int
    distinct_bytes: int
    reclaimable_bytes: int


def scanned(report: Report, source: str, names: Iterable[str] = ()) -> Scanned:
    """Return what ``scan`` keeps of a report; ``names`` are those of the image where it is kept."""
    image = report.image
    own = Counter(finding.severity for finding in report.findings if finding.source != BASE)
    return Scanned(
        source=source,
        name=image.name,
        names=tuple(names),
        platform=image.platform,
        image_id=image.image_id,
        docker_size=image.docker_size,
        totals=report.totals,
        critical=own[Severity.CRITICAL],
        high=own[Severity.HIGH],
        left_out=sum(bool(layer.problem) for layer in report.layers),
        complete=report.complete,
        layers=tuple(
            ScannedLayer(
                identity=layer.identity(f"{source} {image.image_id}"),
                content_bytes=layer.content_bytes,
                reclaimable_bytes=layer.reclaimable_bytes if layer.origin == "own" and not layer.problem else None,
                instruction=_instruction(report, layer),
            )
            for layer in report.layers
        ),
        step=report.steps[0] if report.steps else None,
    )


def _instruction(report: Report, layer: LayerReport) -> str:
    if layer.instruction is None:
        return ""
    step = report.instructions[layer.instruction]
    words = step.dockerfile_text or f"{step.kind} {step.text}"
    return intern(" ".join(words[:_LONGEST].split()))  # Many images have the same.


def sums(images: Iterable[Scanned]) -> Sums:
    """Add the images up; a layer that was left out of one image has its size in another."""
    sizes: dict[str, int] = {}
    reclaimable: dict[str, tuple[bool, int]] = {}
    count = content = incomplete = 0
    for image in images:
        count, content = count + 1, content + image.totals.content_bytes
        incomplete += not image.complete
        for layer in image.layers:
            sizes[layer.identity] = max(layer.content_bytes, sizes.get(layer.identity, 0))
            if layer.reclaimable_bytes is not None:
                # A layer that was left out may hide more of the lower ones, so complete images come first.
                least = (image.left_out > 0, layer.reclaimable_bytes)
                reclaimable[layer.identity] = min(least, reclaimable.get(layer.identity, least))
    return Sums(
        images=count,
        incomplete=incomplete,
        content_bytes=content,
        distinct_bytes=sum(sizes.values()),
        reclaimable_bytes=sum(least for _, least in reclaimable.values()),
    )


def scan_rows(images: Sequence[Scanned], *, sort: str, top: int) -> Rows:
    """A row for each image by ``reclaimable`` or ``size``, biggest first, or by ``name``; ``top`` 0 is all of them.

    ``shared_bytes`` are those of layers that another image has too. ``left_out`` is shown where an image lacks layers,
    ``platform`` where there is more than one.
    """
    platforms = {one.platform for one in images if one.platform}
    shown = {"left_out": any(one.left_out for one in images), "platform": len(platforms) > 1}
    columns = tuple(replace(column, shown=shown.get(column.name, column.shown)) for column in _COLUMNS)
    times = Counter(identity for image in images for identity in {layer.identity for layer in image.layers})
    ordered = sorted(images, key=lambda one: (one.name, one.platform, one.source))
    if sort == "reclaimable":
        ordered.sort(key=lambda one: one.totals.reclaimable_bytes, reverse=True)
    elif sort == "size":
        ordered.sort(key=lambda one: one.totals.content_bytes, reverse=True)
    rows = tuple(_row(image, times) for image in ordered[: top or None])
    return Rows(columns=columns, rows=rows, left_out=beyond(len(ordered), top))


def _row(one: Scanned, times: Counter[str]) -> tuple[object, ...]:
    shared = sum(layer.content_bytes for layer in one.layers if times[layer.identity] > 1)
    return row(_COLUMNS, one, **asdict(one.totals), layers=len(one.layers), shared_bytes=shared)
