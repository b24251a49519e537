"""Digests are read strictly, since blobs are found by them."""

import pytest

from layerscope.errors import Damaged
from layerscope.model.image import Digest


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha384", 96), ("sha512", 128)])
def test_a_digest_reads_and_prints_as_it_is_written(algorithm: str, length: int) -> None:
    text = f"{algorithm}:{'0123456789abcdef' * (length // 16)}"
    assert str(Digest.parse(text)) == text
    assert Digest.parse(text).short == "0123456789ab"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("sha256", id="no sum"),
        pytest.param("sha256:", id="empty sum"),
        pytest.param("sha256:" + "a" * 63, id="too short"),
        pytest.param("sha256:" + "a" * 65, id="too long"),
        pytest.param("sha256:" + "A" * 64, id="upper case"),
        pytest.param("sha256:" + "g" * 64, id="no digits"),
        pytest.param("sha256:" + "../" * 21 + "a", id="a path"),
        pytest.param("sha256:" + "a" * 63 + "\n", id="a line end"),
        pytest.param("md5:" + "a" * 32, id="another algorithm"),
        pytest.param("a" * 64, id="no algorithm"),
        pytest.param("sha256:" + "٠" * 64, id="digits of another script"),
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(Damaged, match="not a digest"):
        Digest.parse(text)
