"""Documentation and temporary files."""

from collections.abc import Iterator

from layerscope.model.finding import Severity
from layerscope.model.image import Image
from layerscope.model.paths import is_licence
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.phrases import BIND_MOUNT
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import files, living, named_below

_NEUTRAL = pattern(r"(?:C|POSIX|en(?:_[A-Z]{2})?)?(?:\.[A-Za-z0-9-]+)?(?:@\w+)?")
_TREES = tuple(f"/usr/{local}share/{name}" for local in ("", "local/") for name in ("doc", "man", "info", "locale"))


@rule(
    "docs-man-locale",
    severity=Severity.LOW,
    title="documentation, manual pages and translations",
    fix="configure the package manager to leave them out: dpkg's `path-exclude`, dnf's `--setopt=tsflags=nodocs`",
    copied_fix="leave {path} out of what is copied",
    wanted=Wanted(paths=PathSet(trees=_TREES), head=0),
)
def docs_man_locale(context: RuleContext) -> Iterator[RuleMatch]:
    """Documentation, manual pages or translations are in /usr/share: doc, man, info or locale.

    Few read them in a container: a trade, not waste. Licence texts must stay with what they cover and are left out.
    Where the image sets a LANG other than English or C, translations are not reported; nor is a directory that
    Entrypoint, Cmd or Env name.
    """
    path_of = context.filesystem.path_of
    translated = _speaks_another(context.image)
    used = named_below(context, *_TREES)
    versions = tuple(
        number
        for number in files(context, living(context))
        if not is_licence(path := path_of(number))
        and not (translated and "/locale/" in path)
        and not (used and f"{path}/".startswith(used))
    )
    yield RuleMatch(versions=versions, apart=False, trade=True)


def _speaks_another(image: Image) -> bool:
    pairs = (variable.partition("=") for variable in image.config.env)
    return any(
        name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE") and not _NEUTRAL.fullmatch(v) for name, _, v in pairs
    )


@rule(
    "tmp-leftover",
    severity=Severity.LOW,
    title="temporary files",
    fix="unless a later instruction reads it, delete {path} at the end of {step}[[, or mount a tmpfs there "
    "(`RUN --mount=type=tmpfs`)|]]",
    copied_fix=BIND_MOUNT,
    ignored_fix=BIND_MOUNT,
    wanted=Wanted(paths=PathSet(trees=("/tmp", "/var/tmp")), head=0),
)
def tmp_leftover(context: RuleContext) -> Iterator[RuleMatch]:
    """A build left files in /tmp or /var/tmp.

    A directory that Entrypoint, Cmd, Env or the working directory names is in use and not reported.
    """
    used = named_below(context, "/tmp", "/var/tmp")
    path_of = context.filesystem.path_of
    found = [number for number in files(context, living(context)) if context.filesystem.content_bytes(number)]
    yield RuleMatch(versions=tuple(number for number in found if not f"{path_of(number)}/".startswith(used)))


CONTENT = (docs_man_locale, tmp_leftover)
