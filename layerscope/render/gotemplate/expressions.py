"""Evaluates pipelines: the part of a run that has values but no output."""

from collections.abc import Sequence

import msgspec

from layerscope.errors import UsageError
from layerscope.render.gotemplate import nodes
from layerscope.render.gotemplate.compare import CallFault
from layerscope.render.gotemplate.functions import FUNCTIONS, Function, Parameter
from layerscope.render.gotemplate.limits import MAX_STEPS, bounded
from layerscope.render.gotemplate.literals import quote, to_bytes
from layerscope.render.gotemplate.values import NilPointer, Struct, element, is_true, type_name, unbox


class Missing:
    """The type of ABSENT, which stands for the last argument of a command that is the first of its pipeline."""


ABSENT = Missing()


class Scope(msgspec.Struct, kw_only=True):
    """What all runs of one rendering share; ``steps`` counts the nodes that were run."""

    source: str
    templates: dict[str, nodes.Block]
    strict: bool
    steps: int = 0


class Expressions:
    """The variables of one run, and the node it is at."""

    def __init__(self, scope: Scope, name: str) -> None:
        self.scope = scope
        self.name = name
        self.variables: list[tuple[str, object]] = []
        self._node: nodes.Node = scope.templates.get(name, nodes.Block(start=0, nodes=()))

    def at(self, node: nodes.Node) -> None:
        """Notes the node for error messages and counts the step."""
        self._node = node
        self.scope.steps += 1
        if self.scope.steps > MAX_STEPS:
            raise self.fault(f"more than {MAX_STEPS:,} steps")

    def fault(self, message: str) -> UsageError:
        """The error to raise, at the present node."""
        before = self.scope.source[: self._node.start]
        line = before.count("\n") + 1
        column = len(to_bytes(before[before.rfind("\n") + 1 :]))
        return UsageError(f"template: :{line}:{column}: executing {quote(self.name)} at <{self._node}>: {message}")

    def assign(self, name: str, value: object) -> None:
        """Sets the innermost variable of this name."""
        for place in range(len(self.variables) - 1, -1, -1):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                return
        raise self.fault(f"undefined variable: {name}")

    def pipeline(self, dot: object, pipe: nodes.Pipe) -> object:
        """The value of a pipeline, unboxed; declares or assigns its variables."""
        self.at(pipe)
        value: object = ABSENT
        for command in pipe.commands:
            value = unbox(self._command(dot, command, value))
        for target in pipe.targets:
            if pipe.assigns:
                self.assign(target.names[0], value)
            else:
                self.variables.append((target.names[0], value))
        return value

    def _command(self, dot: object, command: nodes.Command, final: object) -> object:
        first = command.arguments[0]
        has_arguments = len(command.arguments) > 1 or final is not ABSENT
        match first:
            case nodes.Field() | nodes.Chain():
                return self._fields_of(dot, first, has_arguments)
            case nodes.Variable():
                self.at(first)
                value = self._variable(first.names[0])
                if len(first.names) == 1:
                    self._refuse_arguments(first, has_arguments)
                    return value
                return self._fields(first, value, first.names[1:], has_arguments)
            case nodes.Identifier():
                return self._function(dot, first, command, command.arguments[1:], final)
            case nodes.Pipe():
                self._refuse_arguments(first, has_arguments)
                return self.pipeline(dot, first)
        self.at(first)
        self._refuse_arguments(first, has_arguments)
        if isinstance(first, nodes.Nil):
            raise self.fault("nil is not a command")
        return dot if isinstance(first, nodes.Dot) else self._constant(first)

    def _refuse_arguments(self, node: nodes.Node, has_arguments: bool) -> None:
        if has_arguments:
            raise self.fault(f"can't give argument to non-function {node}")

    def _constant(self, node: nodes.Node) -> object:
        """The value of a literal, by its looks: a number with a point or an exponent is a float."""
        self.at(node)
        match node:
            case nodes.Bool():
                return node.value
            case nodes.String():
                return node.text
            case nodes.NumberLiteral():
                return self._number(node)
        raise self.fault(f"can't handle assignment of {node} to empty interface argument")

    def _number(self, node: nodes.NumberLiteral) -> object:
        if node.value.overflows:
            raise self.fault(f"{node.text} overflows int")
        is_hex = node.text[:2].lower() == "0x" and not any(c in node.text for c in "pP")
        if not is_hex and node.text[0] != "'" and any(c in node.text for c in ".eEpP"):
            return node.value.as_float
        return node.value.as_int

    def _variable(self, name: str) -> object:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self.fault(f"undefined variable: {name}")

    def _fields_of(self, dot: object, node: nodes.Field | nodes.Chain, has_arguments: bool) -> object:
        self.at(node)
        if isinstance(node, nodes.Field):
            return self._fields(node, dot, node.names, has_arguments)
        if isinstance(node.node, nodes.Nil):
            raise self.fault(f"indirection through explicit nil in {node}")
        return self._fields(node, self._argument(dot, node.node, None), node.names, has_arguments)

    def _fields(self, node: nodes.Node, value: object, names: Sequence[str], has_arguments: bool) -> object:
        for place, name in enumerate(names):
            value = self._field(value, name, has_arguments and place == len(names) - 1)
        return value

    def _field(self, receiver: object, name: str, has_arguments: bool) -> object:
        if receiver is None:
            if self.scope.strict:
                raise self.fault(f"nil data; no entry for key {quote(name)}")
            return None
        value = unbox(receiver)
        if value is None or isinstance(value, NilPointer):
            raise self.fault(f"nil pointer evaluating {type_name(receiver)}.{name}")
        if isinstance(value, Struct) and name in (members := value.members()):
            if has_arguments:
                raise self.fault(f"{name} has arguments but cannot be invoked as function")
            return members[name]
        if isinstance(value, dict):
            if has_arguments:
                raise self.fault(f"{name} is not a method but has arguments")
            return self._entry(value, name)
        raise self.fault(f"can't evaluate field {name} in type {type_name(receiver)}")

    def _entry(self, value: dict[str, object], name: str) -> object:
        if name in value:
            return element(value, name)
        if self.scope.strict:
            raise self.fault(f"map has no entry for key {quote(name)}")
        return None

    def _function(
        self, dot: object, name: nodes.Identifier, node: nodes.Node, arguments: Sequence[nodes.Node], final: object
    ) -> object:
        self.at(name)
        function = FUNCTIONS[name.name]
        self._check_count(name.name, function, len(arguments), final is not ABSENT)
        if name.name in ("and", "or"):
            return self._short_circuit(dot, name.name, arguments, final)
        values = [
            self._argument(dot, argument, parameter_at(function, place)) for place, argument in enumerate(arguments)
        ]
        if final is not ABSENT:
            values.append(self._checked(final, parameter_at(function, len(values))))
        try:
            if name.name == "call":
                raise _not_callable(values[0], arguments)
            return bounded(function.call(*values))
        except CallFault as error:
            self.at(node)
            raise self.fault(f"error calling {name.name}: {error}") from error

    def _check_count(self, name: str, function: Function, given: int, has_final: bool) -> None:
        count = given + has_final
        wanted = len(function.parameters)
        if function.variadic:
            if count < wanted - 1:
                raise self.fault(f"wrong number of args for {name}: want at least {wanted - 1} got {given}")
        elif count != wanted:
            raise self.fault(f"wrong number of args for {name}: want {wanted} got {count}")

    def _short_circuit(self, dot: object, name: str, arguments: Sequence[nodes.Node], final: object) -> object:
        value: object = None
        for argument in arguments:
            value = self._argument(dot, argument, Parameter.VALUE)
            if is_true(value) == (name == "or"):
                return value
        return value if final is ABSENT else final

    def _argument(self, dot: object, node: nodes.Node, parameter: Parameter | None) -> object:
        """The value of an argument for this parameter; None takes any."""
        self.at(node)
        match node:
            case nodes.Dot():
                return self._checked(dot, parameter)
            case nodes.Nil():
                if parameter in (Parameter.STRING, Parameter.INT):
                    raise self.fault(f"cannot assign nil to {parameter.value}")
                return None
            case nodes.Field() | nodes.Chain():
                return self._checked(self._fields_of(dot, node, False), parameter)
            case nodes.Variable():
                value = self._variable(node.names[0])
                return self._checked(self._fields(node, value, node.names[1:], False), parameter)
            case nodes.Pipe():
                return self._checked(self.pipeline(dot, node), parameter)
            case nodes.Identifier():
                return self._checked(self._function(dot, node, node, (), ABSENT), parameter)
        return self._literal(node, parameter)

    def _literal(self, node: nodes.Node, parameter: Parameter | None) -> object:
        if parameter is Parameter.STRING:
            if not isinstance(node, nodes.String):
                raise self.fault(f"expected string; found {node}")
        elif parameter is Parameter.INT:
            if not isinstance(node, nodes.NumberLiteral) or node.value.as_int is None:
                raise self.fault(f"expected integer; found {node}")
            return node.value.as_int
        return self._constant(node)

    def _checked(self, value: object, parameter: Parameter | None) -> object:
        """The value, if Go could assign it to the parameter."""
        if parameter not in (Parameter.STRING, Parameter.INT):
            return value
        if value is None:
            raise self.fault(f"invalid value; expected {parameter.value}")
        inner = unbox(value)
        name = type_name(value if inner is None else inner)
        if name != parameter.value:
            raise self.fault(f"wrong type for value; expected {parameter.value}; got {name}")
        return inner


def _not_callable(value: object, arguments: Sequence[nodes.Node]) -> CallFault:
    """The fault of every ``call``, since no value of a document is a function."""
    value = unbox(value)
    if value is None:
        return CallFault("call of nil")
    shown = value if isinstance(value, str) else f"<{type_name(value)} Value>"
    return CallFault(f"non-function {arguments[0] if arguments else shown} of type {type_name(value)}")


def parameter_at(function: Function, place: int) -> Parameter:
    """What the argument at this place, from 0, is for."""
    return function.parameters[min(place, len(function.parameters) - 1)]
