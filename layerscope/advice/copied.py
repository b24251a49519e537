"""What a COPY brings: the paths in its source, and what else in the build reads them."""

import re
from collections.abc import Iterable, Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Piece, mapped
from layerscope.advice.runs import body, calls, script_of
from layerscope.advice.timeline import Site
from layerscope.errors import LayerscopeError
from layerscope.model.paths import is_at_or_below

_READ_NOTHING_ELSE = (
    "apt-get", "apt", "apk", "dnf", "yum", "microdnf", "zypper", "pip install -r", "pip3 install -r", "npm ci",
    "npm install", "yarn install", "pnpm install", "bundle install", "composer install", "go mod download", "pytest",
    "-m pytest", "manage.py", "-m venv", "useradd", "adduser", "groupadd", "addgroup", "chown", "chmod", "mkdir", "rm",
    "ln", "mv", "cp", "echo", "sed", "install -d",
)  # fmt: skip
"""Commands that read no file of the project but those that are named or that the tool is known for."""
_JOINERS = re.compile(r"&&|\|\||[;|\n]")


def context_paths(site: Site, pieces: Iterable[Piece]) -> dict[str, Piece]:
    """The paths in the build context, absolute, that a COPY or ADD takes these from, as far as they are known."""
    found = ((mapped(site, piece.source or piece.path), piece) for piece in pieces)
    return {path: piece for path, piece in found if path}


def is_named(context: AdviceContext, site: Site, names: Iterable[str]) -> bool:
    """Whether an instruction after a site says one of the names, as a word or as part of a path."""
    words = "|".join(re.escape(name) for name in names)
    named = re.compile(rf"(?<![\w.-])(?:{words})(?![\w.-])")
    return any(named.search(body(one)) for one in context.later(site) if one.kind != "COPY" or not one.flag("from"))


def reads_unknown(context: AdviceContext, site: Site) -> Site | None:
    """The first later RUN with a command that may read any file of the project: a build, or a script."""
    for one in context.later(site):
        if one.kind == "RUN" and not reads_what_it_names(one):
            return one
    return None


def reads_what_it_names(site: Site) -> bool:
    """Whether a RUN calls only what reads no file of the project but those that it names."""
    return all(_is_harmless(part) for part in _JOINERS.split(script_of(site)))


def _is_harmless(command: str) -> bool:
    return not command.strip() or calls(command, *_READ_NOTHING_ELSE)


def copies(context: AdviceContext, stage: str | None) -> Iterator[tuple[Site, str]]:
    """The instructions that copy from a stage, or from the build context (None), with each source as a path.

    A wildcard, or a variable that is not known, ends the path: everything below may be read.
    """
    from layerscope.dockerfile.copying import copy_mapping  # Its parser is loaded only for a Dockerfile.

    readers = context.readers(stage) if stage is not None else _context_readers(context)
    for site in readers:
        if site.resolved is None or site.kind == "RUN":
            yield site, "/"
            continue
        try:
            mapping = copy_mapping(site.resolved)
        except LayerscopeError:
            yield site, "/"
            continue
        if not mapping.resolved:
            yield site, "/"
        for source in mapping.sources:
            yield site, source.path if source.pattern.literal is not None else re.split(r"[*?\[]", source.path)[0]


def _context_readers(context: AdviceContext) -> Iterator[Site]:
    for timeline in context.timelines.values():
        for site in timeline.sites:
            if site.resolved is not None and any(one.kind == "context" for one in site.resolved.inputs):
                yield site


def would_miss(context: AdviceContext, stage: str | None, paths: Iterable[str]) -> bool:
    """Whether an instruction copies something by a name that would be gone, so that the build would fail."""
    gone = tuple(paths)
    return any(
        source != "/" and any(is_at_or_below(source, path) for path in gone) for _, source in copies(context, stage)
    )
