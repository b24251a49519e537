"""What is shown of a file: text or bytes, never a secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.analysis import content as module
from layerscope.analysis.content import Content, content
from layerscope.errors import Damaged
from tests.analysis.test_browse import browsing, saved_image
from tests.builder import Member, file, gnu_sparse, hardlink, layer, symlink
from tests.rules.forged import with_checksum

TOKEN = with_checksum("gh" + "p_")
PASSWORD = "correct-horse-battery-9"
KEY = b"-----BEGIN PRIVATE KEY-----\n" + b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n" * 4
KEY += b"-----END PRIVATE KEY-----\n"


def shown(directory: Path, *members: Member, path: str = "", **fields: object) -> Content:
    """The content of the last member, or of a path."""
    image = saved_image(directory / "image.tar", layer(*members), **fields)
    with browsing(image) as (browser, _, analysis):
        (number,) = browser.versions(path or "/" + members[-1].name.decode("utf-8", "surrogateescape"))
        return content(analysis, number, browser.facts(number).findings)


def test_text_is_text_and_binary_is_bytes(tmp_path: Path) -> None:
    text = shown(tmp_path, file("etc/motd", "h\u00e9llo\n".encode()))
    assert (text.text, text.data, text.size) == ("h\u00e9llo\n", "h\u00e9llo\n".encode(), 7)
    binary = shown(tmp_path, file("bin/x", b"\x7fELF\0\0\1"))
    assert (binary.text, binary.data) == (None, b"\x7fELF\0\0\1")


def test_utf_16_is_text(tmp_path: Path) -> None:
    found = shown(tmp_path, file("app/x.ini", "\ufeffname=value\r\n".encode("utf-16-le")))
    assert found.text == "name=value\r\n"


def test_bytes_that_are_not_utf_8_stay_for_whoever_escapes_them(tmp_path: Path) -> None:
    assert shown(tmp_path, file("etc/x", b"a\xffb")).text == "a\udcffb"


@pytest.mark.parametrize(
    ("path", "text", "secret"),
    [
        pytest.param("app/notes.txt", f"use {TOKEN} for it\n", TOKEN, id="a token"),
        pytest.param("app/.env", f"DB_PASSWORD={PASSWORD}\n", PASSWORD, id="an environment file"),
        pytest.param("root/.npmrc", f"//registry.npmjs.org/:_authToken={PASSWORD}\n", PASSWORD, id="a tool's file"),
        pytest.param("root/.pgpass", f"db:5432:app:me:{PASSWORD}\n", PASSWORD, id="a format of its own"),
        pytest.param("srv/run.sh", f"curl https://me:{PASSWORD}@example.org/\n", PASSWORD, id="a URL"),
    ],
)
def test_a_secret_is_masked_in_text_and_bytes(tmp_path: Path, path: str, text: str, secret: str) -> None:
    found = shown(tmp_path, file(path, text.encode()))
    assert found.text is not None and secret not in found.text and "***" in found.text
    assert secret.encode() not in found.data and b"*" * len(secret) in found.data
    assert len(found.data) == found.size == len(text) and found.masked


def test_a_secret_of_utf_16_is_masked_in_its_bytes(tmp_path: Path) -> None:
    found = shown(tmp_path, file("app/x.ini", f"\ufeffDB_PASSWORD={PASSWORD}\r\n".encode("utf-16-le")))
    assert PASSWORD.encode("utf-16-le") not in found.data and PASSWORD not in (found.text or "")


def test_a_secret_of_the_config_is_masked_in_a_file(tmp_path: Path) -> None:
    found = shown(tmp_path, file("app/x", f"say {PASSWORD} now".encode()), env=(f"DB_PASSWORD={PASSWORD}",))
    assert found.text == "say co***-9 now"


@pytest.mark.parametrize("path", ["root/.ssh/id_rsa", "app/other"])
def test_of_a_private_key_nothing_is_shown(tmp_path: Path, path: str) -> None:
    found = shown(tmp_path, file(path, KEY))
    assert "not shown" in found.refused and (found.text, found.data) == (None, b"")


def test_a_key_in_another_file_is_masked(tmp_path: Path) -> None:
    found = shown(tmp_path, file("app/config.yml", b"key: |\n  x\n" + KEY + b"after: 1\n"))
    assert not found.text or b"MIIEvQ".decode() not in found.text
    assert b"MIIEvQ" not in found.data


def test_a_public_key_is_no_secret(tmp_path: Path) -> None:
    text = b"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
    assert shown(tmp_path, file("etc/ssl/x.pem", text)).text == text.decode()


def test_of_a_secret_that_is_not_recognised_nothing_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_secrets", lambda *_: frozenset())
    found = shown(tmp_path, file("app/.env", f"DB_PASSWORD={PASSWORD}\n".encode()))
    assert found.refused == "a secret, whose content is not shown"


def test_only_the_beginning_of_a_long_file_is_shown(tmp_path: Path) -> None:
    found = shown(tmp_path, file("var/log/x", b"line\n" * 100_000))
    assert (found.size, len(found.data), found.is_cut) == (500_000, module.MOST, True)
    assert found.text is not None and len(found.text) == module.MOST
    assert not shown(tmp_path, file("x", b"x")).is_cut


def test_the_holes_of_a_sparse_file_are_shown_as_zeros(tmp_path: Path) -> None:
    found = shown(tmp_path, gnu_sparse("x", [(3, b"abc"), (10, b"d")], real_bytes=20), path="/x")
    assert (found.size, found.data) == (20, b"\0\0\0abc\0\0\0\0d" + bytes(9))


@pytest.mark.parametrize("before", [module.MOST - 60, module.MOST - 40, module.MOST - 13, module.MOST + 1])
def test_a_secret_where_a_file_is_cut_is_not_shown_in_part(tmp_path: Path, before: int) -> None:
    line = f"\ntoken = {TOKEN}\n".encode()
    found = shown(tmp_path, file("x", b"-" * before + line + b"." * 20_000))
    assert found.text is not None
    assert TOKEN[4:12] not in found.text and TOKEN[4:12].encode() not in found.data


def test_what_has_no_content_says_what_it_is(tmp_path: Path) -> None:
    assert shown(tmp_path, symlink("a", "/b")).refused == "a symlink to /b"
    assert shown(tmp_path, file("a", b"12"), hardlink("b", "a")).text == "12"
    assert shown(tmp_path, hardlink("b", "nothing")).refused == "a hardlink, which has no content"


def test_what_can_no_longer_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> None:
        raise Damaged("ends early", where="image.tar")

    monkeypatch.setattr(module, "contents", damaged)
    assert shown(tmp_path, file("a", b"1")).refused.startswith("cannot be shown: ")


def test_no_more_is_read_than_what_is_shown_and_a_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def pieces() -> Iterator[bytes | int]:
        for number in range(10_000):
            read.append(number)
            yield 512 if number % 2 else b"x" * 512

    monkeypatch.setattr(module, "contents", lambda *_: iter([(0, pieces())]))
    found = shown(tmp_path, file("a", b"x" * 600_000))
    assert (len(read), len(found.data), found.size) == ((256 + 8) * 2, 256 << 10, 600_000)
    assert found.data[:1024] == b"x" * 512 + bytes(512)


def test_the_last_piece_is_cut_to_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(module, "contents", lambda *_: iter([(0, iter([b"x" * 300_000, 5, b"y"]))]))
    monkeypatch.setattr(module, "key_in_file", lambda data: seen.append(data))
    shown(tmp_path, file("a", b"x" * 600_000))
    assert [len(data) for data in seen] == [(256 + 8) << 10]


@pytest.mark.parametrize(
    ("place", "cut"),
    [(2, 2), (3, 3), (4, 3), (6, 3), (8, 3), (9, 9), (11, 11), (12, 12), (13, 12), (15, 12), (16, 16), (0, 0)],
)
def test_a_text_is_cut_before_a_secret_that_would_be_cut(place: int, cut: int) -> None:
    assert module._cut("..._secret.._key.", place, frozenset({"_secre", "_key"})) == cut


@pytest.mark.parametrize(
    ("data", "masked", "count"),
    [
        (b"none", b"none", 0),
        (b"a pass b pass", b"a **** b ****", 2),
        (b"passport pass", b"******** ****", 2),
        ("pass".encode("utf-16-le") + b"x", b"*" * 8 + b"x", 1),
        ("pass".encode("utf-16-be") + b"x", b"*" * 8 + b"x", 1),
    ],
)
def test_each_byte_of_a_secret_is_a_star(data: bytes, masked: bytes, count: int) -> None:
    assert module._masked(data, frozenset({"pass", "passport"})) == (masked, count)


def test_what_is_refused_is_not_cut(tmp_path: Path) -> None:
    assert not Content(size=9, refused="a key").is_cut
    assert Content(size=9, data=b"12345678").is_cut
    assert not Content(size=8, data=b"12345678").is_cut


@pytest.mark.parametrize(("place", "is_text"), [(8191, False), (8192, True)])
def test_a_nul_among_the_first_8192_bytes_makes_a_file_binary(tmp_path: Path, place: int, is_text: bool) -> None:
    found = shown(tmp_path, file("a", b"x" * place + b"\0" + b"y"))
    assert (found.text is not None) is is_text
