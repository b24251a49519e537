"""A scan as tables for databases: their columns, and the rows of each image."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import partial

from msgspec import Struct
from msgspec.structs import asdict

from layerscope.fleet.values import Problem, ScannedImage
from layerscope.model.finding import Finding, Severity
from layerscope.model.package import Package
from layerscope.model.source import BASE
from layerscope.model.step import Step

_MOST_PATHS = 100


class ColumnType(StrEnum):
    """What a column holds; any value may be null."""

    TEXT = "text"
    INTEGER = "integer"
    BYTES = "bytes"
    """An integer."""
    BOOLEAN = "boolean"
    TEXTS = "list of text"
    INTEGERS = "list of integers"


class DatasetColumn(Struct, frozen=True):
    """A column and what it means; without a text the field of the JSON report that has its name says so."""

    name: str
    type: ColumnType
    meaning: str = ""


class Dataset(Struct, frozen=True, kw_only=True):
    """A table: ``rows`` makes those of one image, which has a number of its own in this scan.

    The contents of a layer come with the first image that has it.
    """

    name: str
    meaning: str
    columns: tuple[DatasetColumn, ...]
    rows: Callable[[ScannedImage, int], Iterator[dict[str, object]]]


_text = partial(DatasetColumn, type=ColumnType.TEXT)
_integer = partial(DatasetColumn, type=ColumnType.INTEGER)
_bytes = partial(DatasetColumn, type=ColumnType.BYTES)
_boolean = partial(DatasetColumn, type=ColumnType.BOOLEAN)


def _each(kind: Callable[..., DatasetColumn], names: str) -> Iterator[DatasetColumn]:
    """Columns of one type whose meaning is that of the report's fields."""
    return (kind(name) for name in names.split())


_IMAGE = _integer(name="image", meaning="number of the image in this scan, from 0")
_LAYER = _text(name="layer", meaning="the layer: its diff_id, equal in all images that share it")


def _images(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    report, base = image.report, image.report.base
    own = [finding.severity for finding in report.findings if finding.source != BASE]
    summary = {key: value for key, value in asdict(report.image).items() if key != "config"}
    yield {
        **summary,
        **asdict(report.totals),
        "image": number,
        "source": image.source,
        "names": [str(name) for name in image.names if str(name)],
        "repositories": sorted({name.repository for name in image.names if name.repository}),
        "base": base.name,
        "base_layer": image.layers[base.layers - 1] if base.layers else None,
        "base_layers": base.layers,
        "base_found_by": base.found_by.value if base.found_by else None,
        "layers": len(report.layers),
        "critical": own.count(Severity.CRITICAL),
        "high": own.count(Severity.HIGH),
        "complete": report.complete,
    }


def _layers(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    for identity, layer in zip(image.layers, image.report.layers, strict=True):
        yield {**asdict(layer), "image": number, "layer": identity, "verified": layer.verified.value}


def _packages(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    layers = image.layers
    for package in image.report.packages:
        yield {
            **asdict(package),
            "image": number,
            "name": package.full_name,
            "purl": package.purl,
            "layer": layers[package.layer] if package.layer is not None else None,
            "removed": package.removed_in is not None,
            "of_base": _is_of_base(package, image.report.base.layers),
        }


def _is_of_base(package: Package, base_layers: int) -> bool:
    """Whether it came with the base: a record says so, or where none does, all of its bytes."""
    if package.layer is not None:
        return package.layer < base_layers
    return bool(package.layers) and max(package.layers) < base_layers


def _findings(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    for place, finding in enumerate(image.report.findings):
        yield {
            **_texts_of(finding),
            "image": number,
            "finding": place,
            "layers": [image.layers[index] for index in finding.layers],
            "path_count": finding.path_count,
            "paths": [path.path for path in finding.paths[:_MOST_PATHS]],
        }


def _texts_of(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "evidence": finding.evidence.value,
        "title": finding.title,
        "detail": finding.detail,
        "content_bytes": finding.content_bytes,
        "trade": finding.trade,
        "source": finding.source,
        "dockerfile_line": finding.dockerfile_line,
    }


def _steps(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    report = image.report
    for step in report.steps:
        yield {**_fields_of(step), "image": number, "changes_base": False}
    if report.base_step is not None:
        yield {**_fields_of(report.base_step), "image": number, "changes_base": True}


def _fields_of(step: Step) -> dict[str, object]:
    return {**asdict(step), "safety": step.safety.value, "findings": list(step.findings)}


def _directories(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    for identity, contents in zip(image.layers, image.contents, strict=False):
        for path, content_bytes in contents.directories:
            yield {"layer": identity, "path": path, "content_bytes": content_bytes}


def _files(image: ScannedImage, number: int) -> Iterator[dict[str, object]]:
    for identity, contents in zip(image.layers, image.contents, strict=False):
        for file in contents.files:
            yield {**asdict(file), "layer": identity}


def problem_row(problem: Problem) -> dict[str, object]:
    """The row of what could not be read."""
    return {name: getattr(problem, name) or None for name in ("source", "repository", "tag", "digest", "message")}


DATASETS = (
    Dataset(
        name="images",
        meaning="each image once, whatever its names",
        columns=(
            _IMAGE,
            _text(name="source", meaning="the archive or storage that holds it"),
            _text(name="name"),
            DatasetColumn("names", ColumnType.TEXTS, "every repository:tag, or repository@digest without a tag"),
            DatasetColumn("repositories", ColumnType.TEXTS, "the repositories of its names"),
            *_each(_text, "image_id manifest_digest platform created"),
            _text(name="base", meaning="name of the base image, where it is known"),
            _text(name="base_layer", meaning="the base image's top layer, null where no base was found"),
            _integer(name="base_layers", meaning="how many of the layers are the base image's"),
            _text(name="base_found_by", meaning="what says where the base ends; `history-guess` is a guess"),
            _integer(name="layers", meaning="number of layers"),
            *_each(_bytes, "content_bytes stored_bytes live_bytes hidden_bytes base_bytes own_bytes"),
            *_each(_bytes, "reclaimable_bytes trade_bytes docker_size"),
            *_each(_integer, "files entries"),
            _integer(name="critical", meaning="critical findings that are not the base image's"),
            _integer(name="high", meaning="high findings that are not the base image's"),
            _boolean(name="complete"),
        ),
        rows=_images,
    ),
    Dataset(
        name="layers",
        meaning="each layer of each image; group by `layer` to count shared ones once",
        columns=(
            _IMAGE,
            _LAYER,
            _integer(name="index"),
            *_each(_text, "digest media_type compression"),
            *_each(_bytes, "stored_bytes content_bytes live_bytes hidden_bytes reclaimable_bytes"),
            _integer(name="entries"),
            *_each(_text, "origin created_by verified problem partial"),
        ),
        rows=_layers,
    ),
    Dataset(
        name="packages",
        meaning="each package of each image",
        columns=(
            _IMAGE,
            _text(name="type"),
            _text(name="name", meaning="the name by which its ecosystem knows it, such as `@types/node`"),
            *_each(_text, "version purl"),
            _text(name="layer", meaning="the first layer whose database lists it, null where that is unknown"),
            *_each(_bytes, "content_bytes hidden_bytes"),
            _integer(name="files"),
            _boolean(name="removed", meaning="whether a later layer removed it"),
            _boolean(name="of_base", meaning="whether it came with the base image"),
            *_each(_text, "parent location"),
        ),
        rows=_packages,
    ),
    Dataset(
        name="findings",
        meaning="each finding of each image",
        columns=(
            _IMAGE,
            _integer(name="finding", meaning="its place in the image's findings, from 0"),
            *_each(_text, "rule kind severity evidence title detail"),
            _bytes(name="content_bytes"),
            _boolean(name="trade"),
            _text(name="source"),
            _integer(name="dockerfile_line"),
            DatasetColumn("layers", ColumnType.TEXTS, "the layers that hold it"),
            _integer(name="path_count", meaning="number of paths"),
            DatasetColumn("paths", ColumnType.TEXTS, f"the biggest {_MOST_PATHS} paths"),
        ),
        rows=_findings,
    ),
    Dataset(
        name="steps",
        meaning="each step that an image's report proposes",
        columns=(
            _IMAGE,
            *_each(_text, "strategy safety sentence review"),
            *_each(_bytes, "saves_bytes saves_stored_bytes"),
            *_each(_text, "stage instruction"),
            _integer(name="dockerfile_line"),
            DatasetColumn("findings", ColumnType.INTEGERS, "the findings that it resolves"),
            _boolean(name="changes_base", meaning="whether it is another base image, whose bytes are not reclaimable"),
        ),
        rows=_steps,
    ),
    Dataset(
        name="directories",
        meaning="the bytes of each distinct layer by directory, each byte once",
        columns=(
            _LAYER,
            _text(name="path", meaning="at most three components; the root has what is too small to list"),
            _bytes(name="content_bytes"),
        ),
        rows=_directories,
    ),
    Dataset(
        name="files",
        meaning="up to 50 files of each distinct layer that have at least 64 KiB",
        columns=(
            _LAYER,
            _text(name="path"),
            _bytes(name="content_bytes"),
            _text(name="fingerprint", meaning="equal for equal contents of equal length (XXH3, no protection)"),
        ),
        rows=_files,
    ),
)
PROBLEMS = Dataset(
    name="problems",
    meaning="what could not be read: an archive, a tag, an image or a layer",
    columns=(
        _text(name="source", meaning="the archive or storage"),
        *_each(_text, "repository tag"),
        _text(name="digest", meaning="of the manifest or the layer, where it is known"),
        _text(name="message"),
    ),
    rows=lambda image, number: iter(()),
)


def all_datasets() -> Iterable[Dataset]:
    """All of them, in the order of the documentation."""
    return (*DATASETS, PROBLEMS)
