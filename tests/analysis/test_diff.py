"""Two reports beside each other: layers, steps, packages, findings."""

from collections.abc import Iterable, Sequence

import pytest
from msgspec.structs import replace

from layerscope.analysis.diff import by_files, by_reports, diff
from layerscope.analysis.diff_findings import diff_findings, paired
from layerscope.analysis.diff_findings import found as found_of
from layerscope.analysis.diff_packages import PackageRows, diff_packages
from layerscope.model.diff import Diff, FindingChange, PackageChange, PathChange, Status
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.package import Package
from layerscope.model.report import (
    DockerfileReport,
    ImageSummary,
    InstructionReport,
    LayerReport,
    PathBytes,
    Report,
    StageReport,
    Totals,
)


def _findings(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[FindingChange, ...]:
    return diff_findings(paired(found_of(before), found_of(after)))


def _packages(before: Iterable[Package], after: Iterable[Package]) -> tuple[PackageChange, ...]:
    return diff_packages(PackageRows(before), PackageRows(after))


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
        pytest.param({"/a\x01": 4}, {"/a": 3}, {"/a\x01": (4, 0), "/a": (0, 3)}, id="a control character"),
        pytest.param({"/a/b/c": 4}, {"/a": 7}, {"/a": (4, 7)}, id="one side lists what lies far within"),
        pytest.param(
            {"/a/b/c": 4, "/a": 2, "/x": 1},
            {"/a/b/d": 8, "/a": 7, "/y": 1},
            {"/a": (6, 15), "/x": (1, 0), "/y": (0, 1)},
            id="both list a directory and other ones within",
        ),
        pytest.param({"/a/b": 4}, {"/a/c": 7}, {"/a/b": (4, 0), "/a/c": (0, 7)}, id="neither lists the one around"),
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
    (row,) = _packages(*sides)
    assert (row.status, row.before, row.after) == (status, tuple(before), tuple(after))


def test_a_package_that_a_layer_removed_again_is_not_there() -> None:
    gone = Package(type="deb", name="gcc", version="12", removed_in=3)
    assert _packages([gone], []) == ()


def test_a_distribution_package_stays_the_same_when_the_distribution_changes() -> None:
    sides = [[Package(type="deb", namespace=name, name="bash", version="5")] for name in ("debian", "ubuntu")]
    assert [row.status for row in _packages(*sides)] == [Status.SAME]


def test_npm_scopes_keep_packages_apart() -> None:
    sides = [[Package(type="npm", namespace=name, name="core", version="5")] for name in ("@a", "@b")]
    assert {row.name for row in _packages(*sides)} == {"@a/core", "@b/core"}


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
    rows = _findings(
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
    (row,) = _findings([many], [finding("headers", "/usr/include/a.h", 1)])
    assert (row.status, row.before_bytes, row.after_bytes) == (Status.CHANGED, 3, 1)


def test_findings_of_other_rules_at_the_same_path_stay_apart() -> None:
    rows = _findings([finding("tests", "/a", 1)], [finding("docs", "/a", 1)])
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
        pytest.param([("run", 9), ("base", 5)], [("run", 12), ("base", 8)], (0, 0), id="both grew"),
        pytest.param([("run", 12), ("base", 8)], [("run", 9), ("base", 5)], (0, 0), id="both shrank"),
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


def pairs(before: Report, after: Report) -> list[tuple[int | None, int | None, str]]:
    """The places of each pair of instructions in either image, and what became of it."""
    return [(one.before, one.after, one.status.value) for one in diff(before, after).instructions]


_A, _B = ("file:" + letter * 64 for letter in "ab")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            [("RUN a", "A", 1), ("RUN b", "A", 1)],
            [("RUN b", "A", 1), ("RUN a", "A", 1)],
            [(1, 0, "same"), (0, 1, "same")],
            id="by layer and text before layer",
        ),
        pytest.param(
            [(f"COPY {_A} in /x", "A", 1), (f"COPY {_B} in /x", "B", 1)],
            [(f"COPY {_B} in /x", "C", 1), (f"COPY {_A} in /x", "D", 1)],
            [(1, 0, "changed"), (0, 1, "changed")],
            id="by text before text without checksums",
        ),
        pytest.param(
            [("RUN x y z", "", 0)],
            [("RUN x y z", "A", 1)],
            [(None, 0, "added"), (0, None, "removed")],
            id="a step that makes a layer is no step that makes none",
        ),
        pytest.param(
            [(f"COPY {_A} in /x", "", 0)],
            [(f"COPY {_B} in /x", "A", 1)],
            [(None, 0, "added"), (0, None, "removed")],
            id="nor without checksums",
        ),
        pytest.param(
            [("RUN a", "A", 0)],
            [("RUN b", "A", 0)],
            [(None, 0, "added"), (0, None, "removed")],
            id="empty layers say nothing",
        ),
        pytest.param(
            [("RUN a", "A", 1), ("RUN a", "B", 1)],
            [("RUN a", "A", 1)],
            [(0, 0, "same"), (1, None, "removed")],
            id="what is paired takes no other",
        ),
        pytest.param(
            [("RUN a", "A", 1)],
            [("RUN a", "A", 1), ("RUN a", "B", 1)],
            [(0, 0, "same"), (None, 1, "added")],
            id="nor is it taken again",
        ),
        pytest.param(
            [("ENV A=1 B=2 C=3", "", 0)],
            [("ENV A=1 B=2 C=4", "", 0)],
            [(None, 0, "added"), (0, None, "removed")],
            id="steps without layers are not edited",
        ),
        pytest.param(
            [("RUN add x y z", "", 0)],
            [("RUN add x y w", "A", 1)],
            [(None, 0, "added"), (0, None, "removed")],
            id="nor become steps with one",
        ),
        pytest.param(
            [("RUN add x y z", "A", 1)],
            [("RUN add x y w", "", 0)],
            [(None, 0, "added"), (0, None, "removed")],
            id="nor lose theirs",
        ),
        pytest.param(
            [("RUN a b c d", "A", 1), ("RUN x", "X", 1)],
            [("RUN a b c e", "N", 1), ("RUN x", "X", 1), ("RUN a b c d", "A", 1)],
            [(None, 0, "added"), (1, 1, "same"), (0, 2, "same")],
            id="what moved is not edited as well",
        ),
        pytest.param(
            [("RUN a b c d", "A", 1), ("RUN x", "X", 1), ("RUN a b c e", "N", 1)],
            [("RUN x", "X", 1), ("RUN a b c d", "A", 1)],
            [(1, 0, "same"), (0, 1, "same"), (2, None, "removed")],
            id="nor is it what another became",
        ),
        pytest.param([("RUN a b", "A", 1)], [("RUN a c", "B", 1)], [(0, 0, "changed")], id="half of the words"),
        pytest.param(
            [("RUN a b c", "A", 1)],
            [("RUN a d e", "B", 1)],
            [(None, 0, "added"), (0, None, "removed")],
            id="less than half of the words",
        ),
        pytest.param(
            [("RUN a b c", "A", 1), ("RUN a b d", "B", 1)],
            [("RUN a b e", "C", 1)],
            [(0, 0, "changed"), (1, None, "removed")],
            id="of two alike the first",
        ),
        pytest.param(
            [("RUN a b c", "A", 1), ("RUN a b d", "B", 1)],
            [("RUN a b d e", "C", 1)],
            [(0, None, "removed"), (1, 0, "changed")],
            id="of two the one that is more alike",
        ),
        pytest.param([("RUN", "A", 1)], [("RUN", "B", 1)], [(0, 0, "changed")], id="no words at all"),
        pytest.param(
            [("RUN", "A", 1)],
            [("RUN x", "B", 1)],
            [(None, 0, "added"), (0, None, "removed")],
            id="no words on one side",
        ),
        pytest.param(
            [("RUN a", "A", 1), ("RUN b", "B", 1), ("RUN c", "C", 1), ("RUN d", "D", 1)],
            [("RUN d", "D", 1), ("RUN e", "E", 1)],
            [(0, None, "removed"), (1, None, "removed"), (2, None, "removed"), (3, 0, "same"), (None, 1, "added")],
            id="what went before it and what came after",
        ),
    ],
)
def test_each_step_has_at_most_one_partner(
    before: Sequence[tuple[str, str, int]],
    after: Sequence[tuple[str, str, int]],
    expected: list[tuple[int | None, int | None, str]],
) -> None:
    assert pairs(made(*before), made(*after)) == expected


@pytest.mark.parametrize(("count", "status"), [(50, Status.CHANGED), (51, None)])
def test_fifty_steps_between_two_neighbours_are_compared(count: int, status: Status | None) -> None:
    sides = [made(*((f"RUN add like x{n} {side}", f"{side}{n}", 1) for n in range(count))) for side in "ab"]
    rows = diff(*sides).instructions
    assert {one.status for one in rows} == ({status} if status else {Status.ADDED, Status.REMOVED})
    assert [one.before for one in rows if one.before is not None] == list(range(count))


def test_a_line_of_the_dockerfile_is_known_by_its_own_words() -> None:
    one, other = made(("RUN recorded so", "A", 1)), made(("RUN otherwise", "B", 1))
    sides = [
        replace(side, instructions=(replace(side.instructions[0], dockerfile_text="RUN make", dockerfile_line=line),))
        for side, line in ((one, 3), (other, 4))
    ]
    [row] = diff(*sides).instructions
    assert (row.text, row.status, row.before_line, row.after_line) == ("RUN make", Status.CHANGED, 3, 4)
    without = replace(sides[1], instructions=(replace(sides[1].instructions[0], layer=None),), layers=())
    assert len(diff(sides[0], without).instructions) == 2


def unrecorded(report: Report, *places: int) -> Report:
    """The report with layers of one byte at some places of which no instruction is recorded."""
    layers = list(report.layers)
    for place in places:
        layers.insert(place, LayerReport(index=place, diff_id=f"Z{place}", content_bytes=1))
    return replace(report, layers=tuple(replace(layer, index=index) for index, layer in enumerate(layers)))


def test_layers_without_a_recorded_step_stand_in_their_order() -> None:
    report = unrecorded(made(("RUN a", "A", 1), ("RUN b", "B", 1)), 0, 2, 4)
    rows = diff(report, report).instructions
    assert [(row.before_layer, row.after_layer, row.status.value) for row in rows] == [
        (layer, layer, "same") for layer in range(5)
    ]
    assert [row.text for row in rows] == ["no instruction is recorded", "RUN a"] + [
        "no instruction is recorded",
        "RUN b",
        "no instruction is recorded",
    ]


def test_layers_without_a_recorded_step_are_not_paired_by_that() -> None:
    before, after = unrecorded(made(("RUN a", "A", 1)), 0), unrecorded(made(("RUN a", "A", 1)), 1)
    rows = [(row.before_layer, row.after_layer) for row in diff(before, after).instructions]
    assert rows == [(0, None), (1, 0), (None, 1)]


@pytest.mark.parametrize(
    ("here", "there", "shared", "prefix", "before", "after"),
    [
        ("ABC", "AXC", 2, 1, (1,), (1,)),
        ("AAA", "AA", 2, 2, (2,), ()),
        ("AA", "AAA", 2, 2, (), (2,)),
        ("AABB", "ABAB", 4, 1, (), ()),
        ("--A", "--A", 1, 0, (0, 1), (0, 1)),
        ("", "A", 0, 0, (), (0,)),
        ("A", "B", 0, 0, (0,), (0,)),
    ],
)
def test_layers_are_shared_once_each_and_none_without_a_digest(
    here: str, there: str, shared: int, prefix: int, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    sides = [made(*((f"RUN {diff_id}", diff_id, 10) for diff_id in side)) for side in (here, there)]
    sides = [
        replace(side, layers=tuple(replace(one, diff_id=one.diff_id.strip("-")) for one in side.layers))
        for side in sides
    ]
    found = diff(*sides).layers
    assert (found.shared, found.shared_prefix, found.before, found.after) == (shared, prefix, before, after)
    assert found.shared_bytes == 10 * (len(here) - len(before))


def test_of_two_findings_that_share_a_path_with_a_third_the_first_place_is_its_partner() -> None:
    def at(place: str, content_bytes: int) -> Finding:
        one = finding("tests", f"/{place}/x", content_bytes)
        return replace(one, paths=(*one.paths, FoundPath(path="/s/y", layer=0, content_bytes=0, fate="live")))

    for order in ("ab", "ba"):
        before = [at(place, {"a": 1, "b": 20}[place]) for place in order]
        rows = _findings(before, [at("c", 300)])
        assert [(row.status.value, row.before_bytes, row.after_bytes) for row in rows] == [
            ("changed", 1, 300),
            ("removed", 20, 0),
        ]


def test_what_is_new_comes_before_what_is_resolved_and_the_most_bytes_first() -> None:
    rows = _findings(
        [finding(rule, f"/{rule}", size) for rule, size in (("a", 1), ("b", 9), ("c", 3), ("d", 30))]
        + [finding("e", "/e", 5, Severity.CRITICAL)],
        [finding(rule, f"/{rule}", size) for rule, size in (("a", 9), ("b", 1), ("x", 3), ("y", 30))],
    )
    assert [(row.rule, row.status.value) for row in rows] == [
        ("a", "changed"),
        ("b", "changed"),
        ("y", "added"),
        ("x", "added"),
        ("e", "removed"),
        ("d", "removed"),
        ("c", "removed"),
    ]


def test_a_finding_of_the_config_is_known_by_what_it_says() -> None:
    one, other = (replace(finding("env", "/x", 0), paths=(), detail=detail) for detail in ("A", "B"))
    rows = _findings([one, other], [replace(one, title="new")])
    assert [(row.where, row.title, row.status.value) for row in rows] == [("A", "new", "same"), ("B", "env", "removed")]


def test_any_path_that_it_keeps_tells_a_finding_but_no_other_has_it_then() -> None:
    def at(*paths: str) -> Finding:
        found = tuple(FoundPath(path=path, layer=0, content_bytes=1, fate="live") for path in paths)
        return replace(finding("tests", "/x", len(paths)), paths=found)

    rows = _findings([at("/a/1", "/b/2", "/c/3")], [at("/z/9", "/b/2"), at("/a/1", "/y/8")])
    assert sorted((row.status.value, row.before_count, row.after_count) for row in rows) == [
        ("added", 0, 1),
        ("changed", 1, 1),
    ]


def test_stages_are_compared_by_name() -> None:
    one, other = (
        replace(made(), stages=tuple(StageReport(name=name, content_bytes=size) for name, size in stages))
        for stages in ((("b", 10), ("c", 5), ("e", 1)), (("e", 2), ("c", 5), ("d", 7)))
    )
    assert [(row.name, row.status.value, row.before_bytes, row.after_bytes) for row in diff(one, other).stages] == [
        ("b", "removed", 10, 0),
        ("c", "same", 5, 5),
        ("d", "added", 0, 7),
        ("e", "changed", 1, 2),
    ]


def test_images_for_different_platforms_are_warned_of() -> None:
    one, other = (
        replace(made(), image=replace(made().image, platform=name)) for name in ("linux/amd64", "linux/arm64")
    )
    assert diff(one, other).warnings == ("the images are for different platforms: linux/amd64 and linux/arm64",)
    assert diff(one, one).warnings == ()


def test_a_side_has_the_name_of_its_dockerfile() -> None:
    known = replace(made(), dockerfile=DockerfileReport(name="app.Dockerfile", evidence=Evidence.DECLARED))
    found = diff(made(("RUN a", "A", 1)), known)
    assert (found.before.dockerfile, found.before.layers) == ("", 1)
    assert (found.after.dockerfile, found.after.layers) == ("app.Dockerfile", 0)


def test_packages_have_their_type_and_the_biggest_difference_comes_first() -> None:
    def packages(*sizes: int) -> list[Package]:
        return [
            Package(type=kind, name=name, version="1", content_bytes=size)
            for kind, name, size in zip(("deb", "npm", "deb"), "aab", sizes, strict=True)
        ]

    rows = _packages(packages(1, 5, 9), packages(4, 5, 6))
    assert [(row.type, row.name, row.status.value, row.delta) for row in rows] == [
        ("deb", "a", "changed", 3),
        ("deb", "b", "changed", -3),
        ("npm", "a", "same", 0),
    ]


def test_layers_without_a_digest_are_never_the_same() -> None:
    side = made(("RUN a", "A", 1))
    side = replace(side, layers=(replace(side.layers[0], diff_id=""),))
    assert pairs(side, side) == [(0, 0, "changed")]


def test_directories_of_files_are_those_with_the_biggest_changes() -> None:
    changes = [
        PathChange(path="/a/x", status=Status.CHANGED, kind="file", before_bytes=10, after_bytes=30),
        PathChange(path="/d/y", moved_from="/b/y", status=Status.MOVED, kind="file", before_bytes=15, after_bytes=15),
    ]
    rows = by_files(
        [("/a", 10), ("/b", 15), ("", 1), ("/b/s", 2)], [("/a", 30), ("/d", 15), ("", 1), ("/b/s", 2)], changes
    )
    assert [(row.name, row.status.value, row.before_bytes, row.after_bytes) for row in rows] == [
        ("/a", "changed", 10, 30),
        ("/b", "changed", 17, 2),
        ("/d", "added", 0, 15),
        ("/", "same", 1, 1),
    ]
