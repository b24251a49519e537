"""The parse tree of a template: frozen nodes, each with its position and its text as error messages show it."""

from dataclasses import dataclass

from layerscope.render.gotemplate.literals import Number, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``start`` is the character of the template where the node begins, from 0."""

    start: int

    def __str__(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """Literal text between actions."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot(Node):
    """The cursor, spelled ``.``."""

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Nil(Node):
    """The untyped constant ``nil``."""

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bool(Node):
    """``true`` or ``false``."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number or a character constant, with the text it was written as."""

    text: str
    value: Number

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Node):
    """A string constant; ``quoted`` is its source text."""

    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier(Node):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """``.A.B``: keys looked up from the cursor, left to right."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """``$name.A.B``: the first of the names is the variable, dollar sign included."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Node):
    """``(pipeline).A.B``: keys looked up in the value of another node."""

    node: Node
    names: tuple[str, ...]

    def __str__(self) -> str:
        return _argument(self.node) + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Node):
    """An operand, or a function and its arguments."""

    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(_argument(node) for node in self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe(Node):
    """Commands, each the last argument of the next; the value goes to ``targets``, declared or assigned."""

    targets: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        sign = " = " if self.assigns else " := "
        targets = ", ".join(map(str, self.targets)) + sign if self.targets else ""
        return targets + " | ".join(map(str, self.commands))


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Node):
    """A pipeline whose value is printed, unless it goes to a variable."""

    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Node):
    """Nodes in order; what stands between a control word and its ``end``."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Node):
    """``if``, ``with`` or ``range``, as ``word`` says; ``otherwise`` is None without an ``else``."""

    word: str
    pipe: Pipe
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump(Node):
    """``break`` or ``continue``, as ``word`` says."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``template``: runs a named template; without a pipe its cursor is nil."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {quote(self.name)}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Else(Node):
    """The end of a block at ``else``; stays inside the parser."""

    def __str__(self) -> str:
        return "{{else}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Node):
    """The end of a block at ``end``; stays inside the parser."""

    def __str__(self) -> str:
        return "{{end}}"


def _argument(node: Node) -> str:
    return f"({node})" if isinstance(node, Pipe) else str(node)
