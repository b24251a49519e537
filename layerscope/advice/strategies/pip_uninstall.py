"""Python packages that only development or installing needs: uninstall them at the end of their stage."""

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import inserting
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.filesystem.tree import Filesystem

_LIBRARIES = ("/lib/", "/lib64/")
_MOST_NAMES = 60


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Uninstall at the end of a build stage what a COPY brings from its Python environment and only development needs.

    pip can uninstall itself, too. Whatever the stage runs with these packages, tests for instance, has run by then.
    """
    groups: dict[tuple[str, str], list[Portion]] = {}
    for portion in context.of("py-dev-deps", "py-managers"):
        environments = {_environment(piece.source) for piece in portion.pieces if piece.content_bytes}
        if portion.stage and len(environments) == 1:
            groups.setdefault((portion.stage, environments.pop()), []).append(portion)
    for (stage, environment), members in groups.items():
        end, filesystem = stage_end(context, stage), context.timelines[stage].filesystem
        if end is None or filesystem is None or not environment or _needs_pip(context):
            continue
        names = _names(context, members)
        python = _python(filesystem, environment)
        if names and python:
            command = f"RUN {python} -m pip uninstall -y {' '.join(names)}"
            yield Proposal(
                site=end,
                portions=tuple(members),
                sentence=f"uninstall {_few(names)} at the end of stage {stage}: `{command}`",
                changes=(inserting(command, after=end),),
            )


def _environment(path: str) -> str:
    """The directory of a virtual environment, or of a whole Python, that a path lies in; empty for none."""
    for mark in (*_LIBRARIES, "/bin/"):
        before, found, after = path.partition(mark)
        if found and (mark == "/bin/" or after.startswith("python")):
            return before
    return ""


def _python(filesystem: Filesystem, environment: str) -> str:
    for name in ("python", "python3"):
        if filesystem.resolve(f"{environment}/bin/{name}") is not None and _has_pip(filesystem, environment):
            return shlex.quote(posixpath.join(environment, "bin", name))
    return ""


def _has_pip(filesystem: Filesystem, environment: str) -> bool:
    return any(filesystem.resolve(f"{environment}/bin/{name}") is not None for name in ("pip", "pip3"))


def _names(context: AdviceContext, members: Sequence[Portion]) -> tuple[str, ...]:
    """The packages to uninstall, pip last; none where there are too many, or one of them has no name."""
    owners, packages = context.catalog.owners, context.catalog.packages
    found: dict[str, None] = {}
    for portion in members:
        for piece in portion.pieces:
            owner = owners[piece.number] if piece.number >= 0 else -1
            if owner >= 0 and packages[owner].type == "pypi":
                found[packages[owner].name] = None
    names = sorted(found, key=lambda name: (name == "pip", name.lower()))
    return tuple(map(shlex.quote, names)) if len(names) <= _MOST_NAMES else ()


def _needs_pip(context: AdviceContext) -> bool:
    """Whether the final stage itself installs packages."""
    return any(site.kind == "RUN" and calls(body(site), "pip", "pip3", "-m pip") for site in context.final.sites)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more packages" if len(names) > 3 else "")


PIP_UNINSTALL = Strategy(name="pip-uninstall", propose=_propose)
