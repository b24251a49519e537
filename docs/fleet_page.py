"""Writes the output of the commands and queries of docs/fleet.md, which need a registry, and its tables of columns."""

import gzip
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import tabulate
import zstandard

from docs.refresh import ROOT, refreshed
from layerscope.fleet.datasets import all_datasets
from tests.fleet.storages import CONFIG, LAYER, MANIFEST, Registry

PAGE = ROOT / "docs" / "fleet.md"
_QUERY = re.compile(r"```sql\n(.*?)```\n(\n```text\n.*?```\n)?", re.DOTALL)
_TABLES = "<!-- datasets -->\n"
_IMAGES = {
    "shop/notes:latest": "notes-build1.tar.zst",
    "shop/notes:1": "notes-v1.tar.zst",
    "shop/mirror/notes:1": "notes-v1.tar.zst",
    "tiny/legacy:latest": "tiny-legacy.tar",
    "tiny/buildkit:latest": "tiny-buildkit.tar",
    "tiny/builder:latest": "tiny-builder.tar",
}
_NEXT = _IMAGES | {"shop/notes:latest": "notes-v1.tar.zst"}


def page(text: str, directory: Path) -> str:
    """The page with fresh output and tables; the registries are made in ``directory``."""
    for name, images in (("registry", _IMAGES), ("next-registry", _NEXT)):
        registry = Registry(directory / name)
        for image, archive in images.items():
            _push(registry, image, ROOT / "fixtures" / archive)
    text = refreshed(text, directory)
    database = duckdb.connect()
    database.execute(f"SET file_search_path = '{directory}'")
    text = _QUERY.sub(lambda found: f"```sql\n{found[1]}```\n\n```text\n{_answer(database, found[1])}```\n", text)
    return text.partition(_TABLES)[0] + _TABLES + "".join(_tables())


def _push(registry: Registry, name: str, archive: Path) -> None:
    """Store the image of a ``docker save`` archive, its layers compressed as a push does."""
    raw = archive.read_bytes()
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if archive.suffix == ".zst" else raw
    with tarfile.open(fileobj=io.BytesIO(plain)) as files:

        def read(member: str) -> bytes:
            file = files.extractfile(member)
            assert file is not None
            return file.read()

        [image] = json.loads(read("manifest.json"))
        config = read(image["Config"])
        layers = [gzip.compress(read(layer), 1, mtime=0) for layer in image["Layers"]]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": registry.blob(config), "size": len(config)},
        "layers": [{"mediaType": f"{LAYER}+gzip", "digest": registry.blob(one), "size": len(one)} for one in layers],
    }
    repository, _, tag = name.partition(":")
    registry.manifest(repository, json.dumps(manifest).encode(), tag)


def _answer(database: duckdb.DuckDBPyConnection, query: str) -> str:
    tabulate.MIN_PADDING = 0  # As the program sets it, whichever comes first.
    found = database.execute(query)
    headers = [column[0] for column in found.description or ()]
    rows = [[", ".join(value) if isinstance(value, list) else value for value in row] for row in found.fetchall()]
    return tabulate.tabulate(rows, headers=headers, tablefmt="plain") + "\n"


def _tables() -> Iterator[str]:
    for dataset in all_datasets():
        yield f"\n### {dataset.name}\n\n{dataset.meaning[0].upper()}{dataset.meaning[1:]}.\n\n"
        yield "| column | type | meaning |\n|---|---|---|\n"
        yield from (f"| `{one.name}` | {one.type} | {one.meaning} |\n" for one in dataset.columns)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), Path(directory)), encoding="utf-8")


if __name__ == "__main__":
    main()
