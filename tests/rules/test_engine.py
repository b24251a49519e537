"""The engine: each byte claimed once, and split by who brought it."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from layerscope.model.finding import Evidence, FindingKind, Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.source import Source
from layerscope.rules import engine
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule
from tests.builder import ImageSpec, directory, file, hardlink, layer, whiteout
from tests.rules.conftest import Find, copied, of_rule, paths_of, ran, step


def _matching(name: str, *trees: str, frees: bool = True, **fields: object) -> Rule:
    wanted = Wanted(paths=PathSet(trees=trees))

    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Claim whatever matches."""
        yield RuleMatch(versions=context.matches, **fields)  # type: ignore[arg-type]

    return rule(name, severity=Severity.LOW, title=name, fix="delete {path} in {step}", wanted=wanted, frees=frees)(
        check
    )


FIRST, SECOND = _matching("first", "/a"), _matching("second", "/a", "/b")


def test_a_version_belongs_to_the_first_rule_that_names_it(find: Find) -> None:
    found = find(ran(layer(file("a/x", b"123"), file("b/y", b"12"))), rules=(FIRST, SECOND))
    assert paths_of(found, "first") == {"/a/x"}
    assert paths_of(found, "second") == {"/b/y"}
    assert found.claimed_bytes == found.reclaimable_bytes == 5


@pytest.mark.parametrize(
    ("created_by", "kind"),
    [
        pytest.param("COPY dir:" + "0" * 64 + " in /a", FindingKind.LEAK, id="copied"),
        pytest.param("/bin/sh -c make", FindingKind.WASTE, id="run"),
        pytest.param("", FindingKind.WASTE, id="unknown"),
    ],
)
def test_the_instruction_decides_the_kind(find: Find, created_by: str, kind: FindingKind) -> None:
    found = find(ImageSpec(layers=(layer(file("a/x", b"1")),), history=(step(created_by),)), rules=(FIRST,))
    assert [finding.kind for finding in found.findings] == [kind]


def test_a_trade_is_listed_last_and_not_reclaimable(find: Find) -> None:
    trade = _matching("trade", "/b", trade=True)
    found = find(
        ran(layer(file("b/y", b"12")), layer(file("a/x", b"1"), file("b/z", b"1234"))),
        base_layers=1,
        rules=(trade, FIRST),
    )
    assert [(finding.rule, finding.trade) for finding in found.findings] == [
        ("first", False), ("trade", True), ("trade", True),
    ]  # fmt: skip
    assert (found.reclaimable_bytes, found.trade_bytes, found.claimed_bytes, found.own_bytes) == (1, 4, 5, 5)


def test_an_add_brings_what_was_made_elsewhere_as_a_copy_does(find: Find) -> None:
    add = step("ADD file:" + "0" * 64 + " in /")
    spec = ImageSpec(layers=(layer(file("a/x", b"1")), layer(file("a/y", b"1"))), history=(add, add))
    kinds = {finding.layers: finding.kind for finding in find(spec, rules=(FIRST,)).findings}
    assert kinds == {(0,): FindingKind.LEAK, (1,): FindingKind.LEAK}
    copy = step("COPY file:" + "0" * 64 + " in /")
    (lowest,) = find(ImageSpec(layers=(layer(file("a/x", b"1")),), history=(copy,)), rules=(FIRST,)).findings
    assert lowest.kind == FindingKind.LEAK


@pytest.mark.parametrize(
    ("created_by", "source"),
    [
        pytest.param("RUN /bin/sh -c make # buildkit", "run", id="run"),
        pytest.param("COPY /a /a # buildkit", "unknown", id="a copy may come from a stage"),
        pytest.param("ADD a.tar /a # buildkit", "context", id="an add takes nothing from a stage"),
        pytest.param("ADD https://example.org/a.tar /a # buildkit", "url", id="URL"),
        pytest.param("ADD git@example.org:a.git /a # buildkit", "url", id="repository"),
        pytest.param("ADD a.tar https://a # buildkit", "context", id="the last word is the destination"),
        pytest.param("/bin/sh -c #(nop) ADD file:" + "0" * 64 + " in /a ", "unknown", id="a hash hides a URL too"),
        pytest.param("", "unknown", id="no instruction"),
    ],
)
def test_the_instruction_tells_the_source(find: Find, created_by: str, source: str) -> None:
    spec = ImageSpec(layers=(layer(file("a/x", b"1")),), history=(step(created_by),))
    assert [finding.source for finding in find(spec, rules=(FIRST,)).findings] == [source]


@pytest.mark.parametrize(
    ("writer", "replacer", "kind", "source"),
    [
        pytest.param("COPY /a /a # buildkit", "RUN make", FindingKind.WASTE, "run", id="a RUN replaced it"),
        pytest.param("COPY /a /a # buildkit", "COPY /b /a", FindingKind.WASTE, "unknown", id="a COPY replaced it"),
        pytest.param("RUN make", "COPY /b /a # buildkit", FindingKind.WASTE, "run", id="a RUN wrote it"),
    ],
)
@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_a_file_that_a_later_step_replaces_was_needed_and_is_waste(
    find: Find, writer: str, replacer: str, kind: FindingKind, source: str, mode: int
) -> None:
    again = file("a/x", b"1" if mode == 0o755 else b"2", mode=mode)
    spec = ImageSpec(layers=(layer(file("a/x", b"1")), layer(again)), history=(step(writer), step(replacer)))
    (finding,) = find(spec).findings
    assert (finding.kind, finding.content_bytes) == (kind, 1)
    assert finding.source == ("unknown" if finding.rule == "copied-up" and replacer.startswith("COPY") else source)


def test_a_copied_file_that_a_run_deletes_is_a_leak(find: Find) -> None:
    history = (step("COPY /a /a # buildkit"), step("RUN rm /a/x"))
    (finding,) = find(ImageSpec(layers=(layer(file("a/x", b"1")), layer(file("a/.wh.x"))), history=history)).findings
    assert (finding.rule, finding.kind, finding.source) == ("deleted-later", FindingKind.LEAK, "unknown")


@pytest.mark.parametrize("own_fix", ["", "do it in {step}"])
def test_the_base_is_the_advice_where_its_bytes_are_claimed_and_the_rules_where_it_only_points(
    find: Find, own_fix: str
) -> None:
    """What points at mode bits frees nothing: no other base is needed, a chmod is."""
    spec = ran(layer(file("a/x", b"123")), layer(file("c", b"1")))
    claiming, pointing = (_matching("mode", "/a", frees=frees, fix=own_fix) for frees in (True, False))
    (claimed,) = find(spec, base_layers=1, rules=(claiming,)).findings
    (pointed,) = find(spec, base_layers=1, rules=(pointing,)).findings
    assert (claimed.kind, pointed.kind) == (FindingKind.INHERITED, FindingKind.INHERITED)
    assert (claimed.content_bytes, pointed.content_bytes) == (3, 0)
    assert "base" in claimed.fix and claimed.fix != pointed.fix
    assert pointed.fix == (
        "do it in the instruction that adds it" if own_fix else "delete /a/x in the instruction that adds it"
    )


def test_the_bases_bytes_are_inherited_and_not_reclaimable(find: Find) -> None:
    found = find(ran(layer(file("a/x", b"123")), layer(file("a/y", b"1"))), base_layers=1, rules=(FIRST,))
    assert {finding.kind: finding.content_bytes for finding in found.findings} == {"inherited": 3, "waste": 1}
    assert (found.base_bytes, found.own_bytes, found.inherited_bytes) == (3, 1, 3)
    assert found.reclaimable == (0, 1)


def test_each_instruction_has_its_own_finding(find: Find) -> None:
    found = find(ran(layer(file("a/x", b"123")), layer(file("a/y", b"1"))), rules=(FIRST,))
    assert [finding.instruction for finding in found.findings] == [0, 1]
    assert found.findings[0].fix == "delete /a/x in `RUN make`"


def test_hidden_bytes_that_no_rule_names_are_reclaimable(find: Find) -> None:
    found = find(ran(layer(file("c", b"123")), layer(whiteout("c"))), rules=(FIRST,))
    assert found.findings == ()
    assert (found.claimed_bytes, found.reclaimable_bytes) == (0, 3)


def test_a_base_file_that_an_own_layer_hides_stays_the_bases(find: Find) -> None:
    found = find(ran(layer(file("a/x", b"123")), layer(whiteout("a/x"))), base_layers=1, rules=(FIRST,))
    assert [finding.kind for finding in found.findings] == [FindingKind.INHERITED]
    assert found.reclaimable_bytes == 0


def test_bytes_that_a_hardlink_elsewhere_keeps_are_not_claimed(find: Find) -> None:
    spec = ran(layer(file("a/x", b"123"), hardlink("keep", "a/x")))
    assert find(spec, rules=(FIRST,)).findings == ()


def test_bytes_whose_hardlinks_all_go_are_claimed_once(find: Find) -> None:
    spec = ran(layer(file("a/x", b"123"), hardlink("a/y", "a/x")))
    assert find(spec, rules=(FIRST,)).claimed_bytes == 3


def test_bytes_that_one_of_two_hardlinks_keeps_are_not_claimed(find: Find) -> None:
    both = [file("a/x", b"123"), hardlink("a/y", "a/x"), hardlink("keep", "a/x")]
    assert paths_of(find(ran(layer(*both)), rules=(FIRST,)), "first") == {"/a/y"}
    assert find(ran(layer(*both)), rules=(FIRST,)).claimed_bytes == 0
    assert find(ran(layer(*both), layer(whiteout("a/x"))), rules=(FIRST,)).claimed_bytes == 0


def test_bytes_go_to_the_rule_that_claims_the_last_of_their_hardlinks(find: Find) -> None:
    members = [file("a/x", b"123"), hardlink("a/y", "a/x"), hardlink("keep", "a/x")]
    found = find(ran(layer(*members)), rules=(_matching("keeping", "/keep"), FIRST))
    assert [finding.content_bytes for finding in of_rule(found, "first")] == [3]
    found = find(ran(layer(*members)), rules=(FIRST, _matching("keeping", "/keep"), SECOND))
    assert (found.claimed_bytes, paths_of(found, "first")) == (3, {"/a/y"})
    assert [finding.content_bytes for finding in of_rule(found, "second")] == [3]


def test_bytes_whose_hardlinks_are_gone_are_claimed_with_their_only_name(find: Find) -> None:
    spec = ran(layer(file("a/x", b"123"), hardlink("keep", "a/x")), layer(whiteout("keep")))
    assert find(spec, rules=(FIRST,)).claimed_bytes == 3


def test_what_a_leak_points_at_is_shown_where_a_hardlink_keeps_it(find: Find) -> None:
    pointing = _matching("pointing", "/a", place="line 1")
    spec = ran(layer(file("a/x", b"123"), hardlink("keep", "a/x"), file("a/y", b"12")))
    (found,) = find(spec, rules=(pointing,)).findings
    assert {path.path: path.content_bytes for path in found.paths} == {"/a/x": 0, "/a/y": 2}


def test_a_part_is_no_more_than_the_file_and_of_a_hidden_file_the_whole(find: Find) -> None:
    greedy = _matching("greedy", "/a/x", savings=(9,))
    assert find(ran(layer(file("a/x", b"12345"))), rules=(greedy,)).claimed_bytes == 5
    partly = _matching("partly", "/a/x", savings=(2,))
    assert find(ran(layer(file("a/x", b"12345")), layer(whiteout("a/x"))), rules=(partly,)).claimed_bytes == 5


def test_directories_are_not_listed(find: Find) -> None:
    assert find(ran(layer(directory("a"))), rules=(FIRST,)).findings == ()


def test_a_name_that_occurs_twice_in_one_layer_is_two_versions(find: Find) -> None:
    found = find(ran(layer(file("a/x", b"123"), file("a/x", b"12345"))), rules=(FIRST,))
    assert (found.claimed_bytes, found.own_bytes) == (8, 8)


def test_a_part_of_a_file_can_be_claimed(find: Find) -> None:
    partly = _matching("partly", "/a/x", savings=(2,))
    found = find(ran(layer(file("a/x", b"12345"))), rules=(partly, FIRST))
    assert found.claimed_bytes == 2
    assert of_rule(found, "first") == ()


def test_a_rule_that_frees_nothing_leaves_the_bytes_to_others(find: Find) -> None:
    pointing = _matching("pointing", "/a", frees=False)
    found = find(copied(layer(directory("a"), file("a/x", b"123"))), rules=(pointing, FIRST))
    assert paths_of(found, "pointing") == {"/a", "/a/x"}
    assert [finding.content_bytes for finding in of_rule(found, "pointing")] == [0]
    assert found.claimed_bytes == 3


def test_what_was_copied_can_have_a_fix_of_its_own(find: Find) -> None:
    rule_of_both = replace(FIRST, fix="clean up", copied_fix="copy less than {step}")
    fixes = [find(made(layer(file("a/x", b"1"))), rules=(rule_of_both,)).findings[0].fix for made in (ran, copied)]
    assert fixes == ["clean up", "copy less than `COPY dir:000000000000 in /`"]
    (written,) = find(copied(layer(file("a/x", b"1"))), rules=(rule_of_both,), written={0: "COPY . /"}).findings
    assert written.fix == "copy less than `COPY . /`"


@pytest.mark.parametrize("fix", ["ignored", ""])
def test_the_advice_for_a_copy_is_that_for_where_it_took_its_files(find: Find, fix: str) -> None:
    """A .dockerignore has no effect on what comes from a stage; where no stage is known it may be the build context."""
    several = replace(FIRST, fix="clean up", copied_fix="copy less", ignored_fix=fix)
    stage = Source(stage="builder", evidence=Evidence.DECLARED)
    spec = copied(layer(file("a/x", b"1")))
    (unknown,) = find(spec, rules=(several,)).findings
    (staged,) = find(spec, rules=(several,), stage_of=lambda number: stage).findings
    (context,) = find(spec, rules=(several,), from_context=frozenset({0})).findings
    assert (unknown.kind, unknown.fix) == (FindingKind.LEAK, fix or "copy less")
    assert (staged.kind, staged.fix) == (FindingKind.LEAK, "copy less")
    assert (context.kind, context.source) == (FindingKind.LEAK, "context")
    assert context.fix == (
        fix or "keep /a/x out of the build context (.dockerignore), or copy less than `COPY dir:000000000000 in /` does"
    )


def test_a_directory_is_only_named_where_nothing_else_is_in_it(find: Find) -> None:
    alone = (directory("srv/a/deep"), file("srv/a/x", b"1"), file("srv/a/deep/y", b"12"))
    beside = file("srv/a/other", b"123")
    both = replace(_matching("both", "/srv/a/x", "/srv/a/deep/y"), title="{path}", fix="delete {path} in {place}")
    (whole,) = find(copied(layer(*alone)), rules=(both,)).findings
    (part,) = find(copied(layer(*alone, beside)), rules=(both,)).findings
    assert (whole.title, part.title) == ("/srv/a", "/srv/a/deep and 1 more")
    assert part.fix == "delete /srv/a/deep and 1 more in /srv/a"


def test_what_a_run_took_from_a_known_stage_is_waste_all_the_same(find: Find) -> None:
    source = Source(stage="builder", evidence=Evidence.DECLARED, dockerfile_line=7)
    spec = ran(layer(file("a/x", b"123"), file("a/y", b"12")))
    found = find(spec, rules=(FIRST,), stage_of=lambda number: source if number == 0 else None)
    assert {(f.kind, f.source, f.evidence, f.dockerfile_line, f.content_bytes) for f in found.findings} == {
        (FindingKind.WASTE, "stage:builder", Evidence.DECLARED, 7, 3),
        (FindingKind.WASTE, "run", Evidence.INFERRED, None, 2),
    }


def test_a_finding_about_the_config_has_no_layer(find: Find) -> None:
    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Blame the config."""
        yield RuleMatch(place="Env", detail="PASSWORD=se**et")

    about = rule("about", severity=Severity.CRITICAL, title="about", fix="do not")(check)
    (finding,) = find(ran(layer(file("a/x", b"1"))), rules=(about,)).findings
    assert (finding.layers, finding.content_bytes, finding.detail) == ((), 0, "PASSWORD=se**et")


def test_secrets_come_first_by_severity_and_the_others_by_bytes(find: Find) -> None:
    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Report three secrets in the config."""
        for severity in (Severity.LOW, Severity.CRITICAL, Severity.MEDIUM):
            yield RuleMatch(place=f"a {severity} one", severity=severity)

    secrets = rule("secrets", severity=Severity.HIGH, title="", fix="", kind=FindingKind.SECRET)(check)
    grave = _matching("grave", "/a", severity=Severity.CRITICAL)
    spec = ran(layer(file("a/x", b"1"), file("b/y", b"12")))
    found = find(spec, rules=(grave, SECOND, secrets)).findings
    assert [finding.detail for finding in found[:3]] == ["a critical one", "a medium one", "a low one"]
    assert [finding.rule for finding in found[3:]] == ["second", "grave"]


def _each(name: str, *trees: str) -> Rule:
    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Match every file by itself."""
        for number in context.matches:
            severity = Severity.HIGH if context.filesystem.path_of(number).endswith("!") else None
            yield RuleMatch(versions=(number,), detail=context.filesystem.path_of(number), severity=severity)

    wanted = Wanted(paths=PathSet(trees=trees))
    return rule(name, severity=Severity.LOW, title="a {path}", fix="delete {path}", wanted=wanted)(check)


def test_of_very_many_findings_one_stands_for_all_of_a_kind(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_APART", 2)
    files = [file(f"{top}/{name}", b"12") for top, names in (("a", "123456!?"), ("b", "12")) for name in names]
    found = find(ran(layer(*files)), rules=(_each("each", "/a"), _each("other", "/b")))
    rows = [(one.rule, one.severity, one.path_count, one.content_bytes, one.detail) for one in found.findings]
    together = "of a kind, as there are over 2 findings"
    assert sorted(rows) == sorted([
        ("each", Severity.HIGH, 1, 2, "/a/!"),
        ("each", Severity.LOW, 1, 2, "/a/1"),
        ("each", Severity.LOW, 1, 2, "/a/2"),
        ("each", Severity.LOW, 5, 10, f"5 {together}"),
        ("other", Severity.LOW, 2, 4, f"2 {together}"),
    ])  # fmt: skip
    assert found.claimed_bytes == 20


def test_what_the_limit_leaves_stays_apart(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_APART", 2)
    found = find(ran(layer(file("a/1", b"1"), file("a/2", b"2"), file("a/3", b"3"))), rules=(_each("each", "/a"),))
    assert [one.detail for one in found.findings] == ["/a/1", "/a/2", "/a/3"]


def test_of_very_many_findings_the_parts_of_files_add_up(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Match every file by itself, and of some only a part."""
        for number in context.matches:
            yield RuleMatch(versions=(number,), savings=(1,) if context.filesystem.sizes[number] > 1 else None)

    monkeypatch.setattr(engine, "MOST_APART", 0)
    partly = rule("partly", severity=Severity.LOW, title="x", fix="y", wanted=Wanted(paths=PathSet(trees=("/a",))))(
        check
    )
    found = find(ran(layer(*(file(f"a/{name}", b"12") for name in "123"), file("a/4", b"1"))), rules=(partly,))
    assert sorted((one.content_bytes, one.path_count, one.detail) for one in found.findings) == [
        (1, 1, ""),
        (3, 3, "3 of a kind, as there are over 0 findings"),
    ]


@pytest.mark.parametrize(
    "field",
    [
        {"severity": Severity.HIGH}, {"title": "t"}, {"fix": "f"}, {"evidence": Evidence.MATCHED}, {"trade": True},
        {"layer": 0}, {"apart": False}, {"place": "p"}, {"savings": (1,)},
    ],
)  # fmt: skip
def test_what_differs_in_more_than_its_place_is_another_kind(
    find: Find, monkeypatch: pytest.MonkeyPatch, field: dict[str, object]
) -> None:
    monkeypatch.setattr(engine, "MOST_APART", 0)

    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Match two files, the second one in another way."""
        first, second = context.matches
        yield RuleMatch(versions=(first,), detail="1")
        yield RuleMatch(versions=(second,), detail="2", **field)  # type: ignore[arg-type]

    both = rule("both", severity=Severity.LOW, title="x", fix="y", wanted=Wanted(paths=PathSet(trees=("/a",))))(check)
    found = find(ran(layer(file("a/1", b"1"), file("a/2", b"1"))), rules=(both,))
    assert len(found.findings) == 2


def test_what_is_said_of_the_config_stays_apart_whatever_else_was_found(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_APART", 0)

    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Blame two variables."""
        yield RuleMatch(place="A")
        yield RuleMatch(place="B")

    about = rule("about", severity=Severity.LOW, title="x", fix="y")(check)
    assert [one.detail for one in find(ran(layer()), rules=(about,)).findings] == ["A", "B"]


STAGE = Source(stage="builder", evidence=Evidence.DECLARED)


@pytest.mark.parametrize(
    ("kind", "blamed", "steps", "expected"),
    [
        pytest.param(None, None, ("COPY /a /a", "RUN rm"), (FindingKind.LEAK, "stage:builder", (0,)), id="a leak"),
        pytest.param(None, 1, ("COPY /a /a", "RUN x"), (FindingKind.WASTE, "run", (0,)), id="another layer is to blame"),
        pytest.param(FindingKind.WASTE, None, ("COPY /a /a", "RUN x"), (FindingKind.WASTE, "run", (0,)), id="replaced"),
        pytest.param(FindingKind.WASTE, None, ("COPY /a /a", "COPY /b /a"), (FindingKind.WASTE, "stage:builder", (0,)),
                     id="replaced by a COPY"),
        pytest.param(FindingKind.WASTE, 1, ("COPY /a /a", "COPY /b /a"), (FindingKind.WASTE, "unknown", (0,)),
                     id="another COPY is to blame"),
        pytest.param(FindingKind.SECRET, None, ("COPY /a /a", "RUN x"), (FindingKind.SECRET, "stage:builder", (0,)),
                     id="a secret"),
    ],
)  # fmt: skip
def test_who_is_to_blame_for_what_a_stage_brought(
    find: Find, kind: FindingKind | None, blamed: int | None, steps: tuple[str, str], expected: tuple[object, ...]
) -> None:
    blaming = replace(_matching("blaming", "/a", layer=blamed), kind=kind)
    history = tuple(step(f"{one} # buildkit") for one in steps)
    spec = ImageSpec(layers=(layer(file("a/x", b"1")), layer(whiteout("a/x"))), history=history)
    (finding,) = find(spec, rules=(blaming,), stage_of=lambda number: STAGE).findings
    assert (finding.kind, finding.source, finding.layers) == expected


def test_a_match_of_nothing_is_no_finding(find: Find) -> None:
    def check(context: RuleContext) -> Iterator[RuleMatch]:
        """Match nothing."""
        yield RuleMatch()
        yield RuleMatch(place="Env")
        yield RuleMatch(detail="a detail")

    found = find(ran(layer()), rules=(rule("x", severity=Severity.LOW, title="x", fix="y")(check),)).findings
    assert [(one.detail, one.kind, one.source, one.layers) for one in found] == [
        ("Env", FindingKind.WASTE, "unknown", ()),
        ("a detail", FindingKind.WASTE, "unknown", ()),
    ]
