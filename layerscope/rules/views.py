"""Questions of several rules about a context."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from layerscope.model.entry import Fate, Kind
from layerscope.model.finding import Severity
from layerscope.model.instruction import Instruction
from layerscope.model.limits import MIB
from layerscope.rules.rule import RuleContext

MOST_BYTES, MOST_LINES = 16 * MIB, 100_000
"""What the files of all projects that a rule compares may hold together; each line takes some 400 bytes."""


def living(context: RuleContext) -> tuple[int, ...]:
    """The matches that the final file system still holds."""
    fates, live = context.filesystem.fates, Fate.LIVE
    return tuple([number for number in context.matches if fates[number] == live])


def files(context: RuleContext, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those that are regular files or hardlinks."""
    kinds, last = context.filesystem.kinds, Kind.HARDLINK
    return tuple([number for number in sorted(set(numbers)) if kinds[number] <= last])


def texts(context: RuleContext, rule: str, numbers: Iterable[int]) -> list[tuple[str, bytes]]:
    """Path and content of each version.

    None of them, with a warning, where they exceed a limit together, since each decides what the others mean.
    """
    found = list[tuple[str, bytes]]()
    left_bytes, left_lines = MOST_BYTES, MOST_LINES
    for number in numbers:
        data = context.filesystem.read(number) or b""
        left_bytes, left_lines = left_bytes - len(data), left_lines - data.count(b"\n")
        if left_bytes < 0 or left_lines < 0:
            warn_of_limits(context, rule, f"{MOST_BYTES:,} bytes or {MOST_LINES:,} lines")
            return []
        found.append((context.filesystem.paths[number], data))
    return found


def warn_of_limits(context: RuleContext, rule: str, limits: str) -> None:
    context.warn(f"{rule}: files that say what projects need hold more than {limits}; none was looked at")


def within(path: str, directories: AbstractSet[str]) -> bool:
    """Whether a path lies below one of the directories, in time that does not grow with their number."""
    parent = path.rpartition("/")[0]
    while parent and parent not in directories:
        parent = parent.rpartition("/")[0]
    return parent in directories


def under(context: RuleContext, directories: AbstractSet[str]) -> tuple[int, ...]:
    """The live versions below any of these directories, also where a layer lists no directories of its own."""
    if not directories:
        return ()
    inside = (members for parent, members in context.filesystem.children.items() if within(f"{parent}/", directories))
    return tuple(sorted(number for members in inside for number in members))


def compiled_from(context: RuleContext, number: int) -> int | None:
    """The live module that a ``.pyc`` in a ``__pycache__`` was compiled from (PEP 3147); None for any other file."""
    folder, cache, name = context.filesystem.paths[number].rpartition("/__pycache__/")
    return context.filesystem.live.get(f"{folder}/{name.partition('.')[0]}.py") if cache else None


def is_written_by_running(context: RuleContext, number: int) -> bool:
    """Whether Python compiled a module that a lower layer had brought, as it does when it imports one."""
    source = compiled_from(context, number)
    return source is not None and context.filesystem.layer_of(source) < context.filesystem.layer_of(number)


def content_bytes(context: RuleContext, numbers: Iterable[int]) -> int:
    """The sum of the versions' lengths."""
    return sum(map(context.filesystem.sizes.__getitem__, numbers))


def made_by(context: RuleContext, layer: int) -> Instruction | None:
    """The instruction that made a layer, None if the history does not say, or if several did."""
    return context.makers.get(layer)


def calls(context: RuleContext, *tools: str) -> bool:
    """Whether one of the tools is called."""
    return not context.called.isdisjoint(tools)


def named_below(context: RuleContext, *trees: str) -> tuple[str, ...]:
    """What commands, Env or the working directory name below these directories, each with a slash at its end."""
    config, words = context.image.config, context.command_words
    values = (*words, *(variable.partition("=")[2] for variable in config.env), config.working_dir)
    named = {value.rstrip("/") for text in values for value in text.split(":")}
    below = tuple(f"{tree}/" for tree in trees)
    return tuple(f"{value}/" for value in named if value.startswith(below))


def runs_dotnet(context: RuleContext, *also: str) -> bool:
    """Whether the image starts ``dotnet run``, which needs the SDK and its packages, or another of its commands."""
    return calls(context, "dotnet") and not {"run", "watch", *also}.isdisjoint(context.command_words)


def weight(total_bytes: int) -> Severity:
    """How much waste of that many bytes matters where nothing else does."""
    return Severity.LOW if total_bytes < 100_000 else Severity.MEDIUM if total_bytes < 10_000_000 else Severity.HIGH
