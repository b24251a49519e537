"""Dependencies that only development or the installation needed."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from layerscope.model.entry import Kind
from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object
from layerscope.rules.lockfiles import node_dev_packages, normal
from layerscope.rules.node_lockfiles import GRAPHS, only_development
from layerscope.rules.ownership import by_instruction, indexes, is_owned, listing, owned_by
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, files, is_written_by_running, living, under, within

_LOCK_BYTES = 16 << 20
_HIDDEN = "node_modules/.package-lock.json"
_MARKS = "package-lock.json"
_STARTS = pattern(rb'exec (?:node|"\$basedir/node") +"\$basedir/([^"]{1,1000})"')
_SCRIPT_BYTES = 64 << 10
_MOST_DIRECTORIES = 20_000
_MOST_LINES = 150_000
"""Lines of a lockfile whose graph is followed; those of large monorepos have a third."""
_OUTSIDE = frozenset({_MARKS, *GRAPHS})


@rule(
    "node-dev-deps",
    severity=Severity.HIGH,
    title="Node packages that only development needs",
    fix="install with `npm ci --omit=dev` where {place} is made, or `npm prune --omit=dev` before it is copied",
    names_packages=True,
    wanted=Wanted(paths=PathSet(names=(".package-lock.json", "package-lock.json", *GRAPHS)), head=_LOCK_BYTES),
)
def node_dev_deps(context: RuleContext) -> Iterator[RuleMatch]:
    """node_modules holds packages that only development needs, according to a lockfile.

    npm's lockfiles mark them: `node_modules/.package-lock.json`, or for npm before 7 the project's `package-lock.json`
    where the versions are equal. In yarn.lock and pnpm-lock.yaml the dependencies of package.json are followed. A
    lockfile may also be next to the Dockerfile or in a builder image; without one nothing is reported. Type
    declarations of production packages count as production. A project whose development packages the image starts
    (`npx tsx`, or a script of package.json) is not reported.
    """
    path_of = context.filesystem.path_of
    locks = {path_of(number): number for number in living(context)}
    yield from _by_marks(context, {path: n for path, n in locks.items() if path.endswith("package-lock.json")})
    yield from _by_graphs(context, {path: n for path, n in locks.items() if path.rpartition("/")[2] in GRAPHS})
    yield from _from_outside(context, {_project(path) for path in locks})


def _by_marks(context: RuleContext, locks: Mapping[str, int]) -> Iterator[RuleMatch]:
    """Projects of npm, whose lockfile marks each package."""
    hidden = {path.removesuffix(_HIDDEN) for path in locks if path.endswith(f"/{_HIDDEN}")}
    for path, number in sorted(locks.items()):
        sure = path.endswith(f"/{_HIDDEN}")
        root = path.removesuffix(_HIDDEN) if sure else path.rpartition("/")[0] + "/"
        if not sure and (root in hidden or "/node_modules/" in path):
            continue
        yield from _marked(context, path, context.filesystem.read(number) or b"", root, sure=sure)


def _marked(context: RuleContext, path: str, lockfile: bytes, root: str, *, sure: bool) -> Iterator[RuleMatch]:
    marked = node_dev_packages(lockfile)
    places = {
        place: name for place, version in marked.items() if (name := _installed(context, root, place, version, sure))
    }
    found = {root + place: name for place, name in places.items()}
    modules = f"{root}node_modules"
    versions = _installed_at(context, modules, found) if found and not _starts(context, modules, found) else ()
    if versions:
        yield RuleMatch(versions=versions, detail=f"by {path}: {listing(found.values())}")


def _by_graphs(context: RuleContext, locks: Mapping[str, int]) -> Iterator[RuleMatch]:
    """Projects of yarn and pnpm, whose lockfile lies beside the package.json and the node_modules."""
    for path, number in sorted(locks.items()):
        if "/node_modules/" not in path:
            yield from _followed(context, path, context.filesystem.read(number) or b"", path.rpartition("/")[0])


def _followed(context: RuleContext, path: str, lockfile: bytes, root: str) -> Iterator[RuleMatch]:
    name = path.rpartition("/")[2]
    manifest = context.filesystem.live.get(f"{root}/package.json")
    if manifest is None:
        return
    if lockfile.count(b"\n") > _MOST_LINES:
        context.warn(f"node-dev-deps: {path} has more than {_MOST_LINES:,} lines and was not looked at")
        return
    graph = GRAPHS[name](lockfile.decode("utf-8", "replace"))
    members = _members(context, root)
    if members is None:
        return
    names = only_development(context.filesystem.read(manifest) or b"", graph, members)
    modules = f"{root}/node_modules"
    places = _places(context, modules, names)
    versions = _installed_at(context, modules, places) if places and not _starts(context, modules, places) else ()
    if versions:
        tool = name.partition("-")[0].partition(".")[0]
        fix = f"install with `{tool} install --prod` where {{place}} is made"
        yield RuleMatch(versions=versions, detail=f"by {path}: {listing(places.values())}", fix=fix)


def _from_outside(context: RuleContext, named: AbstractSet[str]) -> Iterator[RuleMatch]:
    """Lockfiles from beside the Dockerfile or from a builder, for projects of which none in the image speaks."""
    locks = [(path, data) for path, data in context.lockfiles if path.rpartition("/")[2] in _OUTSIDE]
    if not locks:
        return
    # A layer need not list its directories, so what lies in a node_modules names it too.
    parts = (f"{place}/".partition("/node_modules/") for place in context.filesystem.children)
    for root in sorted({root for root, inside, _ in parts if inside} - named):
        for path, data in locks:
            if path.endswith(_MARKS):
                yield from _marked(context, path, data, f"{root}/", sure=False)
            else:
                yield from _followed(context, path, data, root)


def _project(lockfile: str) -> str:
    return lockfile.removesuffix(f"/{_HIDDEN}") if lockfile.endswith(f"/{_HIDDEN}") else lockfile.rpartition("/")[0]


def _places(context: RuleContext, modules: str, names: frozenset[str]) -> dict[str, str]:
    """The directories of these packages, flat as yarn lays them out or in pnpm's store of links, with their names."""
    if not names:
        return {}
    live = context.filesystem.live
    found = {f"{modules}/{name}": name for name in names if f"{modules}/{name}/package.json" in live}
    for directory in context.filesystem.subdirectories.get(f"{modules}/.pnpm", ()):
        entry = directory.rpartition("/")[2]
        name = (entry[:1] + entry[1:].partition("@")[0]).replace("+", "/", 1)
        if name in names:
            found[directory] = name
    return found


def _members(context: RuleContext, root: str) -> list[bytes] | None:
    """The manifests of other packages in a project, such as members of a workspace; None for too many directories."""
    filesystem, found, visited = context.filesystem, list[bytes](), 0
    todo = [root]
    while todo:
        directory = todo.pop()
        inside = filesystem.subdirectories.get(directory, ())
        visited += 1 + len(inside)
        if visited > _MOST_DIRECTORIES:
            return None
        todo += [name for name in inside if not name.endswith("/node_modules")]
        number = filesystem.live.get(f"{directory}/package.json") if directory != root else None
        if number is not None:
            found.append(filesystem.read(number) or b"")
    return found


def _installed_at(context: RuleContext, modules: str, places: Mapping[str, str]) -> tuple[int, ...]:
    """What lies at these places, and the links and scripts in ``node_modules`` that lead there."""
    filesystem, separator = context.filesystem, "/node_modules/"
    homes = {modules, *(f"{place.rpartition(separator)[0]}/node_modules" for place in places)}
    scopes = (f"{home}/{name.partition('/')[0]}" for home in homes for name in places.values())
    beside = {*homes, *(f"{home}/.bin" for home in homes), *scopes}
    links = [
        number
        for directory in beside
        for number in filesystem.children.get(directory, ())
        if (target := _target(context, number, directory)) is not None and within(f"{target}/", places.keys())
    ]
    return (*under(context, places.keys()), *links)


def _target(context: RuleContext, number: int, directory: str) -> str | None:
    """Where a symlink leads, or what a script in ``.bin`` starts, as pnpm writes it."""
    filesystem = context.filesystem
    path, kind = filesystem.paths[number], filesystem.kinds[number]
    if kind == Kind.SYMLINK:
        return filesystem.real(path)
    if kind != Kind.FILE or not directory.endswith("/.bin"):
        return None
    started = _STARTS.search(filesystem.read(number, 0, _SCRIPT_BYTES) or b"")
    return filesystem.real(f"{directory}/{started[1].decode('utf-8', 'replace')}") if started is not None else None


_INSTALLED_WITH_NODE = frozenset({"node", "npm", "npx", "pnpm", "yarn"})
"""What these name is not the package of that name in node_modules."""


def _starts(context: RuleContext, modules: str, places: Mapping[str, str]) -> bool:
    """Whether the image starts one of the packages at these places: by its command, or as what Node loads first."""
    filesystem, names = context.filesystem, frozenset(places.values())
    for word in context.command_words:
        package = "/".join(word.split("/")[: 1 + word.startswith("@")])
        if package in names and package != word:  # node -r ts-node/register
            return True
        command = word.rpartition("/")[2]
        link = f"{modules}/.bin/{command}"
        if command in _INSTALLED_WITH_NODE:
            continue
        if link in filesystem.live:
            program = filesystem.resolve(link)
            if command in names or (program is not None and within(filesystem.path_of(program), places.keys())):
                return True
        elif command in names and f"{modules}/.bin" not in filesystem.children:
            return True
    return False


def _installed(context: RuleContext, root: str, place: str, version: str, sure: bool) -> str:
    """The name of the package at that place; empty where there is none, or maybe another version of it."""
    number = context.filesystem.live.get(f"{root}{place}/package.json")
    if number is None or (not sure and _package_version(context, number) != version):
        return ""
    return place.rpartition("node_modules/")[2]


def _package_version(context: RuleContext, number: int) -> str:
    return str(json_object(context.filesystem.read(number) or b"").get("version", ""))


_MANAGERS = {
    "pipenv": Severity.MEDIUM,
    "poetry": Severity.MEDIUM,
    "poetry-core": Severity.MEDIUM,
    "pdm": Severity.MEDIUM,
    "hatch": Severity.MEDIUM,
    "virtualenv": Severity.MEDIUM,
    "uv": Severity.MEDIUM,
    "pip": Severity.LOW,
    "wheel": Severity.LOW,
}


_VIRTUALENV = "/.cache/virtualenv/"
"""Where virtualenv unpacks the pip that it copies into environments; pip-cache reports all of it."""


@rule(
    "py-managers",
    severity=Severity.MEDIUM,
    title="Python package managers, rarely needed at run time",
    fix="install into a virtual environment in a build stage and copy that, without the managers",
    names_packages=True,
)
def py_managers(context: RuleContext) -> Iterator[RuleMatch]:
    """pipenv, poetry, virtualenv, uv, pip or wheel are installed with the application's packages.

    A finished application rarely calls them. setuptools is left out, since some packages import its `pkg_resources`.
    If Entrypoint, Cmd or a script that they start names a manager (`pipenv run`), none is reported.
    """
    if calls(context, "pipenv", "poetry", "pdm", "hatch", "uv", "uvx", "pip", "pip3", "virtualenv"):
        return
    owned = owned_by(context, indexes(context, lambda p: p.type == "pypi" and normal(p.name) in _MANAGERS))
    path_of = context.filesystem.path_of
    # To use the base's pip compiles it, and to leave out a pip that is there takes another base.
    found = {
        i: tuple(n for n in numbers if not is_written_by_running(context, n) and _VIRTUALENV not in path_of(n))
        for i, numbers in owned.items()
    }
    for severity in (Severity.MEDIUM, Severity.LOW):
        chosen = {i: n for i, n in found.items() if _MANAGERS[normal(context.catalog.packages[i].name)] == severity}
        for versions, names in by_instruction(context, chosen):
            yield RuleMatch(versions=versions, detail=f"packages: {names}", severity=severity)


_SDIST = pattern(r".*/(?:wheels?|wheelhouse)/[^/]+-\d[^/-]*\.tar\.gz")
_DISTRIBUTION = pattern(r"(.+?)-(\d[^-]*?)(?:-.*\.whl|\.tar\.gz)")
_FOR_BROWSERS = "_wasm32.whl"
_BUNDLES = ("/ensurepip/", "/site-packages/", "/dist-packages/", "/usr/share/", "/usr/lib/", "/lib-dynload/")
_CACHES = tuple(f"/.cache/{name}/" for name in ("pip", "uv", "pipenv", "pypoetry", "virtualenv"))
"""What pip-cache reports: a build that needs the wheels and packages in it downloads them again."""


@rule(
    "wheelhouse",
    severity=Severity.MEDIUM,
    title="wheels and source distributions beside the packages that were installed from them",
    fix="install [[from a mount (`RUN --mount=type=bind,from=...`)|in a build stage and copy the result]] instead of "
    "copying {path}",
    wanted=Wanted(paths=PathSet(suffixes=(".whl", ".tar.gz")), head=0),
)
def wheelhouse(context: RuleContext) -> Iterator[RuleMatch]:
    """Wheels (`*.whl`) or source distributions are in the image next to the packages installed from them.

    A directory counts if one of its distributions is installed in the same version. The wheels that Python ships for
    `ensurepip` and `virtualenv`, wheels for browsers, and a directory that Entrypoint or Cmd name are not reported.
    Wheels that were copied in and deleted later are reported by deleted-later, those in a cache by pip-cache.
    """
    path_of, used = context.filesystem.path_of, {word.rstrip("/") for word in context.command_words}
    directories: dict[str, list[int]] = {}
    for number in files(context, living(context)):
        path = path_of(number)
        directory = path.rpartition("/")[0]
        if is_owned(context, number) or path.endswith(_FOR_BROWSERS) or directory in used:
            continue
        if (path.endswith(".whl") or _SDIST.fullmatch(path)) and not any(one in path for one in _BUNDLES + _CACHES):
            directories.setdefault(directory, []).append(number)
    installed = {(normal(p.name), p.version) for p in context.catalog.packages if p.type == "pypi"}
    versions = tuple(
        number
        for numbers in directories.values()
        if any(_distribution(path_of(number)) in installed for number in numbers)
        for number in numbers
    )
    yield RuleMatch(versions=versions)


def _distribution(path: str) -> tuple[str, str]:
    """Name and version in the file name of a wheel or source distribution (PEP 427, PEP 625)."""
    match = _DISTRIBUTION.fullmatch(path.rpartition("/")[2])
    return (normal(match[1]), match[2]) if match else ("", "")


DEPENDENCIES = (node_dev_deps, py_managers, wheelhouse)
