"""Tokens that are recognised by their format alone: a prefix of the issuer, a length, often a checksum.

The shapes are those that the issuers document for secret scanners. An expression is tried only on a text that holds
its literal, begins only where a word does, and repeats nothing without a bound: the time grows with the length of the
text alone.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from layerscope.model.finding import Severity
from layerscope.model.patterns import pattern
from layerscope.secrets.keys import pem_key

Check = Callable[[bytes, bytes], bytes | None]
"""Takes the match and the bytes around it; returns the secret, or None for a false match."""


class Token(NamedTuple):
    """A secret found by its shape; ``start`` and ``end`` are where its value stands in the text."""

    issuer: str
    value: str
    severity: Severity
    start: int
    end: int


class Shape(NamedTuple):
    """One kind of token: who issues it, the literals without one of which it cannot occur, the expression, a check.

    Expressions are compiled where a text holds their literals: most runs meet none of them.
    """

    issuer: str
    anchors: tuple[bytes, ...]
    expression: bytes
    check: Check | None = None
    severity: Severity = Severity.CRITICAL


PRIVATE_KEY = "a private key inside"
"""The issuer of a private key in PEM, a token without a value."""
_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_AROUND = 600
_AWS_SECRET = pattern(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
_MADE_UP = (b"example", b"1234567", b"abcdefg", b"xxxxx", b"00000", b"aaaaa", b"your", b"fedcba", b"deadbeef")
_AZURITE = b"Eby8vdM02xNOcqFlqUwJPLlm"
"""The beginning of the key that the manual of the Azure storage emulator publishes."""


def _checksum(match: bytes, around: bytes) -> bytes | None:
    """GitHub and npm end a token with the CRC-32 of its random part, as six digits to the base of 62."""
    random, checksum = match[4:-6], match[-6:]
    number, digits = zlib.crc32(random), bytearray()
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return match if bytes(reversed(digits)) == checksum else None


def _key_pair(match: bytes, around: bytes) -> bytes | None:
    """An AWS access key's id is not a secret; the forty characters near it are."""
    for secret in _AWS_SECRET.finditer(around):
        value = secret[0]
        if (
            len(set(value)) >= 16
            and re.search(rb"[0-9]", value)
            and re.search(rb"[a-z]", value)
            and not value.isalpha()
        ):
            return value if re.search(rb"[A-Z]", value) else None
    return None


def _near(word: bytes) -> Check:
    def check(match: bytes, around: bytes) -> bytes | None:
        return match if word in around.lower() else None

    return check


def _mixed(match: bytes, around: bytes) -> bytes | None:
    return match if re.search(rb"[0-9]", match) and re.search(rb"[A-Za-z]", match[6:]) else None


def _service_token(match: bytes, around: bytes) -> bytes | None:
    """Most JSON web tokens in files are examples or long expired; these two kinds are keys that last for years."""
    payload = match.split(b".")[1]  # It begins with eyJ, so an object is all that it can be.
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return None
    is_service = claims.get("role") == "service_role" or claims.get("iss") == "kubernetes/serviceaccount"
    return match if is_service and claims.get("iss") != "supabase-demo" else None


def _storage_key(match: bytes, around: bytes) -> bytes | None:
    value = match.partition(b"=")[2]
    return None if value.startswith(_AZURITE) else value


def _shape(
    issuer: str, anchors: bytes, pattern: bytes, check: Check | None = None, severity: Severity = Severity.CRITICAL
) -> Shape:
    whole = rb"(?<![A-Za-z0-9_-])" + pattern + rb"(?![A-Za-z0-9_])"
    return Shape(issuer, tuple(anchors.split()), whole, check, severity)


SHAPES: tuple[Shape, ...] = (
    _shape("GitHub", b"ghp_ gho_ ghu_ ghs_ ghr_", rb"gh[pousr]_[A-Za-z0-9]{36}", _checksum),
    _shape("GitHub", b"github_pat_", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _shape(
        "GitLab",
        b"glpat- gldt- glrt- glptt-",
        rb"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{9})?",
        _mixed,
    ),
    _shape("npm", b"npm_", rb"npm_[A-Za-z0-9]{36}", _checksum),
    _shape("PyPI", b"pypi-AgE", rb"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,1000}"),
    _shape("RubyGems", b"rubygems_", rb"rubygems_[0-9a-f]{48}"),
    _shape("Docker Hub", b"dckr_", rb"dckr_[po]at_[A-Za-z0-9_-]{27,32}", _mixed),
    _shape("AWS", b"AKIA ASIA", rb"(?:AKIA|ASIA)[A-Z2-7]{16}", _key_pair),
    _shape("Azure storage", b"AccountKey=", rb"AccountKey=[A-Za-z0-9+/]{86}==", _storage_key),
    _shape("Google", b"AIza", rb"AIza[A-Za-z0-9_-]{35}", _mixed, Severity.MEDIUM),
    _shape("Google OAuth", b"GOCSPX-", rb"GOCSPX-[A-Za-z0-9_-]{28}"),
    _shape("DigitalOcean", b"_v1_", rb"do[opr]_v1_[0-9a-f]{64}"),
    _shape("Heroku", b"HRKU-", rb"HRKU-AA[A-Za-z0-9_-]{58}"),
    _shape("Databricks", b"dapi", rb"dapi[0-9a-f]{32}", _mixed),
    _shape("Slack", b"xox", rb"xox[aberp]-[0-9]{8,14}-[A-Za-z0-9-]{16,200}", _mixed),
    _shape("Slack app", b"xapp-", rb"xapp-1-A[A-Z0-9]{8,12}-[0-9]{8,16}-[0-9a-f]{64}"),
    _shape(
        "Slack webhook",
        b"hooks.slack.com/",
        rb"hooks\.slack\.com/(?:services|workflows)/T[A-Z0-9]{7,12}/[AB][A-Z0-9]{7,12}/[A-Za-z0-9]{20,30}",
        severity=Severity.HIGH,
    ),
    _shape(
        "Discord webhook",
        b"/api/webhooks/",
        rb"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,72}",
        severity=Severity.HIGH,
    ),
    _shape("Stripe", b"k_live_", rb"[sr]k_live_[A-Za-z0-9]{24,99}", _mixed),
    _shape("SendGrid", b"SG.", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _shape("Twilio", b"wilio WILIO", rb"SK[0-9a-f]{32}", _near(b"twilio")),
    _shape("Mailgun", b"ailgun AILGUN", rb"key-[0-9a-f]{32}", _near(b"mailgun")),
    _shape("Shopify", b"shp", rb"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", _mixed),
    _shape("OpenAI", b"T3BlbkFJ", rb"sk-[A-Za-z0-9_-]{20,90}T3BlbkFJ[A-Za-z0-9_-]{20,90}"),
    _shape("Anthropic", b"sk-ant-", rb"sk-ant-[a-z]{3,5}[0-9]{2}-[A-Za-z0-9_-]{80,110}"),
    _shape("Hugging Face", b"hf_", rb"hf_(?=[a-z]{0,33}[A-Z])[A-Za-z]{34}"),
    _shape("Grafana", b"glsa_", rb"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    _shape("Vault", b"hvs.", rb"hvs\.[A-Za-z0-9_-]{90,120}"),
    _shape("Terraform Cloud", b".atlasv1.", rb"atlasv1\.[A-Za-z0-9_=-]{60,70}"),
    _shape("Pulumi", b"pul-", rb"pul-[0-9a-f]{40}"),
    _shape("Atlassian", b"ATATT3", rb"ATATT3[A-Za-z0-9_=-]{186}"),
    _shape("Postman", b"PMAK-", rb"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _shape("New Relic", b"NRAK-", rb"NRAK-[A-Z0-9]{27}"),
    _shape("Linear", b"lin_api_", rb"lin_api_[A-Za-z0-9]{40}"),
    _shape("age", b"AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}"),
    _shape(
        "a service account",
        b"eyJ",
        rb"eyJ[A-Za-z0-9_-]{8,1000}+\.eyJ[A-Za-z0-9_-]{8,3000}+\.[A-Za-z0-9_-]{20,1000}+",
        _service_token,
    ),
)


_KEY_WORDS = b"PRIVATE KEY"
_RARE = b"K_-JI.3wxpg"
"""Characters of which every anchor has one, and a text few: a search stops there only, the best of them first."""


def _anchored(anchors: Iterable[bytes]) -> bytes:
    """An expression for any of the anchors that costs a third of the plain alternatives."""
    by_start: dict[int, list[bytes]] = {}
    for anchor in anchors:
        start = next(character for character in _RARE if character in anchor)
        before, after = (re.escape(part) for part in (anchor[: anchor.index(start)], anchor[anchor.index(start) + 1 :]))
        start_of = re.escape(bytes((start,)))
        by_start.setdefault(start, []).append((b"(?<=" + before + start_of + b")" if before else b"") + after)
    alternatives = (re.escape(bytes((start,))) + b"(?:" + b"|".join(rest) + b")" for start, rest in by_start.items())
    return b"|".join(alternatives)


ANCHORED = _anchored(dict.fromkeys((*(anchor for shape in SHAPES for anchor in shape.anchors), _KEY_WORDS)))
"""Found in every text that holds a token."""
_ANCHORED = pattern(ANCHORED)


def may_hold_token(data: bytes) -> bool:
    """Whether a text holds what every token has one of."""
    return _ANCHORED.search(data) is not None


def tokens_in(data: bytes) -> Iterator[Token]:
    """Every token in a text, and the first private key in PEM (without its value)."""
    if not may_hold_token(data):
        return
    for shape in SHAPES:
        if not any(anchor in data for anchor in shape.anchors):
            continue
        for match in re.finditer(shape.expression, data):
            around = data[max(0, match.start() - _AROUND) : match.end() + _AROUND]
            value = shape.check(match[0], around) if shape.check is not None else match[0]
            if value is not None and not _is_made_up(value):
                start = data.find(value, max(0, match.start() - _AROUND))
                yield Token(shape.issuer, value.decode("ascii"), shape.severity, start, start + len(value))
    if (key := pem_key(data)) is not None:
        severity = Severity.MEDIUM if key.protected else Severity.CRITICAL
        head = data.find(b"-----BEGIN ")
        yield Token(PRIVATE_KEY, "", severity, head, head)


def _is_made_up(value: bytes) -> bool:
    """Whether a token is made up for a manual: few different characters, or a row of the alphabet."""
    text = value.lower()
    return len(set(text[6:])) < 8 or any(part in text for part in _MADE_UP)
