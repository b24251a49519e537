"""Runs the parse tree of a template over a value; every error has the position and the words of Go's."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from layerscope.errors import UsageError
from layerscope.gotemplate.functions import FUNCTIONS, Function
from layerscope.gotemplate.image import Record
from layerscope.gotemplate.printing import show
from layerscope.gotemplate.syntax import Action, Branch, Command, Jump, Literal, Name, Node, Path, Pipe, Text
from layerscope.gotemplate.values import MAX_CHARACTERS, Fault, NilPointer, a_kind, kind, quote, rejoined, to_bytes

MAX_STEPS = 1_000_000
"""Nodes of the tree and elements of lists that one rendering may visit, loops included."""
MAX_WORK = 4 * MAX_CHARACTERS
"""Characters that the functions of one rendering may take and give, as a loop may call one often."""


class _Break(Exception):
    """Leave the innermost range."""


class _Continue(Exception):
    """Go on with the next element of the innermost range."""


def size(value: object) -> int:
    """Return how many elements a value has, with those of its elements."""
    items = value.values() if isinstance(value, (dict, Record)) else value if isinstance(value, list) else ()
    return len(items) + sum(map(size, items))


_ABSENT = object()
"""Stands for the last argument of a command that is the first of its pipeline."""


class Run:
    """One rendering. A key that a map does not have is an error where ``strict``, else it reads ``<no value>``."""

    def __init__(self, source: str, root: object, *, strict: bool) -> None:
        self._source = source
        self._strict = strict
        self._variables: list[tuple[str, object]] = [("$", root)]
        self._node: Node = Text(start=0, text="")
        self._steps = 0
        self._work = 0
        self._output: list[str] = []
        self._room = MAX_CHARACTERS

    def text(self, nodes: Iterable[Node]) -> str:
        """Return the output; raises UsageError as ``template: :LINE:COLUMN: executing "" at <NODE>: ...``."""
        self._walk(self._variables[0][1], nodes)
        return rejoined("".join(self._output))

    def _at(self, node: Node) -> None:
        """Note the node for error messages, and count the step."""
        self._node = node
        self._count(1)

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise self._fault(f"the template exceeds {MAX_STEPS:,} steps")

    def _spend(self, values: Iterable[object]) -> None:
        """Count the characters that a function takes or gives."""
        self._work += sum(len(value) for value in values if isinstance(value, str))
        if self._work > MAX_WORK:
            raise Fault(f"the template's functions exceed {MAX_WORK:,} characters")

    def _fault(self, message: str) -> UsageError:
        before = self._source[: self._node.start]
        line = before.count("\n") + 1
        column = len(to_bytes(before[before.rfind("\n") + 1 :]))
        return UsageError(f'template: :{line}:{column}: executing "" at <{self._node.text}>: {message}')

    def _write(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise self._fault(f"the output exceeds {MAX_CHARACTERS:,} characters")
        self._output.append(text)

    def _walk(self, dot: object, nodes: Iterable[Node]) -> None:
        for node in nodes:
            match node:
                case Text():
                    self._at(node)
                    self._write(node.text)
                case Action():
                    value = self._pipeline(dot, node.pipe)
                    if not node.pipe.targets:
                        self._write("<no value>" if value is None else self._shown(value))
                case Branch():
                    outside = len(self._variables)
                    (self._range if node.word == "range" else self._branch)(dot, node)
                    del self._variables[outside:]
                case Jump():
                    raise _Break if node.text == "break" else _Continue

    def _shown(self, value: object) -> str:
        self._count(size(value))
        try:
            return show(value)
        except Fault as error:
            raise self._fault(str(error)) from error

    def _branch(self, dot: object, node: Branch) -> None:
        value = self._pipeline(dot, node.pipe)
        if value:
            self._walk(value if node.word == "with" else dot, node.body)
        else:
            self._walk(dot, node.otherwise)

    def _range(self, dot: object, node: Branch) -> None:
        value = self._pipeline(dot, node.pipe)
        declared = len(self._variables)
        empty = True
        with suppress(_Break):
            for key, item in self._items(value, len(node.pipe.targets)):
                empty = False
                self._count(1)
                self._bind(node.pipe, key, item)
                with suppress(_Continue):
                    self._walk(item, node.body)
                del self._variables[declared:]
        if empty:
            self._walk(dot, node.otherwise)

    def _items(self, value: object, targets: int) -> Iterable[tuple[object, object]]:
        """Return pairs of key and element; numbers have no keys."""
        match value:
            case None:
                return ()
            case int() if not isinstance(value, bool):
                if targets > 1:
                    raise self._fault(f"can't use {value} to iterate over more than one variable")
                return ((None, number) for number in range(value))
            case list():
                return enumerate(value)
            case dict():
                self._count(len(value))
                return ((key, value[key]) for key in sorted(value))
        raise self._fault(f"range can't iterate over {self._shown(value)}")

    def _bind(self, pipe: Pipe, key: object, item: object) -> None:
        """Set the variables of a range, which its pipeline has declared."""
        values = (key, item) if len(pipe.targets) > 1 else (item,)
        if pipe.assigns:
            for name, value in zip(pipe.targets, values, strict=False):
                self._assign(name, value)
        elif pipe.targets:
            self._variables[-len(pipe.targets) :] = zip(pipe.targets, values, strict=True)

    def _assign(self, name: str, value: object) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return
        raise self._fault(f"undefined variable: {name}")

    def _pipeline(self, dot: object, pipe: Pipe) -> object:
        """Return the value of a pipeline; declares or assigns its variables."""
        self._at(pipe)
        value: object = _ABSENT
        for command in pipe.commands:
            value = self._command(dot, command, value)
        for name in pipe.targets:
            self._assign(name, value) if pipe.assigns else self._variables.append((name, value))
        return value

    def _command(self, dot: object, command: Command, final: object) -> object:
        first = command.arguments[0]
        has_arguments = len(command.arguments) > 1 or final is not _ABSENT
        if isinstance(first, Name):
            return self._call(dot, first, command, command.arguments[1:], final)
        if isinstance(first, Path) and first.names:
            return self._path(dot, first, has_arguments=has_arguments)
        if not isinstance(first, Pipe):
            self._at(first)
        if has_arguments:
            raise self._fault(f"can't give argument to non-function {first.text}")
        if isinstance(first, Literal) and first.value is None:
            raise self._fault("nil is not a command")
        return self._value(dot, first)

    def _value(self, dot: object, node: Node) -> object:
        """Return the value of an argument."""
        match node:
            case Pipe():
                return self._pipeline(dot, node)
            case Path():
                return self._path(dot, node)
            case Name():
                return self._call(dot, node, node, (), _ABSENT)
        self._at(node)
        return node.value if isinstance(node, Literal) else None

    def _path(self, dot: object, node: Path, *, has_arguments: bool = False) -> object:
        self._at(node)
        value = dot
        if node.variable:
            value = self._variable(node.variable)
        elif node.base is not None:
            value = self._value(dot, node.base)
        for place, name in enumerate(node.names):
            value = self._field(value, name, has_arguments=has_arguments and place == len(node.names) - 1)
        return value

    def _variable(self, name: str) -> object:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise self._fault(f"undefined variable: {name}")

    def _field(self, value: object, name: str, *, has_arguments: bool) -> object:
        if value is None and not self._strict:
            return None
        if value is None or isinstance(value, NilPointer):
            raise self._fault(f"nil pointer evaluating interface {{}}.{name}")
        if not isinstance(value, (dict, Record)) or (isinstance(value, Record) and name not in value):
            raise self._fault(f"can't evaluate field {name} in {a_kind(value)}")
        if has_arguments:
            raise self._fault(f"{name} is not a method but has arguments")
        if name in value:
            return value[name]
        if self._strict:
            raise self._fault(f"map has no entry for key {quote(name)}")
        return None

    def _call(self, dot: object, name: Name, node: Node, arguments: Sequence[Node], final: object) -> object:
        self._at(name)
        function = FUNCTIONS[name.text]
        self._check_count(name.text, function, len(arguments), final is not _ABSENT)
        values: list[object] = []
        for place, argument in enumerate(arguments):
            values.append(self._argument(dot, argument, _parameter(function, place)))
            if name.text in ("and", "or") and bool(values[-1]) == (name.text == "or"):
                return values[-1]
        if final is not _ABSENT:
            values.append(self._checked(final, _parameter(function, len(values)), ""))
        if name.text in ("join", "json", "print", "printf", "println"):
            self._count(sum(map(size, values)))
        try:
            self._spend(values)
            result = function.call(*values)
            self._spend((result,))
        except Fault as error:
            self._at(node)
            raise self._fault(f"error calling {name.text}: {error}") from error
        return rejoined(result) if isinstance(result, str) else result

    def _check_count(self, name: str, function: Function, given: int, has_final: bool) -> None:
        wanted, count = len(function.parameters.rstrip("*")), given + has_final
        if function.parameters.endswith("*"):
            if count < wanted - 1:
                raise self._fault(f"wrong number of args for {name}: want at least {wanted - 1} got {given}")
        elif count != wanted:
            raise self._fault(f"wrong number of args for {name}: want {wanted} got {count}")

    def _argument(self, dot: object, node: Node, parameter: str) -> object:
        value = self._value(dot, node)
        if isinstance(node, Literal) and parameter != "v" and value is None:
            raise self._fault(f"cannot assign nil to {_WANTED[parameter]}")
        return self._checked(value, parameter, node.text if isinstance(node, Literal) else "")

    def _checked(self, value: object, parameter: str, literal: str) -> object:
        """Return the value if the parameter takes it."""
        if parameter == "v" or kind(value) == "string" == _WANTED[parameter]:
            return value
        if parameter == "i" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if literal:
            raise self._fault(f"expected {_WANTED[parameter]}; found {literal}")
        raise self._fault(f"wrong type for value; expected {_WANTED[parameter]}; got {kind(value)}")


_WANTED = {"s": "string", "i": "integer"}


def _parameter(function: Function, place: int) -> str:
    letters = function.parameters.rstrip("*")
    return letters[min(place, len(letters) - 1)]
