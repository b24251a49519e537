"""Datasets as Parquet files, one each, by pyarrow."""

import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from layerscope.fleet.datasets import DATASETS, PROBLEMS, ColumnType, Dataset, all_datasets, problem_row
from layerscope.fleet.values import LayerContents, Problem, ScannedImage

_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.BYTES: pa.int64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXTS: pa.list_(pa.string()),
    ColumnType.INTEGERS: pa.list_(pa.int64()),
}
_BATCH = 4_096
"""Rows that are held in memory of each dataset."""


class Datasets:
    """Writes every dataset to a directory; files get their names when all are whole, and replace earlier ones.

    Methods raise OSError.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0
        self._layers: set[str] = set()

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            self._tables = {one.name: stack.enter_context(_Table(self._directory, one)) for one in all_datasets()}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        self._stack.close()
        for table in self._tables.values():
            table.finish(keep=kind is None)

    def add(self, image: ScannedImage) -> None:
        """Write the rows of an image; layers that could not be read are problems, too."""
        layers = zip(image.layers, image.contents, strict=False)
        once = tuple(LayerContents() if layer in self._layers else contents for layer, contents in layers)
        self._layers.update(image.layers)
        image = replace(image, contents=once)
        for dataset in DATASETS:
            self._tables[dataset.name].add(dataset.rows(image, self._count))
        name = next(iter(image.names), None)
        for layer in image.report.layers:
            if layer.problem:
                self.add_problem(
                    Problem(
                        source=image.source,
                        message=f"layer {layer.index}: {layer.problem}",
                        repository=name.repository if name else "",
                        tag=name.tag if name else "",
                        digest=layer.digest or layer.diff_id,
                    )
                )
        self._count += 1

    def add_problem(self, problem: Problem) -> None:
        self._tables[PROBLEMS.name].add([problem_row(problem)])


class _Table:
    """The file of one dataset."""

    def __init__(self, directory: Path, dataset: Dataset) -> None:
        self._path = directory / f"{dataset.name}.parquet"
        self._part = directory / f".{dataset.name}-{os.urandom(8).hex()}.part"
        self._schema = pa.schema([(column.name, _TYPES[column.type]) for column in dataset.columns])
        self._names = [column.name for column in dataset.columns]
        self._rows: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(self._part, self._schema, compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, rows: Iterable[dict[str, object]]) -> None:
        for row in rows:
            self._rows.append({name: _value(row[name]) for name in self._names})
            if len(self._rows) >= _BATCH:
                self._flush()

    def finish(self, *, keep: bool) -> None:
        """Give the file its name, or remove it."""
        if keep:
            os.replace(self._part, self._path)
        else:
            with suppress(OSError):
                self._part.unlink()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()


def _value(value: object) -> object:
    """Text as UTF-8, which lacks what names of other encodings are read as; nothing where there is no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode() if value else None
    if isinstance(value, list):
        return [_value(one) for one in value]
    return value
