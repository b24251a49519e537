"""Everything that layerscope raises on purpose, and the exit code of each.

LayerscopeError                      exit code
├── UsageError                       2   the question was wrong: an option, a name, a template
│   └── AmbiguousImage               2   the archive holds several images or platforms; pick one
├── ArchiveError                     3   the archive could not be read
│   ├── NotAnImage                   3   readable, but something else: a Helm chart, a picture, a text
│   ├── Damaged                      3   a header, length or digest is wrong, or the data ends early
│   └── LimitExceeded                3   larger than a limit that guards against hostile input
└── MissingExtra                     2   an optional dependency is not installed

Errors of other libraries are mapped to these where they arise; nobody exits below ``cli``.
"""


class LayerscopeError(Exception):
    """Base of the tree; ``hint`` is one sentence on what to do, empty where none is known.

    ``listing`` are lines that belong below the message, which is one line however it is printed.
    """

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", listing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.listing = listing


class UsageError(LayerscopeError):
    """The question was wrong; the archive may be fine."""

    exit_code = 2


class AmbiguousImage(UsageError):
    """The archive holds several images or platforms, and none was picked.

    ``choices`` are the values of ``--image`` that pick each of the ``listing`` that can be read.
    """

    def __init__(self, message: str, *, hint: str, listing: tuple[str, ...], choices: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint, listing=listing)
        self.choices = choices


class MissingExtra(UsageError):
    """An optional dependency is not installed; the hint names the extra that brings it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra {extra}", hint=f"install it with: pip install 'layerscope[{extra}]'")


class ArchiveError(LayerscopeError):
    """The archive, or a part of it, could not be read."""


class NotAnImage(ArchiveError):
    """The input can be read but is no container image."""


class Damaged(ArchiveError):
    """The input contradicts itself; ``offset`` is where, in bytes of the stream named by ``where``."""

    def __init__(self, message: str, *, where: str = "", offset: int | None = None, hint: str = "") -> None:
        place = f"{where}, offset {offset:,}: " if where and offset is not None else f"{where}: " if where else ""
        super().__init__(place + message, hint=hint)
        self.where = where
        self.offset = offset


class LimitExceeded(ArchiveError):
    """A limit that guards against hostile input was passed; the hint names the option that raises it."""
