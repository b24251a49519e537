"""Parse amounts: ``50MB``, ``1.5 GiB``, ``20%``."""

import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from layerscope.errors import UsageError
from layerscope.model.patterns import pattern

_AMOUNT = pattern(r"(?P<number>[0-9][0-9_,]{0,30}(?:\.[0-9]{1,18})?)\s{0,4}(?P<unit>%|[A-Za-z]{0,3})")
_BYTES = "write bytes as in 50MB or 1.5GiB"
_EITHER = f"{_BYTES}, or a part as in 20%"
_SHARE = "write 0.95 or 95%"
_POWERS = {letter: power for power, letter in enumerate("kmgtp", start=1)}


class Amount(Struct, frozen=True, kw_only=True):
    """Exactly one of bytes and a share of something, both exact; ``share`` 1 is all of it."""

    content_bytes: int | None = None
    share: Fraction | None = None


def amount(text: str, name: str) -> Amount:
    """Parse bytes or a percentage; raises UsageError that names the option ``name``.

    Units are those of the engines: kB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024; case does not matter, and
    a B may be left out. Fractions of a byte are dropped.
    """
    return _amount(text, name, _EITHER)


def amounts(texts: Sequence[str], name: str) -> tuple[Amount, ...]:
    """Parse several, each beginning with a number: a variable's value was split at all blanks, also before units."""
    parts = re.split(r"\s+(?=[0-9])", " ".join(texts)) if texts else ()
    return tuple(amount(part, name) for part in parts)


def byte_count(text: str, name: str) -> int:
    """Parse bytes; raises UsageError for a percentage too."""
    found = _amount(text, name, _BYTES)
    if found.content_bytes is None:
        raise UsageError(f"{name} {text[:60]}: expected bytes, not a percentage", hint=_BYTES)
    return found.content_bytes


def share(text: str, name: str) -> Fraction:
    """Parse a share: ``0.95`` or ``95%``; raises UsageError for one above 1."""
    number, unit = _parts(text, name, _SHARE)
    found = number / 100 if unit == "%" else number
    if unit not in ("", "%") or found > 1:
        raise UsageError(f"{name} {text[:60]}: not between 0 and 1, or 0% and 100%", hint=_SHARE)
    return found


def _amount(text: str, name: str, hint: str) -> Amount:
    number, unit = _parts(text, name, hint)
    if unit == "%":
        return Amount(share=number / 100)
    scale = _scale(unit)
    if scale is None:
        raise _no_amount(text, name, hint)
    return Amount(content_bytes=int(number * scale))


def _parts(text: str, name: str, hint: str) -> tuple[Fraction, str]:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise _no_amount(text, name, hint)
    return Fraction(re.sub("[_,]", "", match["number"])), match["unit"].lower()


def _scale(unit: str) -> int | None:
    """Return the bytes of one unit; None for an unknown one."""
    letters = unit.removesuffix("b")
    if not letters:
        return 1
    power = _POWERS.get(letters[0])
    if power is None or letters[1:] not in ("", "i"):
        return None
    return int(pow(1024 if letters[1:] else 1000, power))


def _no_amount(text: str, name: str, hint: str) -> UsageError:
    return UsageError(f"{name} {text[:60]}: not an amount", hint=hint)
