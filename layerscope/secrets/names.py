"""Whether a name and its value are a secret: ``DB_PASSWORD=...`` is, ``GPG_KEY=...`` and ``TOKEN_TTL=60`` are not."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.model.patterns import pattern
from layerscope.secrets.masks import is_placeholder

_WORD = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORDS = ("password", "passwd", "passphrase")
_SECRETS = ("secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "authkey", "credential", "credentials")
_BENIGN = frozenset({
    "allow", "checksum", "checksums", "digest", "disable", "disabled", "empty", "fingerprint", "gpg", "keyring",
    "keyrings", "keyserver", "keyservers", "md", "no", "pgp", "pub", "public", "publishable", "recv", "sha",
})  # fmt: skip
"""Words that make a fingerprint, a sum, a public key or a switch of any name that they stand in."""
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
_PRINT = pattern(r"(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40})\Z")
_URL = pattern(r"[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://")
_USERINFO = pattern(
    r"(?<![A-Za-z0-9+.\-])[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://"
    r"([^\s/:@'\"<>`\\]{0,100})(?::([^\s/@'\"<>`\\]{1,200}))?@([\w.\-]{1,100})"
)
_DSN_USER = pattern(r"[0-9a-f]{32}\Z")
_DSN_PLACE = pattern(r"(?::[0-9]{1,5})?/(?:[\w.\-]{1,60}/){0,3}[0-9]{1,20}(?![\w./])")
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null", "always", "never", "required"})


class UrlCredential(NamedTuple):
    """A password or token in a URL: where it stands in the text, and the host that it opens."""

    value: str
    host: str
    start: int
    end: int


def is_secret(name: str, value: str) -> bool:
    """Whether a variable of this name with this value holds a secret, not a switch, a path or a placeholder."""
    value = value.strip().strip("\"'")
    if len(value) < 5 or is_placeholder(value) or value.lower() in _SWITCHES or value.lower() == name.lower():
        return False
    if _PATH.match(value) or _URL.match(value) or _PRINT.match(value) or any(map(str.isspace, value)):
        return False
    weight = _weight(name)
    if weight == "password":
        return True
    if weight == "secret":
        return len(value) >= 8 and (len(value) >= 20 or _is_mixed(value))
    return weight == "key" and len(value) >= 16 and _is_mixed(value) and len(set(value)) >= 8


def url_credentials(text: str) -> Iterator[UrlCredential]:
    """Passwords and tokens in the URLs of a text, ``https://user:password@host`` or ``https://token@host``."""
    if "@" not in text:
        return
    for match in _USERINFO.finditer(text):
        user, password, host = match.groups()
        group = 1 if password is None else 2
        value = match[group]
        if password is None and not (len(user) >= 20 and _is_mixed(user)):
            continue
        if password is None and _DSN_USER.match(user) and _DSN_PLACE.match(text, match.end()):
            continue  # Sentry's DSN: a public key and the number of a project, made for programs that anybody has.
        if is_placeholder(value) or (group == 2 and value == user) or len(value) < 3:
            continue
        yield UrlCredential(value, host, match.start(group), match.end(group))


def _weight(name: str) -> str:
    """``password``, ``secret`` or ``key``, by the words of a name; empty where it speaks of something else."""
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
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not value.isdigit()
