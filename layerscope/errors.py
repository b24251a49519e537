"""The exceptions of layerscope and their exit codes.

LayerscopeError                      exit code
├── UsageError                       2   wrong usage: an option, a name, a template
│   ├── AmbiguousImage               2   the archive holds several images or platforms; pick one
│   └── EditError                    2   a Dockerfile or script cannot be edited as asked without a guess
├── ArchiveError                     3   the archive cannot be read
│   ├── NotAnImage                   3   something else: a Helm chart, a picture, a text
│   ├── Damaged                      3   a header, length or digest is wrong, or the data ends early
│   └── LimitExceeded                3   a limit that guards against hostile input is exceeded
└── MissingExtra                     2   an optional dependency is not installed

Errors of other libraries are mapped to these where they arise; only ``cli`` exits.
"""


class LayerscopeError(Exception):
    """Base class; ``hint`` says what to do, or is empty; ``listing`` are lines to print below the message."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", listing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.listing = listing


class UsageError(LayerscopeError):
    """Wrong usage; the archive may be fine."""

    exit_code = 2


class AmbiguousImage(UsageError):
    """The archive holds several images or platforms; ``choices`` are the values of ``--image`` that pick one."""

    def __init__(self, message: str, *, hint: str, listing: tuple[str, ...], choices: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint, listing=listing)
        self.choices = choices


class EditError(UsageError):
    """An edit that cannot be made without a guess, or that would change more than it says."""


class MissingExtra(UsageError):
    """An optional dependency is not installed; the hint names the extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra {extra}", hint=f"install it with: pip install 'layerscope[{extra}]'")


class ArchiveError(LayerscopeError):
    """The archive or a part of it cannot be read."""


class NotAnImage(ArchiveError):
    """The input is not a container image."""


class Damaged(ArchiveError):
    """The input is corrupt at ``offset``, in bytes of the stream ``where``."""

    def __init__(self, message: str, *, where: str = "", offset: int | None = None, hint: str = "") -> None:
        place = f"{where}, offset {offset:,}: " if where and offset is not None else f"{where}: " if where else ""
        super().__init__(place + message, hint=hint)
        self.where = where
        self.offset = offset


class LimitExceeded(ArchiveError):
    """A limit that guards against hostile input is exceeded; the hint names the option that raises it."""
