"""The layers of an image: what the manifest names and what was read of it, beside the diff_ids of the config."""

import hashlib
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest

from msgspec import Struct

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.image.candidate import LayerBlob
from layerscope.image.layer import NOTHING, OTHER_ALGORITHMS, LayerData
from layerscope.model.changeset import Changeset
from layerscope.model.image import Digest, Layer, Verified

MAY_BE_CUT = "the tar ends without its end-of-archive marker; it may have been cut, and files may be missing"
_CHANGED = "the archive was damaged or changed after it was written"
_EMPTY = (None, NOTHING, *(Digest(name, hashlib.new(name).hexdigest()) for name in OTHER_ALGORITHMS))
_Outcome = LayerData | ArchiveError


class Listed(Struct, frozen=True, kw_only=True):
    """A layer of the image, and what is wrong with it; None where it is what the image names."""

    layer: Layer
    error: ArchiveError | None = None

    @property
    def warning(self) -> str:
        """What is wrong with it, and what that means for the figures; empty where nothing is."""
        if self.error is None or not self.layer.problem:
            return "" if self.error is None else self.error.message
        return f"layer {self.layer.index} is left out: {self.layer.problem}"


def in_order(blobs: tuple[LayerBlob, ...], diff_ids: tuple[Digest, ...]) -> tuple[tuple[LayerBlob, ...], list[str]]:
    """The blobs in the order of the diff_ids, where plain blobs let both be compared, and warnings.

    Docker 25.0.0 wrote OCI manifests whose layers stand in a wrong order.
    """
    by_digest = {blob.digest: blob for blob in blobs}
    if len(blobs) != len(diff_ids) or set(by_digest) != set(diff_ids) or len(by_digest) != len(blobs):
        return blobs, []
    ordered = tuple(by_digest[diff_id] for diff_id in diff_ids)
    if ordered == blobs:
        return blobs, []
    return ordered, ["the manifest has the layers in another order than the config; the config's order is used"]


def layer_list(
    blobs: Sequence[LayerBlob], outcomes: Sequence[_Outcome], diff_ids: Sequence[Digest]
) -> tuple[Listed, ...]:
    """Every layer that the manifest or the config names, lowest first.

    What only the config names is a layer that is left out, in its place.
    """
    listed = []
    for index, (number, diff_id) in enumerate(_pairs(_read_diff_ids(blobs, outcomes, diff_ids), diff_ids)):
        if number is None:
            listed.append(_lost(index, LayerBlob(name=""), diff_id, ArchiveError("the manifest does not name it")))
        else:
            named = not diff_ids or diff_id is not None
            listed.append(_listed(index, blobs[number], diff_id, outcomes[number], is_named=named))
    return tuple(listed)


def count_note(blobs: Sequence[LayerBlob], outcomes: Sequence[_Outcome], diff_ids: Sequence[Digest]) -> str:
    """What to say where manifest and config differ in the number of layers."""
    note = f"the manifest has {len(blobs)} layers, the config {len(diff_ids)} diff_ids"
    guessed = len(blobs) < len(diff_ids) and not set(_read_diff_ids(blobs, outcomes, diff_ids)) <= set(diff_ids)
    return note + ("; which of the layers are missing is not known" if guessed else "")


def _read_diff_ids(
    blobs: Sequence[LayerBlob], outcomes: Sequence[_Outcome], diff_ids: Sequence[Digest]
) -> list[Digest | None]:
    """The diff_id of each blob: as read, or by the digest in its name, which is the same for a plain blob."""
    named, found = set(diff_ids), list[Digest | None]()
    for blob, outcome in zip(blobs, outcomes, strict=True):
        read = (outcome.diff_id, *outcome.diff_ids) if isinstance(outcome, LayerData) else (blob.digest,)
        found.append(next((one for one in read if one in named), read[0]))
    return found


def _pairs(known: Sequence[Digest | None], diff_ids: Sequence[Digest]) -> list[tuple[int | None, Digest | None]]:
    """The number of the blob and the diff_id of each layer, lowest first; either is None where there is none.

    Where their numbers differ, blobs go to the places of their diff_ids, and the others to the lowest that are left.
    """
    if len(known) == len(diff_ids) or not diff_ids:
        return list(zip_longest(range(len(known)), diff_ids))
    places: dict[Digest | None, deque[int]] = {}
    for place, diff_id in enumerate(diff_ids):
        places.setdefault(diff_id, deque()).append(place)
    found = {number: places[diff_id].popleft() for number, diff_id in enumerate(known) if places.get(diff_id)}
    left = iter(sorted(set(range(len(diff_ids))).difference(found.values())))
    others = (number for number in range(len(known)) if number not in found)
    found.update(dict(zip(others, left, strict=False)))
    if len(known) > len(diff_ids):
        return [(number, diff_ids[found[number]] if number in found else None) for number in range(len(known))]
    numbers = {place: number for number, place in found.items()}
    return [(numbers.get(place), diff_id) for place, diff_id in enumerate(diff_ids)]


def _listed(index: int, blob: LayerBlob, diff_id: Digest | None, outcome: _Outcome, *, is_named: bool) -> Listed:
    """A layer that the manifest names; ``is_named`` says whether the config does, too."""
    if isinstance(outcome, LayerData) and not outcome.stored_bytes and diff_id not in _EMPTY:
        outcome = ArchiveError("the archive has only an empty file in its place")
    if isinstance(outcome, ArchiveError):
        return _lost(index, blob, diff_id, outcome)
    verified, problem = _verified(outcome, blob.digest, diff_id, blob.stored_bytes, is_named=is_named)
    where, hint = f"layer {index} ({blob.name})", _CHANGED if verified == Verified.MISMATCH else ""
    found = outcome.diff_id if verified == Verified.MISMATCH else None
    diff_id = (found or diff_id or outcome.diff_id) if is_named else None
    layer = read_layer(outcome, index, blob, diff_id, verified)
    return Listed(layer=layer, error=Damaged(problem, where=where, hint=hint) if problem else None)


def read_layer(data: LayerData, index: int, blob: LayerBlob, diff_id: Digest | None, verified: Verified) -> Layer:
    """What was read, in its place of the image."""
    return Layer(
        index=index,
        diff_id=diff_id,
        digest=blob.digest,
        media_type=blob.media_type,
        compression=data.compression,
        stored_bytes=data.stored_bytes,
        tar_bytes=data.tar_bytes,
        changeset=data.changeset,
        contents=data.contents,
        verified=verified,
        partial="" if data.looked_at_all else "some files were not looked at",
    )


def _lost(index: int, blob: LayerBlob, diff_id: Digest | None, error: ArchiveError) -> Listed:
    """A layer that is left out; errors of damage and of limits already name the layer."""
    layer = Layer(
        index=index,
        diff_id=diff_id,
        digest=blob.digest,
        media_type=blob.media_type,
        stored_bytes=blob.stored_bytes,
        changeset=Changeset(),
        problem=error.message,
    )
    if not isinstance(error, Damaged | LimitExceeded):
        error = ArchiveError(f"layer {index} cannot be read: {error.message}")
    return Listed(layer=layer, error=error)


def _verified(
    data: LayerData, digest: Digest | None, diff_id: Digest | None, expected_bytes: int, *, is_named: bool
) -> tuple[Verified, str]:
    """What is proven of a layer that was read, and what is wrong with it."""
    if not is_named:
        return Verified.MISMATCH, "the config does not name it; it is shown, but no engine would load it"
    is_unread = data.digest is None and not data.compression
    if is_unread and digest is not None and diff_id is not None and _differ(digest, diff_id):
        return Verified.MISMATCH, f"it is not compressed, but its digest {digest} is not its diff_id {diff_id}"
    proofs, unknown = [], []
    for what, expected, found in (
        ("diff_id", diff_id, (data.diff_id, *data.diff_ids)),
        ("digest", digest, (data.digest, *data.digests)),
    ):
        other = next((one for one in found if one and expected and one.algorithm == expected.algorithm), None)
        if other not in (None, expected):
            return Verified.MISMATCH, f"the content is not what its {what} says: {other} instead of {expected}"
        proofs.append(other is not None)
        if expected is not None and other is None and found[0] is not None:
            unknown.append(f"its {expected.algorithm} {what}")
    if expected_bytes not in (0, data.stored_bytes):
        problem = f"its descriptor says {expected_bytes:,} bytes, but it has {data.stored_bytes:,}"
        return Verified.CONTENTS if proofs[0] else Verified.HEADERS, problem
    if proofs[0]:
        return Verified.CONTENTS, ""
    if not data.ended and not proofs[1]:
        return Verified.UNTERMINATED, MAY_BE_CUT
    if unknown:  # In a pipe, the config that asks for it may come behind the layer.
        return Verified.HEADERS, f"{unknown[0]} is not compared: it was not asked for before the layer had passed"
    return Verified.HEADERS, ""


def _differ(one: Digest, other: Digest) -> bool:
    """Whether two digests by the same algorithm are of other contents."""
    return one.algorithm == other.algorithm and one != other
