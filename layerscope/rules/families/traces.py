"""What the work on an image leaves behind: histories of shells, build files, editors' files, logs, core dumps."""

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.formats.elf import CORE, identity
from layerscope.rules.families.vcs import VCS
from layerscope.rules.ownership import is_packaged, users_files
from layerscope.rules.phrases import CACHE_MOUNT
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule

_DELETE = "delete {path} in {step}"
_IGNORE = "name {ignore} in .dockerignore, or copy less than {step} does"
_COPY_LESS = "leave {path} in the build stage: copy less than {step} does"
_TEMPLATE = pattern(r"/(?:templates?|scaffold[^/]{0,40}|skeletons?)/", re.IGNORECASE)
_README = pattern(r"/readme(?:\.[a-z]{1,10})?\Z", re.IGNORECASE)
_HOSTS = ("/known_hosts", "/known_hosts.old")
_DUMPS = (b"JAVA PROFILE 1.", b"MDMP")


def _paths(*, names: tuple[str, ...] = (), suffixes: tuple[str, ...] = (), trees: tuple[str, ...] = ()) -> Wanted:
    """These paths; their contents are not read."""
    return Wanted(paths=PathSet(names=names, suffixes=suffixes, trees=trees), head=0)


def _matching(context: RuleContext, keep: Callable[[str], bool]) -> Iterator[RuleMatch]:
    """All of the user's files among the matches that ``keep`` accepts, as one match."""
    yield RuleMatch(versions=tuple(number for number, path in users_files(context) if keep(path)))


@rule(
    "dev-traces",
    severity=Severity.MEDIUM,
    title="traces of who built the image: {path}",
    fix="delete {path} in {step}" + CACHE_MOUNT,
    copied_fix=_COPY_LESS,
    wanted=_paths(
        names=(
            ".bash_history", ".ash_history", ".zsh_history", ".sh_history", ".python_history",
            ".irb_history", ".node_repl_history", ".mysql_history", ".psql_history", ".sqlite_history",
            ".rediscli_history", ".viminfo", ".lesshst", ".wget-hsts", "known_hosts", "known_hosts.old",
        ),
        trees=(".local/share/fish/fish_history",),
    ),
)  # fmt: skip
def dev_traces(context: RuleContext) -> Iterator[RuleMatch]:
    """Histories of shells and other prompts, or ssh's known hosts, reveal how and by whom the image was built.

    Commands may contain passwords. Covered are bash, ash, zsh, fish, Python, Node, Ruby, vim, less, wget and database
    clients. /etc/ssh/ssh_known_hosts is not reported; a user's known hosts are often intended (ssh-keyscan) and of low
    severity.
    """
    yield from _matching(context, lambda path: not path.endswith(_HOSTS))
    for match in _matching(context, lambda path: path.endswith(_HOSTS)):
        yield replace(match, severity=Severity.LOW, title="hosts that ssh knows: {path}")


@rule(
    "ci-config",
    severity=Severity.LOW,
    title="the configuration of a build service: {path}",
    fix=_DELETE,
    copied_fix=_COPY_LESS,
    ignored_fix=_IGNORE,
    wanted=_paths(
        names=(
            ".gitlab-ci.yml", ".gitlab-ci.yaml", "Jenkinsfile", ".travis.yml", "azure-pipelines.yml", ".drone.yml",
            "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml", ".cirrus.yml", ".woodpecker.yml",
            "cloudbuild.yaml", "buildspec.yml", ".pre-commit-config.yaml", ".codecov.yml", "codecov.yml",
            ".goreleaser.yml", 
        ),
        trees=(".github", ".circleci", ".gitlab", ".buildkite", ".woodpecker"),
    ),
)  # fmt: skip
def ci_config(context: RuleContext) -> Iterator[RuleMatch]:
    """Workflows of GitHub, GitLab, Jenkins and others reveal how and where the software is built and deployed.

    They are copied with the build context. Copies in dependencies (node_modules, site-packages, vendor), files of
    packages and project templates are not reported.
    """
    yield from _matching(context, lambda path: not _TEMPLATE.search(path))


@rule(
    "container-files",
    severity=Severity.LOW,
    title="the image's own build files: {path}",
    fix=_DELETE,
    copied_fix=_COPY_LESS,
    ignored_fix=_IGNORE,
    wanted=_paths(
        names=(
            "Dockerfile", "Containerfile", "dockerfile", ".dockerignore", ".containerignore", "compose.yml",
            "compose.yaml", "compose.override.yml", "compose.override.yaml", "docker-compose.yml",
            "docker-compose.yaml", "docker-compose.override.yml", "docker-compose.dev.yml", "docker-compose.prod.yml",
            "docker-compose.test.yml", "docker-bake.hcl", "docker-bake.json", "Dockerfile.dev", "Dockerfile.prod",
            "Dockerfile.production", "Dockerfile.test", "Dockerfile.base", "Dockerfile.build", "Dockerfile.ci",
            "Dockerfile.local", "Dockerfile.alpine", "Dockerfile.debian", "skaffold.yaml", "Vagrantfile",
        ),
        suffixes=(".Dockerfile", ".dockerfile"),
    ),
)  # fmt: skip
def container_files(context: RuleContext) -> Iterator[RuleMatch]:
    """A Dockerfile, a compose file or a .dockerignore is in the image.

    Nothing reads them there, and they reveal services and build arguments. Red Hat's /root/buildinfo, copies in
    dependencies and project templates are not reported.
    """
    yield from _matching(context, lambda path: not path.startswith("/root/buildinfo/") and not _TEMPLATE.search(path))


@rule(
    "editor-os-junk",
    severity=Severity.LOW,
    title="files of an editor or a desktop: {path}",
    fix=_DELETE,
    copied_fix=_COPY_LESS,
    ignored_fix=_IGNORE,
    wanted=_paths(
        names=(".DS_Store", "Thumbs.db", "desktop.ini", "ehthumbs.db", ".directory"),
        suffixes=(".swp", ".swo", ".sublime-workspace", ".iml", ".code-workspace"),
        trees=(".idea", ".vscode", ".vs", ".fleet", "__MACOSX", ".Trashes", ".Spotlight-V100"),
    ),
)
def editor_os_junk(context: RuleContext) -> Iterator[RuleMatch]:
    """Editor settings, swap files or folder thumbnails were copied with the build context.

    A swap file holds the text that was being edited. Copies in dependencies are not reported.
    """
    yield from _matching(context, lambda path: not path.endswith((".swp", ".swo")) or "/." in path)


@rule(
    "logs",
    severity=Severity.LOW,
    title="logs of the build: {path}",
    fix="delete {path} in {step}" + CACHE_MOUNT,
    copied_fix=_COPY_LESS,
    wanted=_paths(
        names=("npm-debug.log", "yarn-error.log", "yarn-debug.log", "pnpm-debug.log", "lerna-debug.log", "pip.log"),
        trees=("/var/log", ".npm/_logs"),
    ),
)
def logs(context: RuleContext) -> Iterator[RuleMatch]:
    """Package managers and installers wrote logs during the build.

    Links from /var/log to the container's own output and README files are not reported. A sparse `lastlog` counts with
    its full length, as in the engine, even if the tar holds less.
    """
    yield from _matching(context, lambda path: not _README.search(path))


@rule(
    "core-dump",
    severity=Severity.HIGH,
    title="a memory dump: {path}",
    fix="delete {path} in {step}",
    copied_fix=_COPY_LESS,
    wanted=Wanted(
        paths=PathSet(
            names=("core",),
            numbered=("core",),
            suffixes=(".core", ".hprof", ".dmp", ".mdmp"),
            trees=("/var/lib/systemd/coredump", "/var/crash"),
        ),
        head=64,
    ),
)
def core_dump(context: RuleContext) -> Iterator[RuleMatch]:
    """A core or heap dump is in the image: the memory of a process, with every secret in it.

    The first bytes decide: an ELF core file, a Java heap dump or a minidump. Directories and programs called `core`
    are not reported.
    """
    for number, path in users_files(context, vendored=True):
        head = context.filesystem.read(number, 0, 64) or b""
        if _is_dump(head, path) and not is_packaged(context, number):
            yield RuleMatch(versions=(number,))


def _is_dump(head: bytes, path: str) -> bool:
    program = identity(head)
    if program is not None:
        return program[0] == CORE
    return head.startswith(_DUMPS) or path.startswith("/var/lib/systemd/coredump/core.")


TRACES: tuple[Rule, ...] = (*VCS, dev_traces, ci_config, container_files, editor_os_junk, logs, core_dump)
