"""Tokens by their shape."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.model.finding import Severity
from layerscope.rules.families import secrets_tokens
from layerscope.rules.families.secrets_tokens import LONGEST, TOKENS
from layerscope.secrets.tokens import ANCHORED, PRIVATE_KEY, SHAPES, tokens_in
from tests.builder import ImageSpec, file, layer, whiteout
from tests.rules.conftest import Find, copied, ran
from tests.rules.forged import aws_pair, characters, google, hexadecimal, jwt, openssh, pem, stripe, with_checksum

ID, SECRET = aws_pair()
GITHUB = with_checksum("gh" + "p_")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WEBHOOK = f"https://hooks.slack.com/services/T{characters(9, UPPER)}/B{characters(9, UPPER)}/{characters(24)}"

REAL = {
    "GitHub": GITHUB,
    "GitHub, fine-grained": "github" + "_pat_" + characters(22) + "_" + characters(59),
    "GitLab": "gl" + "pat-" + characters(20),
    "npm": with_checksum("np" + "m_"),
    "PyPI": "py" + "pi-AgEIcHlwaS5vcmc" + characters(150),
    "RubyGems": "ruby" + "gems_" + hexadecimal(48),
    "Docker Hub": "dckr" + "_pat_" + characters(27),
    "AWS": f"{ID}\nsecret: {SECRET}",
    "Azure storage": "Account" + "Key=" + characters(86) + "==",
    "Google": google(),
    "Google OAuth": "GOC" + "SPX-" + characters(28),
    "DigitalOcean": "dop" + "_v1_" + hexadecimal(64),
    "Heroku": "HR" + "KU-AA" + characters(58),
    "Databricks": "da" + "pi" + hexadecimal(32),
    "Slack": "xo" + "xb-" + "9182736450-" + "9182736450-" + characters(24),
    "Slack app": "xa" + "pp-1-A" + characters(10, UPPER) + "-9182736450-" + hexadecimal(64),
    "Slack webhook": WEBHOOK,
    "Discord webhook": "https://discord.com/api/web" + "hooks/918273645091827364/" + characters(68),
    "Stripe": stripe(),
    "SendGrid": "S" + "G." + characters(22) + "." + characters(43),
    "Twilio": "twilio_key: S" + "K" + hexadecimal(32),
    "Mailgun": "MAILGUN=ke" + "y-" + hexadecimal(32),
    "Shopify": "shp" + "at_" + hexadecimal(32),
    "OpenAI": "s" + "k-" + characters(20) + "T3Blbk" + "FJ" + characters(20, seed="b"),
    "Anthropic": "sk-" + "ant-api03-" + characters(93) + "AA",
    "Hugging Face": "h" + "f_" + characters(34, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "Grafana": "gl" + "sa_" + characters(32) + "_" + hexadecimal(8),
    "Vault": "hv" + "s." + characters(95),
    "Terraform Cloud": characters(14) + ".atlas" + "v1." + characters(67),
    "Pulumi": "pu" + "l-" + hexadecimal(40),
    "Atlassian": "ATA" + "TT3" + characters(186),
    "Postman": "PM" + "AK-" + hexadecimal(24) + "-" + hexadecimal(34),
    "New Relic": "NR" + "AK-" + characters(27, UPPER),
    "Linear": "lin" + "_api_" + characters(40),
    "age": "AGE-SECRET-" + "KEY-1" + characters(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "a service account": jwt(b'{"iss":"kubernetes/serviceaccount","sub":"system"}'),
}


@pytest.mark.parametrize(("issuer", "text"), REAL.items(), ids=list(REAL))
def test_a_token_is_known_by_its_shape(issuer: str, text: str) -> None:
    (token,) = tokens_in(f"value = '{text}'\n".encode())
    assert token.issuer == issuer.partition(",")[0]
    assert f"value = '{text}'\n"[token.start : token.end] == token.value


def test_every_shape_has_a_token_that_proves_it() -> None:
    assert {shape.issuer for shape in SHAPES} == {issuer.partition(",")[0] for issuer in REAL}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(with_checksum("gh" + "p_", right=False), id="wrong checksum"),
        pytest.param("gh" + "p_" + "x" * 36, id="made up"),
        pytest.param(GITHUB + "x", id="too long"),
        pytest.param("x" + GITHUB, id="within a word"),
        pytest.param(f"key = {ID}", id="id without its secret"),
        pytest.param(f"key = {ID}\nsum = {hexadecimal(40)}", id="id beside a checksum"),
        pytest.param("AK" + "IAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", id="example of the manual"),
        pytest.param(stripe("test"), id="test key"),
        pytest.param("S" + "K" + hexadecimal(32), id="no word of Twilio near"),
        pytest.param(jwt(b'{"sub":"1234567890","name":"John Doe"}'), id="example of a JSON web token"),
        pytest.param("eyJhbGciOi.eyJicm9rZW4.sssssssssssssssssssssssss", id="broken JSON web token"),
        pytest.param("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", id="manual"),
        pytest.param("Account" + "Key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/"
                     "KBHBeksoGMGw==", id="emulator"),
        pytest.param("sha512-" + characters(86) + "==", id="integrity of a lockfile"),
        pytest.param("-----BEGIN RSA PRIVATE " + "KEY-----", id="head of a key"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_token_is_none(text: str) -> None:
    assert not list(tokens_in(text.encode()))


def test_a_key_within_another_file_is_told() -> None:
    assert [token.issuer for token in tokens_in(b"key: '" + openssh() + b"'")] == ["a private key inside"]


def _image(path: str, content: bytes) -> ImageSpec:
    return copied(layer(file(path, content)))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_token_in_utf_16_is_found(find: Find, encoding: str) -> None:
    text = f"\ufeffnotes: ünïcödé\r\ntoken: {GITHUB}\r\n".encode(encoding)
    (found,) = find(_image("app/notes.txt", text), rules=TOKENS).findings
    assert found.detail == f"GitHub {GITHUB[:2]}***{GITHUB[-2:]}"


def test_a_token_among_nul_bytes_without_a_mark_is_none(find: Find) -> None:
    assert not find(_image("app/data", f"\0\0{GITHUB}\0".encode()), rules=TOKENS).findings


def test_a_token_in_a_users_file_is_found(find: Find) -> None:
    (found,) = find(_image("app/settings.py", f"TOKEN = '{GITHUB}'\n".encode()), rules=TOKENS).findings
    assert (found.rule, found.severity) == ("token-pattern", Severity.CRITICAL)
    assert found.detail == f"GitHub {GITHUB[:2]}***{GITHUB[-2:]}"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("usr/lib/python3/dist-packages/x.py", GITHUB.encode(), id="library"),
        pytest.param("app/node_modules/x/index.js", GITHUB.encode(), id="dependency"),
        pytest.param("app/tests/test_api.py", GITHUB.encode(), id="test"),
        pytest.param("app/api/keys_test.go", GITHUB.encode(), id="test by its name"),
        pytest.param("app/README.md", GITHUB.encode(), id="manual"),
        pytest.param("app/data", b"\0" + GITHUB.encode(), id="binary"),
        pytest.param("app/data", b" " * LONGEST + GITHUB.encode(), id="too long"),
        pytest.param("app/.git/config", GITHUB.encode(), id="repository, which has its own rule"),
    ],
)
def test_files_that_are_not_the_users_are_not_read(find: Find, path: str, content: bytes) -> None:
    assert not find(_image(path, content), rules=TOKENS).findings


def test_a_packages_file_and_the_base_are_not_read(find: Find) -> None:
    base, own = layer(file("app/old", GITHUB.encode())), layer(file("etc/tool.conf", GITHUB.encode()))
    found = find(ran(base, own), base_layers=1, packages={"deb/tool": ["/etc/tool.conf"]}, rules=TOKENS)
    assert not found.findings


def test_a_deleted_token_is_found(find: Find) -> None:
    (found,) = find(ran(layer(file("app/x.sh", GITHUB.encode())), layer(whiteout("app/x.sh"))), rules=TOKENS).findings
    assert (found.severity, found.title) == (
        Severity.CRITICAL,
        "deleted, but still shipped: an access token in /app/x.sh",
    )


def test_a_private_key_is_called_one_and_is_not_revoked(find: Find) -> None:
    (found,) = find(_image("app/config.yml", b"key: |\n" + pem()), rules=TOKENS).findings
    assert (found.title, found.detail) == ("a private key in /app/config.yml", "a private key inside")
    assert found.fix.endswith("or at run time")
    assert "revoke" not in found.fix


def test_a_private_key_beside_a_token_leaves_the_tokens_words(find: Find) -> None:
    (found,) = find(_image("app/config.yml", f"token: {GITHUB}\n".encode() + pem()), rules=TOKENS).findings
    assert found.title == "an access token in /app/config.yml"
    assert found.detail.endswith(", a private key inside")


def test_a_deleted_private_key_is_called_one(find: Find) -> None:
    spec = ran(layer(file("app/x.yml", pem())), layer(whiteout("app/x.yml")))
    (found,) = find(spec, rules=TOKENS).findings
    assert found.title == "deleted, but still shipped: a private key in /app/x.yml"


def test_debians_snakeoil_key_is_no_finding_of_any_rule(find: Find) -> None:
    assert not find(ran(layer(file("etc/ssl/private/ssl-cert-snakeoil.key", pem())))).findings


@pytest.mark.parametrize(
    "piece",
    [
        b"eyJ" + b"a" * 9, b"eyJ", b"eyJaaaaaaaa.", b"T3BlbkFJ sk-", b"sk-", b"gh" + b"p_", b"xoxb-1-", b"AK" + b"IA",
        b"glpat-", b"-----BEGIN RSA PRIVATE KEY-----", b"-----BEGIN ", b"a", b"/", b"SG.", b"hf_a",
        b"T3BlbkFJ", b"A" * 40 + b" ",
    ],
)  # fmt: skip
def test_a_megabyte_of_near_misses_ends_and_gives_nothing(piece: bytes) -> None:
    # Time that grew with the square of the length would be minutes here.
    assert not list(tokens_in(piece * ((1 << 20) // len(piece))))


@pytest.mark.parametrize("anchor", sorted({anchor for shape in SHAPES for anchor in shape.anchors} | {b"PRIVATE KEY"}))
@pytest.mark.parametrize("before", [b"", b"x", b"_-K", b"\n"])
def test_the_search_for_all_anchors_finds_each(anchor: bytes, before: bytes) -> None:
    for text in (before + anchor, before + anchor + b"x", anchor + anchor):
        assert re.search(ANCHORED, text)
    assert not re.search(ANCHORED, before + anchor[:-1])


_NOISE = st.text(st.sampled_from("ghp_-. KEY=/xox\n'"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(_NOISE, st.sampled_from(list(REAL.values()))), max_size=5))
def test_no_token_is_lost_to_the_search_for_all_anchors(pieces: Sequence[str]) -> None:
    data = "\n".join(pieces).encode()
    slowly = {shape.issuer for shape in SHAPES for match in re.finditer(shape.expression, data)}
    found = {token.issuer for token in tokens_in(data)} - {PRIVATE_KEY}
    assert found <= slowly
    assert not slowly or re.search(ANCHORED, data)


def test_what_is_not_searched_is_said(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    token = GITHUB.encode()
    spec = copied(layer(file("app/a", token + b" " * 60), file("app/b", token), file("app/c", token + b" ")))
    monkeypatch.setattr(secrets_tokens, "MOST", 2 * len(token) + 60)
    found = find(spec, rules=TOKENS)
    assert {path.path for finding in found.findings for path in finding.paths} == {"/app/a", "/app/b"}
    (warning,) = found.warnings
    assert warning.startswith("token-pattern: 1 files (41 bytes) were not searched")
    monkeypatch.setattr(secrets_tokens, "MOST", 3 * len(token) + 61)
    assert not find(spec, rules=TOKENS).warnings


@pytest.mark.parametrize(("length", "is_found"), [(LONGEST, True), (LONGEST + 1, False)])
def test_files_up_to_the_longest_are_searched(find: Find, length: int, is_found: bool) -> None:
    content = GITHUB.encode().rjust(length)
    assert bool(find(_image("app/data", content), rules=TOKENS).findings) is is_found


@pytest.mark.parametrize(("is_deleted", "severity"), [(False, "high"), (True, "critical")])
def test_a_webhook_is_graver_where_it_is_deleted(find: Find, is_deleted: bool, severity: str) -> None:
    layers = (layer(file("app/x.ini", WEBHOOK.encode())), *((layer(whiteout("app/x.ini")),) if is_deleted else ()))
    (found,) = find(ImageSpec(layers=layers), rules=TOKENS).findings
    assert found.severity == severity


def test_of_many_tokens_three_are_shown(find: Find) -> None:
    text = "\n".join(with_checksum("gh" + "p_", seed=f"seed {number}") for number in range(4))
    (found,) = find(_image("app/x.ini", text.encode()), rules=TOKENS).findings
    assert found.detail.count("***") == 3 and found.detail.endswith(" and 1 more")


def test_a_token_in_a_file_called_snakeoil_is_one(find: Find) -> None:
    (found,) = find(_image("app/snakeoil.txt", GITHUB.encode() + b"\n" + pem()), rules=TOKENS).findings
    assert found.detail == f"GitHub {GITHUB[:2]}***{GITHUB[-2:]}"


def test_an_image_of_the_bases_layers_alone_has_no_tokens_of_its_own(find: Find) -> None:
    assert not find(_image("app/x", GITHUB.encode()), base_layers=1, rules=TOKENS).findings


def test_the_first_few_tokens_of_a_file_are_named_and_the_gravest_decides(find: Find) -> None:
    texts = [REAL[name] for name in ("GitHub", "GitLab", "npm", "RubyGems")]
    for count in (3, 4):
        (found,) = find(_image("app/x", "\n".join((*texts[:count], texts[0])).encode()), rules=TOKENS).findings
        assert found.detail.count("***") == 3
        assert found.detail.endswith(" and 1 more") == (count == 4)
        assert found.severity == Severity.CRITICAL


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_of_the_longest_length_is_searched(find: Find, more: int) -> None:
    content = GITHUB.encode().rjust(LONGEST + more)
    assert bool(find(_image("app/x", content), rules=TOKENS).findings) == (not more)


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.html", False), ("a.so.1.2", False), ("a.css", False), ("a.htmlx", True), ("a.py", True), ("a.md.txt", True)],
)
def test_files_that_hold_no_text_of_the_user_are_left_out(find: Find, name: str, found: bool) -> None:
    assert bool(find(_image(f"app/{name}", GITHUB.encode()), rules=TOKENS).findings) == found
