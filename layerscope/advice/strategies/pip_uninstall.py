"""Python packages that only development or installing needs: uninstall them at the end of their stage."""

import shlex
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import readers_elsewhere
from layerscope.advice.files import inserting
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.filesystem.tree import Filesystem
from layerscope.packages.catalog import UNOWNED

_LIBRARIES = ("/lib/", "/lib64/")
_UV = ("/usr/local/bin/uv", "/bin/uv", "/usr/bin/uv", "/uv", "/root/.local/bin/uv", "/root/.cargo/bin/uv")
_MOST_NAMES = 60


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Uninstall at the end of a build stage what a COPY brings from its Python environment and only development needs.

    pip can uninstall itself, too, where the final stage does not call it; uv uninstalls from an environment without
    pip. Whatever the stage runs with these packages, tests for instance, has run by then. Not proposed for a Python
    that the system's package manager installed, nor where another stage copies the packages.
    """
    groups: dict[tuple[str, str], list[Portion]] = {}
    for portion in context.of("py-dev-deps", *(() if _needs_pip(context) else ("py-managers",))):
        if not portion.stage:
            continue
        environments = {_environment(piece.source) for piece in portion.pieces if piece.content_bytes}
        if len(environments) == 1:
            groups.setdefault((portion.stage, environments.pop()), []).append(portion)
    for (stage, environment), members in groups.items():
        end, filesystem = stage_end(context, stage), context.timelines[stage].filesystem
        if end is None or filesystem is None or not environment:
            continue
        names = _names(context, members)
        uninstall = _uninstall(filesystem, environment)
        sources = [piece.source for portion in members for piece in portion.pieces[:1]]
        if names and uninstall and not any(readers_elsewhere(context, stage, sources)):
            command = f"RUN {uninstall} {' '.join(names)}"
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


def _uninstall(filesystem: Filesystem, environment: str) -> str:
    """The command that uninstalls from an environment without asking; empty where nothing there can."""
    found = (f"{environment}/bin/{name}" for name in ("python", "python3"))
    python = next((path for path in found if filesystem.resolve(path) is not None), "")
    if not python or _is_managed(filesystem, environment):
        return ""
    if any(filesystem.resolve(f"{environment}/bin/{name}") is not None for name in ("pip", "pip3")):
        return f"{shlex.quote(python)} -m pip uninstall -y"
    uv = next((path for path in _UV if filesystem.resolve(path) is not None), "")
    return f"{uv} pip uninstall --python {shlex.quote(python)}" if uv else ""


def _is_managed(filesystem: Filesystem, environment: str) -> bool:
    """Whether the system's package manager installed this Python, which pip then leaves alone (PEP 668)."""
    versions = (
        path
        for library in ("lib", "lib64")
        for path in filesystem.subdirectories.get(f"{environment}/{library}", ())
        if path.rpartition("/")[2].startswith("python3")
    )
    return any(f"{path}/EXTERNALLY-MANAGED" in filesystem.live for path in versions)


def _names(context: AdviceContext, members: Sequence[Portion]) -> tuple[str, ...]:
    """The packages to uninstall, pip last; none where there are too many, or one of them has no name."""
    owners = {context.owner_of(piece) for portion in members for piece in portion.pieces} - {UNOWNED}
    packages = (context.catalog.packages[owner] for owner in owners)
    found = {package.name for package in packages if package.type == "pypi"}
    names = sorted(found, key=lambda name: (name == "pip", name.lower()))
    return tuple(map(shlex.quote, names)) if len(names) <= _MOST_NAMES else ()


def _needs_pip(context: AdviceContext) -> bool:
    """Whether the final stage itself installs packages."""
    return any(site.kind == "RUN" and calls(body(site), "pip", "pip3", "-m pip") for site in context.final.sites)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more packages" if len(names) > 3 else "")


PIP_UNINSTALL = Strategy(name="pip-uninstall", propose=_propose)
