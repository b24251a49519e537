"""The pairs of ENV, ARG and LABEL as a history has them."""

from collections.abc import Iterator

from layerscope.model.patterns import pattern

_NOP = "#(nop)"
_SETTING = pattern(r"\s*(?:ENV|ARG|LABEL)\s+")
_PAIR = pattern(r"(?:(?<= )|^)\"?([A-Za-z_][\w.\-]{0,200})\"?=")


def pairs_of_setting(text: str) -> Iterator[tuple[str, str, int]]:
    """Name, value and the value's place for the pairs of ENV, ARG or LABEL; the history has them without quotes."""
    keyword = _SETTING.match(text, text.find(_NOP) + len(_NOP) if _NOP in text[:100] else 0)
    if keyword is None:
        return
    names = list(_PAIR.finditer(text, keyword.end()))
    if not names or names[0].start() != keyword.end():
        name, blank, value = text[keyword.end() :].partition(" ")
        if blank and "=" not in name:
            yield name, value, len(text) - len(value)
        return
    ends = [name.start() - 1 for name in names[1:]] + [len(text)]
    for match, end in zip(names, ends, strict=True):
        yield match[1], text[match.end() : end], match.end()
