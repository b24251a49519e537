"""A RUN that changes owner or mode of files and so stores them again: set both where the files are written."""

import shlex
from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change, appending, inserting, rewriting, setting_flag
from layerscope.advice.portions import Portion, mapped
from layerscope.advice.removal import removal_words
from layerscope.advice.runs import body, calls, script_of
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.model.entry import Fate, Kind
from layerscope.model.groups import grouped
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_OWNER = pattern(r"(?P<user>[\w-]+)(?::(?P<group>[\w-]+))?")
_OCTAL = pattern(r"0?[0-7]{3}")
_RECURSIVE = frozenset({"-R", "--recursive"})
_MOST_DIRECTORIES = 4


class _Command(Struct, frozen=True, kw_only=True):
    """The only command of a RUN: ``chown`` or ``chmod``, with what it sets and the paths below which it does."""

    tool: str
    value: str
    paths: tuple[str, ...]

    @property
    def flag(self) -> str:
        """What ``COPY --chown`` or ``--chmod`` takes."""
        if self.tool == "chmod":
            return self.value
        found = _OWNER.fullmatch(self.value)
        return f"{found['user']}:{found['group'] or '0'}" if found else ""

    def covers(self, path: str) -> bool:
        return any(is_at_or_below(path, one) for one in self.paths)


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Set owner and mode where files are written, so that no layer holds them twice.

    A COPY takes ``--chown``; files of a stage get their mode in that stage, since not every builder has ``--chmod``; a
    RUN sets both itself. What is left of the recursive command changes directories alone, which costs nothing.
    """
    for layer, members in grouped(context.of("copied-up"), context.hider_of).items():
        site = context.final.of_layer(layer)
        command = _command(site) if site is not None and site.kind == "RUN" else None
        if site is not None and command is not None:
            yield from _proposal(context, site, command, members)


def _command(site: Site) -> _Command | None:
    """The command of a RUN that does nothing but set owner or mode recursively, by plain words."""
    try:
        words = shlex.split(script_of(site))
    except ValueError:
        return None
    options = [word for word in words[1:] if word.startswith("-")]
    plain = [word for word in words[1:] if not word.startswith("-")]
    if len(plain) < 2 or words[0] not in ("chown", "chmod") or not set(options) <= _RECURSIVE or not options:
        return None
    if any(set(word) & set("$*?[;|&<>`") for word in plain) or (words[0] == "chown" and not _OWNER.fullmatch(plain[0])):
        return None
    return _Command(tool=words[0], value=plain[0], paths=tuple(map(site.path_of, plain[1:])))


def _proposal(context: AdviceContext, site: Site, command: _Command, members: Sequence[Portion]) -> Iterator[Proposal]:
    before = context.final.before(site)
    if any(one.kind == "USER" for one in before) or any(
        calls(body(one), "useradd", "adduser", "groupadd", "addgroup") for one in before if one.kind == "RUN"
    ):
        return
    changes: list[Change] = []
    places: list[str] = []
    for writer in [one for one in before if one.layer is not None and _command(one) is None]:
        found = _written(context, writer, site, command)
        if not found:
            continue
        made = _at_writer(context, writer, command, found)
        if made is None:
            return
        changes += made[0]
        places.append(made[1])
    directories = _directories(context, site, command)
    if changes and directories:
        rest = f"{command.tool} {command.value} {' '.join(map(shlex.quote, directories))}"
        changes.append(rewriting(site, lambda instruction: f"RUN {rest}"))
        yield Proposal(
            site=site,
            portions=tuple(members),
            sentence=f"set {'the owner' if command.tool == 'chown' else 'the mode'} where the files are written "
            f"({', '.join(places)}), and here only that of directories: `{rest}`",
            changes=tuple(changes),
        )


def _written(context: AdviceContext, writer: Site, site: Site, command: _Command) -> list[str]:
    """The files that an instruction writes, which the command then stores again or would."""
    filesystem = context.filesystem
    if writer.layer is None or site.layer is None:
        return []
    found = []
    for number in filesystem.numbers(writer.layer):
        hidden, path = filesystem.hidden_by[number], filesystem.path_in_layer(number)
        is_there = hidden < 0 or hidden >= site.layer or filesystem.fates[number] == Fate.COPIED_UP
        if filesystem.kinds[number] <= Kind.SYMLINK and is_there and command.covers(path):
            found.append(path)
    return found


def _at_writer(
    context: AdviceContext, writer: Site, command: _Command, paths: Sequence[str]
) -> tuple[list[Change], str] | None:
    """The changes that let an instruction write with the owner or mode, and where; None where it cannot."""
    if writer.resolved is None or writer.line is None:
        return None
    line = f"line {writer.line}"
    if writer.kind == "RUN" and writer.layer is not None:
        words = removal_words(context.filesystem, writer.layer, paths)
        if not words:
            return None
        return [appending(writer, f"{command.tool} -R {command.value} {' '.join(words)}")], line
    if writer.kind not in ("COPY", "ADD") or not command.covers(normal(writer.resolved.destination.text)):
        return None
    if command.tool == "chown":
        return [setting_flag(writer, "chown", command.flag)], line
    if context.is_buildkit and _OCTAL.fullmatch(command.value):
        return [setting_flag(writer, "chmod", command.flag)], line
    return _in_stage(context, writer, command)


def _in_stage(context: AdviceContext, writer: Site, command: _Command) -> tuple[list[Change], str] | None:
    """The mode of what a COPY brings from a stage, set at the end of that."""
    sources = writer.resolved.inputs if writer.resolved is not None else ()
    match = context.placement.match
    if match is None or len(sources) != 1 or sources[0].stage is None:
        return None
    stage = match.stage_name(sources[0].stage)
    end, destination = stage_end(context, stage), normal(writer.resolved.destination.text) if writer.resolved else ""
    inside = [path for path in command.paths if is_at_or_below(path, destination)] or [destination]
    paths = [mapped(writer, path) for path in inside]
    if end is None or not all(paths):
        return None
    words = " ".join(map(shlex.quote, paths))
    return [inserting(f"RUN {command.tool} -R {command.value} {words}", after=end)], f"stage {stage}"


def _directories(context: AdviceContext, site: Site, command: _Command) -> tuple[str, ...]:
    """The directories that no instruction above makes with the owner or mode: a WORKDIR's, and the paths themselves."""
    filesystem = context.filesystem
    made = {
        filesystem.path_in_layer(number)
        for one in context.final.before(site)
        if one.kind == "WORKDIR" and one.layer is not None
        for number in filesystem.numbers(one.layer)
    }
    found = sorted({*(path for path in made if command.covers(path)), *command.paths})
    return tuple(found) if len(found) <= _MOST_DIRECTORIES else ()


OWNER_AND_MODE = Strategy(name="owner-and-mode", propose=_propose)
