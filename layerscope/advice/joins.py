"""RUNs that can become one: the earlier ones move down to the last, past what stands between them."""

import re
from collections.abc import Iterable, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import files_in
from layerscope.advice.files import BuildFiles, Change, joining
from layerscope.advice.programs import MANAGERS
from layerscope.advice.runs import calls, commands, script_of
from layerscope.advice.timeline import Site
from layerscope.model.paths import is_at_or_below
from layerscope.model.patterns import pattern

MOST_JOINED = 4
NO_EFFECT = frozenset({"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "MAINTAINER"})
"""Instructions that change nothing for a RUN below or above."""
_DAEMONS = (
    "service", "systemctl", "init.d", "pg_ctl", "pg_ctlcluster", "mysqld", "mysqld_safe", "redis-server", "supervisord",
)  # fmt: skip
"""What starts programs that run on until the end of a RUN, and so into the next of one RUN."""
_INSTALLERS = MANAGERS | {"set", "true"}
_SETTINGS = pattern(
    r"PATH|HOME|LD_\w+|LC_\w+|LANG|LANGUAGE|TZ|\w*_proxy|APT_\w+|DPKG_\w+|SHELL|IFS|ENV|BASH_ENV|TMPDIR|PYTHON(?:HOME|PATH)",
    re.IGNORECASE,
)
"""Variables that programs of the system and package managers read."""
_DEPENDS = pattern(r"[$`<>]|\.(?:deb|apk|rpm)\b")
"""What shows that a script depends on more than the names of packages."""
_CLEANS = pattern(r"-[rf]+$|/var/(?:lib|cache|log)/(?!.*\.\.)")
_NAME = pattern(r"([A-Za-z_]\w*)=")
_OF_SYSTEM = ("/etc", "/bin", "/sbin", "/lib", "/lib64", "/var/lib", "/var/cache", "/usr")
_NOT_OF_SYSTEM = ("/usr/src",)
_ACCOUNTS = frozenset({"/etc/passwd", "/etc/group"})


def joinable(context: AdviceContext, first: Site, last: Site) -> tuple[Site, ...]:
    """All RUNs from the first to the last, which can become one in the place of the last.

    Empty where there are too many, or where one of them does not do the same there: what stands between may be for it,
    or read what it writes. Whether the scripts themselves go together is seen when they are joined.
    """
    between = context.final.sites[first.position + 1 : last.position]
    found = (first, *(one for one in between if one.kind == "RUN"), last)
    is_in_one_stage = len({one.stage for one in found}) == 1 and all(
        (one.line is None) == (first.line is None) for one in found
    )
    if len(found) > MOST_JOINED or not is_in_one_stage or any(calls(script_of(one), *_DAEMONS) for one in found):
        return ()
    moved = [first]
    for one in between:
        if one.kind == "RUN":
            moved.append(one)
        elif one.kind not in NO_EFFECT and not _can_pass(context, moved, one):
            return ()
    return found


def join_all(context: AdviceContext, sites: Sequence[Site]) -> Change:
    """Make several RUNs one, in the place of the last."""
    directory = sites[-1].working_directory
    if not directory and not any(one.kind == "WORKDIR" for one in context.final.sites):
        directory = context.image.config.working_dir or "/"  # That of the base image, then.

    def change(files: BuildFiles) -> BuildFiles:
        for first in reversed(sites[:-1]):
            files = joining(first, sites[-1], directory=directory)(files)
        return files

    return change


def _can_pass(context: AdviceContext, moved: Sequence[Site], other: Site) -> bool:
    """Whether RUNs do the same below an instruction as above it, and it the same without them."""
    if not all(_only_installs(one) for one in moved):
        return False
    if other.kind in ("ENV", "ARG"):
        names = [*_NAME.findall(other.text), *(word.partition("=")[0] for word in other.text.split()[:1])]
        used = "\n".join(script_of(one) for one in moved)
        return not any(_SETTINGS.fullmatch(name) or re.search(rf"\b{re.escape(name)}\b", used) for name in names)
    if other.kind == "WORKDIR":
        return True
    return other.kind in ("COPY", "ADD") and _is_apart(context, moved, other)


def _only_installs(site: Site) -> bool:
    """Whether a RUN only calls package managers and cleans up behind them, wherever it stands."""
    script = script_of(site)
    return not _DEPENDS.search(script) and all(
        words[0] in _INSTALLERS or (words[0] == "rm" and all(map(_CLEANS.match, words[1:])))
        for words in commands(script)
    )


def _is_apart(context: AdviceContext, moved: Iterable[Site], copy: Site) -> bool:
    """Whether a COPY neither writes what the system reads or the RUNs write, nor needs a user that they make."""
    layers = [one.layer for one in (*moved, copy)]
    if copy.layer is None or any(layer is None for layer in layers):
        return False
    written = {path for layer in layers[:-1] if layer is not None for path in files_in(context.filesystem, layer)}
    owner = copy.flag("chown")
    if owner and not owner.replace(":", "").isdigit() and written & _ACCOUNTS:
        return False
    return not any(path in written or _is_of_system(path) for path in files_in(context.filesystem, copy.layer))


def _is_of_system(path: str) -> bool:
    return any(is_at_or_below(path, one) for one in _OF_SYSTEM) and not any(
        is_at_or_below(path, one) for one in _NOT_OF_SYSTEM
    )
