"""Tokens -> named parse trees, by the grammar of Go's text/template and with its error messages."""

from collections.abc import Collection

from layerscope.render.gotemplate import nodes
from layerscope.render.gotemplate.literals import quote
from layerscope.render.gotemplate.operands import Operands
from layerscope.render.gotemplate.tokens import Kind, Token


def parse(source: str, functions: Collection[str]) -> dict[str, nodes.Block]:
    """Every template that the source defines, by name; the source itself is ``""``.

    Raises UsageError with Go's message, ``template: :LINE: ...``.
    """
    return Parser(source, functions).parse()


def is_empty(block: nodes.Block) -> bool:
    """Whether there is nothing but spaces; such a template may be defined again."""
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in block.nodes)


class Parser(Operands):
    """One run over one source; each control word is parsed by recursion, to a bounded depth."""

    def __init__(self, source: str, functions: Collection[str]) -> None:
        super().__init__(source, functions)
        self._templates: dict[str, nodes.Block] = {}
        self._range_depth = 0

    def parse(self) -> dict[str, nodes.Block]:
        """The trees of the whole source; see the function of the same name."""
        found: list[nodes.Node] = []
        start = self.peek().start
        while self.peek().kind is not Kind.EOF:
            if self.peek().kind is Kind.LEFT_DELIM:
                before = self.mark()
                self.next()
                if self.is_word(self.next_non_space(), "define"):
                    self._definition()
                    continue
                self.back_to(before)
            node = self._text_or_action()
            if isinstance(node, (nodes.End, nodes.Else)):
                raise self.fault(f"unexpected {node}")
            found.append(node)
        self._add("", nodes.Block(start=start, nodes=tuple(found)))
        return self._templates

    def _add(self, name: str, block: nodes.Block) -> None:
        earlier = self._templates.get(name)
        if earlier is None or is_empty(earlier):
            self._templates[name] = block
        elif not is_empty(block):
            raise self.fault(f"template: multiple definition of template {quote(name)}")

    def _definition(self) -> None:
        context = "define clause"
        name = self._template_name(self.next_non_space(), context)
        self.expect(Kind.RIGHT_DELIM, context)
        self._add(name, self._own_scope(context))

    def _own_scope(self, context: str) -> nodes.Block:
        """The body of a define or block, which sees none of the variables and loops around it."""
        outside = self.variables, self._range_depth
        self.variables, self._range_depth = ["$"], 0
        opened = self.line
        body, end = self._block()
        self.variables, self._range_depth = outside
        if not isinstance(end, nodes.End):
            # Go reports a block at its head, where the tree around it stopped reading, but a definition at its end.
            raise self.fault(f"unexpected {end} in {context}", opened if context == "block clause" else None)
        return body

    def _block(self) -> tuple[nodes.Block, nodes.Node]:
        """Nodes up to an end or else, and that node."""
        found: list[nodes.Node] = []
        start = self.peek_non_space().start
        while self.peek_non_space().kind is not Kind.EOF:
            node = self._text_or_action()
            if isinstance(node, (nodes.End, nodes.Else)):
                return nodes.Block(start=start, nodes=tuple(found)), node
            found.append(node)
        raise self.fault("unexpected EOF")

    def _text_or_action(self) -> nodes.Node:
        token = self.next_non_space()
        if token.kind is Kind.TEXT:
            return nodes.Text(start=token.start, text=token.text)
        if token.kind is not Kind.LEFT_DELIM:
            raise self.unexpected(token, "input")
        self.action_line = token.line
        node = self._action()
        self.action_line = 0
        return node

    def _action(self) -> nodes.Node:
        token = self.next_non_space()
        if token.kind is Kind.KEYWORD:
            match token.text:
                case "if" | "range" | "with":
                    return self._branch(token.text)
                case "break" | "continue":
                    return self._jump(token)
                case "else":
                    return self._else()
                case "end":
                    return nodes.End(start=self.expect(Kind.RIGHT_DELIM, "end").start)
                case "template":
                    return self._call()
                case "block":
                    return self._inline_template()
        self.backup()
        start = self.peek().start
        return nodes.Action(start=start, pipe=self.pipeline("command", Kind.RIGHT_DELIM))

    def _jump(self, token: Token) -> nodes.Jump:
        after = self.next_non_space()
        if after.kind is not Kind.RIGHT_DELIM:
            raise self.unexpected(after, f"{{{{{token.text}}}}}")
        if self._range_depth == 0:
            raise self.fault(f"{{{{{token.text}}}}} outside {{{{range}}}}")
        return nodes.Jump(start=token.start, word=token.text)

    def _else(self) -> nodes.Else:
        ahead = self.peek_non_space()
        if self.is_word(ahead, "if") or self.is_word(ahead, "with"):
            return nodes.Else(start=ahead.start)
        return nodes.Else(start=self.expect(Kind.RIGHT_DELIM, "else").start)

    def _branch(self, word: str) -> nodes.Branch:
        with self.nested():
            declared = len(self.variables)
            pipe = self.pipeline(word, Kind.RIGHT_DELIM)
            self._range_depth += word == "range"
            body, end = self._block()
            self._range_depth -= word == "range"
            otherwise = self._otherwise(word, end) if isinstance(end, nodes.Else) else None
            del self.variables[declared:]
        return nodes.Branch(start=pipe.start, word=word, pipe=pipe, body=body, otherwise=otherwise)

    def _otherwise(self, word: str, end: nodes.Node) -> nodes.Block:
        if word != "range" and self.is_word(self.peek(), word):
            self.next()
            # One {{end}} closes the whole chain of "else if", so the inner branch takes it.
            return nodes.Block(start=end.start, nodes=(self._branch(word),))
        body, end = self._block()
        if not isinstance(end, nodes.End):
            raise self.fault(f"expected end; found {end}")
        return body

    def _call(self) -> nodes.Call:
        context = "template clause"
        token = self.next_non_space()
        name = self._template_name(token, context)
        if self.next_non_space().kind is Kind.RIGHT_DELIM:
            return nodes.Call(start=token.start, name=name, pipe=None)
        self.backup()
        return nodes.Call(start=token.start, name=name, pipe=self.pipeline(context, Kind.RIGHT_DELIM))

    def _inline_template(self) -> nodes.Call:
        """``block``: a definition and its call in one."""
        context = "block clause"
        token = self.next_non_space()
        name = self._template_name(token, context)
        pipe = self.pipeline(context, Kind.RIGHT_DELIM)
        with self.nested():
            self._add(name, self._own_scope(context))
        return nodes.Call(start=token.start, name=name, pipe=pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquoted(token)
