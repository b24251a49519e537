"""Go's fmt.Sprint, Sprintln and Sprintf for template values."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from layerscope.render.gotemplate.limits import TOO_LARGE, within_limit
from layerscope.render.gotemplate.values import type_name, unbox
from layerscope.render.gotemplate.verbs import Spec, show

_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def sprint(values: Sequence[object]) -> str:
    """The values one after the other, with a space between two that are both no strings."""
    return within_limit("", _spaced(values))


def _spaced(values: Sequence[object]) -> Iterator[str]:
    after_string = True
    for value in map(unbox, values):
        is_string = isinstance(value, str)
        if not is_string and not after_string:
            yield " "
        yield show(value, "v")
        after_string = is_string


def sprintln(values: Sequence[object]) -> str:
    """The values with a space between any two, and a newline."""
    return within_limit(" ", (show(value, "v") for value in values)) + "\n"


def sprintf(template: str, values: Sequence[object]) -> str:
    """The values by the verbs of a format; mistakes show up in the text as Go writes them, none raises."""
    return within_limit("", _Format(template, values).pieces())


class _Format:
    """One reading of a format string; ``_arg`` is the next value to show."""

    def __init__(self, template: str, values: Sequence[object]) -> None:
        self._template = template
        self._values = values
        self._pos = 0
        self._arg = 0
        self._reordered = False
        self._good_index = True
        self._after_index = False

    def pieces(self) -> Iterator[str]:
        """The text, piece by piece."""
        while self._pos < len(self._template):
            percent = self._template.find("%", self._pos)
            end = percent if percent >= 0 else len(self._template)
            if end > self._pos:
                yield self._template[self._pos : end]
            self._pos = end + 1
            if percent >= 0:
                yield from self._directive()
        if not self._reordered and self._arg < len(self._values):
            extra = (_typed(unbox(value)) for value in self._values[self._arg :])
            yield f"%!(EXTRA {', '.join(extra)})"

    def _peek(self) -> str:
        return self._template[self._pos : self._pos + 1]

    def _directive(self) -> Iterator[str]:
        self._good_index = True
        self._after_index = False
        spec = self._flags()
        self._index()
        spec, fault = self._width(spec)
        yield fault
        if self._peek() == "." and self._pos + 1 < len(self._template):
            self._pos += 1
            spec, fault = self._precision(spec)
            yield fault
        if not self._after_index:
            self._index()
        if self._pos >= len(self._template):
            yield "%!(NOVERB)"
            return
        verb = self._peek()
        self._pos += 1
        yield self._shown(verb, spec)

    def _shown(self, verb: str, spec: Spec) -> str:
        if verb == "%":
            return "%"
        if not self._good_index:
            return f"%!{verb}(BADINDEX)"
        if self._arg >= len(self._values):
            return f"%!{verb}(MISSING)"
        if verb in "vw":
            spec = replace(spec, go_syntax=spec.sharp, sharp=False, field_names=spec.plus, plus=False)
        value = self._values[self._arg]
        self._arg += 1
        return show(value, verb, spec)

    def _flags(self) -> Spec:
        found: dict[str, bool] = {}
        while self._peek() in _FLAGS:
            found[_FLAGS[self._peek()]] = True
            self._pos += 1
        return replace(Spec(), **found)

    def _number(self, end: int) -> int | None:
        """The decimal number here, before ``end``; None where there is none or it is too large to be meant."""
        number: int | None = None
        while self._pos < end and self._template[self._pos] in "0123456789":
            if number is not None and number > TOO_LARGE:
                # Go gives up on the whole rest of the format, so that what follows is a missing verb.
                self._pos = end
                return None
            number = (number or 0) * 10 + int(self._template[self._pos])
            self._pos += 1
        return number

    def _index(self) -> None:
        """Takes an explicit argument index such as ``[2]``."""
        self._after_index = False
        if self._peek() != "[":
            return
        self._reordered = True
        self._after_index = True
        close = self._template.find("]", self._pos)
        if close < 0:
            self._pos += 1
            self._good_index = self._after_index = False
            return
        self._pos += 1
        number = self._number(close)
        complete = number is not None and self._pos == close
        self._pos = close + 1
        self._after_index = complete
        if complete and number is not None and 1 <= number <= len(self._values):
            self._arg = number - 1
        else:
            self._good_index = False

    def _from_argument(self) -> int | None:
        """The value of ``*``: an integer argument, or None."""
        self._pos += 1
        value = unbox(self._values[self._arg]) if self._arg < len(self._values) else None
        self._arg += self._arg < len(self._values)
        self._after_index = False
        usable = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= TOO_LARGE
        return int(value) if isinstance(value, int) and usable else None

    def _width(self, spec: Spec) -> tuple[Spec, str]:
        if self._peek() == "*":
            width = self._from_argument()
            if width is None:
                return spec, "%!(BADWIDTH)"
            if width < 0:
                spec = replace(spec, minus=True, zero=False)
            return replace(spec, width=abs(width)), ""
        width = self._number(len(self._template))
        if self._after_index and width is not None:
            self._good_index = False
        return replace(spec, width=width), ""

    def _precision(self, spec: Spec) -> tuple[Spec, str]:
        if self._after_index:
            self._good_index = False
        self._index()
        if self._peek() == "*":
            precision = self._from_argument()
            if precision is None:
                return spec, "%!(BADPREC)"
            return (spec, "%!(BADPREC)") if precision < 0 else (replace(spec, precision=precision), "")
        return replace(spec, precision=self._number(len(self._template)) or 0), ""


def _typed(value: object) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={show(value, 'v')}"
