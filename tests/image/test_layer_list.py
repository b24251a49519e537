"""The layers of manifest and config side by side: which is which, and what is proven of each."""

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.image.candidate import LayerBlob
from layerscope.image.layer import NOTHING, LayerData
from layerscope.image.layer_list import MAY_BE_CUT, Listed, count_note, in_order, layer_list
from layerscope.model.image import Digest, Verified

A, B, C, D = (Digest("sha256", letter * 64) for letter in "abcd")
WIDE = Digest("sha512", "e" * 128)
CHANGED = "the archive was damaged or changed after it was written"


def blob(digest: Digest | None = None, stored_bytes: int = 0) -> LayerBlob:
    return LayerBlob(name="blob", digest=digest, media_type="tar", stored_bytes=stored_bytes)


def data(diff_id: Digest | None = None, digest: Digest | None = None, **fields: object) -> LayerData:
    """A layer of nine bytes that was read."""
    return LayerData(diff_id=diff_id, digest=digest, stored_bytes=9, tar_bytes=20, **fields)  # type: ignore[arg-type]


def one(found: LayerBlob, outcome: LayerData | ArchiveError, *diff_ids: Digest) -> Listed:
    [listed] = layer_list([found], [outcome], diff_ids)
    return listed


@pytest.mark.parametrize(
    ("named", "diff_ids", "order"),
    [
        ((A, B, C), (A, B, C), (A, B, C)),
        ((C, A, B), (A, B, C), (A, B, C)),
        ((C, A, D), (A, B, C), (C, A, D)),
        ((A, B), (A, B, C), (A, B)),
        ((B, A, A), (A, B, A), (B, A, A)),
        ((A, None), (A, B), (A, None)),
        ((), (), ()),
    ],
)
def test_plain_layers_are_in_the_order_of_the_config(
    named: tuple[Digest, ...], diff_ids: tuple[Digest, ...], order: tuple[Digest, ...]
) -> None:
    ordered, warnings = in_order(tuple(map(blob, named)), diff_ids)
    assert tuple(each.digest for each in ordered) == order
    assert bool(warnings) == (order != named)


@pytest.mark.parametrize(
    ("read", "diff_ids", "places", "guessed"),
    [
        pytest.param((A, B), (A, B), [(0, A), (1, B)], False, id="as many"),
        pytest.param((B, A), (A, B), [(0, B), (1, A)], False, id="as many, in their own order"),
        pytest.param((A, B), (), [(0, None), (1, None)], False, id="none in the config"),
        pytest.param((A, C), (A, B, C), [(0, A), (None, B), (1, C)], False, id="one is missing"),
        pytest.param((C, A), (A, B, C), [(1, A), (None, B), (0, C)], False, id="the others by what they hold"),
        pytest.param((D, C), (A, B, C), [(0, A), (None, B), (1, C)], True, id="an unknown one is the lowest left"),
        pytest.param((None, A), (A, B, C), [(1, A), (0, B), (None, C)], True, id="as is one that was not read"),
        pytest.param((A, A), (A, B, A), [(0, A), (None, B), (1, A)], False, id="twice the same"),
        pytest.param((A, B, C), (A, C), [(0, A), (1, None), (2, C)], False, id="one that no diff_id names"),
        pytest.param((D, A, B), (A, B), [(0, None), (1, A), (2, B)], False, id="the first"),
        pytest.param((D, C, B), (A, B), [(0, A), (1, None), (2, B)], False, id="one of two unknown ones"),
        pytest.param((A, A, A), (A, A), [(0, A), (1, A), (2, None)], False, id="once more than it is named"),
    ],
)
def test_each_layer_goes_to_the_place_of_its_diff_id(
    read: tuple[Digest, ...],
    diff_ids: tuple[Digest, ...],
    places: list[tuple[int | None, Digest | None]],
    guessed: bool,
) -> None:
    blobs = [LayerBlob(name=f"{number}") for number in range(len(read))]
    outcomes: list[LayerData | ArchiveError] = [
        data(diff_id) if diff_id is not None else ArchiveError("it is gone") for diff_id in read
    ]
    listed = layer_list(blobs, outcomes, diff_ids)
    assert [each.layer.index for each in listed] == list(range(len(listed)))
    for each, (number, diff_id) in zip(listed, places, strict=True):
        if number is None:
            assert (each.layer.problem, each.layer.diff_id) == ("the manifest does not name it", diff_id)
        elif read[number] is None:
            assert (each.layer.problem, each.layer.diff_id) == ("it is gone", diff_id)
        elif diff_id is None and diff_ids:
            assert each.warning.endswith("the config does not name it; it is shown, but no engine would load it")
            assert each.layer.diff_id is None
        else:
            assert each.layer.diff_id == read[number]
            assert each.layer.verified == (
                Verified.MISMATCH if diff_id not in (None, read[number]) else each.layer.verified
            )
    if len(read) != len(diff_ids):
        note = f"the manifest has {len(read)} layers, the config {len(diff_ids)} diff_ids"
        said = note + "; which of the layers are missing is not known" * guessed
        assert count_note(blobs, outcomes, diff_ids) == said


PROVEN = [
    pytest.param(blob(B, 9), data(A, B), A, Verified.CONTENTS, "", id="both digests"),
    pytest.param(blob(), data(A, B), A, Verified.CONTENTS, "", id="no digest in the manifest"),
    pytest.param(blob(B, 9), data(A, B), None, Verified.HEADERS, "", id="no diff_id"),
    pytest.param(blob(), data(), A, Verified.HEADERS, "", id="headers alone"),
    pytest.param(blob(A), data(), A, Verified.HEADERS, "", id="headers of a plain one"),
    pytest.param(
        blob(B), data(), A, Verified.MISMATCH, f"it is not compressed, but its digest {B} is not its diff_id {A}",
        id="a plain one of two digests",
    ),
    pytest.param(blob(B), data(compression="gzip"), A, Verified.HEADERS, "", id="a compressed one has two digests"),
    pytest.param(blob(WIDE), data(), A, Verified.HEADERS, "", id="as has one by two algorithms"),
    pytest.param(
        blob(B), data(C, B), A, Verified.MISMATCH, f"the content is not what its diff_id says: {C} instead of {A}",
        id="another content",
    ),
    pytest.param(
        blob(B), data(A, C), A, Verified.MISMATCH, f"the content is not what its digest says: {C} instead of {B}",
        id="another blob",
    ),
    pytest.param(
        blob(B), data(C, D), A, Verified.MISMATCH, f"the content is not what its diff_id says: {C} instead of {A}",
        id="another content of another blob",
    ),
    pytest.param(
        blob(B, 8), data(A, B), A, Verified.CONTENTS, "its descriptor says 8 bytes, but it has 9", id="length",
    ),
    pytest.param(
        blob(None, 1234), data(), A, Verified.HEADERS, "its descriptor says 1,234 bytes, but it has 9",
        id="length of one that was not read",
    ),
    pytest.param(blob(B), data(A, B, ended=False), A, Verified.CONTENTS, "", id="proven without its end"),
    pytest.param(blob(B), data(A, B, ended=False), None, Verified.HEADERS, "", id="a proven blob without its end"),
    pytest.param(blob(), data(A, B, ended=False), None, Verified.UNTERMINATED, MAY_BE_CUT, id="without its end"),
    pytest.param(blob(), data(ended=False), A, Verified.UNTERMINATED, MAY_BE_CUT, id="nothing proven, without its end"),
    pytest.param(
        blob(B), data(A, B), WIDE, Verified.HEADERS,
        "its sha512 diff_id is not compared: it was not asked for before the layer had passed", id="another algorithm",
    ),
    pytest.param(
        blob(WIDE), data(A, B), None, Verified.HEADERS,
        "its sha512 digest is not compared: it was not asked for before the layer had passed", id="of the digest",
    ),
    pytest.param(blob(WIDE), data(A, B), A, Verified.CONTENTS, "", id="another algorithm of the digest alone"),
    pytest.param(
        blob(WIDE), data(A, B, diff_ids=(WIDE,), digests=(WIDE,)), WIDE, Verified.CONTENTS, "", id="asked for in time",
    ),
    pytest.param(
        blob(), data(A, B, looked_at_all=False), A, Verified.CONTENTS, "", id="of which some was not looked at",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "outcome", "diff_id", "verified", "problem"), PROVEN)
def test_what_is_proven_of_a_layer(
    found: LayerBlob, outcome: LayerData, diff_id: Digest | None, verified: Verified, problem: str
) -> None:
    listed = one(found, outcome, *([diff_id] if diff_id else ()))
    layer = listed.layer
    assert (layer.verified, layer.problem) == (verified, "")
    assert (layer.index, layer.digest, layer.media_type, layer.compression) == (
        0, found.digest, "tar", outcome.compression
    )  # fmt: skip
    assert (layer.stored_bytes, layer.tar_bytes, layer.changeset) == (9, 20, outcome.changeset)
    assert layer.contents is outcome.contents
    assert layer.partial == ("" if outcome.looked_at_all else "some files were not looked at")
    if not problem:
        assert listed.error is None and listed.warning == ""
        assert layer.diff_id == (diff_id or outcome.diff_id)
        return
    assert isinstance(listed.error, Damaged)
    assert listed.warning == listed.error.message == f"layer 0 (blob): {problem}"
    assert listed.error.hint == (CHANGED if verified == Verified.MISMATCH else "")
    is_other = verified == Verified.MISMATCH and outcome.diff_id is not None
    assert layer.diff_id == (outcome.diff_id if is_other else diff_id or outcome.diff_id)


@pytest.mark.parametrize(
    ("error", "is_same"),
    [(ArchiveError("it is gone"), False), (Damaged("layer 0: it is gone"), True), (LimitExceeded("too much"), True)],
)
def test_a_layer_that_could_not_be_read_is_left_out(error: ArchiveError, is_same: bool) -> None:
    listed = one(blob(B, 7), error, A)
    layer = listed.layer
    assert (layer.index, layer.diff_id, layer.digest, layer.media_type) == (0, A, B, "tar")
    assert (layer.stored_bytes, len(layer.changeset), layer.problem) == (7, 0, error.message)
    assert listed.warning == f"layer 0 is left out: {error.message}"
    if is_same:
        assert listed.error is error
    else:
        assert listed.error is not None and listed.error.message == "layer 0 cannot be read: it is gone"


@pytest.mark.parametrize(
    ("diff_ids", "is_one"), [((), True), ((NOTHING,), True), ((A,), False), ((Digest("sha512", "0" * 128),), False)]
)
def test_a_layer_of_no_bytes_is_one_where_nothing_else_is_named(diff_ids: tuple[Digest, ...], is_one: bool) -> None:
    listed = one(blob(), LayerData(diff_id=NOTHING, digest=NOTHING), *diff_ids)
    assert listed.layer.problem == ("" if is_one else "the archive has only an empty file in its place")
