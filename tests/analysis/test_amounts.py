"""Amounts as people write them."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.amounts import Amount, amount, amounts, byte_count, share
from layerscope.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1234", 1234),
        ("12B", 12),
        ("50MB", 50_000_000),
        ("50 mb", 50_000_000),
        ("20Mb", 20_000_000),
        ("1.5GiB", 1_610_612_736),
        ("1.5 GB", 1_500_000_000),
        ("3k", 3000),
        ("3ki", 3072),
        ("1,000kB", 1_000_000),
        ("1_000", 1000),
        ("2T", 2_000_000_000_000),
        ("0.0015kB", 1),
    ],
)
def test_bytes_have_the_units_of_the_engines(text: str, expected: int) -> None:
    assert byte_count(text, "--max-size") == expected


@pytest.mark.parametrize(
    "text", ["", "MB", "-5", "5 parsecs", "1.2.3", "5XB", "1e9", "nan", "5BB", "5iB", ".5MB", "٣MB"]
)
def test_other_text_is_refused_with_the_name_of_the_option(text: str) -> None:
    with pytest.raises(UsageError, match="--max-size"):
        amount(text, "--max-size")


@pytest.mark.parametrize(
    ("read", "hint"),
    [
        pytest.param(amount, "write bytes as in 50MB or 1.5GiB, or a part as in 20%", id="either"),
        pytest.param(byte_count, "write bytes as in 50MB or 1.5GiB", id="bytes"),
        pytest.param(share, "write 0.95 or 95%", id="a part of one"),
    ],
)
def test_the_hint_names_only_what_is_taken(read: Callable[[str, str], object], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read("foo", "--max-size")
    assert caught.value.hint == hint


def test_a_percentage_is_exact() -> None:
    assert amount("33.3%", "x") == Amount(share=Fraction(333, 1000))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param((), [], id="none"),
        pytest.param(("20MB", "5%"), ["20MB", "5%"], id="two"),
        pytest.param(("20", "MB"), ["20 MB"], id="one that was split at its blank"),
        pytest.param(("20", "MB", "5", "%", "7"), ["20 MB", "5 %", "7"], id="three"),
    ],
)
def test_several_amounts_are_told_apart_by_their_numbers(texts: tuple[str, ...], expected: list[str]) -> None:
    assert amounts(texts, "--max-hidden") == tuple(amount(text, "--max-hidden") for text in expected)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (amount, "foo", "--max-size foo: not an amount"),
        (amount, "x" * 100, f"--max-size {'x' * 60}: not an amount"),
        (byte_count, "5%", "--max-size 5%: expected bytes, not a percentage"),
        (byte_count, "5XB", "--max-size 5XB: not an amount"),
        (byte_count, "5kx", "--max-size 5kx: not an amount"),
        (byte_count, "5kbb", "--max-size 5kbb: not an amount"),
        (share, "95", "--max-size 95: not between 0 and 1, or 0% and 100%"),
        (share, "0.9MB", "--max-size 0.9MB: not between 0 and 1, or 0% and 100%"),
    ],
)
def test_the_message_names_the_option_and_what_was_given(
    read: Callable[[str, str], object], text: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, "--max-size")
    assert caught.value.message == message


@pytest.mark.parametrize("texts", [("20MB", "foo"), ("foo", "20MB"), ("",), ("MB", "20")])
def test_what_is_no_amount_among_several_is_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="--max-hidden"):
        amounts(texts, "--max-hidden")


def test_a_size_cannot_be_a_percentage() -> None:
    with pytest.raises(UsageError, match="expected bytes"):
        byte_count("5%", "--max-size")


@pytest.mark.parametrize(
    ("text", "expected"), [("0.95", Fraction(19, 20)), ("95%", Fraction(19, 20)), ("1", 1), ("0", 0)]
)
def test_a_part_of_one_may_be_a_fraction_or_a_percentage(text: str, expected: Fraction) -> None:
    assert share(text, "--min-efficiency") == expected


@pytest.mark.parametrize("text", ["95", "101%", "0.9MB", "high"])
def test_what_is_no_part_of_one_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--min-efficiency"):
        share(text, "--min-efficiency")


@given(st.integers(0, 10**15))
def test_plain_bytes_are_kept(count: int) -> None:
    assert byte_count(str(count), "x") == byte_count(f"{count:,}", "x") == count
