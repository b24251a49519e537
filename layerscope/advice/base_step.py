"""The base image as a step of its own: what it brings that rules find needless, and a smaller variant by name."""

import re

from layerscope.advice.context import AdviceContext
from layerscope.model.base import Base, FoundBy
from layerscope.model.finding import FindingKind, kinds_found
from layerscope.model.patterns import pattern
from layerscope.model.source import BASE
from layerscope.model.step import Safety, Step

STRATEGY = "base"
_LEAST = 10_000_000
"""Bytes below which another base image is not worth a step."""
_MOST_KINDS = 2
_REPOSITORY = pattern(r"((?:(?:index\.)?docker\.io/)?(?:library/)?)([a-z0-9-]+)(?::([\w.-]+))?(?:@\S+)?\Z", re.ASCII)
_TAG = pattern(
    r"(?:(?P<version>\d+(?:\.\d+)*|lts|current|latest)(?P<kind>-jdk|-jre)?)?"
    r"(?:(?:^|-)(?P<release>jessie|stretch|buster|bullseye|bookworm|trixie|forky|focal|jammy|noble))?\Z",
    re.ASCII,
)
_SLIM = {
    "python": "{version}-slim-{release}",
    "ruby": "{version}-slim-{release}",
    "perl": "{version}-slim-{release}",
    "rust": "{version}-slim-{release}",
    "openjdk": "{version}{kind}-slim-{release}",
    "node": "{version}-{release}-slim",
    "debian": "{version}-{release}-slim",
    "eclipse-temurin": "{version}-jre-{release}",
}
"""Repositories of Docker Hub that have a smaller variant of each tag with the same C library, and how it is called.

golang and php have none; the variants on Alpine have another C library, so that what was compiled for one does not run.
"""


def base_step(context: AdviceContext) -> Step | None:
    """The step that takes another base image; None where little would be saved."""
    found = [
        (place, finding)
        for place, finding in enumerate(context.findings)
        if finding.source == BASE
        and finding.content_bytes
        and not (finding.trade or finding.kind == FindingKind.SECRET)
    ]
    saves = sum(finding.content_bytes for _, finding in found)
    if saves < _LEAST:
        return None
    base, match = context.base, context.placement.match
    root = match.build.chain()[0] if match is not None else None
    smaller = smaller_variant(base.name)
    such_as = f", such as {smaller}, " if smaller else " "
    what = kinds_found((finding for _, finding in found), _MOST_KINDS)
    return Step(
        strategy=STRATEGY,
        safety=Safety.REVIEW,
        sentence=f"use a smaller base image{such_as}without {what}",
        review=_review(base, smaller),
        saves_bytes=saves,
        stage=match.stage_name(root.index) if match is not None and root is not None else "",
        instruction=str(root.declaration) if root is not None else base.name and f"FROM {base.name}",
        dockerfile_line=root.declaration.line if root is not None else None,
        findings=tuple(place for place, _ in found),
    )


def smaller_variant(name: str) -> str:
    """The smaller variant of an official image by its name; empty where its repository is not known to have one."""
    named = _REPOSITORY.match(name)
    wanted = _SLIM.get(named[2]) if named is not None else None
    tag = _TAG.match(named[3] or "latest") if named is not None and wanted is not None else None
    if named is None or wanted is None or tag is None:
        return ""
    version, release = tag["version"] or "", tag["release"] or ""
    if named[2] == "eclipse-temurin" and (tag["kind"] == "-jre" or not version[:1].isdigit()):
        return ""
    if named[2] == "debian" and not release and not version[:1].isdigit():
        version = "stable"
    words = wanted.format(version="" if version == "latest" else version, release=release, kind=tag["kind"] or "")
    return f"{named[1]}{named[2]}:{'-'.join(filter(None, words.split('-')))}"


def _review(base: Base, smaller: str) -> str:
    lacks = f" that {smaller} lacks" if smaller else " of it"
    sure = f"make sure that neither the build nor the application needs a tool or library{lacks}"
    return f"{sure}; where the base image ends is a guess" if base.found_by == FoundBy.HISTORY_GUESS else sure
