"""A diff as text and Markdown: hostile names stay harmless, and it stays short."""

import json
from collections.abc import Callable

import pytest
from msgspec import structs

from layerscope.analysis.diff import diff
from layerscope.model.check import CheckResult, Outcome
from layerscope.model.diff import Cause, Change, Diff, FindingChange, PathChange, PathDiff, Status
from layerscope.model.finding import BuilderStep, FindingKind, Severity
from layerscope.model.report import ImageSummary
from layerscope.render.diff import names, text
from layerscope.render.diff_markdown import markdown
from layerscope.render.json import dumps, lines, plain
from layerscope.render.units import RenderOptions, si
from tests.render.reports import HOSTILE, ordinary

OPTIONS = RenderOptions(units=si)


def with_name(name: str) -> Diff:
    """A diff in which an image, a directory, a step, a package, a finding and a path are called ``name``."""
    before = ordinary()
    hostile = structs.replace(
        before,
        image=structs.replace(before.image, name=name, docker_size=9000),
        instructions=tuple(structs.replace(one, text=name) for one in before.instructions),
        layers=tuple(structs.replace(one, diff_id=f"{index}") for index, one in enumerate(before.layers)),
        packages=tuple(structs.replace(one, name=name) for one in before.packages),
        findings=tuple(
            structs.replace(one, paths=(), detail=name, content_bytes=one.content_bytes + 1) for one in before.findings
        ),
    )
    path = PathChange(path="/" + name, status=Status.MOVED, kind="file", moved_from="/old" + name, after_bytes=5)
    directories = (Change(name="/" + name, status=Status.ADDED, after_bytes=9),)
    return structs.replace(
        diff(before, hostile), directories=directories, paths=PathDiff(paths=(path,), counts={"moved": 1})
    )


@pytest.mark.parametrize("case", HOSTILE)
def test_many_paths_are_written_as_the_standard_library_writes_each(case: str) -> None:
    made = with_name(HOSTILE[case])
    assert made.paths is not None
    many = structs.replace(made.paths, paths=made.paths.paths * 1001)
    (written,) = {dumps(one) for one in json.loads(lines(structs.replace(made, paths=many)))["paths"]["paths"]}
    assert written == dumps(json.loads(json.dumps(made.paths.paths[0], default=plain)))
    assert set(lines(made)) <= {*map(chr, range(0x20, 0x7F)), "\n"}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_name_breaks_a_line_of_the_text(name: str) -> None:
    calm = text(with_name("calm"), structs.replace(OPTIONS, top=3))
    wild = text(with_name(name), structs.replace(OPTIONS, top=3))
    assert len(wild.split("\n")) == len(calm.split("\n"))
    assert all(character == "\n" or character.isprintable() for character in wild)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_name_breaks_a_line_or_a_cell_of_the_markdown(name: str) -> None:
    calm, wild = (markdown(with_name(one), OPTIONS) for one in ("calm", name))
    assert [line.replace("\\|", "").count("|") for line in wild.split("\n")] == [
        line.count("|") for line in calm.split("\n")
    ]
    assert "<script" not in wild and "<img" not in wild


def test_markdown_stays_below_the_limit_of_a_comment_and_says_what_is_missing() -> None:
    paths = tuple(
        PathChange(path=f"/{number}/" + "日" * 250, status=Status.ADDED, kind="file", after_bytes=1)
        for number in range(3000)
    )
    large = structs.replace(with_name("x"), paths=PathDiff(paths=paths, counts={"added": len(paths)}))
    found = markdown(large, structs.replace(OPTIONS, top=5000))
    assert 60_000 < len(found.encode("utf-8")) < 65_536
    assert found.count("<details>") == found.count("</details>")
    assert found.endswith(" lines omitted to stay below 65,536 characters; `-f json` has all of them.**\n")


def test_a_terminal_is_never_wider_than_it_is() -> None:
    lines = text(with_name("x" * 500), structs.replace(OPTIONS, width=80)).split("\n")
    assert max(len(line) for line in lines[2:]) <= 80


def test_no_title_is_cut_on_a_terminal() -> None:
    counts = dict.fromkeys(("added", "removed", "changed", "metadata"), 12_345)
    large = structs.replace(with_name("x"), paths=PathDiff(counts=counts), after_unowned_bytes=123_456)
    for top in (0, 3):
        found = text(large, structs.replace(OPTIONS, width=80, top=top))
        assert max(map(len, found.split("\n"))) <= 80
        told = " ".join(found.split())
        assert "PATHS: 12,345 added, 12,345 removed, 12,345 changed, 12,345 changed in metadata only" in told
        assert "PACKAGES: 2 added, 2 removed, 0 changed, +121 kB not owned by a package" in told


@pytest.mark.parametrize("render", [text, markdown])
def test_no_list_has_more_rows_than_are_asked_for(render: Callable[[Diff, RenderOptions], str]) -> None:
    left = tuple(
        FindingChange(
            rule=f"rule-{number}",
            severity=Severity.LOW,
            kind=FindingKind.WASTE,
            source="run",
            where="/x",
            title="",
            fix="",
            status=Status.SAME,
            before_count=1,
            after_count=1,
        )
        for number in range(5)
    )
    large = structs.replace(with_name("x"), findings=left)
    found = render(large, structs.replace(OPTIONS, top=1)).replace("\\", "")
    assert "instructions (1 of 3)" in found.lower() and "remaining findings (1 of 5)" in found.lower()
    assert found.count("rule-") == 1


def test_nothing_is_cut_that_is_not_beyond_reading() -> None:
    assert "y" * 100 in text(with_name("y" * 100), OPTIONS)


@pytest.mark.parametrize(
    ("after_bytes", "verdict"),
    [
        (7000, "app:2 is 3.50 kB (100%) larger than app:1"),
        (3500, "app:2 and app:1 are the same size, 3.50 kB"),
        (0, "app:2 is 3.50 kB (100%) smaller than app:1"),
    ],
)
def test_the_first_line_is_the_verdict(after_bytes: int, verdict: str) -> None:
    before = ordinary()
    image = structs.replace(before.image, name="app:2", docker_size=after_bytes)
    after = structs.replace(before, image=image)
    assert text(diff(before, after), OPTIONS).split("\n")[0] == verdict


@pytest.mark.parametrize(("outcome", "color"), [(Outcome.FAIL, "\x1b[38;5;160m"), (Outcome.PASS, "\x1b[38;5;28m")])
def test_the_second_line_says_whether_the_growth_is_too_much(outcome: Outcome, color: str) -> None:
    checked = CheckResult(rule="max-growth", outcome=outcome, unit="bytes", value=1001, limit=1000)
    found = structs.replace(with_name("x"), growth=checked)
    words = {Outcome.FAIL: "exceeds", Outcome.PASS: "is within"}[outcome]
    # Rounded alike, the two would not explain the outcome.
    second = text(found, OPTIONS).split("\n")[1]
    assert second == f"{outcome.value}: growth of 1,001 B {words} --max-growth 1,000 B"
    assert text(found, structs.replace(OPTIONS, color=True)).split("\n")[1].startswith(color)
    assert second in markdown(found, OPTIONS)


def test_a_cause_has_its_line_its_line_before_and_the_step_of_its_stage() -> None:
    cause = Cause(
        text="COPY --from=b /a `x`|y",
        status=Status.CHANGED,
        before_text="COPY --from=b /a /",
        before_line=11,
        after_line=12,
        before_bytes=1000,
        after_bytes=3000,
        made_by=BuilderStep(text="RUN make", dockerfile_line=3),
        made_bytes=1900,
    )
    found = structs.replace(with_name("x"), causes=(cause,))
    (line,) = [line for line in markdown(found, OPTIONS).split("\n") if line.startswith("1. ")]
    assert line == (
        "1. **+2.00 kB** `Dockerfile:12` (was line 11), changed: <code>COPY --from=b /a \\`x\\`\\|y</code>,"
        " was `COPY --from=b /a /`; 1.90 kB of it by line 3, `RUN make`"
    )
    assert "line 12 (was 11): COPY --from=b /a `x`|y, mostly by line 3: RUN make" in text(found, OPTIONS)
    gone = structs.replace(cause, after_line=None, made_by=None, before_text="", status=Status.REMOVED)
    (line,) = [
        line for line in markdown(structs.replace(found, causes=(gone,)), OPTIONS).split("\n") if line.startswith("1. ")
    ]
    assert "(was `Dockerfile:11`), removed: " in line


def test_a_directory_with_others_below_it_stands_for_its_rest() -> None:
    rows = (
        Change(name="/usr/lib", status=Status.CHANGED, before_bytes=1, after_bytes=9),
        Change(name="/usr", status=Status.CHANGED, before_bytes=1, after_bytes=5),
    )
    found = text(structs.replace(with_name("x"), directories=rows), OPTIONS)
    assert "/usr (other files)\n" in found and "/usr/lib\n" in found


def called(source: str = "a.tar", tag: str = "", image_id: str = "", platform: str = "linux/amd64") -> ImageSummary:
    name = tag or image_id or source
    tags = (tag,) if tag else ()
    return ImageSummary(
        source=source, format="docker-archive", name=name, tags=tags, image_id=image_id, platform=platform
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(called(tag="app:1"), called(tag="app:2"), ("app:1", "app:2"), id="names"),
        pytest.param(
            called("old/app.tar", "app:1"), called("new.tar", "app:1"), ("app.tar", "new.tar"), id="the same name"
        ),
        pytest.param(
            called("old/app.tar", "app:1"),
            called("new/app.tar", "app:1"),
            ("old/app.tar", "new/app.tar"),
            id="and file",
        ),
        pytest.param(
            called(tag="app:1"),
            called(tag="app:1", platform="linux/arm64"),
            ("app:1 (linux/amd64)", "app:1 (linux/arm64)"),
            id="two platforms of one image",
        ),
        pytest.param(
            called(image_id="sha256:" + "1" * 64),
            called(image_id="sha256:" + "2" * 64, platform="linux/arm64"),
            ("(linux/amd64)", "(linux/arm64)"),
            id="two platforms of an image without a name",
        ),
        pytest.param(
            called(image_id="sha256:" + "1" * 64),
            called(image_id="sha256:" + "2" * 64),
            ("1" * 12, "2" * 12),
            id="two images without names of one archive",
        ),
        pytest.param(
            called("a.tar", image_id="sha256:" + "1" * 64),
            called("b.tar", image_id="sha256:" + "2" * 64),
            ("a.tar", "b.tar"),
            id="without names",
        ),
        pytest.param(
            called(image_id="sha256:" + "1" * 64),
            called(image_id="sha256:" + "1" * 64),
            ("1" * 12, "1" * 12),
            id="the same one",
        ),
    ],
)
def test_each_side_is_called_by_what_is_its_own(
    before: ImageSummary, after: ImageSummary, expected: tuple[str, str]
) -> None:
    assert names(before, after) == expected
