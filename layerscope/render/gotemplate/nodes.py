"""The parse tree of a template: frozen nodes, each with its position and its text as error messages show it."""

from msgspec import Struct

from layerscope.render.gotemplate.literals import Number, quote


class Node(Struct, frozen=True, kw_only=True):
    """``start`` is the character of the template where the node begins, from 0."""

    start: int

    def __str__(self) -> str:
        raise NotImplementedError


class Text(Node, frozen=True, kw_only=True):
    """Literal text between actions."""

    text: str

    def __str__(self) -> str:
        return self.text


class Dot(Node, frozen=True, kw_only=True):
    """The cursor, spelled ``.``."""

    def __str__(self) -> str:
        return "."


class Nil(Node, frozen=True, kw_only=True):
    """The untyped constant ``nil``."""

    def __str__(self) -> str:
        return "nil"


class Bool(Node, frozen=True, kw_only=True):
    """``true`` or ``false``."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


class NumberLiteral(Node, frozen=True, kw_only=True):
    """A number or a character constant, with the text it was written as."""

    text: str
    value: Number

    def __str__(self) -> str:
        return self.text


class String(Node, frozen=True, kw_only=True):
    """A string constant; ``quoted`` is its source text."""

    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


class Identifier(Node, frozen=True, kw_only=True):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


class Field(Node, frozen=True, kw_only=True):
    """``.A.B``: keys looked up from the cursor, left to right."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(Node, frozen=True, kw_only=True):
    """``$name.A.B``: the first of the names is the variable, dollar sign included."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


class Chain(Node, frozen=True, kw_only=True):
    """``(pipeline).A.B``: keys looked up in the value of another node."""

    node: Node
    names: tuple[str, ...]

    def __str__(self) -> str:
        return _argument(self.node) + "".join(f".{name}" for name in self.names)


class Command(Node, frozen=True, kw_only=True):
    """An operand, or a function and its arguments."""

    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(_argument(node) for node in self.arguments)


class Pipe(Node, frozen=True, kw_only=True):
    """Commands, each the last argument of the next; the value goes to ``targets``, declared or assigned."""

    targets: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        sign = " = " if self.assigns else " := "
        targets = ", ".join(map(str, self.targets)) + sign if self.targets else ""
        return targets + " | ".join(map(str, self.commands))


class Action(Node, frozen=True, kw_only=True):
    """A pipeline whose value is printed, unless it goes to a variable."""

    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


class Block(Node, frozen=True, kw_only=True):
    """Nodes in order; what stands between a control word and its ``end``."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))


class Branch(Node, frozen=True, kw_only=True):
    """``if``, ``with`` or ``range``, as ``word`` says; ``otherwise`` is None without an ``else``."""

    word: str
    pipe: Pipe
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


class Jump(Node, frozen=True, kw_only=True):
    """``break`` or ``continue``, as ``word`` says."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


class Call(Node, frozen=True, kw_only=True):
    """``template``: runs a named template; without a pipe its cursor is nil."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {quote(self.name)}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


class Else(Node, frozen=True, kw_only=True):
    """The end of a block at ``else``; stays inside the parser."""

    def __str__(self) -> str:
        return "{{else}}"


class End(Node, frozen=True, kw_only=True):
    """The end of a block at ``end``; stays inside the parser."""

    def __str__(self) -> str:
        return "{{end}}"


def _argument(node: Node) -> str:
    return f"({node})" if isinstance(node, Pipe) else str(node)
