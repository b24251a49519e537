"""Each decision about a step of the history on its own: its words, its shell, its settings, its place among layers."""

import pytest

from layerscope.history.alignment import image_instructions, instructions, layers_before, made_content
from layerscope.history.created_by import parse
from layerscope.history.match import LEAST_SCORE, align, match
from layerscope.history.metadata import exec_arguments, written
from layerscope.history.same_step import StepText, history_text, is_same_step
from layerscope.history.shells import is_shell_alone, no_operation, split_build_args, without_shell
from layerscope.model.changeset import Changeset
from layerscope.model.image import Digest, HistoryEntry, Image, ImageConfig, Layer
from layerscope.model.instruction import Instruction
from tests.history.histories import built, history


def text(kind: str, line: str = "", **fields: object) -> StepText:
    """A step; without more it is its line alone."""
    return StepText(kind=kind, line=line, **{"bare": line, "words": (), **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("instruction", "step", "same"),
    [
        pytest.param(text("RUN", "a"), text("RUN", "a"), True, id="the same line"),
        pytest.param(text("RUN", "a"), text("RUN", "b"), False, id="another line"),
        pytest.param(text("RUN", "a"), text("", "a"), True, id="a RUN without its keyword"),
        pytest.param(text("RUN", "a"), text("", "b"), False, id="another one without it"),
        pytest.param(text("CMD", "a"), text("", "a"), False, id="only a RUN may lack its keyword"),
        pytest.param(text("RUN", "a"), text("COPY", "a"), False, id="another kind"),
        pytest.param(text("HEALTHCHECK", "a"), text("HEALTHCHECK", "b"), True, id="kinds that are not compared"),
        pytest.param(text("ONBUILD", "a"), text("ONBUILD", "b"), True, id="ONBUILD"),
        pytest.param(text("ARG", "A=1", words=("A",)), text("ARG", "A=2", words=("A",)), True, id="names of an ARG"),
        pytest.param(text("ARG", "A", words=("A",)), text("ARG", "A", words=("B",)), False, id="not its line"),
        pytest.param(text("CMD", "a", words=("x",)), text("CMD", "b", words=("x",)), True, id="words of a list"),
        pytest.param(text("CMD", "a", words=("x",)), text("CMD", "b", words=("y",)), False, id="other words"),
        pytest.param(text("USER", "a", words=("x",)), text("USER", "b", words=("x",)), False, id="no list"),
        pytest.param(text("RUN", "a", bare="x"), text("RUN", "b", bare="x"), True, id="but for flags"),
        pytest.param(text("RUN", "a", source="b"), text("RUN", "b"), True, id="as it is written"),
        pytest.param(text("COPY", "a /d", destination="/d"), text("COPY", "s", destination="/d"), True, id="destination"),
        pytest.param(text("COPY", "a /d", destination="/d"), text("COPY", "s", destination="/e"), False, id="another"),
        pytest.param(text("COPY", "a d/", destination="/w/d"), text("COPY", "s", destination="d"), True, id="as written"),
        pytest.param(text("COPY", "a $D/e", resolved=False), text("COPY", "s", destination="/d/e"), True, id="a variable"),
        pytest.param(text("COPY", "a $D/e", resolved=True), text("COPY", "s", destination="/d/e"), False, id="which is known"),
        pytest.param(text("COPY", "a $D/e", resolved=False), text("COPY", "s", destination="/d/f"), False, id="another end"),
        pytest.param(text("COPY", "a b", resolved=False), text("COPY", "s", destination="/w/b"), True, id="a relative one"),
        pytest.param(text("RUN", "a $B c", resolved=False), text("RUN", "a b c"), True, id="a variable of a RUN"),
        pytest.param(text("RUN", "a ${B} c", resolved=False), text("RUN", "a  c"), True, id="an empty one"),
        pytest.param(text("RUN", "a $B c", resolved=True), text("RUN", "a b c"), False, id="one whose value is known"),
        pytest.param(text("RUN", "a b", resolved=False), text("RUN", "x/a b"), False, id="no variable"),
        pytest.param(text("WORKDIR", "b", resolved=False), text("WORKDIR", "/a/b"), True, id="a relative directory"),
        pytest.param(text("WORKDIR", "./b/", resolved=False), text("WORKDIR", "/a/b"), True, id="with dots"),
        pytest.param(text("WORKDIR", "b", resolved=False), text("WORKDIR", "/ab"), False, id="no part of a name"),
        pytest.param(text("WORKDIR", "b", resolved=True), text("WORKDIR", "/a/b"), False, id="a known directory"),
        pytest.param(text("RUN", "$A-$B-$C", resolved=False), text("RUN", "1-2-3"), True, id="three variables"),
        pytest.param(text("RUN", "x$A-$B-y", resolved=False), text("RUN", "x1-2-y"), True, id="between words"),
        pytest.param(text("RUN", "x$A-$B-y", resolved=False), text("RUN", "x-y"), False, id="words that overlap"),
        pytest.param(text("RUN", "x$A-$B-y", resolved=False), text("RUN", "x--y"), True, id="words that touch"),
        pytest.param(text("RUN", "x$A=$B-y", resolved=False), text("RUN", "x1-2-y"), False, id="a word that is missing"),
        pytest.param(text("RUN", "x$A", resolved=False), text("RUN", "y1"), False, id="another beginning"),
        pytest.param(text("RUN", "ab${A}ba", resolved=False), text("RUN", "aba"), False, id="too short"),
        pytest.param(text("RUN", "$A b$C b", resolved=False), text("RUN", "x b b"), True, id="the last word once"),
        pytest.param(text("RUN", "$A b$C b", resolved=False), text("RUN", "x b"), False, id="but not twice"),
    ],
)  # fmt: skip
def test_a_step_is_the_instruction_as_far_as_the_builder_kept_it(
    instruction: StepText, step: StepText, same: bool
) -> None:
    assert is_same_step(instruction, step) == same


@pytest.mark.parametrize(
    ("kind", "line", "expected"),
    [
        ("RUN", "--mount=a  --x make  -j", {"line": "--mount=a --x make -j", "bare": "make -j"}),
        ("RUN", "make --x", {"bare": "make --x"}),
        ("COPY", "file:0123456789ab in /d/", {"destination": "/d"}),
        ("ADD", "--chown=1 dir:0123456789ab in /", {"destination": "/", "bare": "dir:0123456789ab in /"}),
        ("COPY", "multi:0123456789ab in ", {"destination": ""}),
        ("COPY", "a b /d", {"destination": ""}),
        ("RUN", "file:0123456789ab in /d", {"destination": ""}),
        ("COPY", "file:0123456789a in /d", {"destination": ""}),
        ("ARG", "A=1 B=2 c", {"words": ("A", "B")}),
        ("ARG", "A b", {"words": ("A",)}),
        ("ARG", "A=x y", {"words": ("A",)}),
        ("ARG", "", {"words": ()}),
        ("EXPOSE", "90/udp 80 80/tcp", {"words": ("80/tcp", "90/udp")}),
        ("CMD", '["a b", "c"]', {"words": ("a b", "c")}),
        ("CMD", "a [b, 'c']", {"words": ("a", "b", "c")}),
        ("SHELL", "[/bin/sh -c]", {"words": ("/bin/sh", "-c")}),
        ("VOLUME", "/a /b", {"words": ("/a", "/b")}),
        ("USER", "a b", {"words": ()}),
    ],
)
def test_the_words_of_a_step(kind: str, line: str, expected: dict[str, object]) -> None:
    found = history_text(Instruction(index=0, kind=kind, text=line, created_by=""))
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.kind, found.source, found.resolved) == (kind, "", True)


@pytest.mark.parametrize(
    ("array", "arguments"),
    [
        ('["a", "b"]', ("a", "b")),
        ('["a" "b"]', ("a", "b")),
        ('["a","b",]', ("a", "b")),
        ("[]", ()),
        ('&{["a"]}', ("a",)),
        ('["a]"]', ("a]",)),
        (r'["a\"b" "c\\d" "\/e" "\n"]', ('a"b', r"c\d", "/e", r"\n")),
        ('["a"', None),
        ("a", None),
        ("[a]", None),
        ('["a"] x', None),
        ('["a" [b]]', None),
    ],
)
def test_an_array_is_that_of_json_or_of_go(array: str, arguments: tuple[str, ...] | None) -> None:
    assert exec_arguments(array) == arguments


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("CMD", '["a" "b\\"c"]', '["a", "b\\"c"]'),
        ("CMD", "a b", "a b"),
        ("ENTRYPOINT", '&{["a"]}', '["a"]'),
        ("RUN", '["a" "b"]', '["a" "b"]'),
        ("EXPOSE", "map[80/tcp:{} 90:{}]", "80/tcp 90"),
        ("EXPOSE", "[80]", "80"),
        ("EXPOSE", "80 [90]", "80 [90]"),
        ("EXPOSE", "[[80]]", "[[80]]"),
        ("VOLUME", "[/a /b]", "/a /b"),
        ("VOLUME", "map[/a:{}]", "/a"),
        ("VOLUME", '["/a"]', '"/a"'),
        ("HEALTHCHECK", "CMD x", "CMD x"),
        (
            "HEALTHCHECK",
            "{Test:[CMD-SHELL x y] Interval:1s Timeout:2s StartPeriod:3s StartInterval:4s Retries:5}",
            "--interval=1s --timeout=2s --start-period=3s --start-interval=4s --retries=5 CMD x y",
        ),
        ("HEALTHCHECK", "{Test:[CMD x] Interval:0s Timeout:0s StartPeriod:0s Retries:0}", "CMD x"),
        ("HEALTHCHECK", "{Test:[NONE] Interval:1s Timeout:0s StartPeriod:0s Retries:3}", "NONE"),
        ("HEALTHCHECK", '&{["CMD" "x" "y"] "1s" "2s" "3s" "4s" \'\\x05\'}',
         "--interval=1s --timeout=2s --start-period=3s --start-interval=4s --retries=5 CMD x y"),
        ("HEALTHCHECK", '&{["CMD-SHELL" "x"] "1m0s" "0s" "0s" \'\\t\'}', "--interval=1m0s --retries=9 CMD x"),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" "0s" \'A\'}', "--retries=65 CMD x"),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" "0s" \'AB\'}', "CMD x"),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" "0s" \'\\u00e9\'}', "--retries=233 CMD x"),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" "0s" \'\\q\'}', "CMD x"),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" "0s" \'\\\\\'}', "--retries=92 CMD x"),
        ("HEALTHCHECK", '&{[] "0s" "0s" "0s" \'\\x00\'}', "CMD "),
        ("HEALTHCHECK", '&{["CMD" "x"] "0s" "0s" \'!\'}', '&{["CMD" "x"] "0s" "0s" \'!\'}'),
    ],
)  # fmt: skip
def test_a_setting_is_written_as_a_dockerfile_has_it(kind: str, before: str, after: str) -> None:
    assert written(kind, before) == after


@pytest.mark.parametrize("rune", [("a", 7), ("b", 8), ("t", 9), ("n", 10), ("v", 11), ("f", 12), ("r", 13), ("'", 39)])
def test_a_rune_of_go_is_its_number(rune: tuple[str, int]) -> None:
    assert written("HEALTHCHECK", f'&{{["CMD" "x"] "0s" "0s" "0s" \'\\{rune[0]}\'}}') == f"--retries={rune[1]} CMD x"


@pytest.mark.parametrize(
    ("line", "declared", "command"),
    [
        ("/bin/sh -c make", "", "make"),
        ("/bin/sh -c", "", ""),
        ("/bin/sh -cmake", "", None),
        ("sh -ec make", "", "make"),
        ("/bin/busybox sh -c make", "", "make"),
        ("/bin/bash -o pipefail -c make", "", "make"),
        ("zsh -c x", "", "x"),
        ("fish -c x", "", None),
        ("fish -c x", "fish -c", "x"),
        ("fish -cx", "fish -c", None),
        ("fish", "fish", None),
        ("cmd /S /C dir", "", "dir"),
        ("C:\\Windows\\System32\\cmd.exe /c dir", "", "dir"),
        ("powershell -Command ls", "", "ls"),
        ("pwsh -NoProfile -c ls", "", "ls"),
        ("make", "", None),
        ("x /bin/sh -c y", "", None),
    ],
)
def test_a_command_stands_behind_its_shell(line: str, declared: str, command: str | None) -> None:
    assert without_shell(line, declared) == command


@pytest.mark.parametrize(
    ("line", "alone"),
    [("/bin/sh", True), ("bash", True), ("bash -l", True), ("bash -c x", False), ("cmd.exe", True), ("bashful", False)],
)
def test_a_shell_alone_is_a_container_by_hand(line: str, alone: bool) -> None:
    assert is_shell_alone(line) == alone


@pytest.mark.parametrize(
    ("line", "declared", "rest"),
    [
        ("/bin/sh -c #(nop)  CMD x", "", "CMD x"),
        ("/bin/sh -c #(nop)", "", ""),
        ("#(nop) CMD x", "", "CMD x"),
        ("bash #(nop) CMD x", "", "CMD x"),
        ("fish -c #(nop) CMD x", "", None),
        ("fish -c #(nop) CMD x", "fish -c", "CMD x"),
        ("fish -c #(nop) SHELL [fish -c]", "", "SHELL [fish -c]"),
        ("fish -c #(nop) SHELL [bash -c]", "", None),
        ("/bin/sh -c echo #(nop) x", "", None),
        ("powershell -Command $x = 1; #(nop) ENV A=b", "", "ENV A=b"),
        ("make", "", None),
        ("/bin/sh -c " + " " * 983 + "#(nop) x", "", "x"),
        ("/bin/sh -c " + " " * 984 + "#(nop) x", "", None),
    ],
)
def test_the_mark_of_a_step_that_ran_nothing_stands_behind_a_shell(line: str, declared: str, rest: str | None) -> None:
    assert no_operation(line, declared) == rest


@pytest.mark.parametrize(
    ("line", "declared", "pairs", "command"),
    [
        ("make", "", (), "make"),
        ("|1 A=1 /bin/sh -c make", "", (("A", "1"),), "/bin/sh -c make"),
        ("|2 A=1 B=2 3 /bin/sh -c make", "", (("A", "1"), ("B", "2 3")), "/bin/sh -c make"),
        ("|1 A=1 B=2 /bin/sh -c make", "", (("A", "1 B=2"),), "/bin/sh -c make"),
        ("|0 make A=1", "", (), "make A=1"),
        ("|1 make A=1", "", (), "make A=1"),
        ("|1 A=1 make it", "", (("A", "1"),), "make it"),
        ("|1 A=1", "", (("A", "1"),), ""),
        ("|2 A= B= x", "", (("A", ""), ("B", "")), "x"),
        ("|1 A=1 fish -c x", "fish -c", (("A", "1"),), "fish -c x"),
        ("|1 A=1 2 fish -c x", "fish -c", (("A", "1 2"),), "fish -c x"),
        ("|1 A=1 2 fish -c x", "", (("A", "1"),), "2 fish -c x"),
        ("|1", "", (), ""),
        ("|x A=1", "", (), "|x A=1"),
        ("|1A=1 x", "", (), "|1A=1 x"),
        ("|1 _a9=1 x", "", (("_a9", "1"),), "x"),
        ("|1 9a=1 x", "", (), "9a=1 x"),
    ],
)
def test_build_arguments_stand_before_the_command(
    line: str, declared: str, pairs: tuple[tuple[str, str], ...], command: str
) -> None:
    assert split_build_args(line, declared) == (pairs, command)


def test_layers_that_the_config_does_not_name_have_no_step() -> None:
    digests = [Digest("sha256", letter * 64) for letter in "abc"]
    layers = tuple(
        Layer(index=index, diff_id=diff_id, changeset=Changeset())
        for index, diff_id in enumerate((digests[0], None, digests[1]))
    )
    entries = tuple(
        HistoryEntry(created_by=line, empty_layer=line == "ENV A=b") for line in ("RUN a", "ENV A=b", "RUN c")
    )
    config = ImageConfig(history=entries, diff_ids=tuple(digests[:2]))
    image = Image(source="x", format="", config=config, layers=layers)
    steps, warnings = image_instructions(image)
    assert ([step.layer for step in steps], warnings) == ([0, None, 2], ())


@pytest.mark.parametrize(
    ("created_by", "author", "kind", "text"),
    [
        ("ko build ko://x", "", "KO", "build ko://x"),
        ("ko publish x", "", "KO", "publish x"),
        ("ko x", "ko", "KO", "x"),
        ("ko x", "", "RUN", "ko x"),
        ("bazel build x", "", "BAZEL", "build x"),
        ("bazel x", "", "RUN", "bazel x"),
        ("x y", "Bazel", "BAZEL", "x y"),
        ("apko x", "", "APKO", "x"),
        ("melange x", "", "APKO", "melange x"),
        ("jib-cli", "", "JIB", "jib-cli"),
        ("x", "Jib", "JIB", "x"),
        ("/bin/make", "", "RUN", "/bin/make"),
        ("make", "", "", "make"),
        ("make it", "", "RUN", "make it"),
        ("Make it", "", "", "Make it"),
        ("run make", "kaniko", "RUN", "make"),
        ("run make", "", "RUN", "run make"),
        ("COPY", "", "COPY", ""),
        ("/bin/sh -c #(nop) 12", "", "", "12"),
        ("12", "kaniko", "", "12"),
        ("COPYa b", "", "", "COPYa b"),
    ],
)
def test_each_tool_writes_its_own_words(created_by: str, author: str, kind: str, text: str) -> None:
    step = parse(HistoryEntry(created_by=created_by, author=author), 3)
    assert (step.index, step.kind, step.text, step.created_by) == (3, kind, text, created_by)


@pytest.mark.parametrize(
    ("comment", "created_by", "kind", "text"),
    [
        ("buildkit.exporter.image.v0", "[1/2] RUN x", "RUN", "x"),
        ("buildkit.dockerfile.v0", "[1/2] RUN x", "", "[1/2] RUN x"),
        ("buildkit.exporter.image.v0", "mount / from exec x y", "RUN", "x y"),
        ("buildkit.dockerfile.v0", "x y", "", "x y"),
        ("FROM x", "x y", "RUN", "x y"),
        ("a message", "x y", "COMMIT", "x y"),
        ("a message", "", "", "a message"),
        ("store paths: nothing", "", "NIX", "store paths: nothing"),
        ("Imported from -", "x y", "COMMIT", "x y"),
        ("Created by Image Factory", "", "IMPORT", "Created by Image Factory"),
    ],
)
def test_a_comment_tells_who_wrote_a_step(comment: str, created_by: str, kind: str, text: str) -> None:
    step = parse(HistoryEntry(created_by=created_by, comment=comment), 0)
    assert (step.kind, step.text, step.comment) == (kind, text, comment)


def test_what_made_content_and_how_many_layers_lie_below() -> None:
    steps, _ = instructions(tuple(history_entries("RUN a", "-ENV A=b", "WORKDIR /x", "COPY a /b")), 3)
    assert [made_content(step) for step in steps] == [True, False, False, True]
    assert [layers_before(steps, index) for index in range(5)] == [0, 1, 1, 2, 3]


def history_entries(*lines: str) -> list[HistoryEntry]:
    return [HistoryEntry(created_by=line.removeprefix("-"), empty_layer=line.startswith("-")) for line in lines]


@pytest.mark.parametrize(
    ("one", "other", "weights", "expected", "first"),
    [
        pytest.param("ab", "ba", {"a": 4, "b": 2}, {0: 1}, 1, id="the heavier one"),
        pytest.param("ab", "ba", {"a": 2, "b": 4}, {1: 0}, 0, id="or the other"),
        pytest.param("axxxxb", "ab", {}, {0: 0, 5: 1}, 0, id="four that are skipped cost as much as one counts"),
        pytest.param("axxxxxx", "a", {}, {0: 0}, 0, id="six behind it cost more, and have no other place"),
        pytest.param("abc", "cab", {}, {0: 1, 1: 2}, 1, id="two instead of one"),
        pytest.param("xa", "ya", {}, {1: 1}, 1, id="what lies below is no cost"),
    ],
)
def test_the_best_pairs_are_those_of_the_most_weight(
    one: str, other: str, weights: dict[str, int], expected: dict[int, int], first: int
) -> None:
    found = align(len(one), len(other), lambda i, j: one[i] == other[j], lambda i: weights.get(one[i], 4))
    assert found == (expected, first)


@pytest.mark.parametrize(("equal", "differs"), [(8, 1), (7, 2)])
def test_the_score_of_a_file_that_fits_well_enough(equal: int, differs: int) -> None:
    lines = [f"RUN step {number}" for number in range(equal + differs)]
    told = [f"/bin/sh -c step {number}" for number in range(equal)] + [f"/bin/sh -c other {n}" for n in range(differs)]
    found = match(built("FROM x\n" + "\n".join(lines)), history(*told))
    assert (found.matched, found.total) == (equal, equal + 2 * differs)
    assert (found.score >= LEAST_SCORE) == (not found.differing) == (differs == 1)
    assert found.first_mismatch


def test_a_copy_that_is_on_no_line_makes_the_file_an_edited_one() -> None:
    rest = [f"step {number}" for number in range(20)]
    told = [f"/bin/sh -c {step}" for step in rest]
    build = built("FROM x\n" + "\n".join(f"RUN {step}" for step in rest))
    for extra, differing in (("COPY a /a # buildkit", ("`COPY a /a` of the image",)), ("/bin/sh -c other", ())):
        found = match(build, history(*told[:9], extra, *told[9:]))
        assert (found.matched, found.total, found.differing) == (20, 21, differing)
