"""Compressed layers that an earlier run has decompressed, proven and kept: they are not decompressed again.

An entry is used for the same stored bytes, which their SHA-256 proves, and the same options: what to keep, within which
limits, by which program. An archive that has not changed since its blobs were hashed is not hashed again.
"""

import hashlib
import time
from functools import cache, lru_cache
from pathlib import Path
from sys import byteorder
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from layerscope.image import layer_codec
from layerscope.image.capture import Capture, Kept, Reopen, hasher
from layerscope.image.layer import LayerData, digests_of, expanded, read_positional, read_stream
from layerscope.image.layer_cache import Cache
from layerscope.image.options import ReadOptions
from layerscope.model.image import Digest
from layerscope.model.limits import MIB, Limits
from layerscope.model.pathset import Wanted
from layerscope.model.patterns import pattern
from layerscope.tar.compression import MAGIC_BYTES, sniff
from layerscope.tar.positional import PositionalFile, Range
from layerscope.version import __version__

_CLAIM = pattern(r"(?:\A|/)blobs/sha256/([0-9a-f]{64})\Z")
"""Where an OCI layout says which digest a blob has (image-layout.md); other names may stand for anything."""
_FOLDERS = ("image", "model", "packages", "packages/catalogers", "packages/formats", "tar")
"""The folders whose code shapes what is kept, the readers of ranges included."""
_MOST_CONTENT = 64 * MIB
"""A layer that keeps more is not cached, since what the cache has of a layer is in memory as a whole."""
_RACY = 2_000_000_000
"""Nanoseconds: two changes of a file within the coarsest clock of a file system may leave the same time."""


class StoredBlob(Struct, frozen=True):
    """A layer blob at ``base`` of a file, under the ``name`` that the metadata gives it; ``where`` is for messages."""

    file: PositionalFile
    base: int
    length: int
    name: str
    where: str

    def open(self) -> Range:
        """The stored bytes from the first on."""
        return Range(self.file, self.base, self.length)

    @property
    def compression(self) -> str:
        return sniff(self.file.read(self.base, min(MAGIC_BYTES, self.length)))


def read_blob(blob: StoredBlob, reading: ReadOptions) -> LayerData:
    """The layer in a blob, from the cache where it has it; raises as ``read_positional`` does."""
    cache = reading.cache
    if cache is None or reading.algorithms or not blob.compression:  # An entry has no digests but by SHA-256.
        return read_positional(blob.file, blob.base, blob.length, blob.where, reading)
    if not reading.verify:
        found = _found(blob, reading, cache)
        if found is not None:
            return counted(*found, blob, reading)
    return _read(blob, reading, cache)


def _read(blob: StoredBlob, reading: ReadOptions, cache: Cache) -> LayerData:
    """Decompress the layer, and keep it under the digest of the very bytes that were decompressed."""
    state = _FileState(blob)
    data = read_stream(blob.open(), blob.where, reading, blob.open)
    # Warnings name the layer by its place, so they would be wrong elsewhere; and they are rare.
    whole = data.stored_bytes == blob.length and not data.warnings
    contents = data.contents
    if whole and data.diff_id is not None and data.digest is not None and isinstance(contents, Capture):
        if contents.kept_bytes > _MOST_CONTENT:
            return data
        try:
            body = layer_codec.encode_layer(data, contents.kept)
        except (ValueError, OverflowError, MemoryError):
            return data
        digest = bytes.fromhex(data.digest.encoded)
        cache.put(key_of(digest, reading), body)
        state.learn(digest, cache)
    return data


def _found(blob: StoredBlob, reading: ReadOptions, cache: Cache) -> tuple[LayerData, Kept, bytes] | None:
    """The cached layer of the blob and the digest of the blob; None where the cache has none."""
    state = _FileState(blob)
    digest = cache.get(state.key)
    if digest is None:
        claim = _CLAIM.search(blob.name)
        if claim is not None and not cache.has(key_of(bytes.fromhex(claim[1]), reading)):
            return None  # If the claim is right, the cache has nothing; the blob is then read once instead of twice.
        proven = bytes.fromhex(digests_of(blob.file, blob.base, blob.length, blob.where, reading)[0].encoded)
        state.learn(proven, cache)
    else:
        proven = bytes(digest)
    key = key_of(proven, reading)
    body = cache.get(key)
    if body is None:
        return None
    try:
        return *layer_codec.decode_layer(body), proven
    except ValueError:
        cache.drop(key)
        return None


def counted(layer: LayerData, kept: Kept, digest: bytes, blob: StoredBlob, reading: ReadOptions) -> LayerData:
    """The cached layer, counted towards the limits on all layers together as if it had been read just now."""
    tally, limits = reading.tally, reading.limits
    tally.store(layer.stored_bytes)
    tally.expand(layer.tar_bytes, limits)
    if reading.progress is not None:
        reading.progress(blob.length)
    reopen: Reopen | None = expanded(blob.open, layer.compression, blob.where)
    new = hasher(reading.fingerprint)
    contents = Capture.restored(kept, layer.changeset, reopen, where=blob.where, new=new, limits=limits)
    return replace(layer, contents=contents, digest=Digest("sha256", digest.hex()))


class _FileState:
    """A blob's file as it was before the blob was read."""

    def __init__(self, blob: StoredBlob) -> None:
        self._file = blob.file
        self._identity = blob.file.identity
        self._began = time.time_ns()
        place = ("place", layer_codec.FORMAT, *self._identity, blob.base, blob.length)
        self.key = hashlib.sha256(msgspec.msgpack.encode(place)).digest()

    def learn(self, digest: bytes, cache: Cache) -> None:
        """Remember the digest of the blob for as long as its file stays as it is.

        A file that was changed just before could be changed once more without a trace (as git says of racy files).
        """
        changed = max(self._identity[3:])
        if changed + _RACY < self._began and self._file.identity == self._identity:
            cache.put(self.key, digest)


def key_of(digest: bytes, reading: ReadOptions) -> bytes:
    """Under which name the layer of these stored bytes is kept."""
    return hashlib.sha256(digest + _asked(reading.wanted, reading.fingerprint, reading.limits)).digest()


@lru_cache(maxsize=8)
def _asked(wanted: tuple[Wanted, ...], fingerprint: str, limits: Limits) -> bytes:
    """Stands for all that shapes the result of a reading, the program included."""
    question = ("layer", layer_codec.FORMAT, byteorder, _program(), wanted, fingerprint, limits)
    return hashlib.sha256(msgspec.msgpack.encode(question, enc_hook=_name)).digest()


def _name(reader: Any) -> str:
    """Stands for the code of a reader of ranges, which is a part of the program."""
    return f"{reader.__module__}.{reader.__qualname__}"


@cache
def _program() -> bytes:
    """Stands for this version; between two releases the code that reads may change from one run to the next."""
    proof = hashlib.sha256(__version__.encode())
    package = Path(__file__).parent.parent
    # Python, C, and what was compiled of it.
    for source in sorted(path for name in _FOLDERS for path in (package / name).glob("*.[pc]*")):
        proof.update(source.read_bytes())
    return proof.digest()
