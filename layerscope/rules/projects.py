"""Where the user's own projects lie in an image, and what their own code and the image's commands name."""

from collections.abc import Iterator, Mapping
from itertools import chain

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
_ELSEWHERE = pattern(
    r"\A/(?:usr/(?!src/|app\b|local/(?:src|app)\b)|(?:bin|boot|dev|etc|lib|lib64|proc|run|sbin|sys|tmp)\b"
    r"|var/(?!www\b|app\b|task\b))|/(?:templates?|skeletons?|scaffold[^/]{0,40}|static|public|assets)/"
)
"""Found in the path of what is no project of the user: others' software, templates, what a server delivers."""
_NOT_ROOTS = frozenset({"", "/usr", "/usr/src", "/usr/local", "/var", "/var/www", "/home", "/opt", "/root", "/srv"})
_WORKSPACES = frozenset({"packages", "apps", "services"})
_MOST_ROOTS = 64

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
_INNER = rf"{VENDORED}|/(?:\.git|\.hg|\.svn|\.cache|__pycache__|\.tox|\.nox|\.venv|venv)/"
REFERENCES = Wanted(small=_LONGEST, holding=b"(?m)" + _REFERENCE, without=_INNER)
"""The texts that may name a directory of a project, to be searched by ``Project``."""
_SEARCHED, _INSIDE = pattern(b"(?m)" + _REFERENCE), pattern(_INNER)
_CODE = (
    ".cjs", ".erb", ".ex", ".exs", ".jinja", ".js", ".jsx", ".mjs", ".php", ".pl", ".py", ".rb", ".ru", ".sh", ".ts",
    ".tsx",
)  # fmt: skip
_SETTINGS = (".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".xml", ".yaml", ".yml")
_OF_DEVELOPMENT = pattern(
    r"/(?:package(?:-lock)?\.json|composer\.json|pyproject\.toml|setup\.(?:py|cfg)|tox\.ini|pytest\.ini|mypy\.ini"
    r"|noxfile\.py|conftest\.py|tsconfig[^/]*\.json|(?:jest|vitest|cypress|playwright|karma|eslint|babel)\.[^/]*"
    r"|phpunit\.xml[^/]*|(?:docker-)?compose[^/]*|mkdocs\.ya?ml|codecov\.ya?ml|\.[^/]+)\Z"
    r"|/\.(?:github|gitlab|circleci|vscode|idea|husky)/"
)
_PARTS = pattern(r"[/:.=,;\s]+")


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
        if layer < context.base_layers or filesystem.live.get(path) != number or root in found or root in _NOT_ROOTS:
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
    config = context.image.config
    fields = config.document.get("config")
    volumes = fields.get("Volumes") if isinstance(fields, Mapping) else None
    texts = chain(
        context.command_words,
        (variable.partition("=")[2] for variable in config.env),
        volumes if isinstance(volumes, Mapping) else (),
        (config.working_dir,),
    )
    found = set[str]()
    for text in texts:
        found.update(text.split("/"))
        found.update(_PARTS.split(text))
    return frozenset(found)


def project(context: RuleContext, root: str, without: frozenset[str]) -> Project:
    """What the code and the settings below ``root`` name, those in the directories ``without`` left out."""
    filesystem = context.filesystem
    numbers, has_code, left = list[int](), False, _MOST
    for number in filesystem.below(root):
        path, content_bytes = filesystem.paths[number], filesystem.sizes[number]
        if filesystem.kinds[number] != Kind.FILE or not path.endswith((*_CODE, *_SETTINGS)):
            continue
        if path[len(root) + 1 :].partition("/")[0] in without or _is_aside(path, root):
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


def _is_aside(path: str, root: str) -> bool:
    """Whether a text says nothing about what runs: of a dependency, a test, or a tool of development."""
    return (
        is_vendored(path)
        or is_of_test(path[len(root) :])
        or _INSIDE.search(path) is not None
        or _OF_DEVELOPMENT.search(path) is not None
    )


def _names(context: RuleContext, numbers: list[int]) -> Iterator[str]:
    for _, data in context.filesystem.search(numbers, _SEARCHED):
        for match in _SEARCHED.finditer(data):
            yield next(filter(None, match.groups())).decode("utf-8", "replace")


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
