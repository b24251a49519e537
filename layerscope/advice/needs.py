"""What the commands of a RUN read of a project's files, as far as their words tell."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from fnmatch import fnmatchcase

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.programs import SYSTEM
from layerscope.advice.runs import body, commands, only_finds, script_of
from layerscope.advice.timeline import Site
from layerscope.advice.viewers import Viewer, Viewers
from layerscope.model.patterns import pattern

_MOST_TEXT = 1 << 20
_JSON = pattern(r'^\s*\[|\]\s*$|"\s*,')
_TOKEN = pattern(r"[\w.-]+")
_READ_NOTHING = SYSTEM | {
    "corepack", "curl", "date", "df", "dpkg", "gpg", "id", "install", "pacman", "rpm", "sleep", "strip", "uname",
    "unzip", "virtualenv", "wget", "zypper",
}  # fmt: skip
"""Programs that read no file but those that they are given."""
_TESTERS = frozenset(
    {
        "pytest", "py.test", "tox", "nox", "rspec", "phpunit", "jest", "vitest", "mocha", "ctest", "unittest", "ava",
        "behave", "cypress", "playwright", "test",
    }
)  # fmt: skip
_IS_TEST = pattern(
    r"(?:^|/)(?:tests?|__tests__|specs?|e2e|cypress|fixtures|testdata|conftest\.py|test_[^/]*|[^/]*_test\.\w+"
    r"|[^/]*[._-](?:test|spec)\.\w+)(?:/|\Z)"
)
_REPOSITORIES = frozenset({".git", ".hg", ".svn"})
_PROGRAMS = ("git", "hg", "svn")
_MARKS = pattern(r"[^\w./-]")
"""In a name, what the shell may read in other ways."""
_PYTHON = pattern(r"python[\d.]*")
_PIP = pattern(r"pip[\d.]*")
_NODE = frozenset({"npm", "yarn", "pnpm"})
_NO_BUILDS = frozenset({*_NODE, *_PROGRAMS})
_HOOKS = frozenset({"preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish"})
_VALUES = frozenset(
    {
        "-c", "-f", "-i", "-t", "--cache-dir", "--constraint", "--extra-index-url", "--find-links", "--index-url",
        "--platform", "--prefix", "--python-version", "--root", "--target", "--timeout", "--trusted-host",
    }
)  # fmt: skip
"""Options of pip whose value is the next word."""
_INSTALLERS = frozenset(
    {
        "bundle", "bundler", "gem", "composer", "npm", "npx", "yarn", "pnpm", "bun", "uv", "poetry", "pipenv", "pdm",
        "conda", "mamba", "go", "cargo", "mvn", "gradle", "gradlew", "mvnw", "dotnet", "mix", "cpanm", "luarocks",
        "make", "dpkg",
    }
)  # fmt: skip
"""Programs that may take packages from archives of the project."""
_BUILDS = ("-e", "--editable", "-r", "--requirement", ".", "/", "file:", "$")
"""What words of pip begin with that name a project, or may."""
_LOCAL = pattern(r"\s*(?:-e\b|--editable\b|-f\b|--find-links\b|\.|file:|/)|.*@\s*file:")
_SILENT = frozenset({"ARG", "COPY", "ADD", "EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "USER", "VOLUME"})
"""Instructions whose words read no file; what COPY and ADD take is known exactly."""


COMPILED_IN = frozenset({"tests", "sources", "project-files"})
"""Rules whose files a build may compile in, or name in its manifest, and then fails without."""
NEVER_READ = frozenset({"ci-config", "editor-os-junk", "logs", "dev-traces", "core-dump", "container-files"})
"""Rules whose files no build reads unless it names them."""


class Need(IntEnum):
    """How an instruction depends on a file."""

    NONE = 0
    MAYBE = 1
    """It may read any file, but hardly fails without: a script of package.json, or tests."""
    BUILD = 2
    """It may read any file, and fail without it: a build, or a script."""
    SURE = 3
    """It names the file, or fails without it."""


class Judgement(Struct, frozen=True):
    """The greatest need of some paths, and for each that is needed the first instruction that needs it most."""

    need: Need
    readers: tuple[Site, ...]


class Needs:
    """What the instructions of a build need, asked path by path."""

    def __init__(self, context: AdviceContext) -> None:
        self._context = context
        self.viewers = Viewers(context)
        self._tokens: dict[int, frozenset[str]] = {}
        self._commands: dict[int, tuple[tuple[str, ...], ...]] = {}
        self._reads: dict[int, Need] = {}

    def judge(self, paths: Iterable[Iterable[Viewer]], *, is_archive: bool = False) -> Judgement:
        """How much those who see each path need it; an archive is needed by all that may install from it."""
        most, readers = Need.NONE, []
        for viewers in paths:
            need, reader = self._most(viewers, is_archive=is_archive)
            most = max(most, need)
            if reader is not None:
                readers.append(reader)
            if most == Need.SURE:
                break
        return Judgement(most, tuple(readers))

    def after(self, site: Site, paths: Iterable[str], *, is_archive: bool = False) -> Judgement:
        """How much what follows an instruction needs the paths that it leaves."""
        return self.judge((self.viewers.after(site, path) for path in paths), is_archive=is_archive)

    def _most(self, viewers: Iterable[Viewer], *, is_archive: bool) -> tuple[Need, Site | None]:
        most, reader = Need.NONE, None
        for viewer in viewers:
            is_source = is_archive and viewer.site.kind == "RUN" and any(map(_installs, self._all(viewer.site)))
            need = Need.SURE if is_source else self._of(viewer)
            if need > most:
                most, reader = need, viewer.site
                if need == Need.SURE:
                    break
        return most, reader

    def reads_what_it_names(self, site: Site) -> bool:
        """Whether a RUN calls only what reads no file of the project but those that it names."""
        return self._reads_of(site) == Need.NONE

    def _of(self, viewer: Viewer) -> Need:
        if viewer.copies:
            return Need.SURE
        if viewer.is_unknown:
            return Need.MAYBE
        site, name = viewer.site, viewer.path.rpartition("/")[2]
        if site.kind in _SILENT:
            return Need.NONE
        if site.kind != "RUN":
            return Need.SURE if self._mentions(site, name) else Need.NONE
        if self._calls_for(site, viewer.path, name):
            return Need.SURE
        if name in _REPOSITORIES and not self._has_version_control(site) and self._only_tests(site):
            return Need.NONE
        return self._reads_of(site)

    def _only_tests(self, site: Site) -> bool:
        """Whether nothing but tests may read more than it names: they read a repository by its own program."""
        return all(_is_tester(words) or not self._may_read(site, words) for words in self._all(site))

    def _has_version_control(self, site: Site) -> bool:
        filesystems = [self._context.timelines[name].filesystem for name, _ in self._context.places(site)]
        known = [one for one in filesystems if one is not None]
        return not known or any(one.resolve(f"/usr/bin/{name}") is not None for one in known for name in _PROGRAMS)

    def _mentions(self, site: Site, name: str) -> bool:
        """Whether all parts of a name are among the words of an instruction."""
        key = id(site)
        if key not in self._tokens:
            self._tokens[key] = frozenset(_TOKEN.findall(body(site)))
        return self._tokens[key].issuperset(_TOKEN.findall(name))

    def _calls_for(self, site: Site, path: str, name: str) -> bool:
        """Whether a RUN names a file, but to delete it, or runs tests that it belongs to, or the tool that reads it."""
        commands = self._all(site)
        if any(_names(words, name) for words in commands if not _deletes(words)):
            return True
        if _MARKS.search(name) and self._mentions(site, name):
            return True
        if name in _REPOSITORIES and any(map(_calls_version_control, commands)):
            return True
        return _IS_TEST.search(path) is not None and any(map(_is_tester, commands))

    def _all(self, site: Site) -> tuple[tuple[str, ...], ...]:
        if id(site) not in self._commands:
            self._commands[id(site)] = tuple(_commands(script_of(site)))
        return self._commands[id(site)]

    def _reads_of(self, site: Site) -> Need:
        if id(site) not in self._reads:
            readers = [words for words in self._all(site) if self._may_read(site, words)]
            builds = [words for words in readers if _program(words) not in _NO_BUILDS and not _is_tester(words)]
            self._reads[id(site)] = Need.BUILD if builds else Need.MAYBE if readers else Need.NONE
        return self._reads[id(site)]

    def _may_read(self, site: Site, words: Sequence[str]) -> bool:
        """Whether a command may read files that it does not name."""
        words = _without_interpreter(words)
        program, rest = _program(words), tuple(words[1:])
        if only_finds(words):
            return False
        if program in _READ_NOTHING or program in ("venv", "manage.py"):
            return program == "manage.py" and "test" in rest
        if _PIP.fullmatch(program):
            return rest[:1] == ("install",) and self._pip_reads(site, rest[1:])
        if program in _NODE:
            return self._node_reads(site, rest)
        if (program, *rest[:2]) == ("go", "mod", "download") or (program, *rest[:1]) == ("bundle", "install"):
            return False
        return (program, *rest[:1]) != ("poetry", "install") or "--no-root" not in rest

    def _pip_reads(self, site: Site, words: Sequence[str]) -> bool:
        """Whether ``pip install`` builds a package of files that are there."""
        todo = list(reversed(words))
        while todo:
            word = todo.pop()
            if word in ("-r", "--requirement") and todo:
                text = self._text(site, todo.pop())
                if text is None or any(map(_LOCAL.match, text.splitlines())):
                    return True
            elif word in _VALUES and todo:
                todo.pop()
            elif word.startswith(_BUILDS) or ("/" in word and not word.startswith("-") and "://" not in word):
                return True
        return False

    def _node_reads(self, site: Site, words: Sequence[str]) -> bool:
        """Whether an installation runs scripts of the project."""
        plain = [word for word in words if not word.startswith("-")]
        if plain[:1] in (["cache"], ["config"], ["prune"]) or not {"-g", "--global"}.isdisjoint(words):
            return False
        if plain[:1] not in (["ci"], ["install"], ["i"], []) or (not plain and "--version" in words):
            return "--version" not in words
        if "--ignore-scripts" in words:
            return False
        text = self._text(site, "package.json")
        try:
            scripts = json.loads(text or "").get("scripts") or {}
            return not _HOOKS.isdisjoint(scripts)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return True

    def _text(self, site: Site, path: str) -> str | None:
        """A file as the image of the stage has it in the end; None where it cannot be read."""
        if not site.working_directory and not path.startswith("/"):
            return None
        where = site.path_of(path)
        for name, _ in self._context.places(site):
            filesystem = self._context.timelines[name].filesystem
            number = filesystem.resolve(where) if filesystem is not None else None
            content = filesystem.read(number, 0, _MOST_TEXT) if filesystem is not None and number is not None else None
            if content is not None:
                return content.decode("utf-8", "replace")
        return None


def _commands(script: str) -> Iterator[tuple[str, ...]]:
    """The words of each command of a script, roughly, quotes left out."""
    if script.lstrip().startswith("["):
        script = _JSON.sub(" ", script)
    for words in commands(script):
        yield tuple(word.strip("'\"") for word in words)


def _program(words: Sequence[str]) -> str:
    return words[0].rpartition("/")[2]


def _without_interpreter(words: Sequence[str]) -> Sequence[str]:
    """The words without ``python``, and ``-m`` behind it: those of the module or script that it runs."""
    if _PYTHON.fullmatch(_program(words)) and len(words) > 1:
        rest = words[2:] if words[1] == "-m" else words[1:]
        if rest and (words[1] == "-m" or _program(rest) == "manage.py"):
            return rest
    return words


def _installs(words: Sequence[str]) -> bool:
    program = _program(_without_interpreter(words))
    return program in _INSTALLERS or _PIP.fullmatch(program) is not None


def _is_tester(words: Sequence[str]) -> bool:
    return any(word.rpartition("/")[2] in _TESTERS or word.startswith("test:") for word in words)


def _calls_version_control(words: Sequence[str]) -> bool:
    is_installed = _program(words) in _READ_NOTHING
    return not is_installed and any(word.rpartition("/")[2] in _PROGRAMS for word in words)


def _deletes(words: Sequence[str]) -> bool:
    """Whether a command only deletes, and does not fail where there is nothing to delete."""
    return _program(words) == "rm" and any(word.startswith("-") and "f" in word for word in words[1:])


def _names(words: Sequence[str], name: str) -> bool:
    for word in words:
        parts = word.split("/")
        if name in parts or any(_TOKEN.findall(part) == [name] for part in re.split(r"[/=:,]", word)):
            return True
        if any(mark in parts[-1] for mark in "*?[") and parts[-1] != "*" and fnmatchcase(name, parts[-1]):
            return True
    return False
