"""How the installers of Python are told to leave development packages out.

Sources: pip, "pip install"; Pipenv, "Commands"; Poetry, "Commands" and "Managing dependencies"; uv, "CLI Reference" and
"Managing dependencies"; PDM, "CLI Reference".
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from layerscope.advice.word_edit import Plan, WordEdit, Words, option, verb
from layerscope.model.patterns import pattern
from layerscope.rules.lockfiles import is_for_development
from layerscope.rules.requirements import included_files

_PIPS = tuple(f"pip{version}" for version in ("", "3", *(f"3.{minor}" for minor in range(6, 16))))
_PIP_VALUED = frozenset(
    {
        "-w", "--wheel-dir", "-d", "--dest", "-f", "--find-links", "-i", "--index-url", "--extra-index-url", "-c",
        "--constraint", "-t", "--target", "--prefix", "--root", "--trusted-host", "--timeout", "--retries", "--proxy",
        "--python-version", "--platform", "--only-binary", "--no-binary", "--cache-dir", "--log", "--src",
        "--upgrade-strategy", "--progress-bar", "--global-option", "--config-settings", "-C", "--cert", "--python",
        "--root-user-action", "--index-strategy", "--default-index", "--index", "-p", "--implementation", "--abi",
    }
)  # fmt: skip
_PIPENV = ("install", "sync", "requirements", "lock")
_EXTRAS = pattern(r"(\.{0,2}/?[\w./-]*)\[([\w.,\s-]+)\]")
MOST_FILES = 16
"""Requirements files of one command that are read."""
_OTHER_GROUPS = "make sure that production needs no dependencies of other groups"
_OLD_POETRY = pattern(r"(?:0|1\.[01])(?:\.|\Z)")


class PythonProject(Struct, frozen=True, kw_only=True):
    """What a stage's files say of the project there.

    ``requirements`` are the texts of requirements files that are at hand, by the names that commands give them.
    ``groups`` are the names of the dependency groups, None where no pyproject.toml is at hand;
    ``default_groups`` those that uv installs by itself. ``poetry`` is Poetry's version where it is known.
    """

    requirements: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[str] | None = None
    default_groups: frozenset[str] = frozenset({"dev"})
    poetry: str = ""


def python_plans(project: PythonProject) -> tuple[Plan, ...]:
    """What to change in the commands of each installer."""
    return (
        lambda words: _pip(words, project),
        _pipenv,
        lambda words: _poetry(words, project),
        lambda words: _uv(words, project),
        _pdm,
    )


def is_python_install(words: Words) -> bool:
    """Whether a command installs packages with an installer that is known here, or lists those to install."""
    return (
        pip_verb(words) >= 0
        or verb(words, ("pipenv",), _PIPENV) >= 0
        or verb(words, ("poetry",), ("install", "sync"), valued=("-C", "-P", "--directory")) >= 0
        or verb(words, ("uv",), ("sync",), valued=("--directory", "--project")) >= 0
        or verb(words, ("pdm",), ("install", "sync"), valued=("-p",)) >= 0
    )


def is_pip_install(words: Words) -> bool:
    """Whether a command is ``pip install``, in whatever form."""
    at = pip_verb(words)
    return at >= 0 and words[at] == "install"


def group_names(pyproject: Mapping[str, object]) -> tuple[frozenset[str], frozenset[str]]:
    """The dependency groups of a pyproject.toml (PEP 735, Poetry, PDM), and those that uv installs by itself."""
    tool = _table(pyproject, "tool")
    poetry = _table(tool, "poetry")
    found = {*_table(pyproject, "dependency-groups"), *_table(poetry, "group")}
    found |= {"dev"} if "dev-dependencies" in poetry or "dev-dependencies" in _table(tool, "uv") else set()
    found |= {*_table(_table(tool, "pdm"), "dev-dependencies")}
    default = _table(tool, "uv").get("default-groups", ["dev"])
    named = frozenset(one for one in default if isinstance(one, str)) if isinstance(default, list) else frozenset(found)
    return frozenset(found), named


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def pip_verb(words: Words) -> int:
    at = verb(words, _PIPS, ("install", "wheel", "download"))
    if at >= 0:
        return at
    before = verb(words, ("uv",), ("pip",))
    return before + 1 if before >= 0 and words[before + 1 : before + 2] == ["install"] else -1


def _pip(words: Words, project: PythonProject) -> WordEdit | None:
    """pip and ``uv pip``: drop requirements files, extras and groups of development."""
    words = list(words)
    at = pip_verb(words)
    if at < 0:
        return None
    remove: set[int] = set()
    add: dict[int, tuple[str, ...]] = {}
    kept, dropped, doubt = 0, list[str](), ""
    files = [value for place in range(at + 1, len(words)) for value, width in (_file(words, place),) if width]
    place = at + 1
    while place < len(words):
        file, width = _file(words, place)
        group, is_group = option(words, place, "--group")
        width = width or is_group or (2 if words[place] in _PIP_VALUED else 1)
        if (file and _is_development(file)) or (group and is_for_development(group)):
            remove.update(range(place, place + width))
            dropped += [file] if file else []
        elif file or group:
            kept += 1
        elif width == 1 and not words[place].startswith("-"):
            kept += 1
            extras = _EXTRAS.fullmatch(words[place])
            rest = _without_development(extras[2].split(",")) if extras is not None else None
            if extras is not None and rest is not None:
                remove.add(place)
                project_word = extras[1] or "."
                add[place - 1] = (f"'{project_word}[{','.join(rest)}]'" if rest else project_word,)
        place += width
    included: list[str] = []
    for file in dropped:
        texts = _production_files(file, project)
        if texts is None:
            doubt = f"make sure that {file} asks for nothing that production needs"
        else:
            included += [one for one in texts if one not in files and one not in included]
    if not remove or (doubt and not kept):
        return None
    if included:
        start = min(remove) - 1
        new = tuple(word for one in included for word in ("-r", one))
        add[start] = (*add.get(start, ()), *new)
    return WordEdit(remove=frozenset(remove), add=add, deletes=not kept and not included, doubt=doubt)


def _file(words: Words, at: int) -> tuple[str, int]:
    value, width = option(words, at, "-r", "--requirement", "--requirements")
    if not width and words[at].startswith("-r") and len(words[at]) > 2:
        return words[at][2:], 1
    return value, width


def _is_development(file: str) -> bool:
    """Whether the name of a requirements file says that development needs it; its directory's may say it, too."""
    directory, _, name = file.rpartition("/")
    if "$" in file:
        return False
    return is_for_development(name) or (
        name in ("requirements.txt", "requirements.in") and is_for_development(directory.rpartition("/")[2])
    )


def _production_files(file: str, project: PythonProject) -> list[str] | None:
    """The files for production that one for development includes; None where a text is not at hand."""
    found: list[str] = []
    todo, seen = [file], set[str]()
    while todo and len(seen) < MOST_FILES:
        one = todo.pop()
        seen.add(one)
        text = project.requirements.get(one)
        if text is None:
            return None
        for name in included_files(one, text):
            if not _is_development(name):
                found.append(name)
            elif name not in seen:
                todo.append(name)
    return found


def _without_development(names: Iterable[str]) -> list[str] | None:
    """The names that are not for development; None where all are."""
    stripped = [name.strip() for name in names if name.strip()]
    kept = [name for name in stripped if not is_for_development(name)]
    return kept if len(kept) < len(stripped) else None


def _pipenv(words: Words) -> WordEdit | None:
    """Pipenv: drop ``--dev``."""
    at = verb(words, ("pipenv",), _PIPENV)
    if at < 0 or "--dev-only" in words:
        return None
    remove = frozenset(place for place in range(at + 1, len(words)) if words[place] in ("-d", "--dev"))
    names = [word for word in words[at + 1 :] if not word.startswith("-")]
    return WordEdit(remove=remove) if remove and not names else None


def _poetry(words: Words, project: PythonProject) -> WordEdit | None:
    """Poetry: ``--only main``, or ``--without`` where other groups are for production."""
    at = verb(words, ("poetry",), ("install", "sync"), valued=("-C", "-P", "--directory"))
    if at < 0 or not {"--no-dev", "--only-root"}.isdisjoint(words):
        return None
    if _OLD_POETRY.match(project.poetry):
        return WordEdit(add={at: ("--no-dev",)})
    remove: set[int] = set()
    chosen: dict[str, list[str]] = {"--with": [], "--without": [], "--only": []}
    for place in range(at + 1, len(words)):
        for name, groups in chosen.items():
            value, width = option(words, place, name)
            if width:
                remove.update(range(place, place + width))
                groups += [one.strip() for one in value.split(",") if one.strip()]
    remove |= {place for place in range(at + 1, len(words)) if words[place] in ("--all-groups", "--dev")}
    is_all = "--all-groups" in words
    if chosen["--only"]:
        only = _without_development(chosen["--only"])
        return WordEdit(remove=frozenset(remove), add={at: ("--only", ",".join(only))}) if only else None
    known = project.groups or frozenset()
    development = {one for one in known if is_for_development(one)} or {"dev"}
    others = sorted(known - development - {"main"} - {*chosen["--without"]})
    wanted = _kept(chosen["--with"])
    if development <= {*chosen["--without"]}:
        return None
    if others and not is_all:
        without = sorted({*chosen["--without"], *development})
        new = ["--with", ",".join(wanted), "--without", ",".join(without)][0 if wanted else 2 :]
    else:
        new = ["--only", ",".join(["main", *(others if is_all else wanted)])]
    doubt = _OTHER_GROUPS if project.groups is None else ""
    return WordEdit(remove=frozenset(remove), add={at: tuple(new)}, doubt=doubt)


def _kept(groups: Sequence[str]) -> list[str]:
    return [one for one in groups if not is_for_development(one)]


def _uv(words: Words, project: PythonProject) -> WordEdit | None:
    """uv: ``--no-dev``, and no groups or extras of development."""
    at = verb(words, ("uv",), ("sync",), valued=("--directory", "--project"))
    if at < 0 or not {"--only-dev", "--only-group", "--no-default-groups"}.isdisjoint(words):
        return None
    remove: set[int] = set()
    excluded: set[str] = set()
    for place in range(at + 1, len(words)):
        name, width = option(words, place, "--group", "--extra")
        if (width and is_for_development(name)) or words[place] in ("--all-groups", "--dev"):
            remove.update(range(place, place + max(width, 1)))
        excluded.add(option(words, place, "--no-group")[0])
    if "--no-dev" in words and not remove:
        return None
    new = [] if "--no-dev" in words else ["--no-dev"]
    default = {one for one in project.default_groups if is_for_development(one)} - excluded - {"dev"}
    new += [word for one in sorted(default) for word in ("--no-group", one)]
    doubt = ""
    if "--all-groups" in words:
        doubt = _OTHER_GROUPS if project.groups is None else ""
        others = sorted(one for one in project.groups or () if not is_for_development(one))
        new += [word for one in others for word in ("--group", one)]
    return WordEdit(remove=frozenset(remove), add={at: tuple(new)} if new else {}, doubt=doubt)


def _pdm(words: Words) -> WordEdit | None:
    """PDM: ``--prod``; groups that are chosen by name are left to a person."""
    at = verb(words, ("pdm",), ("install", "sync"), valued=("-p",))
    chosen = ("-G", "--group", "--with", "--without", "--prod", "--production", "--no-default")
    if at < 0 or any(word.partition("=")[0] in chosen for word in words):
        return None
    remove = frozenset(place for place in range(at + 1, len(words)) if words[place] in ("-d", "--dev"))
    return WordEdit(remove=remove, add={at: ("--prod",)})
