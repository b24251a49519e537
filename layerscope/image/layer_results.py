"""Layers that are read once for all the images that have them, found by the digest that names their blob.

A store of blobs by digest is read layer by layer, by several processes; each leaves what it read in a cache that all
share, and images are put together from that. Unlike the cache of one archive's layers (see ``cached_layers``) it also
holds plain layers and those with warnings, and no blob is hashed again to know whose layer it is.
"""

from msgspec.structs import replace

from layerscope.errors import LayerscopeError
from layerscope.image import layer_codec
from layerscope.image.cached_layers import StoredBlob, counted, key_of
from layerscope.image.capture import Capture
from layerscope.image.layer import LayerData, read_stream
from layerscope.image.layer_cache import Cache
from layerscope.image.options import ReadOptions
from layerscope.model.image import Digest


def has_result(digest: Digest, reading: ReadOptions) -> bool:
    """Whether there seems to be a result for a blob of that digest."""
    return digest.algorithm == "sha256" and _cache(reading).has(_key(digest, reading))


def read_whole(blob: StoredBlob, reading: ReadOptions) -> LayerData:
    """The layer in a blob, read from its first byte to its last; raises as ``read_stream`` does."""
    return read_stream(blob.open(), blob.name, reading, blob.open)


def keep_result(data: LayerData, reading: ReadOptions) -> None:
    """Keep what ``read_whole`` returned, if it can be; raises LayerscopeError if nothing can be written."""
    cache, contents = _cache(reading), data.contents
    assert data.digest is not None and isinstance(contents, Capture)
    try:
        body = layer_codec.encode_layer(data, contents.kept)
    except (ValueError, OverflowError, MemoryError):  # Then each image that has the layer reads it.
        return
    cache.put(_key(data.digest, reading), body)
    if cache.problem:
        raise LayerscopeError(f"cannot keep the results of layers in {cache.directory}: {cache.problem}")


def result_of(digest: Digest, blob: StoredBlob, reading: ReadOptions) -> LayerData | None:
    """The layer of which a result was kept under the digest that the blob was found to have; None where there is none.

    It counts towards the limits of the image that is read. Other algorithms than SHA-256 have no results.
    """
    if digest.algorithm != "sha256" or reading.algorithms:
        return None
    key = _key(digest, reading)
    body = _cache(reading).get(key)
    if body is None:
        return None
    try:
        layer, kept = layer_codec.decode_layer(body)
    except ValueError:
        _cache(reading).drop(key)
        return None
    # Each image has the layer at another place, which its warnings name.
    warnings = tuple(text.replace(blob.name, blob.where, 1) for text in layer.warnings)
    return counted(replace(layer, warnings=warnings), kept, bytes.fromhex(digest.encoded), blob, reading)


def _cache(reading: ReadOptions) -> Cache:
    assert reading.cache is not None
    return reading.cache


def _key(digest: Digest, reading: ReadOptions) -> bytes:
    return key_of(bytes.fromhex(digest.encoded), reading)
