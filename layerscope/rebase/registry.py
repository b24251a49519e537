"""All checks of what another base lacks, and what none of them looks at."""

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.formats.dynamic import DYNAMIC
from layerscope.rebase.checks.certificates import CERTIFICATES
from layerscope.rebase.checks.commands import COMMANDS
from layerscope.rebase.checks.modules import MODULES
from layerscope.rebase.checks.programs import INTERPRETERS, LIBRARIES, LINKS, PLATFORM
from layerscope.rebase.checks.users import USERS
from layerscope.rebase.context import Check

CHECKS: tuple[Check, ...] = (PLATFORM, LIBRARIES, INTERPRETERS, COMMANDS, MODULES, LINKS, USERS, CERTIFICATES)

NOT_CHECKED = (
    "what Python, Node, Ruby and others import, and the Java version that classes need",
    "files that a program opens, libraries that it loads with dlopen, programs that it starts",
    "versions of programs and of packages that a RUN installs, and whether they exist for the other base",
    "the kernel, environment variables and the behaviour of other versions",
)

_MUSL = ("i386", "powerpc64le", "s390x", "armhf", "x86_64", "aarch64", "riscv64")
_CONFIG = ("/etc/ld.so.conf", *(f"/etc/ld-musl-{name}.path" for name in _MUSL), "/etc/passwd", "/etc/group")

WANTED: tuple[Wanted, ...] = (
    Wanted(
        paths=PathSet(suffixes=(".so", ".node"), versioned=(".so",)),
        head=256,
        executables=1,
        ranges=DYNAMIC,
    ),
    Wanted(
        paths=PathSet(paths=_CONFIG, trees=("/etc/ld.so.conf.d",), names=("node_version.h",)),
        head=1 << 20,
    ),
)
"""What the checks read besides what rules and catalogers ask for, scripts among that."""
