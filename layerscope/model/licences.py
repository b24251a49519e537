"""Which files hold a licence, or what belongs to one, by their names."""

from layerscope.model.patterns import pattern

_LICENCE = pattern(r"(?i)(?:(?:un)?licen[cs]es?|copying|copyright|notices?|authors)(?:[._-].{0,40})?")


def is_licence(path: str) -> bool:
    """Whether the file at a path is a licence text, a notice of copyright or a list of authors."""
    return _LICENCE.fullmatch(path.rpartition("/")[2]) is not None
