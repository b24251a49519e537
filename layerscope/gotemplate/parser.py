"""Tokens to a parse tree, by the grammar of Go's text/template and with its error messages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from layerscope.errors import UsageError
from layerscope.gotemplate.functions import DROPPED, FUNCTIONS
from layerscope.gotemplate.syntax import (
    Action,
    Branch,
    Command,
    Jump,
    Kind,
    Literal,
    Name,
    Node,
    Path,
    Pipe,
    Text,
    Token,
    tokens,
)
from layerscope.gotemplate.values import Fault, number, quote, unquote

MAX_DEPTH = 50
"""How deep parentheses and control words may nest together; what runs the tree recurses several calls a level."""


class Parser:
    """One run over one source; each control word is parsed by recursion, to a bounded depth."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tuple(tokens(source))
        self._at = 0
        self._seen = 0
        self._depth = 0
        self._ranges = 0
        self._variables = ["$"]
        self._action_line = 0

    def parse(self) -> tuple[Node, ...]:
        """Return the nodes of the template; raises UsageError with Go's message, ``template: :LINE: ...``."""
        found, stop = self._block()
        if stop != "EOF":
            raise self._fault(f"unexpected {{{{{stop}}}}}")
        return found

    def _next(self) -> Token:
        token = self._peek()
        self._at += token.kind not in (Kind.EOF, Kind.ERROR)
        return token

    def _peek(self) -> Token:
        self._seen = max(self._seen, self._at)
        return self._tokens[self._at]

    def _fault(self, message: str) -> UsageError:
        return UsageError(f"template: :{self._tokens[self._seen].line}: {message}")

    def _unexpected(self, token: Token, context: str) -> UsageError:
        """The error for a token that does not fit, or for the lexer's fault that it carries."""
        if token.kind is not Kind.ERROR:
            return self._fault(f"unexpected {token} in {context}")
        extra = ""
        if self._action_line not in (0, token.line):
            extra = f"{'' if token.text.endswith(' action') else ' in action'} started at :{self._action_line}"
        return self._fault(f"{token}{extra}")

    def _node_text(self, start: int, end: int | None = None) -> str:
        last = self._tokens[self._at - 1]
        return " ".join(self._source[start : last.start + len(last.text) if end is None else end].split())

    @contextmanager
    def _nested(self) -> Iterator[None]:
        if self._depth >= MAX_DEPTH:
            raise self._fault("max expression depth exceeded")
        self._depth += 1
        yield
        self._depth -= 1

    def _block(self) -> tuple[tuple[Node, ...], str]:
        """Return the nodes up to ``end``, ``else`` or the end of the template, and which of these it was."""
        found: list[Node] = []
        while (token := self._next()).kind is not Kind.EOF:
            if token.kind is Kind.TEXT:
                found.append(Text(start=token.start, text=token.text))
                continue
            if token.kind is not Kind.LEFT:
                raise self._unexpected(token, "input")
            self._action_line = token.line
            node = self._action()
            self._action_line = 0
            if isinstance(node, str):
                return tuple(found), node
            found.append(node)
        return tuple(found), "EOF"

    def _action(self) -> Node | str:
        """Return the node of an action; the word of an ``end`` or ``else``."""
        token = self._peek()
        word = token.text if token.kind is Kind.KEYWORD else ""
        if word in ("block", "define", "template"):
            raise self._fault(f"{{{{{word}}}}} is not supported: there are no named templates")
        if not word:
            return Action(start=token.start, text="", pipe=self._pipeline("command", Kind.RIGHT))
        self._next()
        if word in ("if", "range", "with"):
            return self._branch(word)
        after = self._peek()
        if word == "else" and after.text in ("if", "with") and after.kind is Kind.KEYWORD:
            return word
        jumps = word in ("break", "continue")
        if self._next().kind is not Kind.RIGHT:
            raise self._unexpected(after, f"{{{{{word}}}}}" if jumps else word)
        if jumps and not self._ranges:
            raise self._fault(f"{{{{{word}}}}} outside {{{{range}}}}")
        return Jump(start=token.start, text=word) if jumps else word

    def _branch(self, word: str) -> Branch:
        with self._nested():
            declared = len(self._variables)
            pipe = self._pipeline(word, Kind.RIGHT)
            self._ranges += word == "range"
            body, stop = self._block()
            self._ranges -= word == "range"
            otherwise: tuple[Node, ...] = ()
            if stop == "else" and word != "range" and self._peek().text == word and self._next():
                # One {{end}} closes the whole chain of "else if", so the inner branch takes it.
                otherwise = (self._branch(word),)
            elif stop == "else":
                otherwise, stop = self._block()
                if stop == "else":
                    raise self._fault("expected end; found {{else}}")
            if stop == "EOF":
                raise self._fault("unexpected EOF")
            del self._variables[declared:]
        return Branch(start=pipe.start, text=word, word=word, pipe=pipe, body=body, otherwise=otherwise)

    def _pipeline(self, context: str, end: Kind) -> Pipe:
        """Return the declarations and commands up to the token of kind ``end``, which is taken."""
        start = self._peek().start
        targets, assigns = self._targets(context)
        commands: list[Command] = []
        while (token := self._peek()).kind is not end:
            if token.kind not in _TERMS:
                raise self._unexpected(token, context)
            commands.append(self._command())
        text = self._node_text(start, token.start)
        self._next()
        if not commands:
            raise self._fault(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], start=2):
            first = command.arguments[0]
            if isinstance(first, Literal) or first.text == ".":
                raise self._fault(f"non executable command in pipeline stage {stage}")
        return Pipe(start=start, text=text, targets=targets, assigns=assigns, commands=tuple(commands))

    def _targets(self, context: str) -> tuple[tuple[str, ...], bool]:
        """Return the variables that a pipeline declares or assigns, and whether it assigns."""
        targets: list[str] = []
        while self._peek().kind is Kind.VARIABLE:
            sign = self._tokens[self._at + 1]
            comma = sign.kind is Kind.CHAR and sign.text == ","
            if not comma and sign.kind not in (Kind.ASSIGN, Kind.DECLARE):
                break
            targets.append(self._next().text)
            self._next()
            self._variables.append(targets[-1])
            if not comma:
                return tuple(targets), sign.kind is Kind.ASSIGN
            if context != "range" or len(targets) > 1:
                raise self._fault(f"too many declarations in {context}")
            if self._peek().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.CLOSE):
                raise self._fault("range can only initialize variables")
        return tuple(targets), False

    def _command(self) -> Command:
        start = self._peek().start
        arguments: list[Node] = []
        while True:
            arguments.append(self._operand())
            token = self._peek()
            if token.kind is Kind.PIPE or token.kind in (Kind.RIGHT, Kind.CLOSE):
                break
            if not token.spaced or token.kind not in _TERMS:
                raise self._unexpected(token, "operand")
        text = self._node_text(start)
        if token.kind is Kind.PIPE:
            self._next()
            if (after := self._peek()).kind not in _TERMS and after.kind not in (Kind.RIGHT, Kind.CLOSE):
                raise self._unexpected(after, "command")
        return Command(start=start, text=text, arguments=tuple(arguments))

    def _operand(self) -> Node:
        """Return a term with the fields behind it."""
        begin = self._peek().start
        node = _TERMS[self._peek().kind](self, self._next())
        start = self._peek().start
        names: list[str] = []
        while self._peek().kind is Kind.FIELD and not self._peek().spaced:
            names.append(self._next().text[1:])
        if not names:
            return node
        if isinstance(node, Literal) or node.text == ".":
            raise self._fault(f"unexpected . after term {quote(node.text)}")
        text = self._node_text(begin)
        if isinstance(node, Path):
            return Path(start=start, text=text, names=(*node.names, *names), variable=node.variable)
        return Path(start=start, text=text, names=tuple(names), base=node)

    def _word(self, token: Token) -> Node:
        if token.text in ("true", "false", "nil"):
            value = None if token.text == "nil" else token.text == "true"
            return Literal(start=token.start, text=token.text, value=value)
        if token.text not in FUNCTIONS:
            state = "supported" if token.text in DROPPED else "defined"
            raise self._fault(f"function {quote(token.text)} not {state}")
        return Name(start=token.start, text=token.text)

    def _field(self, token: Token) -> Node:
        return Path(start=token.start, text=token.text, names=(token.text[1:],) if len(token.text) > 1 else ())

    def _variable(self, token: Token) -> Node:
        if token.text not in self._variables:
            raise self._fault(f"undefined variable {quote(token.text)}")
        return Path(start=token.start, text=token.text, variable=token.text)

    def _constant(self, token: Token) -> Node:
        try:
            value = unquote(token.text) if token.kind is Kind.STRING else number(token.text)
        except Fault as error:
            raise self._fault(str(error)) from error
        return Literal(start=token.start, text=token.text, value=value)

    def _parenthesized(self, _token: Token) -> Node:
        with self._nested():
            return self._pipeline("parenthesized pipeline", Kind.CLOSE)


_TERMS: dict[Kind, Callable[[Parser, Token], Node]] = {
    Kind.WORD: Parser._word,
    Kind.FIELD: Parser._field,
    Kind.DOT: Parser._field,
    Kind.VARIABLE: Parser._variable,
    Kind.STRING: Parser._constant,
    Kind.NUMBER: Parser._constant,
    Kind.OPEN: Parser._parenthesized,
}
