"""Two reports beside each other: layers, steps, packages, findings."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from layerscope.analysis.diff import by_reports, diff, diff_findings, diff_packages
from layerscope.model.diff import Diff, Status
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.package import Package
from layerscope.model.report import ImageSummary, InstructionReport, LayerReport, PathBytes, Report, Totals


def made(*steps: tuple[str, str, int]) -> Report:
    """A report of steps: text, diff_id (empty for a step without a layer), content bytes."""
    layers: list[LayerReport] = []
    instructions: list[InstructionReport] = []
    for index, (text, diff_id, content_bytes) in enumerate(steps):
        layer = len(layers) if diff_id else None
        if diff_id:
            layers.append(
                LayerReport(index=len(layers), diff_id=diff_id, content_bytes=content_bytes, instruction=index)
            )
        kind, _, rest = text.partition(" ")
        instructions.append(InstructionReport(index=index, kind=kind, text=rest, layer=layer))
    image = ImageSummary(source="x.tar", format="docker-archive", name="x")
    return Report(image=image, totals=Totals(), layers=tuple(layers), instructions=tuple(instructions))


def told(found: Diff) -> list[tuple[str, str]]:
    return [(change.text, change.status.value) for change in found.instructions]


def test_layers_are_shared_by_diff_id_wherever_they_stand() -> None:
    found = diff(
        made(("RUN a", "A", 1), ("RUN b", "B", 20), ("RUN c", "C", 300)),
        made(("RUN a", "A", 1), ("RUN c", "C", 300), ("RUN d", "D", 4000)),
    ).layers
    assert (found.shared, found.shared_prefix, found.shared_bytes) == (2, 1, 301)
    assert (found.before, found.after) == ((1,), (2,))


@pytest.mark.parametrize(
    ("before", "after", "incomplete"),
    [(True, True, []), (False, True, ["first"]), (True, False, ["second"]), (False, False, ["first", "second"])],
)
def test_an_image_that_is_incomplete_is_warned_of(before: bool, after: bool, incomplete: list[str]) -> None:
    found = diff(replace(made(("RUN a", "A", 1)), complete=before), replace(made(("RUN a", "A", 1)), complete=after))
    assert [warning.split(":")[0] for warning in found.warnings] == [
        f"the {side} image is incomplete" for side in incomplete
    ]


def test_a_layer_that_one_image_holds_twice_is_shared_once() -> None:
    found = diff(made(("RUN a", "A", 1), ("RUN b", "A", 1)), made(("RUN a", "A", 1))).layers
    assert (found.shared, found.before, found.after) == (1, (1,), ())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            [("RUN make", "A", 5)], [("RUN make", "B", 7)], [("RUN make", "changed")], id="same text, other layer"
        ),
        pytest.param(
            [("RUN make", "A", 5)], [("COPY x /", "A", 5)], [("COPY x /", "same")], id="same layer, other text"
        ),
        pytest.param(
            [("COPY dir:" + "a" * 64 + " in /", "A", 5)],
            [("COPY dir:" + "b" * 64 + " in /", "B", 5)],
            [("COPY dir:" + "b" * 64 + " in /", "changed")],
            id="a copy of other contents",
        ),
        pytest.param(
            [("RUN a", "A", 1), ("RUN b", "B", 1), ("RUN c", "C", 1)],
            [("RUN a", "A", 1), ("RUN c", "C", 1), ("RUN d", "D", 1)],
            [("RUN a", "same"), ("RUN b", "removed"), ("RUN c", "same"), ("RUN d", "added")],
            id="what went stands where it was",
        ),
        pytest.param([("ENV A=1", "", 0)], [("ENV A=1", "", 0)], [("ENV A=1", "same")], id="steps without layers"),
        pytest.param(
            [("RUN a", "A", 1), ("RUN pip install x", "B", 1), ("RUN c", "C", 1)],
            [("RUN a", "A", 1), ("RUN pip install x y", "D", 5), ("RUN c", "C", 1)],
            [("RUN a", "same"), ("RUN pip install x y", "changed"), ("RUN c", "same")],
            id="an edited step between the same neighbours",
        ),
        pytest.param(
            [("RUN pip install x", "B", 1), ("RUN c", "C", 1)],
            [("RUN c", "C", 1), ("RUN pip install x y", "D", 5)],
            [("RUN pip install x", "removed"), ("RUN c", "same"), ("RUN pip install x y", "added")],
            id="like words elsewhere",
        ),
        pytest.param(
            [("RUN make all", "A", 1)],
            [("RUN curl -O x", "B", 5)],
            [("RUN curl -O x", "added"), ("RUN make all", "removed")],
            id="other words at the same place",
        ),
        pytest.param(
            [("RUN x y z", "A", 1)],
            [("COPY x y z", "B", 5)],
            [("COPY x y z", "added"), ("RUN x y z", "removed")],
            id="another kind of instruction",
        ),
        pytest.param(
            [("ENV A=1", "", 0)], [("ENV A=2", "", 0)], [("ENV A=2", "added"), ("ENV A=1", "removed")], id="other value"
        ),
    ],
)
def test_steps_are_paired_by_layer_and_then_by_text(
    before: Sequence[tuple[str, str, int]],
    after: Sequence[tuple[str, str, int]],
    expected: list[tuple[str, str]],
) -> None:
    assert told(diff(made(*before), made(*after))) == expected


def test_two_steps_that_were_edited_stay_in_their_order() -> None:
    before = made(("RUN add x one", "A", 1), ("RUN add x two", "B", 1))
    after = made(("RUN add x two y", "C", 1), ("RUN add x one y", "D", 1))
    assert [(one.before, one.after) for one in diff(before, after).instructions] == [(0, None), (1, 0), (None, 1)]


def test_many_steps_without_neighbours_are_not_compared_with_each_other() -> None:
    sides = [made(*((f"RUN add {side} {number}", f"{side}{number}", 1) for number in range(3000))) for side in "ab"]
    assert {one.status for one in diff(*sides).instructions} == {Status.ADDED, Status.REMOVED}


def test_layers_without_a_recorded_step_still_count() -> None:
    image = ImageSummary(source="x", format="docker-archive", name="x")
    bare = Report(image=image, totals=Totals(), layers=(LayerReport(index=0, diff_id="Z", content_bytes=9),))
    rows = diff(bare, made(("RUN a", "A", 1))).instructions
    assert sum(row.delta for row in rows) == 1 - 9


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"/": 10}, {"/usr": 4, "/": 3}, {"/": (10, 7)}, id="only one side opened the root"),
        pytest.param(
            {"/usr": 4, "/": 3}, {"/usr": 5, "/": 3}, {"/usr": (4, 5), "/": (3, 3)}, id="both list a directory"
        ),
        pytest.param(
            {"/usr/lib": 4, "/usr/bin": 2}, {"/usr": 7}, {"/usr": (6, 7)}, id="one side lists what lies within"
        ),
        pytest.param(
            {"/usr/lib/python3": 4, "/usr": 1},
            {"/usr/lib": 3, "/usr": 2},
            {"/usr": (5, 5)},
            id="the rest of a directory may lie within the other's",
        ),
        pytest.param({}, {"/app": 3}, {"/app": (0, 3)}, id="an empty image"),
    ],
)
def test_directories_of_saved_reports_are_compared_as_finely_as_both_list_them(
    before: dict[str, int], after: dict[str, int], expected: dict[str, tuple[int, int]]
) -> None:
    sides = [tuple(PathBytes(path=path, content_bytes=size) for path, size in one.items()) for one in (before, after)]
    rows = by_reports(*sides)
    assert {row.name: (row.before_bytes, row.after_bytes) for row in rows} == expected


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        pytest.param(["1.0"], ["1.0"], Status.SAME, id="the same"),
        pytest.param(["1.0"], ["1.1"], Status.CHANGED, id="another version"),
        pytest.param(["1.0"], ["1.0", "2.0"], Status.CHANGED, id="one more version"),
        pytest.param([], ["1.0"], Status.ADDED, id="added"),
        pytest.param(["1.0"], [], Status.REMOVED, id="removed"),
    ],
)
def test_packages_are_compared_by_name_and_versions(before: list[str], after: list[str], status: Status) -> None:
    sides = [tuple(Package(type="npm", name="left-pad", version=version) for version in one) for one in (before, after)]
    (row,) = diff_packages(*sides)
    assert (row.status, row.before, row.after) == (status, tuple(before), tuple(after))


def test_a_package_that_a_layer_removed_again_is_not_there() -> None:
    gone = Package(type="deb", name="gcc", version="12", removed_in=3)
    assert diff_packages([gone], []) == ()


def test_a_distribution_package_stays_the_same_when_the_distribution_changes() -> None:
    sides = [[Package(type="deb", namespace=name, name="bash", version="5")] for name in ("debian", "ubuntu")]
    assert [row.status for row in diff_packages(*sides)] == [Status.SAME]


def test_npm_scopes_keep_packages_apart() -> None:
    sides = [[Package(type="npm", namespace=name, name="core", version="5")] for name in ("@a", "@b")]
    assert {row.name for row in diff_packages(*sides)} == {"@a/core", "@b/core"}


def finding(rule: str, path: str, content_bytes: int, severity: Severity = Severity.LOW) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        kind=FindingKind.LEAK,
        evidence=Evidence.INFERRED,
        title=rule,
        fix="",
        content_bytes=content_bytes,
        paths=(FoundPath(path=path, layer=0, content_bytes=content_bytes, fate="live"),),
    )


def test_findings_are_compared_by_rule_and_place_and_what_stays_comes_first() -> None:
    rows = diff_findings(
        [finding("tests", "/a", 1), finding("git", "/app/.git", 9), finding("npm", "/n", 4)],
        [finding("npm", "/n", 4), finding("key", "/k", 0, Severity.CRITICAL), finding("tests", "/a", 2)],
    )
    assert [(row.rule, row.status.value) for row in rows] == [
        ("npm", "same"),
        ("tests", "changed"),
        ("key", "added"),
        ("git", "removed"),
    ]


def test_a_finding_whose_place_is_told_otherwise_is_known_by_a_path_that_it_keeps() -> None:
    many = finding("headers", "/usr/include/a.h", 1)
    many = replace(
        many, content_bytes=3, paths=(*many.paths, FoundPath(path="/srv/b.h", layer=0, content_bytes=2, fate="live"))
    )
    (row,) = diff_findings([many], [finding("headers", "/usr/include/a.h", 1)])
    assert (row.status, row.before_bytes, row.after_bytes) == (Status.CHANGED, 3, 1)


def test_findings_of_other_rules_at_the_same_path_stay_apart() -> None:
    rows = diff_findings([finding("tests", "/a", 1)], [finding("docs", "/a", 1)])
    assert [(row.rule, row.status) for row in rows] == [("docs", Status.ADDED), ("tests", Status.REMOVED)]


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        pytest.param([("run", 9)], [("base", 9)], (9, 0), id="became the base's"),
        pytest.param([("base", 9)], [("run", 9)], (0, 9), id="no longer the base's"),
        pytest.param([("run", 9)], [("base", 4)], (4, 0), id="a part is gone"),
        pytest.param([("run", 9)], [], (0, 0), id="gone"),
        pytest.param([("run", 9)], [("run", 9)], (0, 0), id="the same"),
        pytest.param([("run", 9), ("base", 5)], [("run", 9), ("base", 8)], (0, 0), id="the base grew by itself"),
        pytest.param([("run", 9), ("base", 5)], [("base", 5)], (0, 0), id="one's own are gone"),
    ],
)
def test_waste_that_is_inherited_now_is_no_improvement(
    before: list[tuple[str, int]], after: list[tuple[str, int]], moved: tuple[int, int]
) -> None:
    one, other = (
        replace(
            made(("RUN a", "A", 1)),
            findings=tuple(replace(finding("tests", "/a", size), source=source) for source, size in side),
        )
        for side in (before, after)
    )
    found = diff(one, other)
    assert (found.now_inherited_bytes, found.no_longer_inherited_bytes) == moved
    assert found.after.inherited_bytes == sum(size for source, size in after if source == "base")


def test_a_trade_is_neither_reclaimable_nor_inherited() -> None:
    own = replace(finding("bytecode", "/a", 9), source="run", trade=True)
    one, other = (replace(made(("RUN a", "A", 1)), findings=(side,)) for side in (own, replace(own, source="base")))
    found = diff(one, other)
    assert (found.now_inherited_bytes, found.after.inherited_bytes) == (0, 0)


def test_an_image_differs_from_itself_in_nothing() -> None:
    report = made(("RUN a", "A", 1), ("ENV B=1", "", 0))
    found = diff(report, report)
    changes = (found.instructions, found.packages, found.directories, found.findings)
    assert {one.status for kind in changes for one in kind} == {Status.SAME}
