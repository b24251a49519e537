"""What both formats of a bill of materials share: its packages and their properties."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from layerscope.model.package import Package
from layerscope.model.report import Report
from layerscope.render.escape import printable


def installed(report: Report) -> tuple[Package, ...]:
    """The packages of the final file system, without those that a later layer removed."""
    return tuple(package for package in report.packages if package.removed_in is None)


def properties(package: Package) -> Iterator[tuple[str, str]]:
    """The properties of a package beyond its identity, in a fixed order."""
    yield "layerscope:content_bytes", str(package.content_bytes)
    yield "layerscope:files", str(package.files)
    if package.layer is not None:
        yield "layerscope:layer", str(package.layer)
    for layer, content_bytes in sorted(package.layers.items()):
        yield f"layerscope:layer:{layer}:content_bytes", str(content_bytes)
    if package.hidden_bytes:
        yield "layerscope:hidden_bytes", str(package.hidden_bytes)
    if package.shared:
        yield "layerscope:shared", "true"
    if package.location:
        yield "layerscope:location", printable(package.location)


def image_properties(report: Report) -> Iterator[tuple[str, str]]:
    """The properties of the image as a whole."""
    totals = report.totals
    yield "layerscope:docker_size", str(report.image.docker_size)
    yield "layerscope:content_bytes", str(totals.content_bytes)
    yield "layerscope:live_bytes", str(totals.live_bytes)
    yield "layerscope:reclaimable_bytes", str(totals.reclaimable_bytes)
    yield "layerscope:unowned_bytes", str(report.unowned_bytes)
    for layer in report.layers:
        yield f"layerscope:layer:{layer.index}:diff_id", layer.diff_id
        yield f"layerscope:layer:{layer.index}:content_bytes", str(layer.content_bytes)


def serial(report: Report) -> uuid.UUID:
    """A serial number that the same image always gets (RFC 9562, version 5)."""
    name = report.image.image_id or report.image.manifest_digest or "\n".join(one.diff_id for one in report.layers)
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://github.com/opencontainers/image-spec#{name}")


def created(report: Report) -> datetime:
    """When the image was made, from its config (RFC 3339); 1970 if that is unknown, never the time of the run."""
    text = report.image.created
    try:
        # Nanoseconds, as Go writes them, are more than the standard library reads.
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC) if len(text) >= 19 else None
    except ValueError:
        moment = None
    return moment if moment is not None and moment.year >= 1970 else datetime(1970, 1, 1, tzinfo=UTC)
