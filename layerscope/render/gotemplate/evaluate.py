"""Runs the parse trees of a template over a value; every error has the position and the words of Go's."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from layerscope.render.gotemplate import nodes
from layerscope.render.gotemplate.expressions import Expressions, Scope
from layerscope.render.gotemplate.limits import MAX_CALLS, MAX_CHARACTERS, LimitPassed
from layerscope.render.gotemplate.literals import quote, rejoined
from layerscope.render.gotemplate.values import element, elements, is_true, printable
from layerscope.render.gotemplate.verbs import show


class _Break(Exception):
    """Leaves the innermost range."""


class _Continue(Exception):
    """Goes on with the next element of the innermost range."""


def execute(source: str, templates: dict[str, nodes.Block], root: object, *, strict: bool) -> str:
    """The output of the template ``""`` over the value.

    A key that an untyped map does not have is an error where ``strict``, else it reads ``<no value>``. Raises
    UsageError as ``template: :LINE:COLUMN: executing "" at <NODE>: ...``, columns counted in bytes from 0.
    """
    output = Output()
    run = _Run(Scope(source=source, templates=templates, strict=strict), output, "", 0)
    run.start(root)
    return output.text()


class Output:
    """Collects the text, up to the limit."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = MAX_CHARACTERS

    def write(self, text: str) -> None:
        """Appends; raises LimitPassed when the whole is too long."""
        self._room -= len(text)
        if self._room < 0:
            raise LimitPassed(f"more than {MAX_CHARACTERS:,} characters of output")
        self._pieces.append(text)

    def text(self) -> str:
        """All that was written."""
        return rejoined("".join(self._pieces))


class _Run(Expressions):
    """One call of one template; the templates that it calls run in their own."""

    def __init__(self, scope: Scope, output: Output, name: str, calls: int) -> None:
        super().__init__(scope, name)
        self._output = output
        self._calls = calls

    def start(self, root: object) -> None:
        """Runs the template with this value as cursor and as ``$``."""
        self.variables = [("$", root)]
        try:
            self._walk(root, self.scope.templates[self.name])
        except LimitPassed as error:
            raise self.fault(str(error)) from error

    def _walk(self, dot: object, node: nodes.Node) -> None:
        self.at(node)
        match node:
            case nodes.Block():
                for child in node.nodes:
                    self._walk(dot, child)
            case nodes.Text():
                self._output.write(node.text)
            case nodes.Action():
                value = self.pipeline(dot, node.pipe)
                if not node.pipe.targets:
                    self.at(node)
                    self._output.write(show(printable(value), "v"))
            case nodes.Branch(word="range"):
                self._range(dot, node)
            case nodes.Branch():
                self._branch(dot, node)
            case nodes.Call():
                self._call(dot, node)
            case nodes.Jump():
                raise _Break if node.word == "break" else _Continue

    def _branch(self, dot: object, node: nodes.Branch) -> None:
        declared = len(self.variables)
        try:
            value = self.pipeline(dot, node.pipe)
            if is_true(value):
                self._walk(value if node.word == "with" else dot, node.body)
            elif node.otherwise is not None:
                self._walk(dot, node.otherwise)
        finally:
            del self.variables[declared:]

    def _range(self, dot: object, node: nodes.Branch) -> None:
        outside = len(self.variables)
        try:
            value = self.pipeline(dot, node.pipe)
            declared = len(self.variables)
            empty = True
            for key, item in self._items(value, len(node.pipe.targets)):
                empty = False
                self._iterate(node, key, item)
                del self.variables[declared:]
            if empty and node.otherwise is not None:
                self._walk(dot, node.otherwise)
        except _Break:
            pass
        finally:
            del self.variables[outside:]

    def _items(self, value: object, targets: int) -> Iterable[tuple[object, object]]:
        """Pairs of key and element; numbers have no keys."""
        match value:
            case None:
                return ()
            case int() if not isinstance(value, bool):
                if targets > 1:
                    raise self.fault(f"can't use {value} to iterate over more than one variable")
                return _counted(value)
            case list():
                return enumerate(elements(value))
            case dict():
                return ((key, element(value, key)) for key in sorted(value))
        raise self.fault(f"range can't iterate over {show(value, 'v')}")

    def _iterate(self, node: nodes.Branch, key: object, item: object) -> None:
        targets = node.pipe.targets
        if targets and node.pipe.assigns:
            for target, value in zip(targets, (key, item) if len(targets) > 1 else (item,), strict=True):
                self.assign(target.names[0], value)
        elif targets:
            self.variables[-1] = (targets[-1].names[0], item)
            if len(targets) > 1:
                self.variables[-2] = (targets[0].names[0], key)
        marked = len(self.variables)
        with suppress(_Continue):
            self._walk(item, node.body)
        del self.variables[marked:]

    def _call(self, dot: object, node: nodes.Call) -> None:
        if node.name not in self.scope.templates:
            raise self.fault(f"template {quote(node.name)} not defined")
        if self._calls == MAX_CALLS:
            raise self.fault(f"exceeded maximum template depth ({MAX_CALLS})")
        root = self.pipeline(dot, node.pipe) if node.pipe is not None else None
        _Run(self.scope, self._output, node.name, self._calls + 1).start(root)


def _counted(value: int) -> Iterator[tuple[object, object]]:
    return ((None, type(value)(number)) for number in range(value))
