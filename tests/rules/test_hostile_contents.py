"""No content of a file makes a reader of secrets fail, and none takes more than linear time."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.rules.families.credentials import CREDENTIAL_FILES, CredentialFile
from layerscope.rules.families.secrets_files import HEAD
from layerscope.secrets.keys import key_in_file
from layerscope.secrets.text import secrets_in
from layerscope.secrets.tokens import tokens_in
from tests.rules.forged import java_store, openssh, pem, pkcs12

PARSERS = list({kind.parse: kind for kind in CREDENTIAL_FILES}.values())
KEYS = st.sampled_from(["auths", "auth", "type", "private_key", "http-basic", "secret", "token", "password", "x"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("service_account"))
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)
NEAR_MISSES = [
    "<password>",
    "_authToken",
    "password ",
    "define('a','",
    'key="Password" ',
    "a: ",
    "- \"'",
    "a=\n",
    '{"a":',
    "//",
]


@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.tail)
@settings(max_examples=10)
@given(text=st.text() | DOCUMENTS.map(json.dumps))
def test_no_text_makes_a_parser_fail(kind: CredentialFile, text: str) -> None:
    assert all(secret.value for secret in kind.parse(text))


@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.tail)
@pytest.mark.parametrize("piece", NEAR_MISSES)
def test_a_file_of_near_misses_ends(kind: CredentialFile, piece: str) -> None:
    # Time that grew with the square of the length would be minutes here.
    assert all(secret.value for secret in kind.parse((piece * HEAD)[:HEAD]))


@given(
    start=st.sampled_from([b"", pem(), openssh(), java_store(1, 2), java_store(2, 2), pkcs12(with_key=True), b"\x30"]),
    cut=st.integers(0, 300),
    end=st.binary(max_size=60),
)
def test_no_bytes_make_the_reader_of_keys_fail(start: bytes, cut: int, end: bytes) -> None:
    key = key_in_file(start[:cut] + end)
    assert key is None or key.form


@given(st.text() | st.text(alphabet="AKIASghp_eyJ.=: -\"'password@/"))
def test_no_text_makes_the_search_fail(text: str) -> None:
    assert all(text[one.start : one.end] == one.value for one in secrets_in(text))
    assert all(token.start <= token.end for token in tokens_in(text.encode("utf-8", "surrogateescape")))
