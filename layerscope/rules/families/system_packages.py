"""Packages of the operating system that only the installation, or other packages of findings, needed."""

from collections.abc import Iterator

from layerscope.model.finding import Severity
from layerscope.model.patterns import pattern
from layerscope.packages.package_graph import PackageGraph
from layerscope.rules.orphans import condemned_packages, orphans
from layerscope.rules.ownership import OS_TYPES, by_instruction, indexes, listing, owned_by
from layerscope.rules.package_uses import PROGRAMS
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, content_bytes, weight

_MANAGERS = {
    pattern(r"(?:python\d?(?:\.\d+)?-|py3-|python3\d+-)(?:pip|pip-whl|wheel|virtualenv|venv|poetry|pipenv|pipx|uv)"): (
        "pip", "pip3", "virtualenv", "venv", "poetry", "pipenv", "pipx", "uv", "wheel"
    ),
    pattern(r"virtualenv|pipenv|pipx|poetry|uv"): ("virtualenv", "pipenv", "pipx", "poetry", "uv", "uvx"),
    pattern(r"npm|yarn|yarnpkg|pnpm|nodejs-npm"): ("npm", "npx", "yarn", "yarnpkg", "pnpm"),
    pattern(r"composer|composer\d|maven|gradle|cpanminus|luarocks(?:-?[\d.]+)?"): (
        "composer", "mvn", "gradle", "cpanm", "luarocks"
    ),
}  # fmt: skip
"""Packages by name, and the programs by which an image would call them."""

_BUILD_GROUP = pattern(r"\.(?![a-z0-9._-]*run)[a-z0-9._-]*(?:build|fetch|compile|phpize|make|dev)[a-z0-9._-]*")
_MOST_GROUPS = 6


@rule(
    "orphan-build-group",
    severity=Severity.HIGH,
    title="a group of build packages that was never deleted",
    fix="end {step} with `apk del` of the group",
    names_packages=True,
)
def orphan_build_group(context: RuleContext) -> Iterator[RuleMatch]:
    """A virtual package of apk such as `.build-deps` is still installed, with what only the build needed.

    Groups with a name for run time (`.run-deps`, `.python-rundeps`) are not reported, nor are packages that apk's world
    file lists by themselves, that others need, or that the image uses otherwise (as for orphaned-packages).
    """
    packages = context.catalog.packages
    groups = indexes(context, lambda p: p.type == "apk" and _BUILD_GROUP.fullmatch(p.name) is not None)
    members = orphans(context, PackageGraph(context.filesystem, context.catalog), groups) if groups else set[int]()
    named = sorted(packages[index].name for index in groups)
    for versions, names in by_instruction(context, owned_by(context, members)):
        fix = f"end {{step}} with `apk del {' '.join(named)}`" if len(named) <= _MOST_GROUPS else ""
        yield RuleMatch(versions=versions, detail=f"{listing(named)}: {names}", fix=fix)


@rule(
    "os-pkg-managers",
    severity=Severity.MEDIUM,
    title="package managers of languages, rarely needed at run time",
    fix="install the dependencies in a build stage and copy them; leave these packages out of {step}",
    names_packages=True,
)
def os_pkg_managers(context: RuleContext) -> Iterator[RuleMatch]:
    """The operating system's packages of pip, virtualenv, npm, yarn, Composer, Maven and the like are installed.

    A finished application rarely calls them. Not reported are a manager that Entrypoint, Cmd or a script that they
    start names, and what programs load at run time (setuptools, Bundler, RubyGems).
    """
    unused = [names for names, programs in _MANAGERS.items() if not calls(context, *programs)]
    chosen = indexes(context, lambda p: p.type in OS_TYPES and any(names.fullmatch(p.name) for names in unused))
    for versions, packages in by_instruction(context, owned_by(context, chosen)):
        yield RuleMatch(versions=versions, detail=f"packages: {packages}")


@rule(
    "orphaned-packages",
    severity=Severity.MEDIUM,
    title="packages that only the packages of other findings need",
    fix="leave the packages that need them out of {step}, or remove them there with what only they need "
    "(`apt-get purge --auto-remove`, `apk del`, `dnf remove`)",
    names_packages=True,
    wanted=PROGRAMS,
)
def orphaned_packages(context: RuleContext) -> Iterator[RuleMatch]:
    """Packages came as dependencies of compilers, development packages, tools or package managers that other
    findings name, and nothing else needs them: what `apt-get autoremove` would take once those are gone.

    The databases of dpkg, apk and rpm say which package needs or recommends which. A package stays that the base
    image has, that was installed by name, that a remaining package needs, whose library a program outside of packages
    loads, or whose program the image's commands and scripts call. Certificates, time zones, fonts and locales stay,
    and so do libraries that came with their headers: programs may load them by name.
    """
    condemned = condemned_packages(context, _BUILD_GROUP)
    if not condemned:
        return
    graph = PackageGraph(context.filesystem, context.catalog)
    found = orphans(context, graph, condemned)
    needing = listing(context.catalog.packages[one].name for one in graph.needing(condemned, found))
    for versions, names in by_instruction(context, owned_by(context, found)):
        yield RuleMatch(
            versions=versions,
            detail=f"packages: {names}; only needed by {needing}",
            severity=weight(content_bytes(context, versions)),
        )


SYSTEM_PACKAGES = (os_pkg_managers, orphaned_packages)
