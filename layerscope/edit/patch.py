"""Unified diffs that ``git apply`` and ``patch -p1`` take (POSIX, "diff -u")."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from msgspec import Struct

from layerscope.errors import EditError

CONTEXT = 3
MAX_COMPARED = 2_000
"""The most lines on either side that are compared one by one; of more, all from the first to the last change is one."""


class Hunk(Struct, frozen=True, kw_only=True):
    """A hunk of a diff: the lines of the old and the new file that it spans, context included, and its text.

    A range counts from 1 and ends before its second number. ``changes`` are the parts without context, each a range
    of the old and one of the new file; an empty range stands before the line where lines come or go.
    """

    path: str
    old: tuple[int, int]
    new: tuple[int, int]
    changes: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    text: str


class FileDiff(Struct, frozen=True, kw_only=True):
    """What changes in one file; ``header`` are the two lines that name it."""

    path: str
    header: str
    hunks: tuple[Hunk, ...]

    @property
    def text(self) -> str:
        """The diff of this file."""
        return self.header + "".join(hunk.text for hunk in self.hunks)


def unified_diff(before: Mapping[str, str | None], after: Mapping[str, str]) -> str:
    """The diff from ``before`` to ``after``, by path; None, or no entry, is a file that is not there yet."""
    return "".join(each.text for each in file_diffs(before, after))


def file_diffs(before: Mapping[str, str | None], after: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """The files that change, in the order of ``after``; raises EditError for a path that a diff cannot name."""
    return tuple(_diff(path, before.get(path), text) for path, text in after.items() if before.get(path) != text)


def _diff(path: str, old: str | None, new: str) -> FileDiff:
    if not path or path.startswith(("/", "../")) or "/../" in path or any(each in path for each in '\n\r\t"\\'):
        raise EditError(f"a patch cannot name the file {path!r}")
    # A tab ends the name: without it, both tools would end it at the first blank.
    end = "\t\n" if " " in path else "\n"
    header = f"--- {'/dev/null' if old is None else f'a/{path}{end[:-1]}'}\n+++ b/{path}{end}"
    if old is None and not new:
        header = f"diff --git a/{path} b/{path}\nnew file mode 100644\n"
    return FileDiff(path=path, header=header, hunks=tuple(_hunks(path, old or "", new)))


def _hunks(path: str, old: str, new: str) -> Iterator[Hunk]:
    before, after = (text.split("\n") for text in (old, new))
    left, right = (
        [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else []) for lines in (before, after)
    )
    for group in _groups(left, right):
        changes = [each for each in group if each[0] != "equal"]
        low, high = group[0], group[-1]
        lines: list[str] = []
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                lines.extend(_line(" ", line) for line in left[start:end])
                continue
            lines.extend(_line("-", line) for line in left[start:end])
            lines.extend(_line("+", line) for line in right[new_start:new_end])
        place = f"@@ -{_range(low[1], high[2])} +{_range(low[3], high[4])} @@\n"
        yield Hunk(
            path=path,
            old=(low[1] + 1, high[2] + 1),
            new=(low[3] + 1, high[4] + 1),
            changes=tuple(((each[1] + 1, each[2] + 1), (each[3] + 1, each[4] + 1)) for each in changes),
            text=place + "".join(lines),
        )


_Opcode = tuple[str, int, int, int, int]


def _groups(left: list[str], right: list[str]) -> Iterator[list[_Opcode]]:
    """Changes with their context; those with no more than twice the context between them are together."""
    group: list[_Opcode] = []
    for tag, start, end, new_start, new_end in _opcodes(left, right):
        if tag != "equal":
            group.append((tag, start, end, new_start, new_end))
            continue
        length = end - start
        more = end < len(left) or new_end < len(right)
        if group and length <= 2 * CONTEXT and more:
            group.append((tag, start, end, new_start, new_end))
            continue
        if group:
            after = min(CONTEXT, length)
            yield [*group, (tag, start, start + after, new_start, new_start + after)]
        before = min(CONTEXT, length)
        group = [(tag, end - before, end, new_end - before, new_end)] if more else []
    if group and group[-1][0] != "equal":
        yield group


def _opcodes(left: list[str], right: list[str]) -> Iterator[_Opcode]:
    """What is equal and what changes, from the first line to the last; equal parts do not adjoin."""
    first = 0
    while first < min(len(left), len(right)) and left[first] == right[first]:
        first += 1
    last = 0
    while last < min(len(left), len(right)) - first and left[-1 - last] == right[-1 - last]:
        last += 1
    ends = len(left) - last, len(right) - last
    middle = left[first : ends[0]], right[first : ends[1]]
    if max(map(len, middle)) > MAX_COMPARED:
        changes: list[_Opcode] = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        changes = list(SequenceMatcher(None, *middle, autojunk=False).get_opcodes())
    head: _Opcode = ("equal", 0, first, 0, first)
    tail: _Opcode = ("equal", ends[0], len(left), ends[1], len(right))
    parts = [head, *((tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in changes), tail]
    merged: list[_Opcode] = []
    for tag, start, end, new_start, new_end in parts:
        if tag == "equal" and merged and merged[-1][0] == "equal":
            start, new_start = merged[-1][1], merged.pop()[3]
        merged.append((tag, start, end, new_start, new_end))
    yield from (each for each in merged if each[1] < each[2] or each[3] < each[4])


def _line(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    """A range as diff writes it: an empty one stands behind the line before it."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + (count > 0)},{count}"
