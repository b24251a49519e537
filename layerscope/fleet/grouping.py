"""The bytes of many images, added up by what they have in common: each layer counts once, however many share it."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from layerscope.fleet.values import ScannedImage
from layerscope.model.rows import Column, Rows, beyond

_SCHEMA = """
CREATE TABLE things (id INTEGER PRIMARY KEY, key TEXT UNIQUE, labels TEXT, images INTEGER, bytes INTEGER);
CREATE TABLE layers (id INTEGER PRIMARY KEY, identity TEXT UNIQUE);
CREATE TABLE parts (thing INTEGER, layer INTEGER, bytes INTEGER, PRIMARY KEY (thing, layer)) WITHOUT ROWID;
"""
_COUNT = """
INSERT INTO things (key, labels, images, bytes) VALUES (?, ?, 1, ?)
ON CONFLICT (key) DO UPDATE SET images = images + 1, bytes = bytes + excluded.bytes RETURNING id
"""
_PART = "INSERT INTO parts VALUES (?, ?, ?) ON CONFLICT (thing, layer) DO UPDATE SET bytes = MAX(bytes, excluded.bytes)"
_SUMS = """
SELECT labels, images, bytes, (SELECT SUM(bytes) FROM parts WHERE thing = id) AS distinct_bytes
FROM things ORDER BY distinct_bytes DESC, images DESC, key LIMIT ?
"""
_PAGES = -16 * 1024
"""The memory that SQLite may use before it writes to its file: 16 MiB."""
_NO_LAYER = ""


class Part(Struct, frozen=True):
    """Bytes of something in one layer of an image: ``labels`` are what a row says of it, the first ones its key."""

    labels: tuple[str | bool | None, ...]
    layer: str
    content_bytes: int


class Grouping(Struct, frozen=True, kw_only=True):
    """A way to add up: the columns of the labels, the first ``keys`` of which tell rows apart."""

    name: str
    columns: tuple[Column, ...]
    keys: int
    parts: Callable[[ScannedImage], Iterable[Part]]
    needs_contents: bool = False


class Grouped:
    """The sums of one grouping, in a file without a name, since there may be many more than fit in memory."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(f"PRAGMA cache_size = {_PAGES}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")

    def add(self, image: ScannedImage) -> None:
        """Count an image."""
        found: dict[tuple[str | bool | None, ...], tuple[Part, dict[str, int]]] = {}
        for part in self._grouping.parts(image):
            _, layers = found.setdefault(part.labels[: self._grouping.keys], (part, {}))
            layers[part.layer] = layers.get(part.layer, 0) + part.content_bytes
        run = self._connection.execute
        for key, (part, layers) in found.items():
            [(thing,)] = run(_COUNT, (json.dumps(key), json.dumps(part.labels), sum(layers.values())))
            self._connection.executemany(_PART, [(thing, self._layer(name), size) for name, size in layers.items()])

    def rows(self, top: int) -> Rows:
        """A row for each thing, the one with the most distinct bytes first; ``top`` 0 is all of them."""
        columns = (
            Column(name="distinct_bytes", header="SIZE", kind="bytes"),
            Column(name="content_bytes", header="IN ALL IMAGES", kind="bytes"),
            Column(name="images", header="IMAGES", kind="number"),
            *self._grouping.columns,
        )
        [(count,)] = self._connection.execute("SELECT COUNT(*) FROM things")
        found = self._connection.execute(_SUMS, (top or -1,))
        rows = (
            (distinct, content_bytes, images, *json.loads(labels)) for labels, images, content_bytes, distinct in found
        )
        return Rows(columns=columns, rows=rows, left_out=beyond(count, top))

    def _layer(self, identity: str) -> int:
        run, name = self._connection.execute, json.dumps(identity)
        run("INSERT OR IGNORE INTO layers (identity) VALUES (?)", (name,))
        [(number,)] = run("SELECT id FROM layers WHERE identity = ?", (name,))
        return int(number)


def _short(identity: str) -> str:
    """As engines print a digest; all of what is none."""
    algorithm, colon, encoded = identity.partition(":")
    return encoded[:12] if colon and algorithm.isalnum() else identity


def _bases(image: ScannedImage) -> Iterator[Part]:
    base, layers = image.report.base, image.layers
    if not base.layers:
        yield Part((None, None, None, None), _NO_LAYER, 0)
        return
    top = layers[base.layers - 1]
    labels = (base.name or None, top, _short(top), base.found_by.value if base.found_by else None)
    for identity, layer in zip(layers[: base.layers], image.report.layers, strict=False):
        yield Part(labels, identity, layer.content_bytes)


def _layers(image: ScannedImage) -> Iterator[Part]:
    for identity, layer in zip(image.layers, image.report.layers, strict=True):
        yield Part((identity, _short(identity), layer.created_by), identity, layer.content_bytes)


def _packages(image: ScannedImage) -> Iterator[Part]:
    layers = image.layers
    for package in image.report.packages:
        labels = (package.type, package.full_name, package.version)
        for index, content_bytes in package.layers.items():
            yield Part(labels, layers[index], content_bytes)
        if not package.layers:
            yield Part(labels, _NO_LAYER, 0)


def _findings(image: ScannedImage) -> Iterator[Part]:
    layers = image.layers
    for finding in image.report.findings:
        labels = (finding.rule, finding.kind.value, finding.trade, finding.severity.value)
        for path in finding.paths:
            yield Part(labels, layers[path.layer], path.content_bytes)
        if not finding.paths:
            yield Part(labels, _NO_LAYER, 0)


def _directories(image: ScannedImage) -> Iterator[Part]:
    for identity, contents in zip(image.layers, image.contents, strict=False):
        for directory, content_bytes in contents.directories:
            yield Part((directory,), identity, content_bytes)


GROUPINGS = (
    Grouping(
        name="base",
        columns=(
            Column(name="base", header="BASE"),
            Column(name="layer", shown=False),
            Column(name="short_id", header="TOP LAYER"),
            Column(name="found_by", header="FOUND BY"),
        ),
        keys=2,
        parts=_bases,
    ),
    Grouping(
        name="layer",
        columns=(
            Column(name="layer", shown=False),
            Column(name="short_id", header="LAYER"),
            Column(name="created_by", header="INSTRUCTION"),
        ),
        keys=1,
        parts=_layers,
    ),
    Grouping(
        name="package",
        columns=(
            Column(name="type", header="TYPE"),
            Column(name="package", header="PACKAGE"),
            Column(name="version", header="VERSION"),
        ),
        keys=3,
        parts=_packages,
    ),
    Grouping(
        name="finding",
        columns=(
            Column(name="rule", header="RULE"),
            Column(name="kind", header="KIND"),
            Column(name="trade", shown=False),
            Column(name="severity", header="SEVERITY", kind="severity"),
        ),
        keys=3,
        parts=_findings,
    ),
    Grouping(
        name="directory",
        columns=(Column(name="directory", header="DIRECTORY"),),
        keys=1,
        parts=_directories,
        needs_contents=True,
    ),
)
"""Every way to add up but by image."""
