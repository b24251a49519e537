"""The parse tree of a template."""

from msgspec import Struct


class Node(Struct, frozen=True, kw_only=True):
    """``start`` is the character of the template where the node begins; ``text`` is what an error message shows."""

    start: int
    text: str


class Text(Node, frozen=True, kw_only=True):
    """Literal text between actions."""


class Literal(Node, frozen=True, kw_only=True):
    """A constant; None for ``nil``."""

    value: str | bool | int | float | None


class Name(Node, frozen=True, kw_only=True):
    """The name of a function."""


class Path(Node, frozen=True, kw_only=True):
    """``.A.B``, ``$x.A.B`` or ``(pipeline).A``: keys looked up in the cursor, a variable, or another node."""

    names: tuple[str, ...] = ()
    variable: str = ""
    base: Node | None = None


class Command(Node, frozen=True, kw_only=True):
    """An operand, or a function and its arguments."""

    arguments: tuple[Node, ...]


class Pipe(Node, frozen=True, kw_only=True):
    """Commands, each the last argument of the next; the value goes to the variables ``targets``."""

    targets: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]


class Action(Node, frozen=True, kw_only=True):
    """A pipeline whose value is printed, unless it goes to a variable."""

    pipe: Pipe


class Branch(Node, frozen=True, kw_only=True):
    """``if``, ``with`` or ``range``, as ``word`` says."""

    word: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


class Jump(Node, frozen=True, kw_only=True):
    """``break`` or ``continue``, as ``text`` says."""
