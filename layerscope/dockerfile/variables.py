"""What a variable may be, and how long the values of variables may get."""

from collections.abc import Callable
from enum import Enum

from layerscope.errors import LimitExceeded

MAX_VALUE = 1 << 20
"""The most characters that one word may grow to; ``ENV a=$a$a`` doubles with each line."""
MAX_TOTAL = 1 << 26
"""The most characters that all words of one build may take together."""


class Unknown(Enum):
    """The third answer of a lookup: the variable may be set, but nothing here says to what."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Lookup = Callable[[str], "str | Unknown | None"]
"""From a variable's name to its value, None where it is known to be unset, UNKNOWN where nobody can tell."""


class Budget:
    """How many characters the words of one build may still grow by; a hostile file refers to long values often."""

    def __init__(self, characters: int = MAX_TOTAL) -> None:
        self.left = characters

    def spend(self, characters: int) -> None:
        """Take ``characters`` off; raises LimitExceeded when they are used up."""
        self.left -= characters
        if self.left < 0:
            raise LimitExceeded("the variables of the Dockerfile grow too long")
