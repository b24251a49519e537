"""A machine of a small world: it runs the scripts of a Dockerfile on files in memory, and fails where they would.

A few package managers and tools are known, each by what it reads, needs and writes. So a patched Dockerfile can be built
again: it must not fail, must keep what was needed, and must save what was said.
"""

import fnmatch
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

KB = 1000
LISTS = "/var/lib/apt/lists/main_Packages"
STATUS = "/var/lib/dpkg/status"
PACKAGES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "gcc": (("/usr/bin/gcc",), ("libmpc3",)),
    "libmpc3": (("/usr/lib/x86_64-linux-gnu/libmpc.so.3",), ()),
    "make": (("/usr/bin/make",), ()),
    "git": (("/usr/bin/git",), ("libcurl3-gnutls",)),
    "libcurl3-gnutls": (("/usr/lib/x86_64-linux-gnu/libcurl-gnutls.so.4",), ()),
    "libpq-dev": (("/usr/include/libpq-fe.h",), ("libpq5",)),
    "libpq5": (("/usr/lib/x86_64-linux-gnu/libpq.so.5",), ()),
    "curl": (("/usr/bin/curl",), ()),
    "nginx": (("/usr/sbin/nginx", "/etc/nginx/nginx.conf"), ()),
    "unzip": (("/usr/bin/unzip",), ()),
}
"""By name: the files of a package, and what it needs."""
CONFIGURATION = ("/etc/nginx/nginx.conf",)
BUILDS = {"uwsgi": ("gcc",), "psycopg2": ("gcc", "libpq-dev"), "git+https://x/y": ("git",)}
"""Python packages, and the packages of the system without which they cannot be installed."""


class BuildFailure(AssertionError):
    """An instruction that fails."""


@dataclass(frozen=True, slots=True)
class Content:
    data: bytes
    user: str = "root"
    mode: int = 0o644


@dataclass(slots=True)
class Machine:
    """The state of a stage, while its instructions run."""

    files: dict[str, Content] = field(default_factory=dict)
    automatic: set[str] = field(default_factory=set)
    installed: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=lambda: {"root", "node"})
    user: str = "root"
    directory: str = "/"
    is_sudo: bool = False

    # What instructions do.

    def run(self, script: str) -> None:
        directory, exits = self.directory, False
        for joiner, command in _commands(script):
            try:
                self._call(shlex.split(command, comments=True))
                exits = exits or command.startswith("set -e")
            except BuildFailure:
                if joiner == "&&" or exits:
                    raise
        self.directory = directory

    def write(self, path: str, data: bytes, *, user: str = "") -> None:
        path = posixpath.normpath(posixpath.join(self.directory, path))
        self.files[path] = Content(data, user or self._who)

    @property
    def _who(self) -> str:
        return "root" if self.is_sudo else self.user

    # What commands do.

    def _call(self, words: list[str]) -> None:
        while words and ("=" in words[0] or words[0] == "sudo"):
            self.is_sudo = self.is_sudo or words[0] == "sudo"
            words = words[1:]
        if words:
            name = words[0]
            known = getattr(self, f"_{posixpath.basename(name).replace('-', '_').replace('.', '_')}", None)
            if name.startswith("./") or name in ("sh", "bash"):
                self._script(words[1] if name in ("sh", "bash") else name)
            elif known is None:
                raise BuildFailure(f"{name}: not found")
            else:
                known(words[1:])
        self.is_sudo = False

    def _script(self, name: str) -> None:
        content = self._read(name)
        self.run(content.data.decode().partition("\n")[2])

    def _read(self, path: str) -> Content:
        path = posixpath.normpath(posixpath.join(self.directory, path))
        if path not in self.files:
            raise BuildFailure(f"{path}: no such file")
        return self.files[path]

    def _need(self, *packages: str) -> None:
        for package in packages:
            if package not in self.installed:
                raise BuildFailure(f"{package} is not installed")

    def _root(self) -> None:
        if self._who != "root":
            raise BuildFailure("permission denied")

    def _apt_get(self, words: list[str]) -> None:
        self._root()
        pairs = zip(("", *words), words, strict=False)
        names = [word.partition("=")[0] for before, word in pairs if before != "-o" and not word.startswith("-")]
        if names[0] == "update":
            self.write(LISTS, b"p" * 400 * KB)
        elif names[0] == "clean":
            self._rm(["-rf", "/var/cache/apt/archives/*"])
        elif names[0] == "install":
            if names[1:] and LISTS not in self.files:
                raise BuildFailure("unable to locate package")
            for name in names[1:]:
                self._install(name)
                self.automatic.discard(name)
            self._status()
        elif names[0] in ("purge", "remove"):
            for name in names[1:]:
                if name not in self.installed and LISTS not in self.files:
                    raise BuildFailure(f"unable to locate package {name}")
                self._remove(name)
            while "--auto-remove" in words and (unused := self._unused()):
                for name in unused:
                    self._remove(name)
            self._status()
        else:
            raise BuildFailure(" ".join(words))

    _apt = _apt_get

    def _apt_mark(self, words: list[str]) -> None:
        self._root()
        self._need(*words[1:])
        self.automatic.difference_update(words[1:])

    def _install(self, name: str) -> None:
        if name not in PACKAGES:
            raise BuildFailure(f"unable to locate package {name}")
        paths, needs = PACKAGES[name]
        if name in self.installed:
            return
        for each in needs:
            if each not in self.installed:
                self._install(each)
                self.automatic.add(each)
        self.installed.append(name)
        for path in paths:
            if path in CONFIGURATION and path in self.files:
                raise BuildFailure(f"{path}: end of file on stdin at conffile prompt")
            self.write(path, name.encode() * 20 * KB, user="root")
        self.write(f"/var/lib/dpkg/info/{name}.list", "".join(f"{path}\n" for path in paths).encode(), user="root")

    def _remove(self, name: str) -> None:
        if name in self.installed:
            self.installed.remove(name)
            for path in (*PACKAGES[name][0], f"/var/lib/dpkg/info/{name}.list"):
                self.files.pop(path, None)
            for other in [one for one in self.installed if name in PACKAGES[one][1]]:
                self._remove(other)

    def _unused(self) -> list[str]:
        needed = {each for name in self.installed for each in PACKAGES[name][1]}
        return [name for name in self.installed if name in self.automatic and name not in needed]

    def _status(self) -> None:
        stanzas = (
            f"Package: {name}\nStatus: install ok installed\nVersion: 1\n"
            + (f"Depends: {', '.join(PACKAGES[name][1])}\n" if PACKAGES[name][1] else "")
            for name in self.installed
        )
        self.write(STATUS, "\n".join(stanzas).encode(), user="root")
        states = "\n".join(f"Package: {name}\nAuto-Installed: 1\n" for name in sorted(self.automatic))
        self.write("/var/lib/apt/extended_states", states.encode(), user="root")

    def _pip(self, words: list[str]) -> None:
        home = "/root" if self._who == "root" else f"/home/{self._who}"
        names = [word for word in words[1:] if not word.startswith("-")]
        if "-r" in words:
            names = self._read(names[0]).data.decode().split()
        for name in names:
            self._need(*BUILDS.get(name, ()))
            plain = re.sub(r"\W", "_", name)
            self.write(f"/usr/lib/python3/site-packages/{plain}/__init__.py", name.encode() * 10 * KB)
            if "--no-cache-dir" not in words:
                self.write(f"{home}/.cache/pip/{plain}", name.encode() * 10 * KB)

    def _npm(self, words: list[str]) -> None:
        home = "/root" if self._who == "root" else f"/home/{self._who}"
        self.write("node_modules/a/index.js", b"n" * 50 * KB)
        if words[0] in ("ci", "install"):
            self.write(f"{home}/.npm/_cacache/a", b"c" * 150 * KB)

    def _curl(self, words: list[str]) -> None:
        url = words[-1]
        self.write(words[words.index("-o") + 1] if "-o" in words else posixpath.basename(url), url.encode() * 10 * KB)

    def _tar(self, words: list[str]) -> None:
        content = self._read(words[1])
        directory = words[words.index("-C") + 1] if "-C" in words else "."
        self.write(f"{directory}/unpacked", content.data[::-1])

    def _unzip(self, words: list[str]) -> None:
        self.write("unpacked", self._read(words[-1]).data[::-1])

    def _rm(self, words: list[str]) -> None:
        is_forced = any("f" in word for word in words if word.startswith("-"))
        for word in (word for word in words if not word.startswith("-")):
            path = posixpath.normpath(posixpath.join(self.directory, word))
            found = [one for one in self.files if fnmatch.fnmatch(one, path) or fnmatch.fnmatch(one, f"{path}/*")]
            if not found and not is_forced:
                raise BuildFailure(f"rm: {path}: no such file")
            for one in found:
                if self._who not in ("root", self.files[one].user):
                    raise BuildFailure(f"rm: {one}: permission denied")
                del self.files[one]

    def _make(self, words: list[str]) -> None:
        self._need("gcc", "make")
        self.write("out", b"o" * 70 * KB)

    def _git(self, words: list[str]) -> None:
        self._need("git")
        self.write(f"{words[-1]}/source.c", b"s" * 30 * KB)
        self.write(f"{words[-1]}/.git/HEAD", b"h" * 40 * KB)
        self.write(f"{words[-1]}/.git/objects/pack/a.pack", b"g" * 40 * KB)

    def _mv(self, words: list[str]) -> None:
        self.write(words[-1], self._read(words[0]).data)
        self._rm([words[0]])

    def _cp(self, words: list[str]) -> None:
        self.write(words[-1], self._read(words[0]).data)

    def _useradd(self, words: list[str]) -> None:
        self.users.add(words[-1])
        self.write("/etc/passwd", " ".join(sorted(self.users)).encode())

    def _change(self, words: list[str], changed: Callable[[Content], Content]) -> None:
        roots = [posixpath.normpath(posixpath.join(self.directory, word)) for word in words[1:]]
        for path, content in self.files.items():
            if any(path == root or path.startswith(f"{root}/") for root in roots):
                self.files[path] = changed(content)

    def _chown(self, words: list[str]) -> None:
        plain = [word for word in words if not word.startswith("-")]
        if plain[0].partition(":")[0] not in self.users:
            raise BuildFailure(f"chown: {plain[0]}: invalid user")
        if "-R" in words:
            self._change(plain, lambda one: Content(one.data, plain[0].partition(":")[0], one.mode))

    def _chmod(self, words: list[str]) -> None:
        plain = [word for word in words if not word.startswith("-")]
        if "-R" in words:
            self._change(plain, lambda one: Content(one.data, one.user, int(plain[0], 8)))

    def _cd(self, words: list[str]) -> None:
        self.directory = posixpath.join(self.directory, words[0])

    def _nothing(self, words: list[str]) -> None:
        """What changes no file."""

    def _sum(self, words: list[str]) -> None:
        self._read(words[0])

    _set = _mkdir = _echo = _true = _test = _sleep = _nginx = _python = _nothing


def _commands(script: str) -> Iterator[tuple[str, str]]:
    """The commands of a script with the operator behind each."""
    lines = (line for line in script.replace("\\\n", " ").split("\n") if not line.lstrip().startswith("#"))
    parts = re.split(r"\s*(&&|;|\n)\s*", "\n".join(lines).strip())
    for place in range(0, len(parts), 2):
        if parts[place].strip():
            yield (parts[place + 1] if place + 1 < len(parts) else "&&"), parts[place].strip()
