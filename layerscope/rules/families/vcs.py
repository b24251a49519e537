"""Repositories of version control that travel with the sources."""

from collections.abc import Iterator

from layerscope.model.entry import Kind
from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.rules.phrases import OUT_OF_COPY
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule
from layerscope.secrets.encoding import as_utf8
from layerscope.secrets.masks import is_placeholder, mask
from layerscope.secrets.names import url_credentials

_ROOTS = {".git": ("objects", "HEAD"), ".svn": ("wc.db", "entries"), ".hg": ("store", "requires")}
"""What a repository of each kind holds at its top; a directory with nothing of it is none."""
_CONFIG = 64 << 10
_HEADER = "authorization:"


@rule(
    "vcs-metadata",
    severity=Severity.HIGH,
    title="a version control repository: {path}",
    fix="delete {path} in {step}, or clone in another stage and copy without it",
    copied_fix=f"delete {{path}} in the build stage, or {OUT_OF_COPY}",
    ignored_fix=f"name {{ignore}} in .dockerignore, or {OUT_OF_COPY}",
    wanted=Wanted(paths=PathSet(trees=tuple(_ROOTS)), head=_CONFIG),
)
def vcs_metadata(context: RuleContext) -> Iterator[RuleMatch]:
    """A `.git`, `.hg` or `.svn` directory is in the image, with everything that was ever committed.

    Deleted files and secrets are still among its objects; a shallow clone holds one commit. It is critical if its
    config holds a password or token for the remote, as `git clone https://token@host` and CI checkouts leave it. A
    `.git` file, which only points elsewhere, is not reported.
    """
    repositories: dict[str, list[int]] = {}
    for number in context.matches:
        repositories.setdefault(_root(context.filesystem.path_of(number)), []).append(number)
    for root, numbers in repositories.items():
        paths = {context.filesystem.path_of(number): number for number in numbers}
        if any(f"{root}/{name}" in paths for name in _ROOTS[root.rpartition("/")[2]]) and _has_bytes(context, numbers):
            yield _leak(context, root, tuple(numbers), paths)


def _root(path: str) -> str:
    """The outermost repository directory that a path lies in, or is itself."""
    start = min(place for name in _ROOTS if (place := (path + "/").find(f"/{name}/")) >= 0)
    end = path.find("/", start + 1)
    return path if end < 0 else path[:end]


def _has_bytes(context: RuleContext, numbers: list[int]) -> bool:
    return any(context.filesystem.content_bytes(number) for number in numbers)


def _leak(context: RuleContext, root: str, numbers: tuple[int, ...], paths: dict[str, int]) -> RuleMatch:
    history = "one commit (a shallow clone)" if f"{root}/shallow" in paths else "all that was ever committed"
    secrets = dict.fromkeys(secret for number in numbers for secret in _credentials(context, number))
    if not secrets:
        return RuleMatch(versions=numbers, place=root, detail=f"{root} holds {history}")
    listed = ", ".join(f"{where} {mask(value)}" for where, value in list(secrets)[:3])
    return RuleMatch(
        versions=numbers,
        place=root,
        detail=f"{root} holds {history}, and in its config {listed}",
        severity=Severity.CRITICAL,
        title="a version control repository with credentials: {path}",
        fix="leave {path} out of {step}, and rotate what its config holds: anyone who pulled the image has it",
    )


def _credentials(context: RuleContext, number: int) -> Iterator[tuple[str, str]]:
    """Passwords in the URLs of a config, and the header that CI checkouts leave there (http.*.extraheader)."""
    name = context.filesystem.path_of(number).rpartition("/")[2]
    if name not in ("config", "hgrc") or context.filesystem.kind_of(number) != Kind.FILE:
        return
    text = as_utf8(context.filesystem.read(number, 0, _CONFIG) or b"").decode("utf-8", "replace")
    for url in url_credentials(text):
        yield f"the password for {url.host}", url.value
    for line in text.splitlines():
        start = line.lower().find(_HEADER)
        words = line[start + len(_HEADER) :].split() if start >= 0 else []
        if len(words) == 2 and not is_placeholder(words[1]):
            yield "an authorization header", words[1]


VCS: tuple[Rule, ...] = (vcs_metadata,)
