"""Where the user's own projects lie in an image, and what their own code and the image's commands name."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from layerscope.model.entry import Kind
from layerscope.model.pathset import Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.ownership import VENDORED, is_of_test, is_packaged, is_vendored
from layerscope.rules.rule import RuleContext
from layerscope.rules.views import made_by

MARKERS = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements.in", "Pipfile", "manage.py",
    "package.json", "Gemfile", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "composer.json",
    "mix.exs", "deno.json",
)  # fmt: skip
"""The files that stand at the top of a project."""
_SYSTEM = (
    r"\A/(?:usr/(?!src/|app\b|local/(?:src|app)\b)|(?:bin|boot|dev|etc|lib|lib64|proc|run|sbin|sys|tmp)\b"
    r"|var/(?!www\b|app\b|task\b))"
)
_ELSEWHERE = pattern(_SYSTEM + r"|/(?:templates?|skeletons?|scaffold[^/]{0,40}|static|public|assets)/")
"""Found in the path of what is no project of the user: others' software, templates, what a server delivers."""
_NOT_ROOTS = frozenset({"", "/usr", "/usr/src", "/usr/local", "/var", "/var/www", "/home", "/opt", "/root", "/srv"})
_WORKSPACES = frozenset({"packages", "apps", "services"})
_MOST_ROOTS = 64
_COMPILED = frozenset({"go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "mix.exs"})
_LARGE = 1 << 20

_LONGEST = 256 << 10
_MOST = 32 << 20
"""How many bytes of texts are searched in all; where there are more, nothing is known of what they name."""
_NAME = (
    rb"(?:__tests__|tests?|specs?|e2e|cypress|docs?|documentation|logs?|coverage|htmlcov|node_modules"
    rb"|\.?v?env|virtualenv|[\w.-]{1,60}\.(?:db|log|md|rst|sqlite3?))"
)
_REFERENCE = (
    rb"['\"`/](" + _NAME + rb")(?=['\"`/\\])"  # A piece of a path, or a whole one in quotes.
    rb"|[=:\s](" + _NAME + rb")(?=/|\s*(?:[,;]|$))"  # The value of a setting, or the beginning of a path without them.
    rb"|\b(?:from|import)[ \t]+(" + _NAME + rb")\b"
    rb"|['\"`](" + _NAME + rb")(?=\.[A-Za-z_])"
)  # fmt: skip
_INNER = rf"{_SYSTEM}|{VENDORED}|/(?:\.git|\.hg|\.svn|\.cache|__pycache__|\.tox|\.nox|\.venv|venv)/"
REFERENCES = Wanted(small=_LONGEST, holding=b"(?m)" + _REFERENCE, without=_INNER)
"""The texts that may name a directory of a project, to be searched by ``Project``."""
_SEARCHED, _INSIDE = pattern(b"(?m)" + _REFERENCE), pattern(_INNER)
_CODE = (
    ".cjs", ".erb", ".ex", ".exs", ".jinja", ".js", ".jsx", ".mjs", ".php", ".pl", ".py", ".rb", ".ru", ".sh", ".ts",
    ".tsx",
)  # fmt: skip
_OTHERS = (".cfg", ".conf", ".env", ".htm", ".html", ".ini", ".json", ".properties", ".toml", ".xml", ".yaml", ".yml")
_OF_DEVELOPMENT = pattern(
    r"/(?:package(?:-lock)?\.json|composer\.json|pyproject\.toml|setup\.(?:py|cfg)|tox\.ini|pytest\.ini|mypy\.ini"
    r"|noxfile\.py|conftest\.py|tsconfig[^/]*\.json|(?:jest|vitest|cypress|playwright|karma|eslint|babel)\.[^/]*"
    r"|phpunit\.xml[^/]*|(?:docker-)?compose[^/]*|mkdocs\.ya?ml|codecov\.ya?ml|\.[^/]+)\Z"
    r"|/\.(?:github|gitlab|circleci|vscode|idea|husky)/"
)
_PARTS = pattern(r"[/:.=,;\s]+")
_WORDS = pattern(r"[:=,;\s'\"]+")
_LONGEST_PATH = 4096


class Project(Struct, frozen=True, kw_only=True):
    """The top of a project, and what its own code and settings name; ``names`` is None where nobody can say.

    Nobody can say where no code can be read, as of a compiled program, or where there is too much of it.
    """

    root: str
    names: frozenset[str] | None


def roots_of(context: RuleContext) -> list[str]:
    """The tops of the user's own projects among the matches, which are the markers; outer ones first.

    A COPY or ADD brought them, or the image works there. Of what lies inside another project only its immediate
    directories and the members of a workspace count, since a package deeper down may be anything.
    """
    filesystem, home = context.filesystem, context.image.config.working_dir.rstrip("/")
    found = set[str]()
    for number in context.matches:
        path, layer = filesystem.paths[number], filesystem.layer_of(number)
        root = filesystem.directories[number]
        if layer < context.base_layers or filesystem.live.get(path) != number or root in _NOT_ROOTS:
            continue
        inside = f"{root}/"
        if is_vendored(inside) or _ELSEWHERE.search(inside) or is_of_test(inside) or is_packaged(context, number):
            continue
        step = made_by(context, layer)
        if root == home or (step is not None and step.kind in ("COPY", "ADD")):
            found.add(root)
    return [root for root in sorted(found, key=lambda root: (root.count("/"), root)) if _counts(root, found)][
        :_MOST_ROOTS
    ]


def _counts(root: str, found: set[str]) -> bool:
    """Whether a project is inside no other one, or near the top of the outermost."""
    above = [root[:end] for end in range(1, len(root)) if root[end] == "/" and root[:end] in found]
    if not above:
        return True
    between = root[len(above[0]) + 1 :].split("/")
    return len(between) == 1 or (len(between) == 2 and between[0] in _WORKSPACES)


def named_by_config(context: RuleContext) -> frozenset[str]:
    """Every piece of a path or of a dotted name in commands, Env, volumes and the working directory."""
    found = set[str]()
    for text in _config_texts(context):
        found.update(text.split("/"))
        found.update(_PARTS.split(text))
    return frozenset(found)


def names_path(context: RuleContext, directory: str) -> bool:
    """Whether commands, Env, volumes or the working directory name a directory, or something in it.

    Of a relative path it is not known where it begins: it names every directory of that name.
    """
    filesystem, name = context.filesystem, directory.rpartition("/")[2]
    for text in _config_texts(context):
        for word in _WORDS.split(text):
            if not word.startswith("/"):
                if name in word.split("/"):
                    return True
            elif len(word) <= _LONGEST_PATH:
                places = (word, filesystem.real(word) or "")
                if any(place == directory or place.startswith(f"{directory}/") for place in places):
                    return True
    return False


def _config_texts(context: RuleContext) -> Iterator[str]:
    config = context.image.config
    fields = config.document.get("config")
    volumes = fields.get("Volumes") if isinstance(fields, Mapping) else None
    yield from context.command_words
    yield from (variable.partition("=")[2] for variable in config.env)
    yield from volumes if isinstance(volumes, Mapping) else ()
    yield config.working_dir


def project(context: RuleContext, root: str, without: frozenset[str]) -> Project:
    """What the code and the settings below ``root`` name, those in the directories ``without`` left out."""
    filesystem, aside = context.filesystem, dict[str, bool]()
    numbers, has_code, left = list[int](), False, _MOST
    if _is_compiled(context, root):
        return Project(root=root, names=None)
    for number in filesystem.below(root):
        path, content_bytes = filesystem.paths[number], filesystem.sizes[number]
        if filesystem.kinds[number] != Kind.FILE or not path.endswith((*_CODE, *_OTHERS)):
            continue
        directory = filesystem.directories[number]
        if directory not in aside:
            top = directory[len(root) + 1 :].partition("/")[0]
            aside[directory] = top in without or _is_aside(f"{directory}/", root)
        if aside[directory] or is_of_test(path[len(root) :]) or _OF_DEVELOPMENT.search(path):
            continue
        is_code = path.endswith(_CODE)
        left -= content_bytes
        if left < 0 or (is_code and content_bytes > _LONGEST):
            return Project(root=root, names=None)
        has_code |= is_code
        if content_bytes <= _LONGEST:
            numbers.append(number)
    if not has_code:
        return Project(root=root, names=None)
    return Project(root=root, names=frozenset(_names(context, sorted(numbers))))


def _is_compiled(context: RuleContext, root: str) -> bool:
    """Whether a compiled program, which nobody reads here, may name files: by its manifest, or a large program."""
    filesystem = context.filesystem
    for number in filesystem.children.get(root, ()):
        if filesystem.paths[number].rpartition("/")[2] in _COMPILED:
            return True
        if filesystem.sizes[number] >= _LARGE and filesystem.version(number).mode & 0o111:
            return True
    return False


def _is_aside(directory: str, root: str) -> bool:
    """Whether the texts in a directory say nothing about what runs: dependencies, tests, tools of development."""
    below = directory[len(root) :]
    return is_vendored(directory) or is_of_test(below) or _INSIDE.search(directory) is not None


def _names(context: RuleContext, numbers: list[int]) -> Iterator[str]:
    for _, data in context.filesystem.search(numbers, _SEARCHED):
        for match in _SEARCHED.finditer(data):
            yield next(filter(None, match.groups())).decode("utf-8", "replace")


def own_below(context: RuleContext, directory: str) -> tuple[int, ...]:
    """The live entries of own layers below a directory."""
    return own_entries(context, context.filesystem.below(directory))


def own_entries(context: RuleContext, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those that own layers hold, directories and what a package of the system owns left out.

    Links hold no bytes, but a directory of which they are left out is not known to be deleted as a whole.
    """
    kinds, first = context.filesystem.kinds, context.base_layers
    return tuple(
        number
        for number in numbers
        if kinds[number] != Kind.DIRECTORY
        and context.filesystem.layer_of(number) >= first
        and not is_packaged(context, number)
    )


def linked_into(context: RuleContext, directory: str) -> bool:
    """Whether a symlink from elsewhere leads into a directory."""
    filesystem, name = context.filesystem, directory.rpartition("/")[2]
    inside = f"{directory}/"
    for layer in filesystem.layers:
        start, changeset = filesystem.numbers(layer.index).start, layer.changeset
        for index, target in changeset.links.items():
            path = filesystem.paths[start + index]
            if changeset.kinds[index] != Kind.SYMLINK or name not in target or path.startswith(inside):
                continue
            real = filesystem.real(path) if path in filesystem.live else None
            if real is not None and f"{real}/".startswith(inside):
                return True
    return False
