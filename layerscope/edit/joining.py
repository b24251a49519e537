"""Two RUN instructions as one."""

from layerscope.edit.script import ScriptText
from layerscope.errors import EditError


def joined(first: ScriptText, second: ScriptText, *, directory: str = "") -> str:
    """The source of one RUN that does what two do; raises EditError where the first would change the second."""
    raise EditError("two RUN instructions cannot be joined yet")
