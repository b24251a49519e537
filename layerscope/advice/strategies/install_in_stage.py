"""Wheels that a COPY brings from a stage for one RUN to install: install them in that stage, and copy the result."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import files_in
from layerscope.advice.files import deleting, inserting, rewriting
from layerscope.advice.portions import Portion, mapping_of
from layerscope.advice.python_installs import is_pip_install
from layerscope.advice.runs import body, plain_commands, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.word_edit import Words, option
from layerscope.model.entry import Kind
from layerscope.model.groups import grouped
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_PREFIX = "/install"
_QUOTES = pattern(r"[\"'$`\\]")
_LONGEST = 1 << 14
_SAME_PYTHON = "make sure that both stages have the same Python, and that the application needs nothing else of its RUN"


class _Copied(Struct, frozen=True, kw_only=True):
    """A COPY of one directory, ``source`` of a stage to ``target``, and the only instruction below that names it."""

    copy: Site
    run: Site
    stage: str
    source: str
    target: str
    portions: tuple[Portion, ...]


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Install in the stage, below a directory of its own, what the final stage would copy and install, for review.

    That is for the legacy builder, which has no mounts. It is proposed where both stages begin with the same image, the
    RUN does nothing but install what was copied, and all that it wrote is below ``/usr/local``. Then no pip runs in the
    final stage, and the bytecode of the base's own pip is not written, either.
    """
    if context.is_buildkit:
        return
    copied = (one for one in context.left if one.stage and one.copy.kind == "COPY")
    for position, members in grouped(copied, lambda one: one.copy.position).items():
        found = _copied(context, context.final.sites[position], members)
        if found is not None:
            yield from _installed(context, found)


def _copied(context: AdviceContext, copy: Site, members: Sequence[Portion]) -> _Copied | None:
    mapping = mapping_of(copy)
    if mapping is None or not mapping.resolved or len(mapping.sources) != 1 or mapping.excludes or mapping.parents:
        return None
    source, target = mapping.sources[0], mapping.destination.rstrip("/")
    if source.pattern.literal is None or target.count("/") < 1 or not target or copy.layer is None:
        return None
    paths = set(files_in(context.filesystem, copy.layer))
    found = {piece.path for portion in members for piece in portion.pieces if piece.layer == copy.layer}
    named = re.compile(rf"(?<![\w./-]){re.escape(target)}(?![\w.-])")
    users = [site for site in context.final.after(copy) if named.search(body(site))]
    if not found or paths != found or not all(is_at_or_below(path, target) for path in paths):
        return None
    if len(users) != 1 or users[0].kind != "RUN" or users[0].stage != copy.stage:
        return None
    if any(is_at_or_below(site.working_directory, target) for site in context.final.after(copy)):
        return None
    run, path = users[0], normal(source.path)
    is_known = len(script_of(run)) <= _LONGEST and all(
        _removes(target, words) or target not in " ".join(words) or is_pip_install(words)
        for words in plain_commands(run)
    )
    if not is_known or not any(is_pip_install(words) for words in plain_commands(run)):
        return None
    return _Copied(copy=copy, run=run, stage=members[0].stage, source=path, target=target, portions=tuple(members))


def _removes(target: str, words: Words) -> bool:
    """Whether a command deletes a directory, or what is in it, and nothing else."""
    paths = [word for word in words[1:] if not word.startswith("-")]
    is_it = all(word.rstrip("/") == target or word.startswith(f"{target}/") for word in paths)
    return words[0].rpartition("/")[2] == "rm" and bool(paths) and is_it


def _installed(context: AdviceContext, found: _Copied) -> Iterator[Proposal]:
    stage = context.timelines.get(found.stage)
    calls = [words for words in plain_commands(found.run) if not _removes(found.target, words)]
    if stage is None or len(calls) != 1 or not _are_alike(context, stage) or not _writes_to_prefix(context, found.run):
        return
    words = [_moved(word, found) for word in calls[0]]
    names = _named_paths(words)
    if not is_pip_install(words) or any(map(_QUOTES.search, script_of(found.run).split())):
        return
    if not all(is_at_or_below(path, found.source) for path in names) or _has_other_words(words):
        return
    at = words.index("install")
    command = f"RUN {' '.join((*words[: at + 1], f'--prefix={_PREFIX}', *words[at + 1 :]))}"
    copy = f"COPY --from={found.copy.flag('from')} {_PREFIX} /usr/local"
    end = stage.sites[-1]
    yield Proposal(
        site=found.copy,
        portions=(*found.portions, *_bytecode_of_base(context, found.run)),
        sentence=f"install at the end of stage {found.stage} (`{command}`), copy that (`{copy}`), and drop the RUN",
        review=_SAME_PYTHON,
        changes=(
            inserting(command, after=end),
            rewriting(found.copy, lambda instruction: copy),
            deleting(found.run),
        ),
    )


def _moved(word: str, found: _Copied) -> str:
    """A word with the path in the stage instead of the one in the final image."""
    return re.sub(rf"(?<![\w./-]){re.escape(found.target)}(?![\w.-])", lambda _: found.source, word)


def _named_paths(words: Words) -> list[str]:
    """The absolute paths that a command names, up to a wildcard."""
    paths = (re.search(r"(?:\A|=)(/[^*?\[]*)", word) for word in words[1:])
    return [normal(path[1]) for path in paths if path is not None]


def _has_other_words(words: Words) -> bool:
    """Whether a call of pip names files relative to a directory, or another place to install to."""
    for at, word in enumerate(words):
        value, width = option(words, at, "-r", "--requirement", "-c", "--constraint")
        if width and not value.startswith("/"):
            return True
        name = word.partition("=")[0]
        if name in ("--prefix", "--target", "-t", "--user", "--root", "-e", "--editable") or word.startswith("."):
            return True
    return False


def _are_alike(context: AdviceContext, stage: Timeline) -> bool:
    """Whether a stage and the final one begin with the same image, of which neither has changed Python."""
    match = context.placement.match
    if match is None or not stage.sites or stage is context.final:
        return False
    bases = [one.base for one in match.build.dockerfile.stages if match.stage_name(one.index) == stage.stage]
    final = match.build.dockerfile.stages[match.build.target].base
    is_same = bases == [final] and all(one.name != final.lower() for one in match.build.dockerfile.stages)
    changed = any(
        site.kind in ("USER", "SHELL", "ENV")
        or (site.kind == "RUN" and any(map(_changes_python, plain_commands(site))))
        for site in stage.sites
    )
    return is_same and not changed


def _changes_python(words: Words) -> bool:
    return (is_pip_install(words) and "install" in words) or "venv" in words or "virtualenv" in words


def _writes_to_prefix(context: AdviceContext, run: Site) -> bool:
    """Whether all that a RUN wrote is below /usr/local, where the base has its Python, and nothing of it is older."""
    filesystem, base = context.filesystem, context.base.layers
    python = filesystem.resolve("/usr/local/bin/python3")
    if run.layer is None or python is None or filesystem.layer_of(python) >= base:
        return False
    kinds = filesystem.kinds
    own = {filesystem.path_in_layer(n) for n in filesystem.numbers(run.layer) if kinds[n] <= Kind.HARDLINK}
    older = {path for layer in range(run.layer) for path in files_in(filesystem, layer)}
    return all(path.startswith("/usr/local/") for path in own) and own.isdisjoint(older)


def _bytecode_of_base(context: AdviceContext, run: Site) -> Iterator[Portion]:
    """The bytecode that a RUN leaves of the base's own modules, which pip is: it is not written if nothing runs."""
    filesystem = context.filesystem
    for portion in context.trades:
        if portion.site is run and portion.rule == "bytecode":
            kept = tuple(
                piece
                for piece in portion.pieces
                if (source := filesystem.live.get(_module(piece.path))) is not None
                and filesystem.layer_of(source) < context.base.layers
            )
            if kept:
                yield replace(portion, pieces=kept)


def _module(bytecode: str) -> str:
    """The module of a file in ``__pycache__`` (PEP 3147)."""
    directory, _, name = bytecode.rpartition("/")
    return f"{directory.removesuffix('/__pycache__')}/{name.partition('.')[0]}.py"


INSTALL_IN_STAGE = Strategy(name="install-in-stage", propose=_propose)
