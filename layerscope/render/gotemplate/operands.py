"""The part of the grammar inside one action: pipelines, commands and operands."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from layerscope.errors import UsageError
from layerscope.render.gotemplate import nodes
from layerscope.render.gotemplate.lexer import Lexer
from layerscope.render.gotemplate.literals import LiteralSyntax, Number, parse_number, quote, rune_value, unquote
from layerscope.render.gotemplate.tokens import Kind, Token

MAX_DEPTH = 50
"""How deep parentheses and control words may nest together; what runs the tree recurses several calls a level."""

_OPERAND_STARTS = frozenset(
    (
        Kind.BOOL,
        Kind.RUNE,
        Kind.COMPLEX,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    )
)
_CONSTANTS = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.NumberLiteral, nodes.String)


class Operands:
    """Holds the stream of tokens, with look-ahead, and the variables known so far."""

    def __init__(self, source: str, functions: Collection[str]) -> None:
        self._lexer = Lexer(source)
        self._functions = functions
        self._tokens: list[Token] = []
        self._at = 0
        self._depth = 0
        self.variables = ["$"]
        self.action_line = 0

    def next(self) -> Token:
        """Takes the next token."""
        if self._at == len(self._tokens):
            self._tokens.append(self._lexer.next_token())
        self._at += 1
        return self._tokens[self._at - 1]

    def backup(self) -> None:
        """Puts the last token back."""
        self._at -= 1

    def mark(self) -> int:
        """The place in the stream, for ``back_to``."""
        return self._at

    def back_to(self, mark: int) -> None:
        """Puts back all that was taken since the mark."""
        self._at = mark

    def peek(self) -> Token:
        """The next token, left in place."""
        token = self.next()
        self.backup()
        return token

    def next_non_space(self) -> Token:
        """Takes the next token that is no space, and the spaces before it."""
        while (token := self.next()).kind is Kind.SPACE:
            pass
        return token

    def peek_non_space(self) -> Token:
        """The next token that is no space, left in place; the spaces before it are gone."""
        token = self.next_non_space()
        self.backup()
        return token

    def is_word(self, token: Token, word: str) -> bool:
        """Whether the token is this keyword."""
        return token.kind is Kind.KEYWORD and token.text == word

    @property
    def line(self) -> int:
        """The line of the last token read, looked-ahead ones included, from 1."""
        return self._tokens[-1].line if self._tokens else 0

    def fault(self, message: str, line: int | None = None) -> UsageError:
        """The error to raise, at the present line unless another is given."""
        return UsageError(f"template: :{self.line if line is None else line}: {message}")

    def unexpected(self, token: Token, context: str) -> UsageError:
        """The error for a token that does not fit, or for the lexer's fault that it carries."""
        if token.kind is not Kind.ERROR:
            return self.fault(f"unexpected {token} in {context}")
        extra = ""
        if self.action_line not in (0, token.line):
            place = f"started at :{self.action_line}"
            extra = f" {place}" if token.text.endswith(" action") else f" in action {place}"
        return self.fault(f"{token}{extra}")

    def expect(self, kind: Kind, context: str) -> Token:
        """Takes the next token that is no space, which must be of this kind."""
        token = self.next_non_space()
        if token.kind is not kind:
            raise self.unexpected(token, context)
        return token

    def unquoted(self, token: Token) -> str:
        """The value of a string token."""
        try:
            return unquote(token.text)
        except LiteralSyntax as error:
            raise self.fault(str(error)) from error

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Counts one level of nesting for the time of a ``with``."""
        if self._depth >= MAX_DEPTH:
            raise self.fault("max expression depth exceeded")
        self._depth += 1
        yield
        self._depth -= 1

    def pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        """Declarations and commands up to the token of kind ``end``, which is taken."""
        start = self.peek_non_space().start
        targets, assigns = self._targets(context)
        commands: list[nodes.Command] = []
        while (token := self.next_non_space()).kind is not end:
            if token.kind not in _OPERAND_STARTS:
                raise self.unexpected(token, context)
            self.backup()
            commands.append(self._command())
        if not commands:
            raise self.fault(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.arguments[0], _CONSTANTS):
                raise self.fault(f"non executable command in pipeline stage {stage}")
        return nodes.Pipe(start=start, targets=targets, assigns=assigns, commands=tuple(commands))

    def _targets(self, context: str) -> tuple[tuple[nodes.Variable, ...], bool]:
        """The variables that a pipeline declares or assigns, and whether it assigns."""
        targets: list[nodes.Variable] = []
        while self.peek_non_space().kind is Kind.VARIABLE:
            before = self.mark()
            variable = self.next()
            sign = self.peek_non_space()
            comma = sign.kind is Kind.CHAR and sign.text == ","
            if not comma and sign.kind not in (Kind.ASSIGN, Kind.DECLARE):
                # An operand after all: give it back with the space behind it.
                self.back_to(before)
                break
            self.next()
            targets.append(self._variable(variable))
            self.variables.append(variable.text)
            if not comma:
                return tuple(targets), sign.kind is Kind.ASSIGN
            if context != "range" or len(targets) > 1:
                raise self.fault(f"too many declarations in {context}")
            if self.peek_non_space().kind not in (Kind.VARIABLE, Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                raise self.fault("range can only initialize variables")
        return tuple(targets), False

    def _command(self) -> nodes.Command:
        start = self.peek_non_space().start
        arguments: list[nodes.Node] = []
        while True:
            self.peek_non_space()
            operand = self._operand()
            if operand is not None:
                arguments.append(operand)
            token = self.next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self.backup()
            elif token.kind is not Kind.PIPE:
                raise self.unexpected(token, "operand")
            break
        if not arguments:
            raise self.fault("empty command")
        return nodes.Command(start=start, arguments=tuple(arguments))

    def _operand(self) -> nodes.Node | None:
        """A term and the fields behind it; None where no operand starts."""
        node = self._term()
        if node is None or self.peek().kind is not Kind.FIELD:
            return node
        start = self.peek().start
        found: list[str] = []
        while self.peek().kind is Kind.FIELD:
            found.append(self.next().text[1:])
        names = tuple(found)
        if isinstance(node, nodes.Field):
            return nodes.Field(start=start, names=node.names + names)
        if isinstance(node, nodes.Variable):
            return nodes.Variable(start=start, names=node.names + names)
        if isinstance(node, _CONSTANTS):
            raise self.fault(f"unexpected . after term {quote(str(node))}")
        return nodes.Chain(start=start, node=node, names=names)

    def _term(self) -> nodes.Node | None:
        token = self.next_non_space()
        match token.kind:
            case Kind.IDENTIFIER:
                if token.text not in self._functions:
                    raise self.fault(f"function {quote(token.text)} not defined")
                return nodes.Identifier(start=token.start, name=token.text)
            case Kind.DOT:
                return nodes.Dot(start=token.start)
            case Kind.NIL:
                return nodes.Nil(start=token.start)
            case Kind.VARIABLE:
                if token.text not in self.variables:
                    raise self.fault(f"undefined variable {quote(token.text)}")
                return self._variable(token)
            case Kind.FIELD:
                return nodes.Field(start=token.start, names=(token.text[1:],))
            case Kind.BOOL:
                return nodes.Bool(start=token.start, value=token.text == "true")
            case Kind.RUNE | Kind.NUMBER | Kind.COMPLEX:
                return self._number(token)
            case Kind.LEFT_PAREN:
                with self.nested():
                    return self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            case Kind.STRING | Kind.RAW_STRING:
                return nodes.String(start=token.start, quoted=token.text, text=self.unquoted(token))
        self.backup()
        return None

    def _variable(self, token: Token) -> nodes.Variable:
        return nodes.Variable(start=token.start, names=(token.text,))

    def _number(self, token: Token) -> nodes.NumberLiteral:
        if token.text.endswith("i") and token.kind is not Kind.RUNE:
            raise self.fault(f"complex constants are not supported: {quote(token.text)}")
        try:
            if token.kind is Kind.RUNE:
                code = rune_value(token.text)
                value = Number(as_int=code, as_float=float(code))
            else:
                value = parse_number(token.text)
        except LiteralSyntax as error:
            raise self.fault(str(error)) from error
        return nodes.NumberLiteral(start=token.start, text=token.text, value=value)
