"""Whether a name and its value are a secret: ``DB_PASSWORD=...`` is, ``GPG_KEY=...`` and ``TOKEN_TTL=60`` are not."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from layerscope.model.patterns import pattern
from layerscope.secrets.masks import is_placeholder

_WORD = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORDS = ("password", "passwd", "passphrase", "storepass", "keypass")
_SECRETS = ("secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "authkey", "credential", "credentials")
_SPEAKING = ("pass", "pwd", "secret", "token", "key", "credential", "salt", "auth")
"""One of them stands in each name that speaks of a secret."""
_BENIGN = frozenset({
    "allow", "checksum", "checksums", "digest", "disable", "disabled", "empty", "fingerprint", "gpg", "keyring",
    "keyrings", "keyserver", "keyservers", "md", "no", "pgp", "pub", "public", "publishable", "recv", "sha",
})  # fmt: skip
"""Words in the names of fingerprints, checksums, public keys and switches."""
_BENIGN_LAST = frozenset({
    "age", "alg", "algorithm", "algorithms", "audience", "backend", "class", "cmd", "command", "count", "dir",
    "directory", "disabled", "enabled", "endpoint", "env", "expiration", "expire", "expires", "expiry", "field",
    "file", "files", "folder", "format", "header", "helper", "host", "hours", "id", "ids", "issuer", "label", "len",
    "length", "lifetime", "limit", "location", "manager", "max", "method", "min", "minutes", "mode", "name", "names",
    "path", "policy", "port", "prefix", "prompt", "provider", "ref", "region", "required", "rotation", "scope",
    "seconds", "server", "service", "size", "source", "stdin", "store", "strategy", "suffix", "timeout", "ttl", "type",
    "uri", "url", "user", "username", "var", "variable", "version",
})  # fmt: skip
_PATH = pattern(r"[~.]{0,2}/[a-z0-9_.\-/]*\Z|[A-Za-z]:\\")
_BEGINS_PATH = pattern(r"(?:~|\.{1,2})?/[\w.\-/+@ ]*\Z")
_RANDOM = 0.4
"""The share of neighbouring characters of different kinds in a random text; a path has a lower one."""
_PRINT = pattern(r"(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40})\Z")
_EXPRESSION = pattern(r"\.[*+]|\[\^|\\[wsdS]")
"""Of a regular expression or a glob, which a program matches passwords with."""
_URL = pattern(r"[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://")
_SCHEME = pattern(r"(?<![A-Za-z0-9+.\-])[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://")
_AUTHORITY = {
    '"': pattern(r"[^\s/\"\\]+"),
    "'": pattern(r"[^\s/'\\]+"),
    "": pattern(r"[^\s/\"'<>`\\]+"),
    None: pattern(r"[^\s/]+"),
}
"""What stands between a scheme and a path, by the quote before the URL, within which all other marks are its own.

The last is for a text that is nothing but a URL.
"""
_HOST = pattern(r"[\w.\-]+")
_HOST_ENDS = pattern(r"@(?:\w[\w\-]*(?:\.[\w.\-]+(?::[0-9]{1,5})?|:[0-9]{1,5})|localhost)(?=[?#])")
_PORT = pattern(r"[0-9]{1,5}(?:[?#][\w=&.%\-]*|,[\w.\-]{1,80}:[0-9]{1,5}.*)\Z", re.DOTALL)
_AUTHENTICATION = pattern(r"(?:basic|bearer|token|digest|apikey|negotiate)\s+(?=\S+\Z)", re.IGNORECASE)
_DSN_USER = pattern(r"[0-9a-f]{32}\Z")
_DSN_PLACE = pattern(r"(?::[0-9]{1,5})?/(?:[\w.\-]{1,60}/){0,3}[0-9]{1,20}(?![\w./])")
_DIGIT = pattern(r"\d")
_LETTER = pattern(r"[^\W\d_]")
_BLANK = pattern(r"\s")
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null", "always", "never", "required"})


class UrlCredential(NamedTuple):
    """A password or token in a URL: where it stands in the text, and the host that it opens."""

    value: str
    host: str
    start: int
    end: int


def is_secret(name: str, value: str) -> bool:
    """Whether a variable of this name with this value holds a secret, not a switch, a path or a placeholder."""
    weight = weight_of(name)
    return bool(weight) and is_secret_of(weight, name, value)


def is_secret_of(weight: str, name: str, value: str) -> bool:
    """The same for a name of this weight, which takes as long to find as all the rest."""
    value = value.strip().strip("\"'")
    if len(value) < 5 or is_placeholder(value) or value.lower() in _SWITCHES or value.lower() == name.lower():
        return False
    if is_path(value) or _URL.match(value) or _PRINT.match(value) or _EXPRESSION.search(value):
        return False
    if _BLANK.search(value):
        return weight in ("password", "secret") and _is_phrase(value)
    if weight == "password":
        return True
    if weight == "secret":
        return len(value) >= 8 and (len(value) >= 20 or _is_mixed(value))
    return len(value) >= 16 and _is_mixed(value) and len(set(value)) >= 8


def is_path(value: str) -> bool:
    """Whether a value is a file name, not a password or base64 that begins with a slash."""
    if _PATH.match(value):
        return True
    if not _BEGINS_PATH.match(value) or (value.count("/") == 1 and _is_mixed(value) and value.lower() != value):
        return False
    kinds = [(one.isdigit(), one.isupper()) for one in value if one.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(kinds) < 12 or changes < _RANDOM * len(kinds)


def authentication(value: str) -> int:
    """The length of the scheme before a credential, as in ``Basic dXNlcjpwYXNz``; 0 without one."""
    found = _AUTHENTICATION.match(value)
    return found.end() if found is not None else 0


def _is_phrase(value: str) -> bool:
    """Whether one of several words is not a word of a language, as ``Hunter2&``; prompts have such words only."""
    return any(len(word) >= 5 and _is_mixed(word) for word in value.split())


def url_credentials(text: str) -> Iterator[UrlCredential]:
    """Passwords and tokens in the URLs of a text, ``https://user:password@host`` or ``https://token@host``.

    A password ends at the last ``@`` before the path, as programs read it: there may be others in it.
    """
    if "@" not in text:
        return
    for scheme in _SCHEME.finditer(text):
        start = scheme.end()
        before = text[scheme.start() - 1 : scheme.start()] if scheme.start() else None
        authority = _AUTHORITY[before if before in _AUTHORITY else ""].match(text, start)
        if authority is None:
            continue
        found = _HOST_ENDS.search(text, start, authority.end() + 1)
        end = text.rfind("@", start, authority.end()) if found is None else found.start()
        host = _HOST.match(text, end + 1)
        if end < 0 or host is None:
            continue
        user, colon, password = text[start:end].partition(":")
        if _is_credential(user, password, colon) and not (not colon and _is_dsn(user, text, host.end())):
            value = password if colon else user
            yield UrlCredential(value, host[0], end - len(value), end)


def _is_credential(user: str, password: str, colon: str) -> bool:
    if not colon:
        return len(user) >= 20 and _is_mixed(user) and not is_placeholder(user)
    return len(password) >= 3 and password != user and not is_placeholder(password) and not _PORT.match(password)


def _is_dsn(user: str, text: str, end: int) -> bool:
    """Sentry's DSN: a public key and the number of a project, made for published programs."""
    return bool(_DSN_USER.match(user) and _DSN_PLACE.match(text, end))


def speaks_of_secret(lowered: str) -> bool:
    """Whether a lower-case text may hold the name of a secret: a quick check before the exact ones."""
    return any(map(lowered.__contains__, _SPEAKING))


def weight_of(name: str) -> str:
    """``password``, ``secret`` or ``key``, by the words of a name; empty for any other name."""
    if not speaks_of_secret(name.lower()):
        return ""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _BENIGN_LAST or not _BENIGN.isdisjoint(words):
        return ""
    if any(word.endswith(_PASSWORDS) for word in words) or (len(words) > 1 and words[-1] in ("pass", "pwd")):
        return "password"
    if any(word.endswith(_SECRETS) for word in words):
        return "secret"
    return "key" if words[-1] in ("key", "keys", "salt", "auth", "authtoken") or "key" in words else ""


def _is_mixed(value: str) -> bool:
    """Whether a value looks made by a machine: digits beside letters."""
    return bool(_DIGIT.search(value) and _LETTER.search(value))
