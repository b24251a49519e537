"""Many images side by side: what each of them alone takes, what they share, and which is worth a look first."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from layerscope.model.finding import FindingKind, Severity
from layerscope.model.report import ImageSummary, Report, Totals
from layerscope.model.rows import Column, Rows

_COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="layers", header="LAYERS", kind="number"),
    Column(name="base_bytes", header="BASE", kind="bytes"),
    Column(name="shared_bytes", header="SHARED", kind="bytes"),
    Column(name="reclaimable_bytes", header="CAN GO", kind="bytes"),
    Column(name="critical", header="CRITICAL", kind="number"),
    Column(name="high", header="HIGH", kind="number"),
    Column(name="name", header="IMAGE"),
    Column(name="platform", header="PLATFORM", shown=False),
    Column(name="source", header="SOURCE"),
    Column(name="image_id", header="ID", shown=False),
    Column(name="docker_size", kind="bytes", shown=False),
    Column(name="stored_bytes", kind="bytes", shown=False),
    Column(name="live_bytes", kind="bytes", shown=False),
    Column(name="hidden_bytes", kind="bytes", shown=False),
    Column(name="complete", shown=False),
)


class ScannedLayer(Struct, frozen=True, kw_only=True):
    """A layer of a scanned image; ``identity`` is equal for the same layer in two images.

    ``reclaimable_bytes`` is None where the image has the layer from its base, of which it says nothing.
    """

    identity: str
    content_bytes: int
    reclaimable_bytes: int | None


class Scanned(Struct, frozen=True, kw_only=True):
    """What is kept of the report of one image; ``critical`` and ``high`` count its findings that are no base's."""

    source: str
    image: ImageSummary
    totals: Totals
    critical: int
    high: int
    complete: bool
    layers: tuple[ScannedLayer, ...]


class Sums(Struct, frozen=True, kw_only=True):
    """All images together; ``distinct_bytes`` and ``reclaimable_bytes`` count each layer once.

    The latter takes of each layer the least that any image says whose own it is, since what one hides another may show;
    two images may mean different files by it, so it is a bound and no promise.
    """

    images: int
    content_bytes: int
    distinct_bytes: int
    reclaimable_bytes: int


def scanned(report: Report, source: str) -> Scanned:
    """What ``scan`` says of a report."""
    own = Counter(finding.severity for finding in report.findings if finding.kind != FindingKind.INHERITED)
    return Scanned(
        source=source,
        image=report.image,
        totals=report.totals,
        critical=own[Severity.CRITICAL],
        high=own[Severity.HIGH],
        complete=report.complete,
        layers=tuple(
            ScannedLayer(
                identity=layer.diff_id or layer.digest or f"{source} {report.image.image_id} {layer.index}",
                content_bytes=layer.content_bytes,
                reclaimable_bytes=layer.reclaimable_bytes if layer.origin == "own" else None,
            )
            for layer in report.layers
        ),
    )


def sums(images: Iterable[Scanned]) -> Sums:
    """The images added up."""
    sizes: dict[str, int] = {}
    reclaimable: dict[str, int] = {}
    count = content = 0
    for image in images:
        count, content = count + 1, content + image.totals.content_bytes
        for layer in image.layers:
            sizes[layer.identity] = layer.content_bytes
            if layer.reclaimable_bytes is not None:
                least = min(layer.reclaimable_bytes, reclaimable.get(layer.identity, layer.reclaimable_bytes))
                reclaimable[layer.identity] = least
    return Sums(
        images=count,
        content_bytes=content,
        distinct_bytes=sum(sizes.values()),
        reclaimable_bytes=sum(reclaimable.values()),
    )


def scan_rows(images: Sequence[Scanned], *, sort: str, top: int) -> Rows:
    """A row for each image by ``can-go`` or ``size``, biggest first, or by ``name``; ``top`` 0 is all of them.

    ``shared_bytes`` are those of layers that another image has too.
    """
    times = Counter(identity for image in images for identity in {layer.identity for layer in image.layers})
    ordered = sorted(images, key=lambda one: (one.image.name, one.image.platform, one.source))
    if sort == "can-go":
        ordered.sort(key=lambda one: one.totals.reclaimable_bytes, reverse=True)
    elif sort == "size":
        ordered.sort(key=lambda one: one.totals.content_bytes, reverse=True)
    return Rows(columns=_COLUMNS, rows=tuple(_row(image, times) for image in ordered[: top or None]))


def _row(one: Scanned, times: Counter[str]) -> tuple[object, ...]:
    image, totals = one.image, one.totals
    return (
        totals.content_bytes,
        len(one.layers),
        totals.base_bytes,
        sum(layer.content_bytes for layer in one.layers if times[layer.identity] > 1),
        totals.reclaimable_bytes,
        one.critical,
        one.high,
        image.name,
        image.platform,
        one.source,
        image.image_id,
        image.docker_size,
        totals.stored_bytes,
        totals.live_bytes,
        totals.hidden_bytes,
        one.complete,
    )
