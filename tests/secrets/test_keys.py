"""Private keys, told from what only looks like them."""

import pytest

from layerscope.secrets.keys import Key, key_in_file, pem_key
from tests.rules.forged import certificate, java_store, openssh, pem, pkcs12

ENCRYPTED = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        pytest.param(pem(), Key("a PEM key"), id="RSA"),
        pytest.param(pem("EC "), Key("a PEM key"), id="EC"),
        pytest.param(pem(""), Key("a PEM key"), id="PKCS 8"),
        pytest.param(pem("ENCRYPTED "), Key("a PEM key", protected=True), id="encrypted PKCS 8"),
        pytest.param(pem(header=ENCRYPTED), Key("a PEM key", protected=True), id="encrypted RSA"),
        pytest.param(certificate() + pem(), Key("a PEM key"), id="behind a certificate"),
        pytest.param(openssh(), Key("an OpenSSH key"), id="OpenSSH"),
        pytest.param(openssh(b"aes256-ctr"), Key("an OpenSSH key", protected=True), id="encrypted OpenSSH"),
        pytest.param(b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", Key("a PuTTY key"), id="PuTTY"),
        pytest.param(pkcs12(with_key=True), Key("a PKCS #12 store", protected=True), id="PKCS 12"),
        pytest.param(java_store(2, 1), Key("a Java key store", protected=True), id="Java"),
        pytest.param(b"Key: (private-key\n (ecc", Key("a GnuPG key"), id="GnuPG"),
        pytest.param(bytes.fromhex("308204a30201000282"), Key("a key in DER"), id="DER"),
    ],
)
def test_a_private_key_is_known_by_its_content(data: bytes, key: Key) -> None:
    assert key_in_file(data) == key


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(certificate() * 3, id="bundle of authorities"),
        pytest.param(pem().replace(b"RSA PRIVATE", b"RSA PUBLIC"), id="public key"),
        pytest.param(b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@host\n", id="public key of OpenSSH"),
        pytest.param(pkcs12(with_key=False), id="trust store in PKCS 12"),
        pytest.param(java_store(2, 2), id="trust store of Java"),
        pytest.param(java_store(2, 2)[:40], id="trust store, cut"),
        pytest.param(bytes.fromhex("308204a3308203"), id="certificate in DER"),
        pytest.param(b"HEAD = '" + pem().split(b"\n")[0] + b"'\n", id="head as a string"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x30", id="one byte"),
        pytest.param(b"\xfe\xed" * 2, id="magic alone"),
    ],
)
def test_what_is_no_private_key_is_not_taken_for_one(data: bytes) -> None:
    assert key_in_file(data) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"key: |\n" + b"".join(b"    " + line + b"\n" for line in pem().splitlines()), id="YAML"),
        pytest.param(b'{"private_key": "' + pem("").replace(b"\n", b"\\n") + b'"}', id="JSON"),
        pytest.param(b'KEY="' + openssh() + b'"', id="shell"),
    ],
)
def test_a_key_within_another_file_is_found(text: bytes) -> None:
    assert pem_key(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            b"if data.startswith(b'" + pem().split(b"\n")[0] + b"'):\n    return load_pem_private_key(data)", id="code"
        ),
        pytest.param(pem().split(b"\n")[0] + b"\nMIIEpAIBAAKC...\n", id="manual"),
        pytest.param(pem("", b"no key at all" * 20), id="other content"),
    ],
)
def test_a_mention_of_a_key_is_none(text: bytes) -> None:
    assert pem_key(text) is None
