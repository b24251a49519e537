"""Installed packages that came with a copy and that the image cannot run: another machine's, another platform's."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object
from layerscope.rules.lockfiles import normal
from layerscope.rules.ownership import is_packaged, listing
from layerscope.rules.projects import linked_into, names_path, own_below, project
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, content_bytes, weight

_CONFIG, _MANIFEST, _CONFIG_BYTES = "pyvenv.cfg", "package.json", 64 << 10
_ENVIRONMENTS = frozenset({"venv", ".venv", "env", ".env", "virtualenv"})
"""The names for which a project's code is searched."""
_TOOLS = frozenset({"pip", "setuptools", "wheel"})
_SHARE = 0.5
_PLATFORM = pattern(
    r"/node_modules/(?:@[^/]+/)?(?:fsevents|[^/]*(?:darwin|win32|windows|freebsd|android|linux|sunos|wasm32)[^/]*)"
    r"/package\.json\Z"
)
_CPUS = {"amd64": "x64", "386": "ia32", "arm64": "arm64", "arm": "arm", "ppc64le": "ppc64", "s390x": "s390x"}
"""Architectures as the OCI image-spec and as Node names them."""


@rule(
    "foreign-packages",
    severity=Severity.MEDIUM,
    title="installed packages that the image cannot run: {path}",
    fix="delete {path} in {step}",
    copied_fix="leave {path} out of {step}",
    ignored_fix="keep {path} out of the build context (.dockerignore), or copy less than {step} does",
    wanted=Wanted(paths=PathSet(names=(_CONFIG, _MANIFEST)), head=_CONFIG_BYTES),
)
def foreign_packages(context: RuleContext) -> Iterator[RuleMatch]:
    """Installed packages cannot run in the image, since they are those of another machine or of another platform.

    A virtual environment of Python is another machine's if its interpreter is missing in the image, or if its
    `pyvenv.cfg` names another place and most of its packages are installed elsewhere too. A package of Node is for
    another platform if the `os` or `cpu` in its package.json says so.

    What PATH, Env, commands, symlinks, or the project's code and settings name is in use and not reported.
    """
    for match in (*_environments(context), *_other_platforms(context)):
        yield from _weighed(context, match)


def _weighed(context: RuleContext, match: RuleMatch) -> Iterator[RuleMatch]:
    if size := content_bytes(context, match.versions):
        yield replace(match, severity=weight(size))


def _live_own(context: RuleContext, name: str) -> Iterator[tuple[int, str]]:
    """Number and path of the live matches of own layers with that name."""
    filesystem = context.filesystem
    for number in context.matches:
        path = filesystem.paths[number]
        is_live = path.endswith(f"/{name}") and filesystem.live.get(path) == number
        if is_live and filesystem.layer_of(number) >= context.base_layers:
            yield number, path


def _environments(context: RuleContext) -> Iterator[RuleMatch]:
    """Virtual environments of another machine; none where a tool is called that finds environments by itself."""
    if calls(context, "uv", "uvx", "poetry", "pipenv", "pdm", "hatch", "rye"):
        return
    for number, path in _live_own(context, _CONFIG):
        place = path.rpartition("/")[0]
        parent, _, name = place.rpartition("/")
        if not parent or names_path(context, place) or linked_into(context, place):
            continue
        is_broken = _is_broken(context, place)
        detail = "its interpreter is not in the image"
        if not is_broken:
            origin = _origin(context.filesystem.read(number) or b"")
            twice = _installed_twice(context, place)
            if origin in ("", place) or not twice:
                continue
            detail = f"it was made as {origin}, and {twice} are installed elsewhere too"
        named = project(context, parent, frozenset()).names
        is_known = named is not None and name in _ENVIRONMENTS
        if name in (named or ()) or not (is_known or is_broken):
            continue
        yield RuleMatch(
            versions=own_below(context, place), title="a virtual environment of another machine: {path}", detail=detail
        )


def _is_broken(context: RuleContext, place: str) -> bool:
    """Whether the interpreter of an environment is missing: a link to nothing, or a program for Windows."""
    filesystem = context.filesystem
    links = [f"{place}/bin/{name}" for name in ("python", "python3")]
    if any(link in filesystem.live for link in links):
        return all(filesystem.resolve(link) is None for link in links)
    return f"{place}/Scripts" in filesystem.subdirectories.get(place, ())


def _origin(config: bytes) -> str:
    """The place for which ``python -m venv`` made an environment, which Python 3.11 and later note; else empty."""
    for line in config.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "command":
            return value.split()[-1].rstrip("/") if value.split() else ""
    return ""


def _installed_twice(context: RuleContext, place: str) -> str:
    """Names of the packages of an environment if most are installed elsewhere too."""
    inside = f"{place}/"
    packages = [p for p in context.catalog.packages if p.type == "pypi" and p.removed_in is None and p.location]
    here = {normal(p.name) for p in packages if p.location.startswith(inside)} - _TOOLS
    others = {normal(p.name) for p in packages if not p.location.startswith(inside)}
    return listing(here & others) if here and len(here & others) >= _SHARE * len(here) else ""


def _other_platforms(context: RuleContext) -> Iterator[RuleMatch]:
    """Packages of Node whose manifest excludes the image's platform."""
    platform, filesystem = context.image.config.platform, context.filesystem
    found: dict[str, str] = {}
    for number, path in _live_own(context, _MANIFEST):
        if platform.os and _PLATFORM.search(path) and not is_packaged(context, number):
            manifest = json_object(filesystem.read(number) or b"")
            if not (
                _allows(manifest.get("os"), platform.os)
                and _allows(manifest.get("cpu"), _CPUS.get(platform.architecture, ""))
            ):
                found[path.rpartition("/")[0]] = path.rpartition("/node_modules/")[2].rpartition("/")[0]
    versions = tuple(
        number for place in found if not names_path(context, place) for number in own_below(context, place)
    )
    if versions:
        yield RuleMatch(
            versions=versions,
            title="packages for another platform: {path}",
            detail=f"not for {platform}: {listing(found.values())}",
        )


def _allows(listed: Any, own: str) -> bool:
    """Whether a list of a package.json allows the platform (npm, "package.json", os and cpu); unknown ones are."""
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    if not names or not own or "any" in names:
        return True
    allowed = [name for name in names if not name.startswith("!")]
    return f"!{own}" not in names and (not allowed or own in allowed)
