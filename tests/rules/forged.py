"""Keys and tokens that open nothing, put together at run time so that no file of the repository holds one."""

import base64
import hashlib
import zlib

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DASHES = "-" * 5


def characters(count: int, alphabet: str = _BASE62, seed: str = "seed") -> str:
    """``count`` characters that look random and are the same each time."""
    stream = b"".join(hashlib.sha256(f"{seed}{block}".encode()).digest() for block in range(count // 32 + 1))
    return "".join(alphabet[byte % len(alphabet)] for byte in stream[:count])


def hexadecimal(count: int, seed: str = "seed") -> str:
    return characters(count, "0123456789abcdef", seed)


def with_checksum(prefix: str, seed: str = "seed", *, right: bool = True) -> str:
    """A token as GitHub and npm make them: thirty random characters, then their CRC-32 to the base of 62."""
    random = characters(30, seed=seed)
    number, digits = zlib.crc32(random.encode()) ^ (not right), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return prefix + random + digits


def pem(algorithm: str = "RSA ", body: bytes = b"\x30\x82" + bytes(range(180)), *, header: str = "") -> bytes:
    """A private key in PEM around ``body``; what it holds is no key."""
    text = base64.b64encode(body).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    label = algorithm + "PRIVATE " + "KEY"
    return f"{_DASHES}BEGIN {label}{_DASHES}\n{header}{lines}\n{_DASHES}END {label}{_DASHES}\n".encode()


def openssh(cipher: bytes = b"none") -> bytes:
    """An OpenSSH key up to the name of its cipher, and noise."""
    body = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + bytes(range(150))
    return pem("OPENSSH ", body)


def certificate() -> bytes:
    return pem().replace(b"RSA PRIVATE " + b"KEY", b"CERTIFICATE")


def java_store(*tags: int) -> bytes:
    """A Java key store with one entry for each tag: 1 is a private key, 2 a trusted certificate."""
    entry = b"\0\4name" + bytes(8) + b"\0\5X.509" + (3).to_bytes(4, "big") + b"abc"
    head = b"\xfe\xed" * 2 + (2).to_bytes(4, "big") + len(tags).to_bytes(4, "big")
    return head + b"".join(tag.to_bytes(4, "big") + entry for tag in tags)


def pkcs12(*, with_key: bool) -> bytes:
    """The outermost fields of a PKCS #12 store, and the identifier of a key bag or of a certificate bag."""
    identifier = bytes.fromhex("2a864886f70d010c0a01") + (b"\2" if with_key else b"\3")
    return b"\x30\x82\x01\x00\x02\x01\x03\x30\x82\x00\xf0" + bytes(40) + identifier + bytes(40)


def jwt(claims: bytes) -> str:
    """A JSON web token with these claims."""
    parts = (b'{"alg":"HS256"}', claims, bytes(range(32)))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def google() -> str:
    return "AI" + "za" + characters(35)


def stripe(mode: str = "live") -> str:
    return f"sk_{mode}_" + characters(24)


def aws_pair() -> tuple[str, str]:
    """An access key id, and the secret that belongs beside it."""
    return "AK" + "IA" + characters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), characters(40, _BASE62 + "+/", "aws")
