"""Each decision about a secret on its own: names, values, their extent in a text, keys, tokens, limits."""

import pytest

from layerscope.errors import LimitExceeded
from layerscope.model.finding import Severity
from layerscope.secrets import text as text_module
from layerscope.secrets.encoding import as_utf8, decoded_words
from layerscope.secrets.keys import Key, key_in_file, pem_key
from layerscope.secrets.masks import is_placeholder
from layerscope.secrets.names import (
    authentication,
    is_path,
    is_secret,
    speaks_of_secret,
    url_credentials,
    weight_of,
)
from layerscope.secrets.text import TextSecret, judged, quoted, redacted, secrets_in, secrets_in_value, secrets_in_words
from layerscope.secrets.tokens import may_hold_token, tokens_in
from layerscope.secrets.values import BARE, IN_QUERY, extent, pairs_of_setting, strings_in, value_at
from tests.rules.forged import aws_pair, google, hexadecimal, java_store, jwt, openssh, pem, with_checksum

SHAPED = with_checksum("gh" + "p_")


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("DB_PASSWORD", "password"), ("dbPassword", "password"), ("MYPASSWD", "password"), ("passphrase", "password"),
        ("storepass", "password"), ("KEYPASS", "password"), ("DB_PASS", "password"), ("dbPwd", "password"),
        ("pass", ""), ("PWD", ""), ("PASS_DB", ""), ("API_TOKEN", "secret"), ("clientSecret", "secret"),
        ("apikey", "secret"), ("credentials", "secret"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("SECRET_X", "secret"),
        ("API_KEY", "key"), ("KEYS", "key"), ("key_of_x", "key"), ("SALT", "key"), ("AUTH", "key"), ("auth_x", ""),
        ("authtoken", "secret"), ("HASH_SALT", "key"), ("SALT_X", ""), ("keyboard", ""), ("TOKEN_TTL", ""),
        ("PUBLIC_KEY", ""), ("GPG_KEY", ""), ("TOKEN_SHA256", ""), ("NO_PASSWORD", ""), ("PASSWORD_FILE", ""),
        ("FILE_PASSWORD", "password"), ("MD5_KEY", ""), ("ID_TOKEN", "secret"), ("TOKEN_ID", ""), ("x", ""), ("", ""),
        ("123", ""), ("XMLKey", "key"), ("XKEY", ""),
    ],
)  # fmt: skip
def test_the_weight_of_a_name(name: str, weight: str) -> None:
    assert weight_of(name) == weight
    assert speaks_of_secret(name.lower()) or not weight


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PASSWORD", "abcde", True), ("PASSWORD", "abcd", False), ("PASSWORD", " 'abcde' ", True),
        ("PASSWORD", "'abcd'", False), ("PASSWORD", "required", False), ("PASSWORD", "never", False),
        ("PASSWORD", "PassWord", False), ("API_TOKEN", "a1b2c3d4", True), ("API_TOKEN", "a1b2c3d", False),
        ("API_TOKEN", "abcdefgh", False), ("API_TOKEN", "a" + "b" * 19, True), ("API_TOKEN", "a" + "b" * 18, False),
        ("API_TOKEN", "12345678", False), ("API_KEY", "abcdefgh12345678", True), ("API_KEY", "abcdefgh1234567", False),
        ("API_KEY", "abcdef1111111111", False), ("API_KEY", "abcdefg111111111", True),
        ("PASSWORD", "two w0rds", True), ("PASSWORD", "two w0rd", False), ("PASSWORD", "two words", False),
        ("API_TOKEN", "a b1c2d3e", True), ("API_KEY", "abcdefgh 12345678a", False),
        ("PASSWORD", "0xABCDEF01", False), ("PASSWORD", "0xABCDEF0G", True), ("PASSWORD", "ABCDEF0123456789", False),
        ("PASSWORD", "a.*b1", False), ("PASSWORD", "[^a]b", False), ("PASSWORD", r"a\wb1", False),
        ("PASSWORD", "http://x/y", False), ("PASSWORD", "x://y", True), ("PASSWORD", "xy://z", False),
        ("USER", "abcdefgh12345678", False),
    ],
)  # fmt: skip
def test_a_value_is_a_secret_by_the_weight_of_its_name(name: str, value: str, found: bool) -> None:
    assert is_secret(name, value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("/a/b", True), ("~/x", True), ("../x", True), (".../x", False), ("C:\\x", True), ("C:/x", False), ("a/b", False),
        ("/Hunter2abc", False), ("/hunter2abc", True), ("/Hunter", True), ("/opt/My_App2/secret.txt", True),
        ("/a b/C+@d", True), ("/aB3dE5f/7hI9jK1lM3nO", False), ("/aB3dE5f/7hI", True), ("/Abcdefghij/Klmnopqrst", True),
        ("/a!b", False), ("", False),
    ],
)  # fmt: skip
def test_a_path_is_no_secret(value: str, found: bool) -> None:
    assert is_path(value) == found


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("Basic abc", 6), ("bearer  abc", 8), ("TOKEN abc", 6), ("digest abc", 7), ("ApiKey abc", 7),
        ("Negotiate abc", 10), ("Basic", 0), ("Basic a b", 0), ("xBasic abc", 0), ("abc", 0),
    ],
)  # fmt: skip
def test_a_scheme_before_a_credential_is_no_part_of_it(value: str, length: int) -> None:
    assert authentication(value) == length


TOKEN = "a1" * 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"https://{TOKEN}@h/x", (TOKEN, "h")), (f"https://{TOKEN[1:]}@h/x", None), (f"https://{'ab' * 10}@h/x", None),
        ("https://u:abc@h/x", ("abc", "h")), ("https://u:ab@h/x", None), ("https://abc:abc@h/x", None),
        ("https://u:8080@h/x", ("8080", "h")), ("https://h:8080?a=b@c/x", None), ("https://u:123456@h", ("123456", "h")),
        ("https://:abcd@h/x", ("abcd", "h")), ("https://u:a@b@h/x", ("a@b", "h")), ("https://u:abc@/x", None),
        ("https://u:abc@h.x:80?q=1@z", ("abc", "h.x")), ("https://u:abc@h:80?q=1@z", ("abc", "h")),
        ("https://u:abc@h?q=1@z", ("abc@h?q=1", "z")), ("https://u:abc@h.x:123456?q=1@z", ("abc@h.x:123456?q=1", "z")), ("https://u:abc@localhost?q=1@z", ("abc", "localhost")),
        ("s://u:abc@h", None), ("st://u:abc@h", ("abc", "h")), ("1https://u:abc@h", None), ("x+y.z-1://u:abc@h", ("abc", "h")),
        ('"https://u:ab\'c@h"', ("ab'c", "h")), ("'https://u:ab\"c@h'", ('ab"c', "h")), (" https://u:ab\"c@h", None),
        ("https://u:ab\"c@h", ('ab"c', "h")), (f"https://{hexadecimal(32)}@h/1", None), (f"https://{hexadecimal(32)}@h/x", (hexadecimal(32), "h")),
        (f"https://{hexadecimal(32)}:abcd@h/1", ("abcd", "h")), ("u:abc@h", None),
    ],
)  # fmt: skip
def test_a_credential_of_a_url(text: str, found: tuple[str, str] | None) -> None:
    credentials = list(url_credentials(text))
    assert [(one.value, one.host) for one in credentials] == ([found] if found else [])
    assert all(text[one.start : one.end] == one.value for one in credentials)


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("a 'b' \"c\"", [(2, 5), (6, 9)]), ("a 'b", [(2, 4)]), ("a 'b\nc' d", [(2, 4), (6, 9)]), (r"a \'b\' c", []),
        (r'"a\"b" c', [(0, 6)]), (r"'a\' b'", [(0, 4), (6, 7)]), ("", []),
    ],
)  # fmt: skip
def test_the_strings_of_a_shell(text: str, strings: list[tuple[int, int]]) -> None:
    assert strings_in(text) == strings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("A=a&b c", "A", "a"), ("x 'A=a&b c' d", "A", "a&b"), ('x "A=a&b c" d', "A", "a&b"), ("\nA=a&b c", "A", "a&b"),
        ("\n  A=a&b c", "A", "a&b"), ("\nexport A=a&b c", "A", "a&b"), ("\nx A=a&b c", "A", "a"), ("x 'y' A=a&b c", "A", "a"),
        ("x\n 'y' A=a&b 'c'", "A", "a"), ("A=a&b\n", "A", "a&b"),
    ],
)  # fmt: skip
def test_how_far_a_value_goes_is_told_by_what_stands_around_its_name(text: str, name: str, value: str) -> None:
    start = text.index(f"{name}=")
    inside = extent(text, start, strings_in(text))
    assert value_at(text, start + len(name) + 1, len(text), inside) == (value, start + len(name) + 1)


@pytest.mark.parametrize(
    ("text", "position", "last", "opened", "found"),
    [
        ("'a b' c", 0, 7, "", ("a b", 1)), ('"a\\"b" c', 0, 8, "", ('a\\"b', 1)), ("\\'a b\\' c", 0, 9, "", ("a b", 2)),
        ('\\"a b\\" c', 0, 9, "", ("a b", 2)), ("'a b c", 0, 6, "", ("a", 1)), ("a b' c", 0, 6, "'", ("a b", 0)),
        ("a b c", 0, 5, "'", ("a", 0)), ("abcdef", 0, 3, "", ("abc", 0)), (" a", 0, 2, "", ("", 0)), ("a;b", 0, 3, "", ("a", 0)),
        ("'abc'", 0, 4, "", ("abc", 1)), ("", 0, 0, "", ("", 0)),
    ],
)  # fmt: skip
def test_the_value_at_a_place(text: str, position: int, last: int, opened: str, found: tuple[str, int]) -> None:
    assert value_at(text, position, last, BARE, opened) == found


def test_a_value_of_a_query_ends_at_the_next_name() -> None:
    assert value_at("a=b;c|d&e", 2, 9, IN_QUERY) == ("b;c|d", 2)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ENV A=b C=d e", [("A", "b", 6), ("C", "d e", 10)]), ('ENV "A"=b', [("A", "b", 8)]), ("ENV A b=c", [("A", "b=c", 6)]),
        ("ENV A=b", [("A", "b", 6)]), ("ENV x=y A", [("x", "y A", 6)]), ("ARG A", []), ("LABEL a.b-c=d", [("a.b-c", "d", 12)]),
        ("ENV 1=2", []), ("RUN A=b", []), ("ENVA=b", []), ("/bin/sh -c #(nop)  ENV A=b", [("A", "b", 25)]),
        (" " * 94 + "#(nop) ENV A=b", [("A", "b", 107)]), (" " * 95 + "#(nop) ENV A=b", []), ("  ENV A=b", [("A", "b", 8)]),
    ],
)  # fmt: skip
def test_the_pairs_of_a_setting(text: str, pairs: list[tuple[str, str, int]]) -> None:
    assert list(pairs_of_setting(text)) == pairs


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PASSWORD", "hunter2", [("hunter2", 10, 17)]), ("PASSWORD", " 'hunter2' ", [("hunter2", 12, 19)]),
        ("API_TOKEN", "Bearer a1b2c3d4e5", [("a1b2c3d4e5", 17, 27)]), ("USER", "hunter2", []), ("PASSWORD", "$X", []),
    ],
)  # fmt: skip
def test_a_value_is_judged_without_quotes_and_scheme(name: str, value: str, found: list[tuple[str, int, int]]) -> None:
    assert [(one.value, one.start, one.end) for one in judged(name, value, 10)] == found


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("X", f"a {SHAPED} b", [("X", SHAPED, Severity.CRITICAL)]),
        ("API_TOKEN", SHAPED, [("API_TOKEN", SHAPED, Severity.CRITICAL)]),
        ("API_TOKEN", "a1b2c3d4", [("API_TOKEN", "a1b2c3d4", Severity.HIGH)]),
        ("X", "PASSWORD=hunter2 TOKEN=a1b2c3d4", [("X", "hunter2", Severity.HIGH), ("X", "a1b2c3d4", Severity.HIGH)]),
        ("X", google(), [("X", google(), Severity.MEDIUM)]),
        ("API_TOKEN", google(), [("API_TOKEN", google(), Severity.HIGH)]),
        ("X", "nothing", []),
    ],
)
def test_what_a_variable_holds(name: str, value: str, expected: list[tuple[str, str, Severity]]) -> None:
    assert [(one.name, one.value, one.severity) for one in secrets_in_value(name, value)] == expected


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["--password", "hunter2"], ["hunter2"]), (["-password", "hunter2"], ["hunter2"]), (["password", "hunter2"], []),
        (["--password=x", "hunter2"], []), (["--password", "-x"], []), (["--password", "prompt"], []),
        (["--password", "Prompt"], ["Prompt"]), (["--password", "a-b_c!d"], ["a-b_c!d"]), (["--user", "hunter2"], []),
        (["A_PASSWORD=a b1c2d3"], ["a b1c2d3"]), (["-password=a1b2c3 token=x1y2z3w4 z"], ["a1b2c3 token=x1y2z3w4 z"]),
        (["password=a1b2c3 token=x1y2z3w4 z"], ["a1b2c3", "x1y2z3w4"]), (["x", "curl", "-u", "me:a;b1c2d"], ["a;b1c2d"]), ([], []),
    ],
)  # fmt: skip
def test_the_secrets_of_an_argument_vector(words: list[str], values: list[str]) -> None:
    assert [one.value for one in secrets_in_words(words)] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("password = hunter2", ["hunter2"]), ("password => 'hunter2'", ["hunter2"]), ("password : hunter2", []),
        ("password: hunter2", ["hunter2"]), ("password: please enter", []), ("password:hunter2", ["hunter2"]),
        ("a.password=hunter2", ["hunter2"]), ("$password=hunter2", []), ("-password hunter2", ["hunter2"]),
        ("password hunter2", []), ("password=hunter2(", []), ("x?password=hunter2;y&z", ["hunter2;y"]),
        ("x&password=hunter2;y&z", ["hunter2;y"]), ("password=Basic a1b2c3", ["a1b2c3"]), ("password=Basic", ["Basic"]),
        ("my-password=an-example-1", []), ("password=hunter2.example", []), ("npassword=hunter2", ["hunter2"]),
        (r"\npassword=hunter2", ["hunter2"]), (r"\xpassword=hunter2", ["hunter2"]),
        ("login -p hunter22", ["hunter22"]), ("login -p 12345", []), ("login -p abcd", []), ("login -p /a/b", []),
        ("mkdir -p hunter22", []), ("curl -u me:hunter2 x", ["hunter2"]), ("wget -u me:hunter2 x", []),
        ("curl -U 'me:hun ter2' x", ["hun ter2"]), ("echo me:hunter2 | chpasswd", ["hunter2"]), ("echo me:hunter2 | x", []),
        ("Authorization: token a1b2c3d4", ["a1b2c3d4"]), ("Authorization: a1b2c3d4e5f6a7b8", ["a1b2c3d4e5f6a7b8"]),
        ("Authorization: a1b2c3d4e5f6a7b", []), ("Authorization: abcdefghijklmnopq", []), ("Authorization: token a1b2c3d", []),
    ],
)  # fmt: skip
def test_the_secrets_of_a_text(text: str, values: list[str]) -> None:
    found = secrets_in(text)
    assert [one.value for one in found] == values
    assert [text[one.start : one.end] for one in found] == values


def test_of_what_overlaps_the_first_and_the_longest_is_left() -> None:
    found = [
        TextSecret("a", "1", 5, 9),
        TextSecret("b", "2", 0, 4),
        TextSecret("c", "3", 0, 6),
        TextSecret("d", "4", 6, 7),
    ]
    assert [one.name for one in text_module._apart(found)] == ["c", "d"]
    assert redacted("x password=hunter2 y token=a1b2c3d4 z") == "x password=*** y token=*** z"


@pytest.mark.parametrize(("longest", "shown"), [(None, "a b c"), (5, "a b c"), (4, "a..."), (3, "...")])
def test_a_quote_is_cut_to_a_length(longest: int | None, shown: str) -> None:
    assert quoted("a\n b\tc", longest) == shown


@pytest.mark.parametrize("count", [3, 4])
def test_so_many_secrets_are_judged(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "MOST_SECRETS", 3)
    text = " ".join(f"password=hunter2{number}" for number in range(count)) + " password=hunter20"
    if count == 3:
        assert len(secrets_in(text)) == 4  # The same one twice is one.
        return
    with pytest.raises(
        LimitExceeded, match="^the config and the history hold over 3 secrets, too many to mask them all$"
    ):
        secrets_in(text)


@pytest.mark.parametrize("before", ["", "ENV "])
@pytest.mark.parametrize("count", [3, 4])
def test_so_many_names_of_secrets_are_judged(before: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "_MOST_NAMES", 3)
    text = before + " ".join(f"PASSWORD{number}=$X USER{number}=y" for number in range(count))
    if count == 3:
        assert secrets_in(text) == ()
        return
    with pytest.raises(LimitExceeded, match="^a text of the config or the history has over 3 names of secrets$"):
        secrets_in(text)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("example", True), ("my-x", True), ("x{{y}}", True), ("a<%b", True), ("<a b>", True), ("[a]", True), ("{a.b", True),
        ("{a}", True), ("%s", True), ("%S", True), ("%ab", False), ("#?", True), ("x0.-_*", True), ("x1", False),
        ("__a__", True), ("@a@", True), ("@a", False), ("#{a}", True), ("#{a}#", True), ("aaaa", True), ("aaab", False),
        ("ssm:x", True), ("sms:x", False), ("the-x", True), ("TODO", True), ("process.env.X", True), ("n/a", True),
        ("a-your-b", True), ("a-placeholder", True), ("`null`", True), (" 'none' ", True), ("nones", False),
    ],
)  # fmt: skip
def test_a_placeholder(value: str, found: bool) -> None:
    assert is_placeholder(value) == found


PUTTY = b"PuTTY-User-Key-File-3: ssh-rsa\n"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (PUTTY, Key("a PuTTY key", protected=True)),
        (PUTTY + b" " * (1024 - len(PUTTY) - 17) + b"\nEncryption: none", Key("a PuTTY key")),
        (PUTTY + b" " * (1024 - len(PUTTY) - 16) + b"\nEncryption: none", Key("a PuTTY key", protected=True)),
        (java_store(1), Key("a Java key store", protected=True)), (java_store(2, 3), Key("a Java key store", protected=True)),
        (java_store(2), None), (java_store(2, 4), None), (java_store(), None), (java_store(2, 2, 1), Key("a Java key store", protected=True)),
        (b"\xce\xce\xce\xce" + java_store(1)[4:], Key("a Java key store", protected=True)),
        (b"(private-key x", Key("a GnuPG key")), (b"Created: 1\n(private-key", Key("a GnuPG key")),
        (b"Key: (protected-private-key", Key("a GnuPG key", protected=True)), (b"x(private-key", None),
        (b"(" + b" " * 388 + b"private-key", Key("a GnuPG key")), (b"(" + b" " * 389 + b"private-key", None),
        (bytes.fromhex("3003020100") + b"\x30", Key("a key in DER")), (bytes.fromhex("308103020100") + b"\x02\x81", Key("a key in DER")),
        (bytes.fromhex("30820000020100") + b"\x02\x82", Key("a key in DER")), (bytes.fromhex("30820000020100") + b"\x02\x83", None),
        (bytes.fromhex("30820000020101") + b"\x02\x82", None), (bytes.fromhex("30820000020103") + b"\x02\x82", None),
        (bytes.fromhex("30820000020103") + bytes.fromhex("2a864886f70d010c0a0102"), Key("a PKCS #12 store", protected=True)),
        (b" \t" + pem(), Key("a PEM key")), (b"x" + pem(), None), (b"x\n" + pem(), Key("a PEM key")), (b"x\r" + pem(), Key("a PEM key")),
        (b"\xef\xbb\xbf" + pem(), Key("a PEM key")), (b"x" + b" " * 16 + pem(), Key("a PEM key")), (b"x" + b" " * 15 + pem(), None),
        (pem("OPENSSH ", b"\x30" * 90), Key("an OpenSSH key")), (openssh(b"aes256-ctr"), Key("an OpenSSH key", protected=True)),
        (pem("PGP "), Key("a PGP key", protected=True)),
    ],
)  # fmt: skip
def test_a_file_that_is_a_key(data: bytes, key: Key | None) -> None:
    assert key_in_file(data) == key


def lines(first: str, length: int, algorithm: str = "") -> bytes:
    """A key in PEM whose only line begins so and is so long."""
    dashes, label = "-" * 5, f"{algorithm}PRIVATE " + "KEY"
    body = (first + "A" * length)[:length]
    return f"{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}\n".encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (lines("M", 40), True), (lines("M", 39), False), (lines("x", 40), False), (lines("x", 40, "RSA "), True),
        (lines("x", 40, "DSA "), True), (lines("x", 40, "EC "), True), (lines("x", 40, "PGP "), True), (lines("x", 40, "DH "), False),
        (lines("b3BlbnNzaC1rZXktdjE", 40, "OPENSSH "), True), (lines("M", 40, "OPENSSH "), False),
        (lines("M", 40).replace(b"\n", b"\\n"), True), (lines("M", 40).replace(b"\n", b"\\r\\n"), True),
        (lines("M", 40).replace(b"\nM", b"\n" + b" " * 8200 + b"\nM"), False), (lines("x", 40) + lines("M", 40), True),
        (b"x" + lines("M", 40), True), (b"PRIVATE KEY", False),
    ],
)  # fmt: skip
def test_a_key_in_a_text_has_a_line_of_its_kind(data: bytes, found: bool) -> None:
    assert (pem_key(data) is not None) == found


@pytest.mark.parametrize(
    ("header", "protected"),
    [("Proc-Type: 4,ENCRYPTED\n\n", True), ("Proc-Type: 4,CLEAR\n\n", False), ("x" * 190 + ": \n ENCRYPTED\n", False)],
)
def test_a_passphrase_is_told_by_the_headers_of_a_key(header: str, protected: bool) -> None:
    assert pem_key(pem(header=header)) == Key("a PEM key", protected=protected)


ID, SECRET = aws_pair()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ID + " " * 600 + SECRET, 0), (ID + " " * 560 + SECRET, 1), (SECRET + " " * 560 + ID, 1), (SECRET + " " * 561 + ID, 0),
        (f"{ID} {'a1B' * 13}c", 0), (f"{ID} {'b' * 40} {SECRET}", 1), (f"{ID} {SECRET.lower()}", 0), (f"{ID} {SECRET}=", 0),
        ("gl" + "pat-" + "QwertzUiopAsdfghJklyx", 0), ("gl" + "pat-" + "QwertzUiopAsdfghJkly7", 1), ("gl" + "pat-" + "9182736450" * 2, 0),
        ("do" + "p_v1_" + "ab" * 32, 0), ("do" + "p_v1_" + hexadecimal(64), 1), ("do" + "p_v1_" + "deadbeef" + hexadecimal(56), 0),
        ("do" + "p_v1_" + "00000" + hexadecimal(59), 0), ("ls" + "gl" + "sa_", 0), ("da" + "pi" + "12345698" * 4, 0),
        (jwt(b'{"role":"service_role"}'), 1), (jwt(b'{"role":"anon"}'), 0), (jwt(b'{"role":"service_role","iss":"supabase-demo"}'), 0),
        (jwt(b'["service_role"]'), 0), (jwt(b"[" * 2000), 0),
    ],
)  # fmt: skip
def test_a_token_and_what_only_looks_like_one(text: str, found: int) -> None:
    assert len(list(tokens_in(text.encode()))) == found
    assert may_hold_token(text.encode()) or not found


def test_a_key_beside_tokens_is_told_with_its_place_and_how_grave_it_is() -> None:
    for key, severity in ((pem(), Severity.CRITICAL), (openssh(b"aes256-ctr"), Severity.MEDIUM)):
        data = b"x\n" + SHAPED.encode() + b"\n" + key
        token, found = tokens_in(data)
        assert (token.issuer, token.value, token.severity) == ("GitHub", SHAPED, Severity.CRITICAL)
        assert (token.start, token.end) == (2, 2 + len(SHAPED))
        assert (found.value, found.severity, found.start, found.end) == ("", severity, 43, 43)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("abcd".encode("utf-16-le"), b"abcd"), ("abc".encode("utf-16-le"), "abc".encode("utf-16-le")),
        (b"a" * 128 + b"\0" * 128, b"a" * 128 + b"\0" * 128), (b"\xff\xfea\0b", b"a"), (b"\xfe\xff\0a", b"a"),
        (b"\xff\xfe\x00\xd8", b"\xef\xbf\xbd"), ("abcd".encode("utf-16-be") + "\u0000".encode("utf-16-be"), b"\0a\0b\0c\0d\0\0"),
        (("a" * 64 + "\u0100").encode("utf-16-le"), b"a" * 64 + b"\xc4\x80"),
    ],
)  # fmt: skip
def test_a_text_in_utf_16(data: bytes, text: bytes) -> None:
    assert as_utf8(data) == text


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("A" * 20, bytes(15)), ("A" * 19, None), ("A" * 22, bytes(16)), ("A" * 21, None), ("A" * 22 + "==", bytes(16)),
        ("x" + "A" * 19, b"\xc4" + bytes(14)), ("A" * 64 + "\n" + "A" * 4, bytes(51)), ("A" * 76 + "\\n" + "A" * 4, bytes(60)),
        ("A" * 64 + "\r\n" + "A" * 64 + "\n", bytes(96)),
    ],
)  # fmt: skip
def test_a_word_of_base64(word: str, found: bytes | None) -> None:
    decoded = list(decoded_words(f"- {word}"))
    assert [data for data, _, _ in decoded] == ([found] if found is not None else [])
    assert all(f"- {word}"[start:end] == word for _, start, end in decoded)
