"""What private keys look like: PEM (RFC 7468), OpenSSH, PuTTY, PKCS #12, Java key stores, GnuPG."""

import binascii
from typing import NamedTuple

from layerscope.model.patterns import pattern

_HEAD = pattern(rb"-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY(?: BLOCK)?-----")
_BASE64 = pattern(rb"[A-Za-z0-9+/=]{4,}")
_LINE = 40
"""Fewer characters than any line of a real key but the last: PEM has 64, OpenSSH 70 to a line."""
_BODY = 8192
_OPENSSH = b"openssh-key-v1\0"
_JKS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_KEY_BAGS = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02")
"""The object identifiers of keyBag and pkcs8ShroudedKeyBag (RFC 7292, appendix D)."""
_MOST_ENTRIES = 1000


class Key(NamedTuple):
    """A private key: what form it has, and whether a passphrase protects it."""

    form: str
    protected: bool = False


def key_in_file(data: bytes) -> Key | None:
    """The private key that a file with a key's name holds, or None; ``data`` is its head, 64 KiB or more."""
    if data.startswith(b"PuTTY-User-Key-File-"):
        return Key("a PuTTY key", protected=b"\nEncryption: none" not in data[:1024])
    if data.startswith(_JKS):
        return Key("a Java key store", protected=True) if _jks_has_key(data) else None
    if data[:1] == b"\x30":
        return _der(data)
    if b"private-key" in data[:400] and data.startswith((b"Key: (", b"(", b"Created: ")):
        return Key("a GnuPG key", protected=b"protected-private-key" in data[:400])
    return pem_key(data, least=4, at_line_start=True)


def pem_key(data: bytes, least: int = _LINE, *, at_line_start: bool = False) -> Key | None:
    """The first PEM private key in ``data`` whose body has a line of ``least`` characters of base64.

    A head alone, as source code has it that looks for keys, is none. Line ends may be escaped, as in JSON.
    """
    position = data.find(b"PRIVATE KEY")
    if position < 0:
        return None
    for head in _HEAD.finditer(data):
        if at_line_start and data[max(0, head.start() - 16) : head.start()].rstrip(b" \t\xef\xbb\xbf")[-1:] not in (
            b"",
            b"\n",
            b"\r",
        ):
            continue
        body = data[head.end() : head.end() + _BODY].partition(b"-----")[0]
        body = body.replace(b"\\n", b"\n").replace(b"\\r", b"\n")
        if key := _pem(head[1].strip(), body, least):
            return key
    return None


def _pem(algorithm: bytes, body: bytes, least: int) -> Key | None:
    encrypted = algorithm == b"ENCRYPTED" or b"ENCRYPTED" in body[:200]
    if b": " in body[:200]:
        body = body.partition(b"\n\n")[2] or body
    lines = _BASE64.findall(body)
    first = next((line for line in lines if len(line) >= least), None)
    if first is None or (least >= _LINE and not _begins_like_a_key(algorithm, first)):
        return None
    if algorithm == b"OPENSSH":
        return Key("an OpenSSH key", protected=_openssh_is_encrypted(b"".join(lines[:4])))
    if algorithm == b"PGP":
        return Key("a PGP key", protected=True)
    return Key("a PEM key", protected=encrypted)


def _begins_like_a_key(algorithm: bytes, line: bytes) -> bool:
    """A DER sequence begins with M in base64, OpenSSH's keys with their magic; an encrypted body with anything."""
    if algorithm == b"OPENSSH":
        return line.startswith(b"b3BlbnNzaC1rZXktdjE")
    return algorithm == b"PGP" or line.startswith(b"M") or algorithm in (b"RSA", b"DSA", b"EC")


def _openssh_is_encrypted(base64: bytes) -> bool:
    """The name of the cipher follows the magic (OpenSSH, PROTOCOL.key); ``none`` protects nothing."""
    try:
        data = binascii.a2b_base64(base64[: len(base64) // 4 * 4])
    except binascii.Error:
        return False
    length = int.from_bytes(data[len(_OPENSSH) : len(_OPENSSH) + 4], "big")
    cipher = data[len(_OPENSSH) + 4 : len(_OPENSSH) + 4 + min(length, 64)]
    return data.startswith(_OPENSSH) and cipher != b"none"


def _der(data: bytes) -> Key | None:
    """PKCS #12 with a key bag, PKCS #8 or a bare RSA key; the version number distinguishes them from certificates."""
    start = 2 + (data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0)
    version = data[start : start + 3]
    if version == b"\x02\x01\x03":
        return Key("a PKCS #12 store", protected=True) if any(bag in data for bag in _KEY_BAGS) else None
    after = data[start + 3 : start + 5]
    if version == b"\x02\x01\x00" and (after in (b"\x02\x82", b"\x02\x81") or after[:1] == b"\x30"):
        return Key("a key in DER")
    return None


def _jks_has_key(data: bytes) -> bool:
    """Whether a Java key store holds more than trusted certificates (tag 2), as far as its head shows."""
    entries = int.from_bytes(data[8:12], "big")
    position = 12
    for _ in range(min(entries, _MOST_ENTRIES)):
        tag = int.from_bytes(data[position : position + 4], "big")
        if tag != 2:
            return tag in (1, 3)
        position += 4
        position += 2 + int.from_bytes(data[position : position + 2], "big") + 8
        position += 2 + int.from_bytes(data[position : position + 2], "big")
        position += 4 + int.from_bytes(data[position : position + 4], "big")
    return False
