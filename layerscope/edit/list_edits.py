"""Commands of the top-level list, added and removed, in the style of the instruction.

``&&`` and ``||`` have equal precedence and bind to the left, so ``a || b && c`` runs c if ``a || b`` succeeded. Where
``set -e`` is in force, ``;`` joins what ``&&`` would shield from it (POSIX shell, "set": -e is ignored in all commands
of an and-or list but the last).
"""

from layerscope.edit.commands import Command, Syntax, parse_script
from layerscope.edit.elements import AND_OR, Element, conditional
from layerscope.edit.layout import indent_of, is_first_on_line, without
from layerscope.edit.script import ScriptText
from layerscope.errors import EditError

_DEFAULT_INDENT = "    "
_ENDS = frozenset({"exec", "exit", "return"})


def insert_after(script: ScriptText, position: int, text: str) -> str:
    """The source with commands (joined by ``&&``) behind an element of the top-level list."""
    _check_added(text)
    joiner = joiner_after(script, position)
    source, at = place_after(script, position, joiner, text)
    return script.checked(source, (at, at, f"{joiner} {text}"))


def place_after(script: ScriptText, position: int, joiner: str, text: str, *, comments: str = "") -> tuple[str, int]:
    """The source with ``text`` behind an element, ``comments`` on the lines above it, and its offset in the text."""
    element = script.elements[position]
    at = element.end
    rest = script.source[at:].partition("\n")[0].strip(" \t\r;")
    if rest.startswith("#") or (script.syntax.comments and not script.in_heredoc):
        raise EditError("a comment stands behind the command")
    if joiner == "\n" and rest:
        raise EditError("something else stands on the line behind the command")
    written = _behind(script, position, joiner, text, comments)
    return script.source[:at] + written + script.source[at:], script.syntax.elements[position].end


def append(script: ScriptText, text: str) -> str:
    """The source with commands at the end, which run where all that the build step needs has succeeded."""
    check_end(script)
    return insert_after(script, len(script.elements) - 1, text)


def check_end(script: ScriptText) -> None:
    """Raise EditError where a script that succeeds may not come to its end."""
    for command in script.commands:
        wrapped = any(word.text == "exec" for word in command.words[: command.name_index])
        if wrapped or (command.name in _ENDS and not _fails(command)):
            raise EditError(f"{'exec' if wrapped else command.name} ends the script before what is appended")


def prepend(script: ScriptText, text: str) -> str:
    """The source with commands at the start, behind a ``set`` that begins it."""
    first = 0
    while first < len(script.elements) and _is_set(script, first):
        first += 1
    if 0 < first < len(script.elements):
        if script.elements[first].joiner in AND_OR and _operator_behind(script, first):
            raise EditError("a command at the start could fail unseen")
        return insert_after(script, first - 1, text)
    _check_added(text)
    if 0 in conditional(script.elements) or _operator_behind(script, 0) == "&":
        raise EditError("the script begins with a list that holds || or runs in the background")
    statements = sum(each.joiner not in AND_OR for each in script.elements)
    if script.syntax.here_strings or (statements > 1 and script.exits_on_error is not True):
        raise EditError("a command at the start could fail unseen")
    at = script.elements[0].start
    if script.in_heredoc:
        written = f"{text} && "
    else:
        leading, indent = _style(script, 0)
        turn = f" {script.escape}{_newline(script)}{indent}"
        written = f"{text}{turn}&& " if leading else f"{text} &&{turn}"
    raw = script.syntax.elements[0].start
    return script.checked(script.source[:at] + written + script.source[at:], (raw, raw, f"{text} && "))


def remove_command(script: ScriptText, position: int) -> str:
    """The source without an element of the top-level list and the operator that joins it."""
    elements = script.elements
    before = elements[position].joiner
    after = elements[position + 1].joiner if position + 1 < len(elements) else script.syntax.trailing
    if len(elements) == 1 or _is_set(script, position):
        raise EditError("without the command there is no script, or another one")
    if position in conditional(elements) or "&" in (before, after) or script.syntax.here_strings:
        raise EditError("the rest of the script depends on the command")
    _check_removal(script, position, before, after)
    if position == len(elements) - 1 or _goes_with_previous(script, position, before, after):
        low, high = (_end(each, position) for each in (elements, script.syntax.elements))
        (start, end), raw = low, high
    else:
        start, end = elements[position].start, elements[position + 1].start
        raw = (script.syntax.elements[position].start, script.syntax.elements[position + 1].start)
    escape = "\\" if script.in_heredoc else script.escape
    if script.in_heredoc and {before, after} <= {"\n", ""}:
        element, place = elements[position], script.syntax.elements[position]
        source = without(script.source, escape, [(element.start, element.end)], comments=False)
        return script.checked(source, (place.start, place.end, ""))
    cut = script.source[start:end]
    if any(line.lstrip(" \t").startswith("#") for line in cut.split("\n")[1:]):
        # The comments stay, and what moves up keeps its indentation.
        line = script.source.rfind("\n", 0, end) + 1
        inner = line + len(indent_of(script.source, end))
        ranges = [(start, line), (inner, end)] if start < line and inner < end else [(start, end)]
        source = without(script.source, escape, ranges, comments=not script.in_heredoc)
    else:
        source = script.source[:start] + script.source[end:]
    return script.checked(source, (*raw, ""))


def _check_removal(script: ScriptText, position: int, before: str, after: str) -> None:
    """Raise EditError where a failure that the command hides would end the build without it, or the other way round."""
    is_last = position == len(script.elements) - 1
    exits = script.exits_on_error
    if before in AND_OR and after not in AND_OR:
        # What stands before becomes the end of its list, where set -e counts.
        if exits is not False and (not is_last or not is_simple(script, position - 1)):
            raise EditError("set -e would read the command before as the last of its list")
    elif is_last and before not in AND_OR:
        alone = script.elements[position - 1].joiner not in AND_OR and not script.elements[position - 1].negated
        if exits is not True or not alone or not is_simple(script, position - 1):
            raise EditError("without the last command, the one before would decide whether the build fails")


def _end(elements: tuple[Element, ...], position: int) -> tuple[int, int]:
    return elements[position - 1].end, elements[position].end


def _goes_with_previous(script: ScriptText, position: int, before: str, after: str) -> bool:
    """Whether the operator before the element goes: the one that binds tighter, else the one on its line."""
    if (before in AND_OR) != (after in AND_OR):
        return before in AND_OR
    if position == 0:
        return False
    return is_first_on_line(script.source, script.elements[position].joiner_start) or before == "\n"


def joiner_after(script: ScriptText, position: int) -> str:
    """``&&``, ``;`` or a newline: what puts a command behind an element without a change to what fails."""
    elements = script.elements
    following = elements[position + 1].joiner if position + 1 < len(elements) else ""
    if script.syntax.here_strings or _operator_behind(script, position) == "&":
        raise EditError("the script holds a here-string, or runs the command in the background")
    if following in AND_OR:
        if position in conditional(elements):
            raise EditError("the command is in a list that holds ||")
        return "&&"
    exits = script.exits_on_error
    if exits is False:
        return "&&"
    simple = is_simple(script, position)
    alone = elements[position].joiner not in AND_OR and not elements[position].negated
    if exits is None or not alone:
        # && takes the command out of the reach of set -e: at the end of the script that is all the same.
        if not simple or position < len(elements) - 1:
            raise EditError("set -e, where it is in force, would no longer see the command fail")
        return "&&"
    if not simple and not _is_plain_compound(script, position):
        raise EditError("the command relies on set -e")
    style = [each.joiner for each in elements[1:] if each.joiner not in AND_OR]
    if style or not simple:
        newline = script.in_heredoc and (not style or style[-1] == "\n")
        return "\n" if newline else ";"
    return "\n" if script.in_heredoc else "&&"


def is_simple(script: ScriptText, position: int) -> bool:
    """Whether an element is made of commands that ``set -e`` knows nothing of inside."""
    element = script.elements[position]
    names = {each.name for each in script.commands if each.position == position}
    plain = {"command", "declaration_command", "unset_command", "test_command", "variable_assignment"}
    return not names & script.syntax.functions and plain.issuperset(element.kinds)


def _is_plain_compound(script: ScriptText, position: int) -> bool:
    """Whether a failure inside a compound command ends the script: no list or negation in it hides one."""
    raw = script.syntax.elements[position]
    names = {each.name for each in script.commands if each.position == position}
    inside = script.text[raw.start : raw.end]
    hidden = any(operator in inside for operator in ("&&", "||", "!", "&"))
    return not hidden and not names & script.syntax.functions and len(raw.kinds) == 1


def _is_set(script: ScriptText, position: int) -> bool:
    return any(each.name == "set" and each.top_level and each.position == position for each in script.commands)


def _fails(command: Command) -> bool:
    """Whether an ``exit`` surely has a status that is not zero."""
    status = command.arguments[0].text if command.arguments else None
    return command.name != "exec" and bool(status) and status != "0" and (status or "").isdigit()


def _check_added(text: str) -> Syntax:
    if "\n" in text:
        raise EditError("the added command must be one line")
    added = parse_script(text)
    plain = all(each.joiner in ("", "&&") for each in added.elements)
    if not added.elements or not plain or added.trailing or added.comments or added.here_strings:
        raise EditError(f"{text!r} is not a list of commands joined by &&")
    return added


def _operator_behind(script: ScriptText, position: int) -> str:
    """The operator behind the and-or list that an element is in."""
    following = script.elements[position + 1 :]
    return next((each.joiner for each in following if each.joiner not in AND_OR), script.syntax.trailing)


def _behind(script: ScriptText, position: int, joiner: str, text: str, comments: str) -> str:
    """What to write behind an element, line ends included."""
    if script.in_heredoc:
        indent = indent_of(script.source, script.elements[position].start)
        return {
            "\n": f"\n{indent}{text}",
            ";": f"; {text}",
        }.get(joiner, f" &&\n{indent}{_DEFAULT_INDENT}{text}")
    leading, indent = _style(script, position)
    turn = f" {script.escape}{_newline(script)}{comments}{indent}"
    if joiner == ";":
        return f";{turn}{text}"
    return f"{turn}&& {text}" if leading else f" &&{turn}{text}"


def _style(script: ScriptText, position: int) -> tuple[bool, str]:
    """Whether operators lead the lines, and the indentation: those of the nearest line of the list."""
    for element in sorted(script.elements[1:], key=lambda each: abs(each.start - script.elements[position].end)):
        if is_first_on_line(script.source, element.joiner_start) and element.joiner != "\n":
            return True, indent_of(script.source, element.joiner_start)
        if is_first_on_line(script.source, element.start):
            return False, indent_of(script.source, element.start)
    return True, _DEFAULT_INDENT


def _newline(script: ScriptText) -> str:
    return "\r\n" if "\r\n" in script.source else "\n"
