"""What comes after an installation and may use the packages that only development needs."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import readers_elsewhere
from layerscope.advice.portions import Portion
from layerscope.advice.programs import SYSTEM
from layerscope.advice.runs import body, plain_commands, script_of
from layerscope.advice.timeline import Site
from layerscope.advice.words import place
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED

_HARMLESS = SYSTEM | {
    "a2enmod", "chgrp", "corepack", "curl", "docker-php-ext-configure", "docker-php-ext-enable",
    "docker-php-ext-install", "fi", "find", "gem", "git", "grep", "gunzip", "head", "install", "openssl", "pecl", "pwd",
    "setcap", "strip", "tail", "tee", "unset", "unzip", "wget", "zypper",
}  # fmt: skip
"""Programs that call none of the packages of a language."""
_INSTALLERS = {
    "pip": frozenset({"install", "cache", "config", "wheel", "download", "list", "freeze", "check", "--version"}),
    "uv": frozenset({"sync", "pip", "cache", "venv", "lock", "export", "python", "--version"}),
    "poetry": frozenset({"install", "config", "cache", "export", "lock", "sync", "check", "--version"}),
    "pipenv": frozenset({"install", "sync", "lock", "requirements", "verify", "--clear", "--version"}),
    "pdm": frozenset({"install", "sync", "config", "cache", "export", "--version"}),
    "npm": frozenset({"config", "cache", "set", "prune", "--version", "-v"}),
    "yarn": frozenset({"config", "cache", "set", "--version", "-v"}),
    "pnpm": frozenset({"config", "store", "fetch", "--version", "-v"}),
    "bundle": frozenset({"install", "config", "clean", "cache", "check", "--version"}),
    "composer": frozenset({"config", "clear-cache", "clearcache", "self-update", "--version"}),
}
"""What the installers do without a package that they installed; Node's and Composer's run scripts of the project."""
_PIP = pattern(r"pip(?:3(?:\.\d+)?)?")
_PYTHON = pattern(r"(?:python|python3|pypy3?)(?:\.\d+)?")
_MODULES = frozenset({"venv", "virtualenv", "compileall", "ensurepip"})
_TASKS = frozenset({"manage.py", "django-admin", "django", "flask", "artisan", "console", "rails", "rake"})
"""What runs an application's own tasks, as it would in production; builds and scripts may need anything."""
_LONGEST = 1 << 15


class Use(Struct, frozen=True, kw_only=True):
    """An instruction that uses the packages, or may.

    ``is_sure``: it names one of them, or calls what needs them as a rule, such as a build, tests, or a script.
    """

    site: Site
    is_sure: bool = False

    @property
    def review(self) -> str:
        """What to make sure of before the packages are left out."""
        stage = f" of stage {self.site.stage}" if self.site.stage else ""
        return f"make sure that {place(self.site)}{stage} does without them"


def later_use(
    context: AdviceContext, portions: Sequence[Portion], is_install: Callable[[Sequence[str]], bool]
) -> Use | None:
    """The first use of the packages of one stage after the RUNs that install them; a sure one is preferred.

    ``is_install`` tells the commands that install them, which use none. Stages that copy the packages or are built on
    theirs count as well, since nobody knows what is built of a Dockerfile.
    """
    names = names_of(context, portions)
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])") if names else None
    possible: Use | None = None
    for site, words in _later(context, portions, is_install):
        if not is_harmless(words) or (named is not None and words[0] in _HARMLESS and named.search(" ".join(words))):
            use = Use(site=site, is_sure=not _runs_application(words, named))
            if use.is_sure:
                return use
            possible = possible or use
    return possible


def _runs_application(words: Sequence[str], named: re.Pattern[str] | None) -> bool:
    """Whether a command runs what the application itself does in production, as far as its words say."""
    is_named = named is not None and named.search(" ".join(words)) is not None
    return not is_named and any(word.rpartition("/")[2] in _TASKS for word in words[:3])


def _later(
    context: AdviceContext, portions: Sequence[Portion], is_install: Callable[[Sequence[str]], bool]
) -> Iterator[tuple[Site, Sequence[str]]]:
    """The commands that run after the installation, but those that install."""
    first = min((one.site for one in portions), key=lambda site: site.position)
    places = [piece.source for one in portions for piece in one.pieces[:1]]
    stages = {first.stage, portions[0].stage} if portions[0].stage else ()
    copies = chain.from_iterable(readers_elsewhere(context, stage, places) for stage in sorted(stages))
    later = chain(context.later(first), *(context.later(copy) for copy in copies))
    yield from _commands(first, is_install, is_first=True)
    for site in {id(one): one for one in later}.values():
        if site.kind == "RUN":
            yield from _commands(site, is_install, is_first=False)
        elif site.stage not in (first.stage, context.final.stage) and site.kind in ("CMD", "ENTRYPOINT"):
            yield site, ["sh", body(site)]


def _commands(
    site: Site, is_install: Callable[[Sequence[str]], bool], *, is_first: bool
) -> Iterator[tuple[Site, Sequence[str]]]:
    if len(script := script_of(site)) > _LONGEST:
        yield site, ["sh", script]
        return
    found = list(plain_commands(site))
    installs = [is_install(words) for words in found]
    start = installs.index(True) + 1 if is_first and True in installs else 0
    for words, installed in zip(found[start:], installs[start:], strict=True):
        if not installed:
            yield site, words


def is_harmless(words: Sequence[str]) -> bool:
    """Whether a command runs none of the packages that a language's installer installed."""
    program = words[0].rpartition("/")[2]
    if program in _HARMLESS:
        return True
    rest = list(words[1:])
    if _PYTHON.fullmatch(program) and rest[:1] == ["-m"] and len(rest) > 1:
        if rest[1] in _MODULES:
            return True
        program, rest = rest[1], rest[2:]
    program = "pip" if _PIP.fullmatch(program) else program
    verbs = [word for word in rest if not word.startswith("-") or word in ("--version", "-v", "--clear")]
    if program == "pip" and any(word in ("-e", "--editable", "--no-build-isolation", "uninstall") for word in rest):
        return False
    if program in ("npm", "yarn", "pnpm") and not {"-g", "--global", "global"}.isdisjoint(rest):
        return True
    return program in _INSTALLERS and bool(verbs) and verbs[0] in _INSTALLERS[program]


def names_of(context: AdviceContext, portions: Iterable[Portion]) -> set[str]:
    """The names of the packages and of the programs that they bring."""
    found: set[str] = set()
    for portion in portions:
        for piece in portion.pieces:
            if (owner := context.owner_of(piece)) != UNOWNED:
                found.add(context.catalog.packages[owner].name)
            directory, _, name = piece.path.rpartition("/")
            if directory.endswith(("/bin", "/.bin")):
                found.add(name)
    return found
