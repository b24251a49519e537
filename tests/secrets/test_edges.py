"""The edges of what is a secret: one character, one level or one condition more or less."""

import json

import pytest

from layerscope.rules.families.credentials import CREDENTIAL_FILES, pairs
from layerscope.secrets.keys import pem_key
from layerscope.secrets.masks import mask
from layerscope.secrets.text import secrets_in, secrets_in_words
from layerscope.secrets.tokens import tokens_in
from tests.rules.forged import aws_pair, characters, pem, with_checksum

PARSE = {kind.tail: kind.parse for kind in CREDENTIAL_FILES}
SHAPED = with_checksum("gh" + "p_")


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        pytest.param("a bcdefghijklm", "***", id="blank at the beginning"),
        pytest.param("abcdefghijkl m", "***", id="blank at the end"),
        pytest.param("abécdefghijklm", "ab***lm", id="third character"),
        pytest.param("abcdefghijkélm", "ab***lm", id="third to last character"),
        pytest.param("abcdefghijkl", "ab***kl", id="twelve characters"),
        pytest.param("abcdefghijk", "***", id="eleven characters"),
    ],
)
def test_a_mask_shows_two_plain_characters_at_each_end(value: str, masked: str) -> None:
    assert mask(value) == masked


def test_a_short_credential_behind_a_scheme_is_a_secret() -> None:
    assert [one.value for one in secrets_in("Authorization: Bearer abcdefghij")] == ["abcdefghij"]


def test_a_scheme_without_a_host_is_no_url() -> None:
    assert secrets_in("a:// bob@host https://@ x") == ()


def test_a_token_at_the_beginning_stands_there() -> None:
    (token,) = tokens_in(SHAPED.encode())
    assert (token.start, token.end) == (0, len(SHAPED))


@pytest.mark.parametrize(("after", "found"), [("82k", 1), ("8k2", 0)])
def test_a_token_needs_a_letter_behind_its_prefix(after: str, found: int) -> None:
    assert len(list(tokens_in(("AI" + "za" + after + characters(32, "3698207145")).encode()))) == found


@pytest.mark.parametrize(("distinct", "found"), [(16, 1), (15, 0)])
def test_an_aws_secret_has_sixteen_different_characters(distinct: int, found: int) -> None:
    secret = ("aB3" + "cdefghijklmnopqrs"[: distinct - 3]) * 3
    assert len(list(tokens_in(f"{aws_pair()[0]}\n{secret[:40]}".encode()))) == found


def test_a_key_whose_header_no_empty_line_ends_is_a_key() -> None:
    assert pem_key(pem(header="Comment: x\n")) is not None


@pytest.mark.parametrize(("levels", "found"), [(12, 1), (13, 0)])
def test_a_json_document_is_read_twelve_levels_deep(levels: int, found: int) -> None:
    document: object = "hunter22"
    for _ in range(levels):
        document = {"password": document}
    assert len(list(PARSE["sftp.json"](json.dumps(document)))) == found


@pytest.mark.parametrize(("value", "found"), [("'x1y2z3w4x'", 1), ("x1y2z3w4x", 0), ("'x1y2z3w4' + x", 0), ("", 0)])
def test_only_a_literal_of_a_program_is_a_secret(value: str, found: int) -> None:
    assert len(list(PARSE["settings.py"](f"PASSWORD = {value}\n"))) == found


def test_an_aws_secret_has_a_digit() -> None:
    letters = "qBzDwFgHiJkLmTcPvRs/NoUeWxYa" * 2
    assert not list(tokens_in(f"{aws_pair()[0]}\n{letters[:40]}".encode()))


def test_a_value_in_an_argument_of_its_own_may_hold_a_quote() -> None:
    assert [one.value for one in secrets_in_words(["app", "--password", "kW9'v2x & y"])] == ["kW9'v2x & y"]


def test_a_secret_in_json_has_the_name_of_its_member() -> None:
    found = PARSE["auth.json"](json.dumps({"bearer": "x1y2z3w4", "http-basic": {"host": {"password": "hunter22"}}}))
    assert list(found) == [("bearer", "x1y2z3w4"), ("token", "hunter22")]


@pytest.mark.parametrize("before", ["#", ";", "# ", " #"])
def test_a_comment_holds_no_credential(before: str) -> None:
    assert not list(PARSE[".npmrc"](f"{before}//r.example/:_authToken=x1y2z3w4"))
    assert not list(PARSE[".pypirc"](f"{before}password = x1y2z3w4"))


@pytest.mark.parametrize("line", ["//r.example/:_authTokens", "//r.example/:_authTokenx1y2z3w4"])
def test_a_longer_name_is_no_credential(line: str) -> None:
    assert not list(PARSE[".npmrc"](line))


def test_of_a_line_four_thousand_characters_are_read() -> None:
    ((_, value),) = pairs("a=" + "x" * 5000)
    assert len(value) == 3998


@pytest.mark.parametrize(("length", "found"), [(15, 0), (16, 1), (4096, 1), (4097, 0)])
def test_a_file_that_is_a_token_has_a_length(length: int, found: int) -> None:
    assert len(list(PARSE[".vault-token"]((characters(60) * 100)[:length]))) == found
