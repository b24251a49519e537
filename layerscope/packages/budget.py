"""How much work the records of one image may cause.

A million hardlinks to one archive, or a million records that all name one large directory, cost an archive little.
"""

from weakref import WeakKeyDictionary

from msgspec import Struct

from layerscope.errors import LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.model.limits import GIB

_MOST_BYTES = 2 * GIB
_VISITS_AN_ENTRY = 20
_LEAST_VISITS = 100_000


class Budget(Struct):
    """What is left to spend: bytes to read, and visits of entries on the way through directories."""

    read_bytes: int
    visits: int

    def read(self, count: int) -> None:
        """Spend bytes; raises LimitExceeded where none are left."""
        self.read_bytes -= count
        if self.read_bytes < 0:
            raise LimitExceeded(f"the records of packages hold more than {_MOST_BYTES:,} bytes to read")

    def visit(self, count: int) -> None:
        """Spend visits; raises LimitExceeded where none are left."""
        self.visits -= count
        if self.visits < 0:
            raise LimitExceeded("the records of packages name the same directories again and again")


# All catalogers of a run look at one file system, and spend from one budget.
_BUDGETS: WeakKeyDictionary[Filesystem, Budget] = WeakKeyDictionary()


def budget_of(filesystem: Filesystem) -> Budget:
    """What is left for a file system."""
    budget = _BUDGETS.get(filesystem)
    if budget is None:
        visits = _LEAST_VISITS + _VISITS_AN_ENTRY * len(filesystem)
        budget = _BUDGETS[filesystem] = Budget(read_bytes=_MOST_BYTES, visits=visits)
    return budget
