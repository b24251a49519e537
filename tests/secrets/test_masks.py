"""Masks and placeholders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.secrets.masks import is_placeholder, mask


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("abcdefghijkl", "ab***kl", id="twelve characters"),
        pytest.param("abcdefghijk", "***", id="short"),
        pytest.param("", "***", id="empty"),
        pytest.param("\x1b[31mabcdefghijkl", "***", id="escape sequence"),
        pytest.param("ab***fghijklmnop", "***", id="holds the mask itself"),
        pytest.param("\u202eabcdefghijkl", "***", id="bidirectional override"),
    ],
)
def test_a_mask_shows_two_characters_of_each_end_at_most(value: str, shown: str) -> None:
    assert mask(value) == shown


@given(st.text(min_size=5, max_size=200))
def test_no_mask_holds_five_characters_of_its_value(value: str) -> None:
    shown = mask(value)
    assert not any(value[start : start + 5] in shown for start in range(len(value) - 4))


@pytest.mark.parametrize(
    "value",
    ["", "${TOKEN}", "$TOKEN", "$(cat x)", "<your-token>", "{{ token }}", "%TOKEN%", "changeme", "xxxxxxxx", "********",
     "'null'", "REPLACE_ME", "your_api_key", "__TOKEN__", "#{Token}#", "@TOKEN@", "AKIAEXAMPLE", "aaaaaaaa", "postgres",
     "arn:aws:secretsmanager:eu:1:secret:x", "vault:secret/data#key"],
)  # fmt: skip
def test_a_placeholder_is_no_secret(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["fake-password", "hunter2", "s3cr3t!", "0a1b2c3d4e5f", "correct horse"])
def test_a_literal_value_is_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)
