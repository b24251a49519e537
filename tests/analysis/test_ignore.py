"""Findings that the user accepts: split to the byte, counted apart, until a day."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.analysis.ignore import Ignore, apply, ignoring, unmatched, without
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.report import StageReport
from layerscope.model.step import Safety, SecretAdvice, Step
from tests.advice.builds import Build
from tests.analysis.pairs import report_of
from tests.builder import ImageSpec, file, layer, whiteout

TODAY = date(2024, 6, 1)


def finding(*paths: tuple[str, int], rule: str = "tests", source: str = "run") -> Finding:
    found = tuple(FoundPath(path=path, layer=0, content_bytes=size, fate="live") for path, size in paths)
    return Finding(
        rule=rule,
        severity=Severity.LOW,
        kind=FindingKind.INHERITED if source == "base" else FindingKind.LEAK,
        source=source,
        evidence=Evidence.INFERRED,
        title="title",
        fix="fix",
        content_bytes=sum(size for _, size in paths),
        layers=(0,) if found else (),
        paths=found,
    )


@pytest.mark.parametrize(
    ("ignore", "is_ignored"),
    [
        pytest.param(Ignore(rule="tests", reason="r"), True, id="the rule everywhere"),
        pytest.param(Ignore(rule="*", reason="r", path="/app/tests"), True, id="every rule at a directory"),
        pytest.param(Ignore(rule="tests", reason="r", path="/app/tests/"), True, id="slash at the end"),
        pytest.param(Ignore(rule="tests", reason="r", path="/app/*"), True, id="star crosses slashes"),
        pytest.param(Ignore(rule="tests", reason="r", path="*/t.py"), True, id="star first"),
        pytest.param(Ignore(rule="tests", reason="r", path="/app/test"), False, id="a prefix is no parent"),
        pytest.param(Ignore(rule="tests", reason="r", path="/app/tests\x01"), False, id="another name"),
        pytest.param(Ignore(rule="git", reason="r"), False, id="another rule"),
        pytest.param(Ignore(rule="tests", reason="r", expires=date(2024, 6, 2)), True, id="until tomorrow"),
        pytest.param(Ignore(rule="tests", reason="r", expires=TODAY), False, id="until today"),
    ],
)
def test_an_ignore_takes_what_it_speaks_of(ignore: Ignore, is_ignored: bool) -> None:
    kept, ignored, _ = apply([finding(("/app/tests/t.py", 5))], [ignore], TODAY)
    assert (len(kept), len(ignored)) == ((0, 1) if is_ignored else (1, 0))


def test_a_finding_of_the_config_is_ignored_by_its_rule_alone() -> None:
    config = finding(rule="secret-env")
    assert apply([config], [Ignore(rule="secret-env", reason="r", path="/x")], TODAY)[0] == (config,)
    kept, ignored, _ = apply([config], [Ignore(rule="secret-env", reason="it is a dummy")], TODAY)
    assert (kept, ignored[0].ignored) == ((), "it is a dummy")


@pytest.mark.parametrize(
    ("ignore", "is_told"),
    [
        pytest.param(Ignore(rule="tests", reason="r"), False, id="the rule everywhere"),
        pytest.param(Ignore(rule="*", reason="r", path="/app"), False, id="every rule at a directory"),
        pytest.param(Ignore(rule="git", reason="r"), True, id="a rule that found nothing"),
        pytest.param(Ignore(rule="tests", reason="r", path="/ap"), True, id="a path where nothing was found"),
    ],
)
def test_an_ignore_that_speaks_of_nothing_is_told(ignore: Ignore, is_told: bool, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("app/tests/t.py", b"12345")),))
    report = replace(report_of(spec, tmp_path), findings=(finding(("/app/tests/t.py", 5)),))
    for one in (report, ignoring(report, [ignore], TODAY)):
        assert bool(list(unmatched(one, [ignore]))) is is_told


def test_an_expired_ignore_warns_and_names_its_reason() -> None:
    old = Ignore(rule="tests", reason="until the release", path="/app", expires=date(2024, 1, 31))
    assert apply([], [old], TODAY)[2] == ("no longer ignored since 2024-01-31: tests at /app (until the release)",)


def test_the_first_ignore_gives_the_reason() -> None:
    ignores = [Ignore(rule="tests", reason="one"), Ignore(rule="*", reason="two")]
    assert apply([finding(("/a", 1))], ignores, TODAY)[1][0].ignored == "one"


@given(
    sizes=st.lists(st.tuples(st.sampled_from(["/a/x", "/b/y", "/c/z", "/a/w"]), st.integers(0, 99)), min_size=1),
    patterns=st.lists(st.sampled_from(["/a", "/b/*", "*", "/none", ""]), max_size=3),
)
def test_nothing_is_lost_or_counted_twice_in_a_split(sizes: list[tuple[str, int]], patterns: list[str]) -> None:
    whole = finding(*sizes)
    ignores = [Ignore(rule="tests", reason=str(index), path=path) for index, path in enumerate(patterns)]
    kept, ignored, _ = apply([whole], ignores, TODAY)
    parts = [*kept, *ignored]
    assert sum(part.content_bytes for part in parts) == whole.content_bytes
    assert sorted((p.path, p.content_bytes) for part in parts for p in part.paths) == sorted(sizes)
    assert all(part.content_bytes == sum(path.content_bytes for path in part.paths) for part in parts)


def test_what_is_ignored_is_not_reclaimable_and_stays_in_the_report(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("base", b"1")), layer(file("big", bytes(5000))), layer(whiteout("big"))))
    plain = report_of(spec, tmp_path)
    made = ignoring(plain, [Ignore(rule="*", reason="we need it", path="/big")], TODAY)
    assert plain.totals.reclaimable_bytes - made.totals.reclaimable_bytes == 5000
    assert made.totals.reclaimable_bytes == sum(one.reclaimable_bytes for one in made.layers)
    assert [(one.content_bytes, one.ignored) for one in made.ignored] == [(5000, "we need it")]


def test_what_the_base_brings_was_never_reclaimable(tmp_path: Path) -> None:
    plain = report_of(ImageSpec(layers=(layer(file("a", b"1")),)), tmp_path)
    from msgspec.structs import replace

    inherited = replace(plain, findings=(finding(("/a", 1), source="base"),))
    made = ignoring(inherited, [Ignore(rule="tests", reason="r")], TODAY)
    assert made.totals.reclaimable_bytes == plain.totals.reclaimable_bytes


def test_an_ignored_trade_comes_off_the_trades(tmp_path: Path) -> None:
    plain = report_of(ImageSpec(layers=(layer(file("app/__pycache__/x.pyc", b"1")),)), tmp_path)
    made = ignoring(plain, [Ignore(rule="bytecode", reason="r")], TODAY)
    assert (plain.totals.trade_bytes, made.totals.trade_bytes) == (1, 0)
    assert plain.totals.reclaimable_bytes == made.totals.reclaimable_bytes == 0


def test_what_is_ignored_comes_off_the_stage_that_it_was_copied_from(tmp_path: Path) -> None:
    found = (
        finding(("/a", 100), source="stage:b"),
        finding(("/b", 20), source="stage:b", rule="other"),
        replace(finding(("/c", 3), source="stage:b"), trade=True),
    )
    stages = tuple(StageReport(name=name, reclaimable_bytes=120, trade_bytes=3) for name in ("b", "c"))
    plain = report_of(ImageSpec(layers=(layer(file("a", b"1")),)), tmp_path)
    made = ignoring(replace(plain, findings=found, stages=stages), [Ignore(rule="tests", reason="r")], TODAY)
    assert [(one.reclaimable_bytes, one.trade_bytes) for one in made.stages] == [(20, 0), (120, 3)]


def test_steps_and_secrets_follow_their_findings(tmp_path: Path) -> None:
    report = report_of(ImageSpec(layers=(layer(file("a", b"a")),)), tmp_path)
    found = (finding(("/app/a", 5), rule="git"), finding(("/app/t", 5)), finding(("/app/b", 5), rule="env-file"))
    step = Step(strategy="s", safety=Safety.SAFE, sentence="do it", saves_bytes=5)
    secrets = tuple(SecretAdvice(finding=place, severity=Severity.LOW, rotate="r", supply="s") for place in (1, 2))
    report = replace(
        report,
        findings=found,
        steps=tuple(replace(step, findings=places) for places in ((0,), (1,), (1, 2))),
        base_step=replace(step, findings=(2,)),
        secrets=secrets,
    )
    made = ignoring(report, [Ignore(rule="tests", reason="r")], TODAY)
    assert [made.findings[place].rule for one in made.steps for place in one.findings] == ["git", "env-file"]
    assert made.base_step is not None and made.base_step.findings == (1,)
    assert [one.finding for one in made.secrets] == [1]


def test_advice_leaves_alone_what_is_ignored(tmp_path: Path) -> None:
    lists = file("var/lib/apt/lists/deb.debian.org_dists_bookworm_main_Packages", b"p" * 50_000)
    build = Build(dockerfile="FROM debian\nRUN apt-get update && apt-get install -y curl\n", layers={2: (lists,)})
    assert [step.strategy for step in build.advise(tmp_path).steps] != []
    ignores = (Ignore(rule="apt-lists", reason="r"), Ignore(rule="*", reason="r", path="/var/lib/apt"))
    assert build.advise(tmp_path, ignores=ignores).steps == ()


def test_findings_keep_their_places_without_what_is_ignored() -> None:
    found = [finding(("/app/t", 5)), finding(("/app/a", 5), ("/b", 3), rule="git")]
    first, second = without(found, [Ignore(rule="tests", reason="r"), Ignore(rule="git", reason="r", path="/b")])
    assert (first.paths, first.content_bytes, first.ignored) == ((), 0, "r")
    assert [path.path for path in second.paths] == ["/app/a"] and second.content_bytes == 5


@pytest.mark.parametrize(
    ("ignore", "told"),
    [
        pytest.param(Ignore(rule="tests", reason="r", path="/b"), "", id="one path of one finding"),
        pytest.param(Ignore(rule="env", reason="r"), "", id="a finding without paths"),
        pytest.param(Ignore(rule="env", reason="r", path="/a"), "env at /a (r)", id="a path of a finding without"),
        pytest.param(Ignore(rule="git", reason="why"), "git (why)", id="a rule that found nothing"),
    ],
)
def test_what_matches_nothing_is_told_with_its_entry(ignore: Ignore, told: str, tmp_path: Path) -> None:
    report = report_of(ImageSpec(layers=(layer(file("a", b"1")),)), tmp_path)
    found = (finding(("/x", 1)), finding(("/a", 1), ("/b", 2)), finding(rule="env"))
    for one in (replace(report, findings=found), replace(report, findings=(), ignored=found)):
        expected = [f"nothing to ignore in {report.image.name}: {told}"] if told else []
        assert list(unmatched(one, [ignore])) == expected


@pytest.mark.parametrize(
    ("expires", "warned"), [(None, False), (date(2024, 6, 2), False), (TODAY, True), (date(2024, 5, 31), True)]
)
def test_an_ignore_is_over_on_its_first_day_after(expires: date | None, warned: bool) -> None:
    kept, ignored, warnings = apply([finding(("/a", 1))], [Ignore(rule="tests", reason="r", expires=expires)], TODAY)
    assert (len(kept), len(ignored), len(warnings)) == ((1, 0, 1) if warned else (0, 1, 0))


def test_each_part_of_a_finding_has_its_own_layers_and_bytes() -> None:
    paths = tuple(
        FoundPath(path=path, layer=number, content_bytes=size, fate="live")
        for path, number, size in (("/a", 3, 1), ("/b", 1, 20), ("/a/x", 1, 300), ("/c", 2, 4000))
    )
    whole = replace(finding(), paths=paths, content_bytes=4321, layers=(1, 2, 3))
    ignores = [Ignore(rule="tests", reason="one", path="/a"), Ignore(rule="*", reason="two", path="/b")]
    kept, ignored, _ = apply([whole], ignores, TODAY)
    parts = [(part.content_bytes, part.layers, part.ignored, len(part.paths)) for part in (*kept, *ignored)]
    assert parts == [(4000, (2,), "", 1), (301, (1, 3), "one", 2), (20, (1,), "two", 1)]


def test_what_is_ignored_comes_off_its_layers_and_nothing_of_the_base(tmp_path: Path) -> None:
    plain = report_of(ImageSpec(layers=(layer(file("a", b"1")), layer(file("b", b"1")))), tmp_path)
    own = finding(("/a", 5), ("/b", 7), source="run")
    own = replace(own, paths=tuple(replace(path, layer=place) for place, path in enumerate(own.paths)))
    plain = replace(
        plain,
        findings=(own, replace(finding(("/c", 9), source="base"), trade=True)),
        totals=replace(plain.totals, reclaimable_bytes=100, trade_bytes=50),
        layers=tuple(replace(one, reclaimable_bytes=50) for one in plain.layers),
    )
    made = ignoring(plain, [Ignore(rule="tests", reason="r")], TODAY)
    assert [one.reclaimable_bytes for one in made.layers] == [45, 43]
    assert (made.totals.reclaimable_bytes, made.totals.trade_bytes) == (88, 50)
