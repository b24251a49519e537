"""Lockfiles from outside the image: they tell which packages only development needs, wherever they lie."""

from collections.abc import Iterator, Sequence

from layerscope.provenance.trace import Builder
from layerscope.rules.lockfiles import PYTHON

LOCKFILES = frozenset({*PYTHON, "package-lock.json", "pnpm-lock.yaml", "yarn.lock"})
"""Names of the files that tell what a project needs."""
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})


def lockfiles(builders: Sequence[Builder]) -> Iterator[tuple[str, bytes]]:
    """The lockfiles of builder images, with the stage before the path; what the base brought is not the project's."""
    for builder in builders:
        other = builder.comparison.filesystem
        named = [item for item in other.live.items() if item[0].rpartition("/")[2] in LOCKFILES]
        for path, number in sorted(named):
            if number >= builder.comparison.own_from and _INSTALLED.isdisjoint(path.split("/")):
                content = other.read(number)
                if content:
                    yield f"{builder.name}:{path}", content
