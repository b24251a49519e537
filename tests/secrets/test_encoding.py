"""Texts that Windows wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.secrets.encoding import as_utf8

TEXT = "DB_PASSWORD=hunter2 é\r\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfe" + TEXT.encode("utf-16-le"), id="little-endian with a mark"),
        pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), id="big-endian with a mark"),
        pytest.param(TEXT.encode("utf-16-le"), id="little-endian"),
        pytest.param(TEXT.encode("utf-16-be"), id="big-endian"),
        pytest.param(TEXT.encode("utf-16-le") + b"x", id="cut within a character"),
        pytest.param(TEXT.encode(), id="UTF-8"),
    ],
)
def test_a_text_is_read_in_whatever_unicode_it_is_written(data: bytes) -> None:
    assert as_utf8(data).decode() == TEXT


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"a\0b\0c\0", b"\0" * 64, b"\x7fELF\2\1\1\0" + bytes(56), b"PK\3\4\0\0a\0b\0", b"a\0\0b" * 20],
)
def test_what_is_no_text_is_left_as_it_is(data: bytes) -> None:
    assert as_utf8(data) == data


@given(st.binary())
def test_no_bytes_are_refused(data: bytes) -> None:
    assert isinstance(as_utf8(data), bytes)
