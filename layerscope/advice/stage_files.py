"""Files of a build stage or of the final image that say how its project is installed."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from layerscope.advice.context import AdviceContext
from layerscope.advice.other_installs import NodeProject
from layerscope.advice.portions import Portion
from layerscope.advice.python_installs import MOST_FILES, PythonProject, group_names
from layerscope.advice.runs import body, script_of
from layerscope.advice.timeline import Site, Timeline
from layerscope.filesystem.tree import Filesystem
from layerscope.model.paths import is_at_or_below
from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object, toml_object
from layerscope.rules.requirements import included_files

_FILE_BYTES = 1 << 20
_POETRY = pattern(r"poetry(?:==|~=)(\d+\.\d+)|POETRY_VERSION[= ]\"?(\d+\.\d+)", re.IGNORECASE)
_REQUIREMENTS = pattern(r"(?<![\w./-])[\w./-]+\.(?:txt|in)\b")
_OLD_NODE = pattern(r"(?:docker\.io/)?(?:library/)?node:(?:[4-9]|1[0-4])(?![\d])")
_CHANGES_DIRECTORY = pattern(r"(?<![\w-])cd\s|--directory|--project|--prefix|--cwd|\s-C\s")
_NPM_MANIFESTS = ("/usr/local/lib/node_modules/npm/package.json", "/usr/lib/node_modules/npm/package.json")


def timeline_of(context: AdviceContext, stage: str) -> Timeline | None:
    """The timeline of a stage, of the final one for an empty name."""
    return context.timelines.get(stage) if stage else context.final


def poetry_version(timeline: Timeline) -> str:
    """The version of Poetry that a stage names, without its last part; empty where it names none."""
    for site in timeline.sites:
        if version := _POETRY.search(body(site)):
            return version[1] or version[2]
    return ""


def python_project(timeline: Timeline, site: Site, poetry: str) -> PythonProject:
    """What the files in the working directory of a RUN say of a Python project; ``poetry`` is Poetry's version."""
    requirements = _requirements(timeline, site)
    pyproject = _text(timeline.filesystem, _path(site, "pyproject.toml"))
    if pyproject is None:
        return PythonProject(requirements=requirements, poetry=poetry)
    groups, default = group_names(toml_object(pyproject.encode()))
    return PythonProject(requirements=requirements, groups=groups, default_groups=default, poetry=poetry)


def _requirements(timeline: Timeline, site: Site) -> Mapping[str, str]:
    """The requirements files that a RUN names, and those that they include."""
    found: dict[str, str] = {}
    todo = [name.removeprefix("-r") for name in _REQUIREMENTS.findall(script_of(site))]
    while todo and len(found) < MOST_FILES:
        name = todo.pop()
        text = _text(timeline.filesystem, _path(site, name)) if name not in found else None
        if text is not None:
            found[name] = text
            todo += included_files(name, text)
    return found


def node_project(timeline: Timeline, directory: str, *, is_old: bool) -> NodeProject:
    """What package.json in a directory says; ``is_old``: npm is one before 7."""
    filesystem = timeline.filesystem
    manifest = _json(filesystem, f"{directory}/package.json") if directory else None
    manager = str((manifest or {}).get("packageManager", ""))
    live = filesystem.live if filesystem is not None else {}
    return NodeProject(
        manifest=manifest,
        is_old_npm=is_old,
        is_berry=f"{directory}/.yarnrc.yml" in live or re.match(r"yarn@[2-9]", manager) is not None,
        has_workspace_file=f"{directory}/pnpm-workspace.yaml" in live,
    )


def has_old_npm(context: AdviceContext, timeline: Timeline) -> bool:
    """Whether npm in a stage is one before 7, by its files, or by the tag of the base image."""
    for path in _NPM_MANIFESTS:
        manifest = _json(timeline.filesystem, path)
        if manifest is not None:
            return str(manifest.get("version", "")).partition(".")[0] in ("1", "2", "3", "4", "5", "6")
    match = context.placement.match
    if match is None:
        return _OLD_NODE.match(context.base.name) is not None
    stages = [stage for stage in match.build.stages if match.stage_name(stage.index) == timeline.stage]
    return any(_OLD_NODE.search(str(stage.declaration)) is not None for stage in stages)


def composer_scripts(timeline: Timeline, site: Site) -> bool | None:
    """Whether composer.json beside a RUN has scripts; None where it is not at hand."""
    document = _json(timeline.filesystem, _path(site, "composer.json"))
    return bool(document.get("scripts")) if document is not None else None


def _path(site: Site, name: str) -> str:
    """The absolute path of what a RUN names; empty where its directory is not known."""
    if name.startswith("/"):
        return posixpath.normpath(name)
    directory = site.working_directory
    if not directory or _CHANGES_DIRECTORY.search(script_of(site)):
        return ""
    return posixpath.normpath(posixpath.join(directory, name))


def node_roots(portions: Iterable[Portion]) -> frozenset[str]:
    """The directories that hold the outermost node_modules in which the files of portions lie."""
    paths = (piece.source or piece.path for portion in portions for piece in portion.pieces)
    return frozenset(path.partition("/node_modules/")[0] for path in paths if "/node_modules/" in path)


def project_directory(site: Site, roots: AbstractSet[str]) -> str:
    """The directory of the project whose packages are in these; empty for none.

    For several, as in a workspace, the working directory of the RUN, if all are below it.
    """
    if len(roots) == 1:
        return next(iter(roots))
    directory = site.working_directory
    above = directory if directory not in ("", "/") and not _CHANGES_DIRECTORY.search(script_of(site)) else ""
    return above if roots and above and all(is_at_or_below(root, above) for root in roots) else ""


def _text(filesystem: Filesystem | None, path: str) -> str | None:
    number = filesystem.live.get(path) if filesystem is not None and path else None
    data = filesystem.read(number, 0, _FILE_BYTES) if filesystem is not None and number is not None else None
    return data.decode("utf-8", "replace") if data is not None else None


def _json(filesystem: Filesystem | None, path: str) -> Mapping[str, object] | None:
    text = _text(filesystem, path)
    return json_object(text.encode()) or None if text is not None else None
