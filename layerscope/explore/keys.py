"""All keys of the explorer: one table, from which the bindings, the help and the page in the documentation are made."""

from collections.abc import Iterator

from msgspec import Struct
from textual.binding import Binding


class Key(Struct, frozen=True):
    """Keys that do one thing. ``label`` is shown in the footer, where it is not empty; ``help`` says what they do."""

    keys: str
    action: str
    help: str
    label: str = ""


EVERYWHERE = (
    Key("question_mark", "help", "All keys", "Keys"),
    Key("1,2,3,4,5,6", "", "Layers, Steps, Findings, Packages, Stages, Bases"),
    Key("tab,shift+tab", "switch", "The other pane"),
    Key("left_square_bracket", "layer(-1)", "Previous layer"),
    Key("right_square_bracket", "layer(1)", "Next layer"),
    Key("backspace", "return", "Back to where you came from"),
    Key("escape", "leave", "Close a window or a filter; else back"),
    Key("i", "image", "The image: tags, digests, efficiency, biggest hidden files, warnings", "Image"),
    Key("H", "hidden", "All files that a later layer hides"),
    Key("q,ctrl+c,ctrl+q", "quit", "Quit", "Quit"),
    Key("ctrl+z", "suspend_process", "Suspend; fg in the shell brings it back"),
)
MOVING = (
    Key("j,down", "move(1)", "Down"),
    Key("k,up", "move(-1)", "Up"),
    Key("d,pagedown", "page(1)", "A page down"),
    Key("u,pageup", "page(-1)", "A page up"),
    Key("g,home", "first", "First row"),
    Key("G,end", "last", "Last row"),
    Key("ctrl+p", "wrap", "Wrap long rows, or cut them"),
)
LAYERS = (
    Key("enter,l,right", "enter", "To the files of the layer", "Files"),
    Key("c", "cumulative", "What the layer changed, or files as of the layer", "As of layer"),
    Key("ctrl+a", "cumulative(True)", "Files as of the layer, compared with the base image"),
    Key("ctrl+l", "cumulative(False)", "What the layer changed"),
    Key("D", "line", "Its line of the Dockerfile, else its step of the history", "Line"),
)
TREE = (
    Key("enter", "enter", "Open or close a directory; all versions of a file", "Open"),
    Key("space", "fold", "Open or close a directory"),
    Key("l,right", "open", "Open a directory"),
    Key("h,left", "close", "Close a directory, or go to the one around"),
    Key("E,ctrl+space,ctrl+@", "open_all", "Open all directories, or close them"),
    Key("c", "ask('cumulative')", "What the layer changed, or files as of the layer", "As of layer"),
    Key("ctrl+a", "ask('change', 'added')", "Show or hide what was added"),
    Key("ctrl+t", "ask('change', 'modified')", "Show or hide what was modified"),
    Key("ctrl+n", "ask('change', 'metadata')", "Show or hide what changed in metadata only"),
    Key("ctrl+r", "ask('change', 'removed')", "Show or hide what was removed"),
    Key("ctrl+u", "ask('change', 'unmodified')", "Show or hide what is unmodified"),
    Key("slash,ctrl+f,ctrl+underscore", "ask('filter')", "Filter paths by a regular expression", "Filter"),
    Key("s,ctrl+o", "order", "Sort by reclaimable bytes, size or name", "Sort"),
    Key("ctrl+b", "attributes", "Show or hide mode, owner and layer"),
    Key("v", "ask('view')", "View a file as text or hexadecimal", "View"),
    Key("x,ctrl+e", "ask('extract')", "Extract a file, or all that is listed in a directory", "Extract"),
    Key("y", "ask('copy')", "Copy the path to the clipboard (OSC 52)"),
    Key("L", "ask('to_layer')", "To the layer that holds the file"),
    Key("D", "ask('line')", "To the line of the Dockerfile that made it, else its step of the history"),
    Key("F", "ask('to_finding')", "To the finding about the file"),
    Key("p", "ask('to_package')", "To the package that owns the file"),
)
LISTS = (
    Key("enter", "enter", "A step: its edit as a diff. A base: all that would be missing. Others: files", "Open"),
    Key("f,l,right", "files", "To the files", "Files"),
    Key("L", "to_layer", "To the layer, at the biggest file", "Layer"),
    Key("D", "line", "To the line of the Dockerfile, else the step of the history", "Line"),
    Key("slash,ctrl+f,ctrl+underscore", "filter", "Filter rows by a regular expression", "Filter"),
    Key("s,ctrl+o", "order", "Sort in another order", "Sort"),
)
WINDOWS = (
    Key("escape,q,backspace", "close", "Close", "Close"),
    Key("h,left", "scroll(-1)", "To the left"),
    Key("l,right", "scroll(1)", "To the right"),
    Key("slash,ctrl+f", "find", "Find by a regular expression", "Find"),
    Key("n", "next(1)", "Next match"),
    Key("N", "next(-1)", "Previous match"),
)
VIEW = (
    Key("v", "form", "Text or hexadecimal", "Text/hex"),
    Key("x,ctrl+e", "extract", "Extract the file", "Extract"),
    Key("y", "copy", "Copy the path to the clipboard (OSC 52)"),
)
VERSIONS = (
    Key("enter,v", "view", "View this version", "View"),
    Key("x,ctrl+e", "extract", "Extract this version", "Extract"),
    Key("L", "to_layer", "To its layer", "Layer"),
    Key("D", "line", "To the line of the Dockerfile that made it, else its step of the history", "Line"),
)
SCROLLING = (
    Key("j,down", "scroll_by(1)", "Down"),
    Key("k,up", "scroll_by(-1)", "Up"),
    Key("d,pagedown", "scroll_by(2)", "A page down"),
    Key("u,pageup", "scroll_by(-2)", "A page up"),
    Key("g,home", "scroll_to(0)", "To the beginning"),
    Key("G,end", "scroll_to(-1)", "To the end"),
)
GROUPS = (
    ("Everywhere", EVERYWHERE),
    ("In every list", MOVING),
    ("Layers", LAYERS),
    ("Files", TREE),
    ("The other lists", LISTS),
    ("Windows", WINDOWS),
    ("Content of a file", VIEW),
    ("Versions of a file", VERSIONS),
    ("Details", SCROLLING),
)
_NAMES = {
    "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]", "slash": "/", "escape": "Esc",
    "pagedown": "PgDn", "pageup": "PgUp", "ctrl+underscore": "Ctrl-/", "ctrl+@": "", "shift+tab": "Shift-Tab",
}  # fmt: skip


def bindings(keys: tuple[Key, ...]) -> Iterator[Binding]:
    """The bindings of a group of keys."""
    for one in keys:
        if one.action:
            shown = named(one.keys.partition(",")[0])
            yield Binding(
                one.keys,
                one.action,
                one.label or one.help,
                show=bool(one.label),
                key_display=shown,
                priority="tab" in one.keys,  # The screen would go to the next widget, whichever it is.
            )


def named(key: str) -> str:
    """A key as people write it: ``Ctrl-A``, ``Esc``, ``[``; empty for one that stands for another."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].capitalize()}"
    return key if len(key) == 1 else key.capitalize()


def rows() -> Iterator[tuple[str, str, str]]:
    """Group, keys and help of each row of the table."""
    for group, keys in GROUPS:
        for one in keys:
            yield group, " ".join(filter(None, map(named, one.keys.split(",")))), one.help
