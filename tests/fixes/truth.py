"""What is needless in a scenario's image, as a person wrote it down before any tool had a look."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixes.tree import Entry, Tree

# What a package manager rewrites whenever the set of packages changes; none of it is an application's.
BOOKKEEPING = re.compile(
    r"^var/lib/dpkg/(status|status-old|available|diversions|triggers/|alternatives/|info/)"
    r"|^var/lib/apt/(extended_states|periodic)|^var/cache/(ldconfig/aux-cache|debconf/|apt/)|^etc/ld\.so\.cache$"
    r"|^etc/alternatives/|^var/log/"
    r"|^lib/apk/db/|^(var/lib|usr/lib/sysimage)/rpm/|^var/lib/dnf/"
    r"|(^|/)node_modules/\.package-lock\.json$|(^|/)vendor/composer/(installed\.(json|php)|autoload_[a-z0-9_]+\.php)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``verdict`` is N (needless) or A (arguable); ``stage`` is where the files come from, or "-"."""

    verdict: str
    stage: str
    pattern: str


@dataclass(slots=True, kw_only=True)
class Truth:
    """The verdict on each path of one image."""

    lines: tuple[Line, ...]
    tree: Tree
    development: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    _owned: dict[str, frozenset[str]] = field(default_factory=dict)

    def verdict(self, entry: Entry) -> str:
        """N, A, or K for what has to be kept; bytes with several names are kept if one of the names is."""
        names = [entry.path, *(name for name in entry.names if self._is_live(name, entry.layer))]
        verdicts = [self._follow(name) for name in names]
        return "K" if "K" in verdicts else max(verdicts)

    def stage(self, path: str) -> str:
        line = self._line(path)
        return line.stage if line is not None else "-"

    def _is_live(self, path: str, layer: int) -> bool:
        other = self.tree.live.get(path)
        return other is not None and other.layer == layer

    def _follow(self, path: str, depth: int = 8) -> str:
        line, entry = self._line(path), self.tree.live.get(path)
        if line is None and entry is not None and entry.kind == "directory":
            line = self._line(f"{path}/")  # What is said of all that is in a directory is said of the directory.
        if line is not None:
            return line.verdict
        if entry is not None and entry.content in self.edited:
            return "A"  # A copy of the Dockerfile, which the patch itself changes.
        if entry is None or entry.kind != "symlink" or not depth:
            return "K"
        # A link to something needless, such as /usr/bin/cc to the compiler, is needless too.
        target = entry.content if entry.content.startswith("/") else f"{path.rpartition('/')[0]}/{entry.content}"
        parts: list[str] = []
        for part in target.strip("/").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return self._follow("/".join(parts), depth - 1)

    def _line(self, path: str) -> Line | None:
        for line in self.lines:
            if self._fits(line, path):
                return line
        return None

    def _fits(self, line: Line, path: str) -> bool:
        if line.pattern == "@LOCKDEV":
            return any(f"/{path}/".find(f"/{place}/") >= 0 for place in self._places(path))
        if line.pattern.startswith("@DPKG"):
            return path in self._packages(line.pattern)
        if line.pattern.startswith("@"):
            return False
        return re.search(line.pattern, path) is not None

    def _places(self, path: str) -> list[str]:
        """The development packages that the path could be in: each prefix that ends with a package's name."""
        parts = path.split("/")
        starts = [number for number, part in enumerate(parts) if part == "node_modules"]
        if not starts:
            return []
        inner = parts[starts[0] :]
        return [place for end in range(len(inner)) if (place := "/".join(inner[: end + 1])) in self.development]

    def _packages(self, pattern: str) -> frozenset[str]:
        if pattern not in self._owned:
            owned: set[str] = set()
            for name in pattern.split()[1:]:
                for path, text in self.tree.texts.items():
                    if re.fullmatch(rf"var/lib/dpkg/info/{re.escape(name)}(:[a-z0-9]+)?\.list", path):
                        prefix = path.removesuffix("list")
                        owned |= {other for other in self.tree.live if other.startswith(prefix)}
                        listed = {line.strip("/") for line in text.decode("utf-8", "replace").splitlines()}
                        # Paths are listed as they were before /lib became a link to /usr/lib.
                        owned |= listed | {f"usr/{entry}" for entry in listed if not entry.startswith("usr/")}
            self._owned[pattern] = frozenset(owned)
        return self._owned[pattern]


def read_truth(path: Path, tree: Tree, context: Path, edited: frozenset[str] = frozenset()) -> Truth:
    """``path`` has lines of three fields separated by tabs; all others are remarks."""
    lines = []
    for text in path.read_text("utf-8").splitlines():
        fields = text.split("\t")
        if len(fields) == 3 and fields[0] in ("N", "A"):
            lines.append(Line(verdict=fields[0], stage=fields[1], pattern=fields[2]))
    lines.sort(key=lambda line: line.verdict != "N")
    return Truth(lines=tuple(lines), tree=tree, development=_development(context), edited=edited)


def _development(context: Path) -> frozenset[str]:
    """The places that package-lock.json marks as only for development."""
    found: set[str] = set()
    for lock in context.rglob("package-lock.json"):
        if "node_modules" not in lock.relative_to(context).parts:
            packages = json.loads(lock.read_bytes()).get("packages", {})
            found |= {place for place, fields in packages.items() if fields.get("dev")}
    return frozenset(found)
