"""How the installers of Node and Composer are told to leave development packages out.

Sources: npm, "npm install" and "Config" (``omit``); Yarn Classic, "yarn install"; pnpm, "pnpm install"; Composer,
"Command-line interface".
"""

from collections.abc import Mapping

from msgspec import Struct

from layerscope.advice.word_edit import Plan, WordEdit, Words, option, verb

_NPM = ("ci", "install", "i", "in", "add", "clean-install", "ic", "install-clean")
_NPM_VALUED = frozenset({"--prefix", "-C", "-w", "--workspace", "--registry", "--cache", "--loglevel", "--userconfig"})
_NPM_DEV = frozenset({"--dev", "--production=false", "--include=dev", "--also=dev", "--also=development", "--no-omit"})
_YARN_VALUED = frozenset({"--cwd", "--network-timeout", "--registry", "--cache-folder", "--mutex", "--modules-folder"})
_PNPM_VALUED = frozenset({"--dir", "-C", "--filter", "-F", "--store-dir", "--store", "--reporter", "--registry"})
_SCRIPTS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
"""The scripts of package.json that an installation runs (npm, "Scripts", Life Cycle Operation Order)."""


class NodeProject(Struct, frozen=True, kw_only=True):
    """What is known of a project of Node: package.json, None where it is not at hand, and of its package manager.

    ``is_old_npm``: npm before 7, which does not know ``--omit``. ``is_berry``: Yarn from 2 on. ``has_workspace_file``:
    the file that names the packages of pnpm's workspace is beside package.json.
    """

    manifest: Mapping[str, object] | None = None
    is_old_npm: bool = False
    is_berry: bool = False
    has_workspace_file: bool = False

    @property
    def is_workspace(self) -> bool:
        return self.has_workspace_file or (self.manifest is not None and "workspaces" in self.manifest)

    @property
    def runs_scripts(self) -> bool:
        """Whether the installation runs scripts of the project itself, which may call what development needs."""
        scripts = self.manifest.get("scripts") if self.manifest is not None else None
        return self.is_workspace or (isinstance(scripts, dict) and any(name in scripts for name in _SCRIPTS))


def node_manager(words: Words) -> str:
    """The package manager by which a command installs what package.json asks for; empty for any other command."""
    if not {"-g", "--global", "--location=global"}.isdisjoint(words):
        return ""
    for name, verbs, valued in (
        ("npm", _NPM, _NPM_VALUED),
        ("pnpm", ("install", "i"), _PNPM_VALUED),
        ("yarn", ("install",), _YARN_VALUED),
    ):
        at = verb(words, (name,), verbs, valued=valued)
        if at < 0 and name == "yarn":
            at = _bare_yarn(words)
        if at >= 0:
            return "" if _names_packages(words, at, valued) else name
    return ""


def _bare_yarn(words: Words) -> int:
    """The place of ``yarn`` without a command, which installs; -1 for any other."""
    at = next((at for at, word in enumerate(words) if word.rpartition("/")[2] in ("yarn", "yarnpkg")), -1)
    if at < 0 or not {"--version", "-v", "--help"}.isdisjoint(words):
        return -1
    return at if not _names_packages(words, at, _YARN_VALUED) else -1


def _names_packages(words: Words, at: int, valued: frozenset[str]) -> bool:
    at += 1
    while at < len(words):
        if not words[at].startswith("-"):
            return words[at - 1] not in ("--include", "--omit", "--only", "--also")
        at += 2 if words[at] in valued else 1
    return False


def node_plans(project: NodeProject) -> tuple[Plan, ...]:
    """What to change in the commands of each package manager."""
    return (lambda words: _npm(words, project), lambda words: _yarn(words, project), _pnpm)


def _npm(words: Words, project: NodeProject) -> WordEdit | None:
    if node_manager(words) != "npm":
        return None
    at = verb(words, ("npm",), _NPM, valued=_NPM_VALUED)
    flag = "--production" if project.is_old_npm else "--omit=dev"
    values = [option(words, place, "--omit", "--only") for place in range(at + 1, len(words))]
    if any(value in ("dev", "prod", "production", "development") for value, _ in values) or "--production" in words:
        return None
    remove: set[int] = set()
    for place in range(at + 1, len(words)):
        value, width = option(words, place, "--include", "--also")
        if words[place] in _NPM_DEV or value in ("dev", "development"):
            remove.update(range(place, place + max(width, 1)))
    return WordEdit(remove=frozenset(remove), add={at: (flag,)})


def _yarn(words: Words, project: NodeProject) -> WordEdit | None:
    if node_manager(words) != "yarn" or project.is_berry or "--immutable" in words:
        return None
    if not {"--production", "--prod", "--production=true"}.isdisjoint(words):
        return None
    at = verb(words, ("yarn",), ("install",), valued=_YARN_VALUED)
    at = at if at >= 0 else _bare_yarn(words)
    remove = frozenset(place for place, word in enumerate(words) if word in ("--production=false", "--prod=false"))
    return WordEdit(remove=remove, add={at: ("--production",)})


def _pnpm(words: Words) -> WordEdit | None:
    if node_manager(words) != "pnpm" or not {"--prod", "-P", "--production", "--dev", "-D"}.isdisjoint(words):
        return None
    at = verb(words, ("pnpm",), ("install", "i"), valued=_PNPM_VALUED)
    remove = frozenset(place for place, word in enumerate(words) if word in ("--prod=false", "--production=false"))
    return WordEdit(remove=remove, add={at: ("--prod",)})


def composer_plan(words: Words) -> WordEdit | None:
    """Composer: ``--no-dev``."""
    at = verb(words, ("composer", "composer.phar"), ("install", "update", "i", "u"), valued=("-d", "--working-dir"))
    if at < 0 or "--no-dev" in words:
        return None
    return WordEdit(remove=frozenset(p for p, word in enumerate(words) if word == "--dev"), add={at: ("--no-dev",)})
