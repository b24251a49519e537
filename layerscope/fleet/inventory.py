"""What a scan has found so far, on disk: memory must not grow with the number of images."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from layerscope.fleet.codec import decode, encode
from layerscope.fleet.values import DistinctLayer, Name
from layerscope.image.candidate import Candidate
from layerscope.image.content import Storage
from layerscope.model.image import Digest
from layerscope.model.report import LayerReport

_SCHEMA = """
CREATE TABLE storages (id INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE roots (id INTEGER PRIMARY KEY, storage INTEGER, digest TEXT, UNIQUE (storage, digest));
CREATE TABLE names (root INTEGER, repository TEXT, tag TEXT, digest TEXT, UNIQUE (root, repository, tag));
CREATE TABLE jobs (id INTEGER PRIMARY KEY, bytes INTEGER, body BLOB);
CREATE TABLE blobs (digest TEXT PRIMARY KEY, storage INTEGER, bytes INTEGER, state TEXT) WITHOUT ROWID;
CREATE INDEX largest ON blobs (state, bytes DESC, digest);
CREATE TABLE layers (identity TEXT PRIMARY KEY, body BLOB, whole INTEGER, images INTEGER) WITHOUT ROWID;
"""
_COUNT = """
INSERT INTO layers VALUES (?, ?, ?, 1) ON CONFLICT (identity) DO UPDATE SET images = images + 1,
body = CASE WHEN excluded.whole > whole THEN excluded.body ELSE body END, whole = MAX(whole, excluded.whole)
"""
_PAGES = -16 * 1024
"""The memory that SQLite may use before it writes to its file: 16 MiB."""
READ, KEPT, MISSING = "read", "kept", "missing"
"""States of a layer's blob: to be read, read by an earlier scan, not there."""


class Job(Struct, frozen=True, kw_only=True):
    """One task for a worker: an archive by its path, or an image of a storage.

    ``whole`` says that the storage has all layers of the image.
    """

    path: str
    is_named: bool = False
    storage: int = 0
    candidate: Candidate | None = None
    names: tuple[Name, ...] = ()
    whole: bool = True


class Blob(Struct, frozen=True, kw_only=True):
    """The blob of a layer."""

    digest: str
    storage: int
    stored_bytes: int


class Inventory:
    """A database of one scan in a file without a name, which the system deletes whatever ends the process."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA cache_size = {_PAGES}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")

    def close(self) -> None:
        self._connection.close()

    def add_storage(self, storage: Storage) -> int:
        """Remember a storage; returns its number."""
        return self._insert("INSERT INTO storages (body) VALUES (?)", (encode(storage),))

    def storage(self, number: int) -> Storage:
        [(body,)] = self._connection.execute("SELECT body FROM storages WHERE id = ?", (number,))
        return decode(body, Storage)

    def add_root(self, storage: int, digest: Digest, name: Name) -> None:
        """Remember a manifest or index of a storage and one of its names; several names are one image."""
        run = self._connection.execute
        run("INSERT OR IGNORE INTO roots (storage, digest) VALUES (?, ?)", (storage, str(digest)))
        [(root,)] = run("SELECT id FROM roots WHERE storage = ? AND digest = ?", (storage, str(digest)))
        run(
            "INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)",
            (root, _text(name.repository), _text(name.tag), name.digest),
        )

    def roots(self, storage: int) -> Iterator[tuple[Digest, tuple[Name, ...]]]:
        """Each manifest or index of a storage, with its names, in the order in which they came."""
        for root, digest in self._rows("SELECT id, digest FROM roots WHERE storage = ? ORDER BY id", (storage,)):
            names = self._rows("SELECT repository, tag, digest FROM names WHERE root = ?", (root,))
            yield Digest.parse(digest), tuple(Name(*row) for row in names)

    def add_job(self, job: Job, stored_bytes: int = 0) -> None:
        """Remember a task; ``stored_bytes`` are those that it reads itself."""
        self._insert("INSERT INTO jobs (bytes, body) VALUES (?, ?)", (stored_bytes, encode(job)))

    def jobs(self) -> Iterator[tuple[Job, int]]:
        """Each task and the bytes that it reads, in the order in which they came."""
        for body, stored_bytes in self._rows("SELECT body, bytes FROM jobs ORDER BY id"):
            yield decode(body, Job), stored_bytes

    def blob_state(self, digest: str) -> str:
        """The state of the blob of a layer; empty where it was not added."""
        for (state,) in self._connection.execute("SELECT state FROM blobs WHERE digest = ?", (digest,)):
            return str(state)
        return ""

    def blob_storage(self, digest: str) -> int:
        """The storage that a blob is read from."""
        [(number,)] = self._connection.execute("SELECT storage FROM blobs WHERE digest = ?", (digest,))
        return int(number)

    def add_blob(self, blob: Blob, state: str) -> None:
        self._insert("INSERT INTO blobs VALUES (?, ?, ?, ?)", (blob.digest, blob.storage, blob.stored_bytes, state))

    def blobs(self, state: str) -> Iterator[Blob]:
        """The blobs in a state, the largest first."""
        query = "SELECT digest, storage, bytes FROM blobs WHERE state = ? ORDER BY bytes DESC, digest"
        for digest, storage, stored_bytes in self._rows(query, (state,)):
            yield Blob(digest=digest, storage=storage, stored_bytes=stored_bytes)

    def totals(self, state: str) -> tuple[int, int]:
        """The number of blobs in a state, and their bytes."""
        query = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM blobs WHERE state = ?"
        [(count, stored_bytes)] = self._connection.execute(query, (state,))
        return count, stored_bytes

    def job_totals(self) -> tuple[int, int]:
        """The number of tasks, and the bytes that they read themselves."""
        [(count, stored_bytes)] = self._connection.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM jobs")
        return count, stored_bytes

    def count_layers(self, layers: Sequence[LayerReport], image: str) -> None:
        """Count the layers of an image, each once; ``image`` stands for layers without a digest."""
        for identity, layer in {one.digest or one.diff_id or f"{image} {one.index}": one for one in layers}.items():
            body = encode(
                DistinctLayer(
                    digest=layer.digest,
                    diff_id=layer.diff_id,
                    media_type=layer.media_type,
                    compression=layer.compression,
                    stored_bytes=layer.stored_bytes,
                    tar_bytes=layer.tar_bytes,
                    content_bytes=layer.content_bytes,
                    entries=layer.entries,
                    created_by=layer.created_by,
                    images=1,
                )
            )
            # What one image could not read, another archive may have whole.
            self._connection.execute(_COUNT, (_text(identity), body, not layer.problem))

    def layers(self) -> Iterator[DistinctLayer]:
        """The distinct layers of the images that were counted, by digest."""
        for body, images in self._rows("SELECT body, images FROM layers ORDER BY identity"):
            yield replace(decode(body, DistinctLayer), images=images)

    def _insert(self, query: str, values: tuple[object, ...]) -> int:
        return self._connection.execute(query, values).lastrowid or 0

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        return iter(self._connection.execute(query, values))


def _text(name: str) -> str:
    """A file name as text that the database accepts."""
    return name.encode("utf-8", "replace").decode()
