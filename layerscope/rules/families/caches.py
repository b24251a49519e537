"""Caches of package managers and compilers, live or hidden: filled by a build and not read at run time."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.rules.phrases import CACHE_MOUNT
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, content_bytes, runs_dotnet, weight, within

_COPIED = (
    "leave {path} in the build stage: copy less than {step} does[[, or use `COPY --exclude` (Dockerfile syntax 1.19)|]]"
)


def _trees(*trees: str) -> Wanted:
    """Everything in these directories; the contents are not read."""
    return Wanted(paths=PathSet(trees=trees), head=0)


def _all_but(context: RuleContext, *inner: str) -> tuple[int, ...]:
    """The matches whose path has none of these pieces."""
    path_of = context.filesystem.path_of
    return tuple(number for number in context.matches if not any(piece in path_of(number) for piece in inner))


def _leaks(context: RuleContext, versions: tuple[int, ...]) -> Iterator[RuleMatch]:
    own = tuple(number for number in versions if context.filesystem.layer_of(number) >= context.base_layers)
    if content_bytes(context, own):
        yield RuleMatch(versions=own, severity=weight(content_bytes(context, own)))
    yield RuleMatch(versions=tuple(set(versions).difference(own)))


@rule(
    "apt-lists",
    severity=Severity.MEDIUM,
    title="package lists of apt-get update",
    fix="end {step} with `rm -rf /var/lib/apt/lists/*`" + CACHE_MOUNT,
    copied_fix=_COPIED,
    wanted=_trees("/var/lib/apt/lists"),
)
def apt_lists(context: RuleContext) -> Iterator[RuleMatch]:
    """A layer holds the package lists that `apt-get update` downloaded.

    Delete them in the RUN that downloads them: a later RUN only hides them. The file `lock` and the directory
    `partial` belong to apt and are not reported.
    """
    yield from _leaks(context, _all_but(context, "/lists/partial", "/lists/lock"))


@rule(
    "apt-archives",
    severity=Severity.MEDIUM,
    title="packages and indexes that apt keeps after an install",
    fix="end {step} with `apt-get clean`[[, or mount a cache on /var/cache/apt with `RUN --mount=type=cache`|]]",
    copied_fix=_COPIED,
    wanted=_trees("/var/cache/apt"),
)
def apt_archives(context: RuleContext) -> Iterator[RuleMatch]:
    """Downloaded `.deb` files, or apt's `pkgcache.bin` and `srcpkgcache.bin`, are in /var/cache/apt.

    The official Debian images delete them after each install; other base images may not.
    """
    path_of = context.filesystem.path_of
    endings = (".deb", "/pkgcache.bin", "/srcpkgcache.bin")
    yield from _leaks(context, tuple(number for number in context.matches if path_of(number).endswith(endings)))


@rule(
    "apk-index",
    severity=Severity.MEDIUM,
    title="index and packages that apk keeps",
    fix="add `--no-cache` to apk in {step}",
    copied_fix=_COPIED,
    wanted=_trees("/var/cache/apk", "/etc/apk/cache"),
)
def apk_index(context: RuleContext) -> Iterator[RuleMatch]:
    """A layer holds the index that apk downloaded (`APKINDEX.*.tar.gz`), or packages in its cache."""
    yield from _leaks(context, context.matches)


@rule(
    "rpm-cache",
    severity=Severity.MEDIUM,
    title="metadata and packages that the rpm package manager keeps",
    fix="end {step} with `dnf clean all` (yum, microdnf and zypper have `clean` too), or mount a cache on {place}",
    copied_fix=_COPIED,
    wanted=_trees("/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/zypp"),
)
def rpm_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """yum, dnf or zypper left their metadata or packages in /var/cache."""
    yield from _leaks(context, context.matches)


@rule(
    "pacman-cache",
    severity=Severity.MEDIUM,
    title="packages that pacman keeps",
    fix="end {step} with `pacman -Scc --noconfirm`, or mount a cache on /var/cache/pacman/pkg",
    copied_fix=_COPIED,
    wanted=_trees("/var/cache/pacman/pkg"),
)
def pacman_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """pacman left the packages that it downloaded in /var/cache/pacman/pkg."""
    yield from _leaks(context, context.matches)


@rule(
    "pip-cache",
    severity=Severity.MEDIUM,
    title="cache of a Python installer",
    fix="install with `pip install --no-cache-dir` (`UV_NO_CACHE=1` for uv) in {step}, or mount a cache on {place}",
    copied_fix=_COPIED,
    wanted=_trees(".cache/pip", ".cache/uv", ".cache/pipenv", ".cache/pypoetry", ".cache/virtualenv"),
)
def pip_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """pip, uv, pipenv, poetry or virtualenv left downloads and wheels in a home directory's `.cache`.

    Poetry's virtual environments in the same place are used at run time and not reported. Nor is uv's cache with
    `UV_LINK_MODE=symlink`, since environments then point into it.
    """
    inner = [".cache/pypoetry/virtualenvs"]
    if "UV_LINK_MODE=symlink" in context.image.config.env or calls(context, "uv", "uvx"):
        inner.append(".cache/uv")
    yield from _leaks(context, _all_but(context, *inner))


@rule(
    "node-cache",
    severity=Severity.MEDIUM,
    title="cache of a Node package manager",
    fix="end {step} with `npm cache clean --force` (or yarn's, or pnpm's), or mount a cache on {place}",
    copied_fix=_COPIED,
    wanted=Wanted(
        paths=PathSet(
            trees=(
                ".npm/_cacache", ".cache/yarn", ".yarn/cache", ".yarn/berry/cache", ".pnpm-store", "pnpm/store",
                ".bun/install/cache", ".cache/node-gyp", ".node-gyp",
            ),
            names=(".pnp.cjs", ".pnp.js"),
        ),
        head=0,
    ),
)  # fmt: skip
def node_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """npm, yarn, pnpm or bun left downloads, or node-gyp left the headers that it compiled with.

    With Yarn's Plug'n'Play (`.pnp.cjs`) packages run from Yarn's cache, which is then not reported. Files of a pnpm
    store that are hardlinked into node_modules save nothing and are left out.
    """
    names = {context.filesystem.path_of(number).rpartition("/")[2] for number in context.matches}
    pnp = {".pnp.cjs", ".pnp.js"}
    yield from _leaks(
        context, _all_but(context, "/.yarn/", "/.cache/yarn/", "/.pnp.") if names & pnp else context.matches
    )


@rule(
    "go-cache",
    severity=Severity.MEDIUM,
    title="Go's module or build cache",
    fix="build in another stage and copy only the program, not {path}",
    wanted=_trees("go/pkg/mod", ".cache/go-build"),
)
def go_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """Modules in `go/pkg/mod` or objects in `.cache/go-build` are left over from a build.

    A compiled Go program needs neither. An image that starts `go` itself is not reported.
    """
    if not calls(context, "go"):
        yield from _leaks(context, context.matches)


_CARGO_FILES = (".global-cache", ".package-cache", ".package-cache-mutate")
"""When each crate was last used, and the locks of the registry."""


@rule(
    "cargo-cache",
    severity=Severity.MEDIUM,
    title="Cargo's registry or git cache",
    fix="build in another stage and copy only the program, not {path}",
    wanted=_trees(
        *(f"{home}/{name}" for home in ("cargo", ".cargo") for name in ("registry", "git", *_CARGO_FILES)),
    ),
)
def cargo_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """Crates and their sources are in Cargo's home directory.

    A compiled Rust program does not need them. An image that starts `cargo` itself is not reported.
    """
    if not calls(context, "cargo"):
        yield from _leaks(context, context.matches)


_LAUNCHERS = ("mvn", "mvnw", "gradle", "gradlew", "sbt", "lein", "clj", "clojure", "jbang", "cs", "coursier", "ant")
_JVM = (".m2/repository", ".gradle/caches", ".gradle/wrapper/dists", ".ivy2", ".cache/coursier")


@rule(
    "jvm-cache",
    severity=Severity.MEDIUM,
    title="downloads of a JVM build tool",
    fix="build in another stage and copy only the jar, not {path}",
    wanted=_trees(*_JVM),
)
def jvm_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """Maven, Gradle, Ivy or Coursier left downloads in a home directory.

    Where Entrypoint, Cmd or CLASSPATH name such a tool or directory, the application may run from it, and it is not
    reported.
    """
    words = " ".join((*context.command_words, *context.image.config.env))
    resolves = any(f"{tree.split('/')[0]}/" in words for tree in _JVM if tree.startswith((".m2", ".gradle", ".ivy2")))
    if not resolves and not calls(context, *_LAUNCHERS):
        yield from _leaks(context, context.matches)


_OTHERS = (
    ".composer/cache", ".cache/composer", ".nuget/packages", ".cache/bazel", ".cache/bazelisk", ".ccache",
    ".cache/ccache", ".cache/sccache", ".cache/zig", ".cache/pre-commit", ".cache/Homebrew",
)  # fmt: skip


@rule(
    "other-cache",
    severity=Severity.MEDIUM,
    title="cache of a package manager or compiler",
    fix="empty {path} at the end of {step}" + CACHE_MOUNT,
    copied_fix=_COPIED,
    wanted=Wanted(paths=PathSet(trees=(*_OTHERS, "pkgs"), suffixes=(".gem",)), head=0),
)
def other_cache(context: RuleContext) -> Iterator[RuleMatch]:
    """The cache of conda (`pkgs`), Composer, RubyGems, NuGet, Bazel, ccache or sccache is in the image.

    A directory `pkgs` is conda's if it holds `urls.txt`. Packages that conda hardlinks into environments save nothing
    and are left out. NuGet's cache is not reported in an image that starts `dotnet run`, which reads it.
    """
    paths = {number: context.filesystem.path_of(number) for number in context.matches}
    conda = {path.removesuffix("/urls.txt") for path in paths.values() if path.endswith("/pkgs/urls.txt")}
    builds = runs_dotnet(context)
    yield from _leaks(
        context, tuple(number for number, path in paths.items() if _is_other(path, conda, nuget=not builds))
    )


def _is_other(path: str, conda: AbstractSet[str], *, nuget: bool) -> bool:
    if path.endswith(".gem"):
        return path.rpartition("/")[0].endswith("/cache")
    if within(path, conda):
        return True
    return any(f"/{tree}/" in path for tree in _OTHERS if nuget or tree != ".nuget/packages")


CACHES = (
    apt_lists,
    apt_archives,
    apk_index,
    rpm_cache,
    pacman_cache,
    pip_cache,
    node_cache,
    go_cache,
    cargo_cache,
    jvm_cache,
    other_cache,
)
