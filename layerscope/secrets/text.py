"""Secrets in the text of an instruction: assignments, options, headers, URLs, tokens with a known shape."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from layerscope.errors import LimitExceeded
from layerscope.model.finding import Severity
from layerscope.model.one_line import one_line
from layerscope.model.patterns import pattern
from layerscope.secrets.encoding import decoded_words
from layerscope.secrets.keys import key_in_file
from layerscope.secrets.masks import MADE_UP, is_placeholder, mask
from layerscope.secrets.names import authentication, is_path, is_secret_of, speaks_of_secret, url_credentials, weight_of
from layerscope.secrets.tokens import may_hold_token, tokens_in
from layerscope.secrets.values import IN_QUERY, extent, pairs_of_setting, strings_in, value_at


class TextSecret(NamedTuple):
    """A secret, what it is called, and where its value stands in the text."""

    name: str
    value: str
    start: int
    end: int
    severity: Severity = Severity.HIGH


_NAME = pattern(
    r"(?<![\w$.\-])(-{1,2})?([A-Za-z_][\w.\-]{1,80})\\?[\"']?(?:(\]?(?: =>? ?|=(?:>(?=[\"' ]))?(?: (?=[\"']))?|: ?))|"
    r"(?(1)(?:[ \t]+| ?, ?(?=\\?[\"']))|(?!)))"
)
"""A name with what stands between it and its value; an option's value may also follow a blank, or a comma in JSON."""
_JUDGED = 500
"""How many characters of a value are judged; values contain names, so without a bound the time could be quadratic."""
_AN_OPTION = pattern(r"-{1,2}[A-Za-z][\w\-]*(?:=.*)?\Z", re.DOTALL)
_MARKS = frozenset("!@#%^*+=~?&;|")
_SENTENCE = pattern(r"[A-Za-z]+ [A-Za-z]")
"""A prompt, as in ``password: please enter it``."""
_SCHEMES = frozenset({"basic", "bearer", "token", "digest", "apikey"})
_AUTHORIZATION = pattern(
    r"authorization[\"']? ?[:=] ?[\"']?((?:bearer|basic|token|digest|apikey)(?: |%20))?([^\s\"'`$\\]{8,})",
    re.IGNORECASE,
)
_CURL_USER = pattern(r"(?<=\s)(?:-u|--user|--proxy-user|-U)[ =]?(?:([\"'])([^\"'\s:]{1,80}):|([\w.@\-]{1,80}):)")
_LOGIN = pattern(
    r"\b(?:login|sshpass|mysql\w{0,20}|mariadb[\w\-]{0,20}|mongo\w{0,20}|machine)\b"
    r"[^;|&\n]{0,200}?\s(?:-p[ =]?|password[ \t]+)(?=[^\s\-$;|&])"
)
_CHPASSWD = pattern(
    r"(?:\b(?:echo|printf)(?: -\w)? +(?=[^\n]{1,200}?\| *(?:sudo )?chpasswd)|\bchpasswd *<<< *)([\"']?)([\w.\-]{1,40}):"
)
_PRIVATE_KEY = pattern(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]{0,60}-----)?"
)
_MARKED = pattern(r"\A[^']*[\s;|&<>()`][^']*\Z")
_WORD_PAIR = pattern(r"-{0,2}([A-Za-z_][\w.\-]{0,200})=")
_ESCAPES = "nrt"
_PROGRAMS = ("curl", "login", "mysql", "mariadb", "mongo", "machine", "chpasswd")
"""One of them stands in each command whose password no option or variable names."""
_SOON_MADE_UP = pattern(r"[\w=.:/,+\-]{0,40}?(?:" + "|".join(MADE_UP) + ")", re.IGNORECASE | re.ASCII)
"""The beginning of a value, of characters that end none, with a part that makes a placeholder of it."""
MOST_SECRETS = 20_000
"""In all texts of an image together; megabytes of assignments are judged for seconds, and masked for minutes."""
_MOST_NAMES = 100_000
"""Names of secrets in one text, whatever their values."""
_MOST_ENCODED = 50_000
_LONG = 100_000
_weight_of = lru_cache(maxsize=500)(weight_of)
"""A name's weight; in a text the same few names come again and again."""


def secrets_in(text: str) -> tuple[TextSecret, ...]:
    """All secrets of a text, in order, none within another."""
    # Most texts, a large image's labels say, hold none: quick looks come before all searches.
    lowered = text.lower()
    is_spoken = speaks_of_secret(lowered)
    if is_spoken or "@" in text or any(map(lowered.__contains__, _PROGRAMS)):
        return (_apart_in_long if len(text) > _LONG else _apart_in)(text, is_spoken=is_spoken)
    return _apart(chain(_tokens(text) if may_hold_token(_as_bytes(text)) else (), _encoded(text)))


def _apart_in(text: str, *, is_spoken: bool) -> tuple[TextSecret, ...]:
    return _apart(chain(_all(text, is_spoken=is_spoken), _encoded(text)))


_apart_in_long = lru_cache(maxsize=8)(_apart_in)
"""What is masked is looked through again by the rules; megabytes of a history take a second each time."""


def secrets_in_words(words: Sequence[str]) -> tuple[TextSecret, ...]:
    """The secrets of an argument vector, each word of which may hold blanks and quotes."""
    found = [one for word in words for one in _in_word(word)]
    for option, value in pairwise(words):
        if option.startswith("-") and "=" not in option and _is_argument(value):
            found += judged(option.lstrip("-"), value)
    # A word may have its meaning from the one before, as a password has it from curl's -u.
    joined = secrets_in(" ".join(f"'{word}'" if _MARKED.search(word) else word for word in words))
    found += [one for one in joined if not any(one.value in other.value for other in found)]
    return tuple(found)


def _in_word(word: str) -> tuple[TextSecret, ...]:
    """``--name=value`` may hold anything in its value; what holds blanks may as well be a script."""
    pair = _WORD_PAIR.match(word)
    inner = secrets_in(word)
    if pair is None or (inner and word[0] != "-" and any(map(str.isspace, word))):
        return inner
    return secrets_in_value(pair[1], word[pair.end() :])


def secrets_in_value(name: str, value: str) -> tuple[TextSecret, ...]:
    """What a variable, label or member of this name holds: the whole value by its name, else secrets within it."""
    whole, inner = judged(name, value), secrets_in(value)
    if not whole:
        return inner and tuple(one._replace(name=name) for one in inner)
    gravest = min((one.severity for one in (*whole, *inner)), key=lambda severity: severity.rank)
    return (whole[0]._replace(severity=gravest),)


def redacted(text: str) -> str:
    """The text with a mask in the place of each secret, so that a report can quote an instruction."""
    pieces, last = [], 0
    for secret in secrets_in(text):
        pieces += [text[last : secret.start], mask(secret.value)]
        last = secret.end
    return "".join((*pieces, text[last:]))


def quoted(text: str, longest: int | None = None) -> str:
    """The text as it is quoted: on one line, its secrets masked before anything is cut off, as half of one is none.

    Of more than ``longest`` characters the beginning is left.
    """
    line = one_line(redacted(text))
    return line if longest is None or len(line) <= longest else f"{line[: longest - 3]}..."


def too_many() -> LimitExceeded:
    """The error for more secrets than are judged."""
    return LimitExceeded(f"the config and the history hold over {MOST_SECRETS:,} secrets, too many to mask them all")


def _expect_few(names: int) -> None:
    if names > _MOST_NAMES:
        raise LimitExceeded(f"a text of the config or the history has over {_MOST_NAMES:,} names of secrets")


def _apart(found: Iterable[TextSecret]) -> tuple[TextSecret, ...]:
    """In order; of those that overlap the first, and of those the longest."""
    listed, values = list[TextSecret](), set[str]()
    for secret in found:
        listed.append(secret)
        values.add(secret.value)
        if len(values) > MOST_SECRETS:
            raise too_many()
    kept: list[TextSecret] = []
    last = 0
    for secret in sorted(listed, key=lambda one: (one.start, -one.end)):
        if secret.start >= last:
            kept.append(secret)
            last = secret.end
    return tuple(kept)


def _as_bytes(text: str) -> bytes:
    """One byte for each character, which keeps the places equal; tokens are ASCII."""
    return text.encode("latin-1", "replace")


def _tokens(text: str) -> Iterator[TextSecret]:
    for token in tokens_in(_as_bytes(text)):
        if token.value:
            yield TextSecret(f"token of {token.issuer}", token.value, token.start, token.end, token.severity)
        else:
            keys = _PRIVATE_KEY.finditer(text)
            yield from (TextSecret("private key", key[0], *key.span(), token.severity) for key in keys)


def _encoded(text: str) -> Iterator[TextSecret]:
    """Words of base64 that hold a private key, or a text with a secret; a word within what was decoded is not."""
    texts = 0
    for data, start, end in decoded_words(text):
        if key_in_file(data) is not None:
            yield TextSecret("private key in base64", text[start:end], start, end, Severity.CRITICAL)
        elif data.isascii() and (inner := data.decode("ascii")).replace("\n", "").isprintable():
            texts += 1
            if texts > _MOST_ENCODED:
                raise LimitExceeded(f"a text of the config or the history has over {_MOST_ENCODED:,} texts in base64")
            spoken = speaks_of_secret(inner.lower())
            for secret in _apart(_all(inner, is_spoken=spoken))[:1]:
                yield TextSecret(f"{secret.name} in base64", text[start:end], start, end, secret.severity)


def _all(text: str, *, is_spoken: bool) -> Iterator[TextSecret]:
    yield from _tokens(text)
    for url in url_credentials(text):
        yield TextSecret(f"password for {url.host}", url.value, url.start, url.end)
    if is_spoken:
        yield from _named(text)
    yield from _logins(text)
    if is_spoken:
        yield from _assignments(text)


def _named(text: str) -> Iterator[TextSecret]:
    names = 0
    for name, value, start in pairs_of_setting(text):
        if _weight_of(name):
            names += 1
            _expect_few(names)
            yield from judged(name, value, start)
    for match in _AUTHORIZATION.finditer(text):
        if not is_placeholder(match[2]) and (match[1] or (len(match[2]) >= 16 and any(map(str.isdigit, match[2])))):
            yield TextSecret("Authorization", match[2], match.start(2), match.end(2))


def judged(name: str, value: str, start: int = 0) -> tuple[TextSecret, ...]:
    """The secret that a value is by its name, without quotes around it and the scheme before it; at most one."""
    weight = _weight_of(name)
    if not weight:
        return ()
    bare = value.strip().strip("\"'")
    scheme = authentication(bare)
    if not is_secret_of(weight, name, bare[scheme:]):
        return ()
    start += value.index(bare) + scheme
    return (TextSecret(name, bare[scheme:], start, start + len(bare) - scheme),)


def _logins(text: str) -> Iterator[TextSecret]:
    """Passwords behind the short options of well-known programs, and in the lines of a netrc."""
    users = [*_CURL_USER.finditer(text)] if "curl" in text else []
    users += _CHPASSWD.finditer(text) if "chpasswd" in text else ()
    places = [(f"password of {one[2] or one[3]}", one) for one in users]
    if "-p" in text or "password" in text:
        places += [("password", one) for one in _LOGIN.finditer(text)]
    strings = strings_in(text) if places else []
    for name, match in places:
        quote = (match[1] or "") if match.re.groups else ""
        value, start = value_at(text, match.end(), len(text), extent(text, match.start(), strings), opened=quote)
        if len(value) >= 5 and not (is_placeholder(value) or value.isdigit() or is_path(value)):
            yield TextSecret(name, value, start, start + len(value))


def _assignments(text: str) -> Iterator[TextSecret]:
    """``NAME=value``, ``name: value`` and ``--name value`` for names that speak of a secret.

    What looks like a value may be the next name, so the search goes on right behind a name that is not secret.
    """
    strings: list[tuple[int, int]] | None = None
    position = judged_names = 0
    while match := _NAME.search(text, position):
        position = match.end(2)
        name, start = match[2], match.start()
        before = text[start - 1 : start]
        if before == "\\" and name[0] in _ESCAPES:
            name = name[1:]
        if not _weight_of(name) or _SOON_MADE_UP.match(text, match.end()):
            continue
        if strings is None:
            strings = strings_in(text)
        judged_names += 1
        _expect_few(judged_names)
        inside = IN_QUERY if before in ("?", "&") else extent(text, start, strings)
        found = _assigned(text, match, name, inside)
        if found is not None:
            position = max(position, found.end)
            yield found


def _assigned(text: str, match: "re.Match[str]", name: str, inside: "re.Pattern[str]") -> TextSecret | None:
    """The secret behind a name, judged by the beginning of its value and then taken whole."""
    sign, found = match[3], None
    for last in (min(match.end() + _JUDGED, len(text)), len(text)):
        value, start = value_at(text, match.end(), last, inside)
        if value.lower() in _SCHEMES and (word := value_at(text, start + len(value) + 1, last, inside))[0]:
            value, start = word
        if (sign is None and not _is_argument(value)) or text[start + len(value) : start + len(value) + 1] == "(":
            return None
        if sign is not None and sign.endswith(" ") and _SENTENCE.match(text, start):
            return None
        if not (secrets := judged(name, value, start)):
            return found
        found = secrets[0]
    return found


def _is_argument(value: str) -> bool:
    """Whether a word behind an option looks like its value, and not like the next option or argument."""
    if _AN_OPTION.match(value):
        return False
    return any(map(str.isdigit, value)) or value not in (value.lower(), value.upper()) or not _MARKS.isdisjoint(value)
