"""The files of a build that advice changes, and the changes: pure functions from files to files."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import Plan, WordEdit, Words
from layerscope.errors import EditError
from layerscope.model.paths import is_at_or_below
from layerscope.model.step import Edit

if TYPE_CHECKING:  # What edits is loaded only for a Dockerfile.
    from layerscope.edit.commands import Command
    from layerscope.edit.document import Document, EditableInstruction
    from layerscope.edit.shell import Script


class BuildFiles(Struct, frozen=True, kw_only=True):
    """The Dockerfile and the .dockerignore with the paths that a patch gives them.

    ``ignore`` is empty where there is no such file yet. ``places`` are the two files on the disk. Where
    ``is_context_known`` is false, nobody knows where the second belongs. ``moved`` maps the line of an instruction that
    was joined to another to the line of that, so that later changes find what it did.
    """

    dockerfile: "Document"
    dockerfile_path: str = "Dockerfile"
    ignore: str = ""
    ignore_path: str = ".dockerignore"
    places: tuple[str, str] = ("Dockerfile", ".dockerignore")
    is_context_known: bool = True
    moved: Mapping[int, int] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """The text of each file by its path."""
        return {self.dockerfile_path: self.dockerfile.text, self.ignore_path: self.ignore}


Change = Callable[[BuildFiles], BuildFiles]
"""A change to the files; raises EditError where it cannot be made without a guess."""


def ignoring(patterns: Sequence[str]) -> Change:
    """Keep what matches the patterns out of the build context, unless an exception names it, or something in it."""

    def change(files: BuildFiles) -> BuildFiles:
        from layerscope.edit.ignore import read_patterns, with_patterns

        if not files.is_context_known:
            raise EditError("where .dockerignore belongs is not known: --context DIR names the build context")
        for each in read_patterns(files.ignore):
            on_purpose = each.is_exception and any(is_at_or_below(f"/{each.text}", f"/{one}") for one in patterns)
            if on_purpose:
                raise EditError(f"`!{each.text}` in {files.ignore_path} keeps files on purpose")
        return replace(files, ignore=with_patterns(files.ignore, patterns))

    return change


def deleting(site: Site, *, into: Site | None = None) -> Change:
    """Delete an instruction; ``into`` is the one that does its work from now on, so that later changes find that."""

    def change(files: BuildFiles) -> BuildFiles:
        document = files.dockerfile.delete(_number(files, site))
        return replace(files, dockerfile=document, moved=_moved(files, site, into))

    return change


def _moved(files: BuildFiles, site: Site, into: Site | None) -> Mapping[int, int]:
    """Where instructions went, with one more that another now stands for."""
    if site.line is None or into is None or into.line is None:
        return files.moved
    return {**files.moved, site.line: into.line}


def rewriting(site: Site, rewrite: Callable[["EditableInstruction"], str]) -> Change:
    """Give an instruction a new source text, which ``rewrite`` makes from the instruction as it now stands."""

    def change(files: BuildFiles) -> BuildFiles:
        document, number = files.dockerfile, _number(files, site)
        return replace(files, dockerfile=document.replace(number, rewrite(document.instruction(number))))

    return change


def appending(site: Site, command: str) -> Change:
    """End a RUN with one more command."""
    return _scripting(site, lambda script: script.append(command))


def prepending(site: Site, command: str) -> Change:
    """Begin a RUN with one more command."""
    return _scripting(site, lambda script: script.prepend(command))


def removing_words(site: Site, command: str, words: Sequence[str]) -> Change:
    """Remove words from every call of a command in a RUN, such as packages from ``apt-get install``."""

    def plan(texts: Words) -> WordEdit | None:
        end = _end_of(texts, command.split())
        places = frozenset(place for place, text in enumerate(texts) if place >= end > 0 and text in words)
        return WordEdit(remove=places) if places else None

    return editing_words(site, plan)


def editing_words(site: Site, plan: Plan) -> Change:
    """Change the words of every command of a RUN that a plan is for; the RUN goes where nothing is left of it."""

    def change(files: BuildFiles) -> BuildFiles:
        document, number = files.dockerfile, _number(files, site)
        script = _script(document, number)
        planned = {one.index: edit for one in script.commands if (edit := plan(_texts(one))) is not None}
        if not planned:
            raise EditError(f"`{site}` calls the command in a way that is not understood")
        for index, edit in sorted(planned.items(), reverse=True):
            if edit.deletes and len(script.elements) == 1:
                return replace(files, dockerfile=document.delete(number))
            script = _edited(script, index, edit)
        return replace(files, dockerfile=document.replace(number, script.source))

    return change


def _texts(command: "Command") -> list[str]:
    return [word.source if word.text is None else word.text for word in command.words]


def _edited(script: "Script", index: int, edit: WordEdit) -> "Script":
    if edit.deletes:
        return _again(script, script.remove_command(script.commands[index]))
    removed = set(edit.remove)
    for after, words in sorted(edit.add.items(), reverse=True):
        script = _again(script, script.add_words(script.commands[index], after, words))
        removed = {at + len(words) if at > after else at for at in removed}
    if removed:
        script = _again(script, script.remove_words(script.commands[index], removed))
    return script


def _script(document: "Document", number: int) -> "Script":
    """The shell script of a RUN, by its id."""
    from layerscope.edit.shell import Script  # It needs the extra ``fix``.

    return Script.read(document.instruction(number).source, document.escape, shell=document.shell(number))


def _again(script: "Script", source: str) -> "Script":
    """The script of a source that an edit of it gave."""
    return script.read(source, script.escape, shell=script.shell)


def joining(first: Site, last: Site, *, directory: str = "") -> Change:
    """Make two RUNs one, in the place of the second, whose working directory is given where it is known."""

    def change(files: BuildFiles) -> BuildFiles:
        from layerscope.edit.shell import joined  # It needs the extra ``fix``.

        document = files.dockerfile
        numbers = [_number(files, site) for site in (first, last)]
        if numbers[0] == numbers[1]:
            return files  # Another change has joined them.
        order = [one.id for one in document.instructions if one.id in numbers]
        if order != numbers:
            raise EditError(f"`{first}` no longer stands above `{last}`")
        source = joined(*(_script(document, number) for number in numbers), directory=directory)
        dockerfile = document.delete(numbers[0]).replace(numbers[1], source)
        return replace(files, dockerfile=dockerfile, moved=_moved(files, first, last))

    return change


def _end_of(texts: Words, wanted: Sequence[str]) -> int:
    """Where the words that name a command end; 0 where they are not there. The program may have a directory."""
    names = [text.rpartition("/")[2] for text in texts]
    for start in range(len(names) - len(wanted) + 1):
        if names[start : start + len(wanted)] == list(wanted):
            return start + len(wanted)
    return 0


def _scripting(site: Site, rewrite: Callable[["Script"], str]) -> Change:
    """Rewrite the shell script of a RUN."""

    def change(files: BuildFiles) -> BuildFiles:
        document, number = files.dockerfile, _number(files, site)
        return replace(files, dockerfile=document.replace(number, rewrite(_script(document, number))))

    return change


def setting_flag(site: Site, name: str, value: str) -> Change:
    """Set a flag of a COPY or ADD."""

    def rewrite(instruction: "EditableInstruction") -> str:
        from layerscope.edit.copying import set_flag

        return set_flag(instruction, name, value)

    return rewriting(site, rewrite)


def copying_to(site: Site, destination: str) -> Change:
    """Give a COPY or ADD another destination."""

    def rewrite(instruction: "EditableInstruction") -> str:
        from layerscope.edit.copying import with_destination

        return with_destination(instruction, destination)

    return rewriting(site, rewrite)


def mounting(site: Site, mount: str) -> Change:
    """Mount something into a RUN."""
    keyword = len("RUN")
    return rewriting(site, lambda one: f"{one.source[:keyword]} --mount={mount}{one.source[keyword:]}")


def inserting(source: str, *, after: Site) -> Change:
    """Insert an instruction below another, unless the rest of the stage has it already."""

    def change(files: BuildFiles) -> BuildFiles:
        document, number = files.dockerfile, _number(files, after)
        present = document.instruction(number)
        place = document.instructions.index(present)
        rest = (one for one in document.instructions[place + 1 :] if one.stage == present.stage)
        if any(one.source.strip() == source for one in rest):
            return files
        return replace(files, dockerfile=document.insert_after(number, source))

    return change


def naming_stage(index: int, name: str) -> Change:
    """Give a stage without a name one."""

    def rewrite(instruction: "EditableInstruction") -> str:
        if len(instruction.parsed.arguments) != 1:
            raise EditError(f"stage {index} cannot be given a name")
        return f"{instruction.source.rstrip()} AS {name}"

    return rewriting_from(index, rewrite)


def rewriting_from(stage: int, rewrite: Callable[["EditableInstruction"], str]) -> Change:
    """Give the FROM of a stage a new source text."""

    def change(files: BuildFiles) -> BuildFiles:
        document = files.dockerfile
        found = [one for one in document.instructions if one.keyword == "FROM" and one.stage == stage]
        if len(found) != 1 or found[0].id is None or not found[0].parsed.arguments:
            raise EditError(f"stage {stage} has no FROM of its own")
        return replace(files, dockerfile=document.replace(found[0].id, rewrite(found[0])))

    return change


def inserting_above(source: str, site: Site) -> Change:
    """Insert an instruction above another."""
    return lambda files: replace(files, dockerfile=files.dockerfile.insert_before(_number(files, site), source))


def _number(files: BuildFiles, site: Site) -> int:
    """The id of an instruction in the Dockerfile; raises EditError where an earlier change has deleted it."""
    line = site.line
    while line is not None and line in files.moved:
        line = files.moved[line]
    found = files.dockerfile.by_line(line) if line is not None else None
    if found is None or found.id is None:
        raise EditError(f"`{site}` is not in the Dockerfile any more")
    return found.id


def applied(files: BuildFiles, changes: Sequence[Change]) -> BuildFiles:
    """The files after all changes, one after the other."""
    for change in changes:
        files = change(files)
    return files


def edits(before: BuildFiles, after: BuildFiles) -> tuple[Edit, ...]:
    """The lines that differ, file by file, from the top down."""
    from layerscope.edit.patch import file_diffs

    old, new = before.texts(), after.texts()
    return tuple(
        Edit(file=diff.path, line=start, removed=_lines(old[diff.path], start, end), added=_lines(new[diff.path], *to))
        for diff in file_diffs(old, new)
        for hunk in diff.hunks
        for (start, end), to in hunk.changes
    )


def _lines(text: str, start: int, end: int) -> tuple[str, ...]:
    """The lines from ``start`` to below ``end``, without their ends; only a line feed ends one in a Dockerfile."""
    return tuple(line.removesuffix("\r") for line in text.split("\n")[start - 1 : end - 1])
