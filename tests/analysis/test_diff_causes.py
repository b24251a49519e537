"""Which line of the Dockerfile made how much of a difference."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from layerscope.analysis.amounts import amount
from layerscope.analysis.diff import diff
from layerscope.model.base import Base
from layerscope.model.check import Outcome
from layerscope.model.diff import Cause, Status
from layerscope.model.finding import Evidence
from layerscope.model.report import (
    DockerfileReport,
    ImageSummary,
    InstructionReport,
    LayerReport,
    Report,
    StageReport,
    StageStep,
    Totals,
)

_Row = tuple[int | None, str, str, int]
"""The line in the Dockerfile, the instruction there, the diff_id, and the bytes; no line for a layer of the base."""


def made(*rows: _Row, base: str = "base:1", size: int = 0) -> Report:
    """A report of layers; the history records another text than the Dockerfile."""
    layers, instructions = list[LayerReport](), list[InstructionReport]()
    for index, (line, text, diff_id, content_bytes) in enumerate(rows):
        origin = "base" if line is None else "own"
        layers.append(
            LayerReport(index=index, diff_id=diff_id, content_bytes=content_bytes, instruction=index, origin=origin)
        )
        kind, _, rest = text.partition(" ")
        instruction = InstructionReport(
            index=index,
            kind=kind,
            text=f"recorded {rest}",
            layer=index,
            dockerfile_line=line,
            dockerfile_text=text if line is not None else "",
            source="stage:builder" if "--from=builder" in text else "",
        )
        instructions.append(instruction)
    return Report(
        image=ImageSummary(source="x.tar", format="docker-archive", name="x", docker_size=size),
        totals=Totals(content_bytes=sum(layer.content_bytes for layer in layers)),
        layers=tuple(layers),
        instructions=tuple(instructions),
        base=Base(name=base),
        dockerfile=DockerfileReport(name="Dockerfile", evidence=Evidence.DECLARED, base_line=1),
    )


def causes(before: Report, after: Report) -> Sequence[Cause]:
    found = diff(before, after).causes
    assert sum(one.delta for one in found) == after.totals.content_bytes - before.totals.content_bytes
    return found


BEFORE = made((None, "RUN base", "A", 100), (3, "COPY a /a", "B", 10), (4, "RUN make", "C", 20))


def test_each_line_has_what_it_added_the_biggest_first_with_its_line_before() -> None:
    after = made(
        (None, "RUN base", "A", 100),
        (3, "RUN apt-get install gcc", "G", 70),
        (5, "COPY a /a", "B", 10),
        (6, "RUN make all", "D", 25),
    )
    new, edited = causes(BEFORE, after)
    assert (new.text, new.status, new.before_line, new.after_line) == (
        "RUN apt-get install gcc", Status.ADDED, None, 3
    )  # fmt: skip
    assert (edited.text, edited.before_text, edited.before_line, edited.after_line, edited.delta) == (
        "RUN make all", "RUN make", 4, 6, 5
    )  # fmt: skip


def test_what_only_moved_is_no_cause_and_what_went_has_its_old_line() -> None:
    (gone,) = causes(BEFORE, made((None, "RUN base", "A", 100), (9, "COPY a /a", "B", 10)))
    assert (gone.text, gone.status, gone.before_line, gone.after_line) == ("RUN make", Status.REMOVED, 4, None)


def test_the_layers_of_the_base_are_one_cause_at_its_from() -> None:
    after = made(
        (None, "RUN other", "X", 150), (None, "RUN more", "Y", 30), *((3, "COPY a /a", "B", 10), (4, "RUN make", "C", 20)),
        base="base:2",
    )  # fmt: skip
    (base,) = causes(BEFORE, after)
    assert (base.text, base.before_text, base.before_line, base.after_line, base.delta) == (
        "FROM base:2", "FROM base:1", 1, 1, 80
    )  # fmt: skip


def stage(*steps: tuple[int, str, int]) -> tuple[StageReport, ...]:
    made_by = tuple(StageStep(dockerfile_line=line, text=text, content_bytes=size) for line, text, size in steps)
    return (StageReport(name="builder", made_by=made_by),)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 69), (3, "COPY .", 1)), 59, id="grown"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 10), (3, "RUN npm", 60)), 60, id="another step"),
        pytest.param((), stage((2, "RUN pip", 70)), None, id="one side alone"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 500)), None, id="mostly copied elsewhere"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 15)), None, id="a small part"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 5)), None, id="in the other direction"),
        pytest.param((), stage((2, "RUN pip", 65)), None, id="as much on one side alone"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 40)), 30, id="half of it"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 39)), None, id="less than half of it"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 76)), 66, id="a tenth more than it"),
        pytest.param(stage((2, "RUN pip", 10)), stage((2, "RUN pip", 77)), None, id="over a tenth more"),
    ],
)
def test_a_copy_names_the_step_of_its_stage_that_grew(
    before: tuple[StageReport, ...], after: tuple[StageReport, ...], expected: int | None
) -> None:
    one = replace(made((9, "COPY --from=builder /a /", "A", 10)), stages=before)
    other = replace(made((9, "COPY --from=builder /a /", "B", 70)), stages=after)
    (cause,) = causes(one, other)
    assert (cause.made_bytes if cause.made_by is not None else None) == expected


@pytest.mark.parametrize(
    ("size", "limit", "outcome"),
    [(105, "5%", Outcome.PASS), (106, "5%", Outcome.FAIL), (103, "3B", Outcome.PASS), (104, "3B", Outcome.FAIL)],
)
def test_growth_is_checked_as_check_does(size: int, limit: str, outcome: Outcome) -> None:
    found = diff(made(size=100), made(size=size), max_growth=amount(limit, "--max-growth")).growth
    assert found is not None and found.outcome == outcome
    assert diff(made(size=100), made(size=size)).growth is None


_COPY = "COPY --from=builder /a /"


@pytest.mark.parametrize(
    ("sizes", "before", "after", "expected"),
    [
        pytest.param((70, 10), {"RUN pip": 70}, {"RUN pip": 10}, ("RUN pip", 4, -60), id="it shrank"),
        pytest.param((70, 10), {"RUN pip": 60, "RUN x": 9}, {"RUN x": 9}, ("RUN pip", 3, -60), id="it is gone"),
        pytest.param((10, 11), {"RUN pip": 10}, {"RUN pip": 11}, ("RUN pip", 4, 1), id="a byte"),
        pytest.param((10, 10), {"RUN pip": 10}, {"RUN pip": 10}, None, id="nothing"),
        pytest.param((0, 60), None, {"RUN pip": 60}, ("RUN pip", 4, 60), id="a new instruction"),
        pytest.param((0, 60), None, {}, None, id="a new instruction whose stage is unknown"),
    ],
)
def test_the_step_of_a_stage_is_named_with_its_line(
    sizes: tuple[int, int],
    before: dict[str, int] | None,
    after: dict[str, int],
    expected: tuple[str, int, int] | None,
) -> None:
    one = made() if before is None else made((9, _COPY, "A", sizes[0]))
    one = replace(one, stages=stage(*((3, text, size) for text, size in (before or {}).items())))
    other = replace(made((9, _COPY, "B", sizes[1])), stages=stage(*((4, text, size) for text, size in after.items())))
    (cause,) = causes(one, other)
    found = cause.made_by and (cause.made_by.text, cause.made_by.dockerfile_line, cause.made_bytes)
    assert found == expected


def told(cause: Cause) -> tuple[object, ...]:
    lines = (cause.before_line, cause.after_line)
    return cause.text, cause.before_text, cause.status.value, lines, cause.before_bytes, cause.after_bytes


_BASE, _OWN = (None, "RUN base", "A", 100), (3, "RUN make", "C", 20)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            made(_BASE, _OWN, base="b:1"),
            made((None, "RUN other", "X", 150), _OWN, base="b:2"),
            ("FROM b:2", "FROM b:1", "changed", (1, 1), 100, 150),
            id="another base",
        ),
        pytest.param(
            made(_BASE, _OWN, base="b:1"),
            made((None, "RUN other", "X", 150), _OWN, base="b:1"),
            ("FROM b:1", "", "changed", (1, 1), 100, 150),
            id="the same name",
        ),
        pytest.param(
            made(_OWN, base="b:1"),
            made(_BASE, _OWN, base="b:2"),
            ("FROM b:2", "", "added", (None, 1), 0, 100),
            id="a base",
        ),
        pytest.param(
            made(_BASE, _OWN, base="b:1"),
            made(_OWN, base="b:2"),
            ("FROM b:1", "", "removed", (1, None), 100, 0),
            id="none",
        ),
        pytest.param(
            made(_BASE, (None, "RUN b", "B", 9), _OWN, base=""),
            made(_BASE, _OWN, base=""),
            ("the base image", "", "changed", (1, 1), 109, 100),
            id="one layer less",
        ),
        pytest.param(
            replace(made(_BASE, base="b"), dockerfile=None),
            replace(made(_BASE, (None, "RUN b", "B", 9), base="b"), dockerfile=None),
            ("FROM b", "", "changed", (None, None), 100, 109),
            id="one layer more",
        ),
        pytest.param(
            made(_BASE, (None, "RUN b", "B", 0)), made(_BASE, (None, "RUN c", "C", 0)), None, id="empty layers"
        ),
        pytest.param(made(_BASE, (3, "RUN b", "B", 0)), made(_BASE, (3, "RUN b", "C", 0)), None, id="empty own layers"),
        pytest.param(
            made((3, "RUN make", "A", 1)),
            made((4, "RUN make", "B", 1)),
            ("RUN make", "", "changed", (3, 4), 1, 1),
            id="the same instruction",
        ),
        pytest.param(
            made((3, f"COPY file:{'a' * 64} in /x", "A", 1)),
            made((3, f"COPY file:{'b' * 64} in /x", "B", 2)),
            (f"COPY file:{'b' * 64} in /x", "", "changed", (3, 3), 1, 2),
            id="another checksum",
        ),
    ],
)
def test_a_cause_has_the_words_and_lines_of_both_sides(
    before: Report, after: Report, expected: tuple[object, ...] | None
) -> None:
    assert [told(cause) for cause in diff(before, after).causes] == ([expected] if expected else [])


def test_words_that_only_the_history_has_are_those_of_before() -> None:
    one, other = made((3, "RUN make", "A", 1)), made((3, "RUN make all", "B", 1))
    one = replace(one, instructions=(replace(one.instructions[0], dockerfile_text="", text="make al"),))
    (cause,) = diff(one, other).causes
    assert (cause.text, cause.before_text) == ("RUN make all", "RUN make al")


def test_another_stage_says_nothing_of_a_copy() -> None:
    sides = [
        replace(made((9, _COPY, name, size)), stages=stage((3, "RUN pip", size)))
        for name, size in (("A", 10), ("B", 70))
    ]
    others = [replace(side, stages=(replace(side.stages[0], name="other"),)) for side in sides]
    for one, other in (others, (sides[0], others[1])):
        (cause,) = causes(one, other)
        assert cause.made_by is None
