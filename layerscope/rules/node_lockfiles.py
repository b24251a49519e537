"""Which Node packages only development needs, by the lockfiles of yarn and pnpm.

Unlike npm's they do not mark packages, so the graph in them is followed from the roots that package.json names. It is
followed by name alone: a package in two versions counts as needed where one of them is. Both formats are read line by
line by their indentation, of which their own tools write exactly one form; what does not fit it says nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object
from layerscope.rules.lockfiles import closure

Graph = Mapping[str, Sequence[str]]
"""What each package needs, by name; of a package in two versions some names twice."""

_NAME = r"(?:@[\w.~-]+/)?[\w.~-]+"
_YARN_KEY = pattern(rf"\"?({_NAME})@")
_YARN_NEED = pattern(rf"    \"?({_NAME})\"?:?\s")
_PNPM_KEY = pattern(rf"  ['\"]?/?({_NAME})[@/]\S+:(?:\s|$)")
_PNPM_NEED = pattern(rf"      ['\"]?({_NAME})['\"]?:\s")
_NEEDING = frozenset({"dependencies:", "optionalDependencies:", "peerDependencies:", "transitivePeerDependencies:"})
_PRODUCTION = ("dependencies", "optionalDependencies", "peerDependencies")


def yarn_graph(text: str) -> Graph:
    """yarn.lock of classic yarn and of Berry: entries at the margin, dependencies indented by four."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line and not line[0].isspace() and not line.startswith("#"):
            key = _YARN_KEY.match(line)
            current, inside = found.setdefault(key[1], []) if key else [], False
        elif line.startswith("  ") and not line.startswith("    "):
            inside = line.strip() in _NEEDING
        elif inside and (need := _YARN_NEED.match(line)):
            current.append(need[1])
    return found


def pnpm_graph(text: str) -> Graph:
    """pnpm-lock.yaml: entries of ``packages`` and ``snapshots`` indented by two, dependencies by six."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    inside = section = False
    for line in text.split("\n"):
        if line and not line[0].isspace():
            section = line.rstrip() in ("packages:", "snapshots:")
        elif not section:
            continue
        elif key := _PNPM_KEY.match(line):
            current, inside = found.setdefault(key[1], []), False
        elif line.startswith("    ") and not line.startswith("      "):
            inside = line.strip() in _NEEDING
        elif inside and (need := _PNPM_NEED.match(line)):
            current.append(need[1])
    return found


GRAPHS: Mapping[str, Callable[[str], Graph]] = {"yarn.lock": yarn_graph, "pnpm-lock.yaml": pnpm_graph}
"""Reads a lockfile of that name."""


def only_development(manifest: bytes, graph: Graph, members: Iterable[bytes] = ()) -> frozenset[str]:
    """The names that the development dependencies of a package.json need, and its production ones do not.

    ``members`` are the manifests of a workspace's members, whose dependencies are installed with the root's. Nothing
    where a production dependency is missing from the graph: then the lockfile is not this project's; nor for a
    workspace without members, as nobody can say what they need.
    """
    document = json_object(manifest)
    others = [json_object(member) for member in members]
    if "workspaces" in document and not others:
        return frozenset()
    production = {name for one in (document, *others) for key in _PRODUCTION for name in _keys(one.get(key))}
    chosen = _keys(document.get("devDependencies"))
    for one in others:
        chosen |= _keys(one.get("devDependencies")) & graph.keys()
    development = chosen - production
    if not _keys(document.get("dependencies")) <= graph.keys():
        return frozenset()

    def needs(name: str) -> Sequence[str]:
        return graph.get(name, ())

    wanted: set[str] = closure(production, needs)
    return frozenset(name for name in closure(development, needs) if name not in wanted)


def _keys(value: object) -> set[str]:
    return {key for key in value if isinstance(key, str)} if isinstance(value, dict) else set()
