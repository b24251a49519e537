"""Masks for secrets: at most the first and last two characters of a value are shown."""

import re

from layerscope.model.patterns import pattern

HIDDEN = "***"
_SHORT = 12

_WORDS = frozenset({
    "admin", "changeit", "changeme", "default", "dummy", "empty", "false", "foo", "foobar", "guest", "letmein",
    "minioadmin", "mysql", "n/a", "na", "nil", "no", "none", "null", "off", "on", "pass", "passwd", "password",
    "postgres", "public", "rabbitmq", "redis", "redacted", "root", "sample", "secret", "string", "tbd", "test",
    "testing", "token", "true", "undefined", "unset", "user", "username", "yes",
})  # fmt: skip
"""Well-known defaults: weak passwords, but not secrets that could leak."""

_BEGINNINGS = ("$", "%(", "%{", "arn:", "change", "dummy", "enter-", "enter_", "env(", "env.", "insert", "my-",
               "my_", "os.environ", "process.env", "replace", "secretref:", "ssm:",
               "the-", "todo", "vault:", "xxx", "your")  # fmt: skip
MADE_UP = ("example", "placeholder", "change-me", "change_me", "changeme", "your-", "your_")
_PARTS = ("${", "$(", "{{", "<%", *MADE_UP)
_WRAPPED = pattern(r"<[^<>]*>\Z|\[[^\[\]]*\]\Z|\{.*\}|%\w+%\Z|%[a-z]\Z|\{[a-z_.]+\Z", re.DOTALL)
_FILLED = pattern(r"[x*.\-_?#0]*\Z", re.IGNORECASE)
_TEMPLATE = pattern(r"__\w{1,100}__\Z|@\w{1,100}@\Z|#\{.{1,100}\}#?\Z")


def mask(value: str) -> str:
    """The first and last two characters of a secret, or none if it is short or not plain text."""
    ends = value[:2] + value[-2:]
    if len(value) < _SHORT or HIDDEN in value or not (ends.isascii() and ends.isprintable()) or " " in ends:
        return HIDDEN
    return f"{value[:2]}{HIDDEN}{value[-2:]}"


def is_placeholder(value: str) -> bool:
    """Whether a value is a placeholder for a secret, or a well-known default."""
    text = value.strip().strip("\"'`").strip().lower()
    if text in _WORDS or _FILLED.match(text) or text == text[:1] * len(text):
        return True
    if text.startswith(_BEGINNINGS) or any(part in text for part in _PARTS):
        return True
    return bool(_TEMPLATE.match(text) or _WRAPPED.match(text))
