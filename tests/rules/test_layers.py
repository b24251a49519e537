"""Hidden bytes: who wrote them, who hid them, and whose they are."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families import layers
from tests.builder import ImageSpec, Member, file, hardlink, layer, opaque, whiteout
from tests.rules.conftest import Find, caught, copied, of_rule, ran, step

COPY = "COPY dir:" + "0" * 64 + " in /app"
RUN = "/bin/sh -c "
TREE = (file("app/a", b"12345"), file("app/b", b"123"))


def _image(*steps: tuple[str, bytes]) -> ImageSpec:
    return ImageSpec(layers=tuple(data for _, data in steps), history=tuple(step(text) for text, _ in steps))


def test_what_a_whiteout_hides_was_deleted_too_late(find: Find) -> None:
    (finding,) = find(
        _image((RUN + "wget x", layer(file("x", b"12345"))), (RUN + "rm /x", layer(whiteout("x"))))
    ).findings
    assert (finding.rule, finding.kind, finding.content_bytes, finding.layers) == ("deleted-later", "waste", 5, (0,))
    assert finding.detail == "written by layer 0, deleted by layer 1 (RUN rm /x)"
    assert finding.fix.startswith("delete /x in `RUN wget x` itself")


def test_the_instruction_that_hides_is_named_without_its_secrets(find: Find) -> None:
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
    spec = _image(
        (RUN + f"TOKEN={secret} make", layer(file("x", b"1"))), (RUN + f"TOKEN={secret} rm /x", layer(whiteout("x")))
    )
    (finding,) = of_rule(find(spec), "deleted-later")
    assert secret[:12] not in finding.detail + finding.fix
    assert "rm /x" in finding.detail


def test_what_an_opaque_directory_hides_was_deleted_too_late(find: Find) -> None:
    spec = ran(layer(file("d/old", b"12345")), layer(opaque("d"), file("d/new", b"1")))
    assert caught(find, "deleted-later", spec) == {"/d/old"}


def test_wheels_that_are_copied_and_deleted_belong_into_a_stage(find: Find) -> None:
    wheels = layer(file("wheels/x.whl", b"12345"))
    removed = (RUN + "pip install /wheels/* && rm -rf /wheels", layer(whiteout("wheels")))
    (finding,) = find(_image((COPY, wheels), removed)).findings
    assert (finding.rule, finding.kind, finding.content_bytes) == ("deleted-later", FindingKind.LEAK, 5)
    assert "into a build stage only" in finding.fix


def test_what_the_base_holds_and_an_own_layer_deletes_is_not_the_users(find: Find) -> None:
    found = find(ran(layer(file("x", b"12345")), layer(whiteout("x"))), base_layers=1)
    assert [(f.rule, f.kind) for f in found.findings] == [("deleted-later", FindingKind.INHERITED)]
    assert found.reclaimable_bytes == 0


def test_a_live_file_is_not_hidden(find: Find) -> None:
    assert find(ran(layer(file("x", b"1")), layer(whiteout("y")))).findings == ()


def test_bytes_that_a_hardlink_keeps_alive_are_not_hidden(find: Find) -> None:
    spec = ran(layer(file("a", b"12345"), hardlink("b", "a")), layer(whiteout("a")))
    assert find(spec).findings == ()


def test_a_chown_in_its_own_run_copies_what_was_copied_in(find: Find) -> None:
    changed = layer(*(file(f"app/{name}", content, uid=7) for name, content in (("a", b"12345"), ("b", b"123"))))
    (finding,) = find(_image((COPY, layer(*TREE)), (RUN + "chown -R 7 /app", changed))).findings
    assert (finding.rule, finding.content_bytes, finding.kind) == ("copied-up", 8, FindingKind.WASTE)
    assert "`COPY --chown`" in finding.fix
    assert "`RUN chown -R 7 /app`" in finding.fix


def test_of_three_copies_two_can_be_had_back(find: Find) -> None:
    found = find(ran(*(layer(file("app/a", b"12345", uid=uid)) for uid in (1, 2, 3))))
    assert [(f.rule, f.content_bytes) for f in found.findings] == [("copied-up", 5), ("copied-up", 5)]
    assert found.reclaimable == (5, 5, 0)


def test_a_copy_of_the_bases_file_is_the_users_own(find: Find) -> None:
    found = find(ran(layer(file("usr/x", b"12345")), layer(file("usr/x", b"12345", mode=0o600))), base_layers=1)
    assert [(f.rule, f.kind, f.layers) for f in found.findings] == [("copied-up", FindingKind.WASTE, (1,))]
    assert found.reclaimable == (0, 5)


def test_other_content_is_no_copy(find: Find) -> None:
    found = find(ran(layer(file("x", b"12345")), layer(file("x", b"54321"))))
    assert [(f.rule, f.content_bytes) for f in found.findings] == [("overwritten", 5)]


def test_package_databases_are_one_finding_of_low_weight(find: Find) -> None:
    layers = (layer(file("var/lib/dpkg/status", bytes([n]) * 1_000_000)) for n in range(3))
    (finding,) = of_rule(find(ran(*layers)), "overwritten")
    assert (finding.severity, finding.layers, finding.content_bytes) == (Severity.LOW, (0, 1), 2_000_000)


def test_copies_of_package_databases_weigh_little_too(find: Find) -> None:
    layers = (layer(file("var/cache/debconf/templates.dat", bytes(1_000_000), mtime=n)) for n in range(3))
    (finding,) = find(ran(*layers)).findings
    assert (finding.rule, finding.severity, finding.content_bytes) == ("copied-up", Severity.LOW, 2_000_000)


def test_more_waste_weighs_more(find: Find) -> None:
    spec = ran(layer(file("a", b"1" * 10), file("b", bytes(200_000))), layer(whiteout("a")), layer(whiteout("b")))
    assert [f.severity for f in of_rule(find(spec), "deleted-later")] == [Severity.MEDIUM, Severity.LOW]


MOVED = layer(file("new/app", b"12345"), whiteout("app/a"))


@pytest.mark.parametrize(
    ("writer", "hider", "fix"),
    [
        pytest.param(COPY, MOVED, "write /app/a to its final place at once", id="copied, then moved"),
        pytest.param(RUN + "wget x", MOVED, "write /app/a to its final place at once", id="written, then moved"),
        pytest.param(
            COPY,
            layer(file("x", b"54321"), whiteout("app/a")),
            "copy /app/a into a build stage only",
            id="copied and used",
        ),
        pytest.param(COPY, layer(whiteout("app/a")), "copy /app/a into a build stage only", id="copied and deleted"),
        pytest.param(
            RUN + "wget x", layer(whiteout("app/a")), "delete /app/a in `RUN wget x`", id="written and deleted"
        ),
    ],
)
def test_what_is_moved_should_be_written_where_it_goes(find: Find, writer: str, hider: bytes, fix: str) -> None:
    (finding,) = of_rule(find(_image((writer, layer(TREE[0])), (RUN + "do it", hider))), "deleted-later")
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize(
    ("writer", "hider", "fix"),
    [
        (RUN + "make", RUN + "sed", "write /app/a once: join `RUN make` with the RUN that writes it again"),
        (RUN + "make", COPY, "keep /app/a out of `RUN make`, or delete it there"),
        (COPY, RUN + "sed", "copy /app/a in its final form, or leave it out of `COPY"),
        (COPY, COPY, "leave /app/a out of `COPY"),
        ("", "", "write /app/a once, by one RUN or in its final form by one COPY"),
    ],
)
def test_how_to_write_once_depends_on_who_wrote(find: Find, writer: str, hider: str, fix: str) -> None:
    layers = (layer(file("app/a", content)) for content in (b"12345", b"54321"))
    (finding,) = find(_image(*zip((writer, hider), layers, strict=True))).findings
    assert (finding.rule, finding.fix[: len(fix)]) == ("overwritten", fix)


def _again(**fields: object) -> Member:
    return file("app/a", b"12345", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("writer", "again", "title", "fix"),
    [
        pytest.param(
            COPY,
            _again(uid=7),
            " with its owner changed",
            "set the owner of /app/a with `COPY --chown` instead of in `RUN x`",
            id="owner",
        ),
        pytest.param(
            COPY,
            _again(mode=0o600, gid=7),
            " with its mode and owner changed",
            "set the mode of /app/a before it is copied, its owner with `COPY --chown`, not later in `RUN x`",
            id="mode and group",
        ),
        pytest.param(
            COPY,
            _again(mtime=7),
            " with its time changed",
            "set the time of /app/a where it is written, not later in `RUN x`",
            id="touched",
        ),
        pytest.param(
            RUN + "make",
            _again(mode=0o600),
            " with its mode changed",
            "set the mode of /app/a where it is written, not later in `RUN x`",
            id="mode of what a RUN wrote",
        ),
        pytest.param(
            COPY,
            _again(xattrs={"security.capability": b"x"}),
            " with its extended attributes changed",
            "set the extended attributes of /app/a where it is written, not later in `RUN x`",
            id="a capability",
        ),
        pytest.param(
            COPY,
            _again(),
            ", though mode, owner and time are the same",
            "apply what `RUN x` does to /app/a in the instruction that writes it",
            id="nothing, as by a hardlink",
        ),
    ],
)
def test_the_title_says_what_differs_in_a_copy(find: Find, writer: str, again: Member, title: str, fix: str) -> None:
    (finding,) = find(_image((writer, layer(file("app/a", b"12345"))), (RUN + "x", layer(again)))).findings
    assert (finding.rule, finding.title, finding.fix) == ("copied-up", f"stored again{title}: /app/a", fix)


def test_a_second_copy_of_the_same_content_is_called_one(find: Find) -> None:
    (finding,) = find(_image((COPY, layer(_again())), (COPY, layer(_again(mode=0o600))))).findings
    assert finding.fix.startswith("copy /app/a once: `COPY")


def test_nothing_hidden_is_nothing_found(find: Find) -> None:
    assert find(copied(layer(*TREE))).findings == ()


@pytest.mark.parametrize("below", [0, 1])
def test_a_name_that_one_layer_stores_twice_says_what_changed(find: Find, below: int) -> None:
    twice = layer(file("a", b"12345", mode=0o644), file("a", b"12345", mode=0o755))
    (finding,) = find(ran(*[layer(file("x", b"x"))] * below, twice)).findings
    assert (finding.rule, finding.content_bytes) == ("copied-up", 5)
    assert finding.title == "stored again with its mode changed: /a"
    assert finding.detail == f"written by layer {below}, copied by layer {below} (RUN make)"


def test_a_long_instruction_is_cut_after_sixty_characters(find: Find) -> None:
    for command, shown in (("rm /x " + "y" * 50, "y" * 50), ("rm /x " + "y" * 51, "y" * 47 + "...")):
        spec = _image((RUN + "wget x", layer(file("x", b"12345"))), (RUN + command, layer(whiteout("x"))))
        (finding,) = of_rule(find(spec), "deleted-later")
        assert finding.detail == f"written by layer 0, deleted by layer 1 (RUN rm /x {shown})"


def _moving(*contents: bytes, gone: bool = False) -> ImageSpec:
    """A RUN that writes files of these contents and deletes another one; and maybe one that deletes those, too."""
    made = tuple(file(f"new/{number}", content) for number, content in enumerate(contents))
    steps = [
        (RUN + "wget x", layer(file("a", b"12345"), file("b", b"1"))),
        (RUN + "mv", layer(*made, whiteout("a"), whiteout("b"))),
    ]
    return _image(*steps, *[(RUN + "rm", layer(whiteout("new")))] * gone)


@pytest.mark.parametrize(
    ("spec", "is_moved"),
    [
        pytest.param(_moving(b"12345"), True, id="the largest is at another path"),
        pytest.param(_moving(b"1"), False, id="only a smaller one"),
        pytest.param(_moving(b"54321", b"00000", b"12345"), True, id="behind others of its length"),
        pytest.param(_moving(b"54321", b"00000", b"11111", b"12345"), False, id="behind too many"),
        pytest.param(_moving(b"12345", gone=True), False, id="that one is gone as well"),
    ],
)
def test_what_counts_as_moved(find: Find, spec: ImageSpec, is_moved: bool) -> None:
    found = [one for one in of_rule(find(spec), "deleted-later") if any(path.path == "/a" for path in one.paths)]
    assert ["to its final place" in one.fix for one in found] == [is_moved]


def test_metadata_of_many_files_are_compared_up_to_a_number(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    lower = layer(file("a", b"1"), file("b", b"2"))
    upper = layer(file("a", b"1", mode=0o600), file("b", b"2", uid=7))
    for number, changed in ((2, "mode and owner"), (1, "mode")):
        monkeypatch.setattr(layers, "_ENOUGH", number)
        (finding,) = find(ran(lower, upper)).findings
        assert finding.title.startswith(f"stored again with its {changed} changed")


def test_all_that_can_differ_in_a_copy_is_named(find: Find) -> None:
    again = _again(mode=0o600, uid=7, mtime=7, xattrs={"user.x": b"1"})
    (finding,) = find(_image((COPY, layer(_again())), (RUN + "x", layer(again)))).findings
    assert finding.title == "stored again with its mode, owner, time and extended attributes changed: /app/a"
    assert (
        finding.fix
        == "set the mode, owner, time and extended attributes of /app/a where it is written, not later in `RUN x`"
    )


@pytest.mark.parametrize("changes", [{"mode": 0o600}, {"uid": 7}, {"mode": 0o600, "uid": 7}])
def test_buildkit_sets_mode_and_owner_while_it_copies(find: Find, changes: dict[str, int]) -> None:
    names = {"mode": ("mode", "`COPY --chmod`"), "uid": ("owner", "`COPY --chown`")}
    history = tuple(step(one) | {"comment": "buildkit.dockerfile.v0"} for one in ("COPY /a /app/a", "RUN x"))
    (finding,) = find(ImageSpec(layers=(layer(_again()), layer(_again(**changes))), history=history)).findings
    what, options = (" and ".join(names[name][place] for name in changes) for place in (0, 1))
    assert finding.fix == f"set the {what} of /app/a with {options} instead of in `RUN x`"


def test_what_the_base_hides_of_itself_is_told_without_layers(find: Find) -> None:
    spec = ran(layer(file("a", b"1"), file("b", b"2")), layer(whiteout("a"), file("b", b"3")), layer(file("c", b"4")))
    found = find(spec, base_layers=2).findings
    assert sorted((one.rule, one.detail, one.source) for one in found) == [
        ("deleted-later", "written and deleted within the base image", "base"),
        ("overwritten", "written and overwritten within the base image", "base"),
    ]


def test_a_copy_of_the_bases_file_that_another_layer_replaces_is_not_told_twice(find: Find) -> None:
    spec = ran(layer(file("a", b"1")), layer(file("a", b"1", uid=1)), layer(file("a", b"2")))
    assert [(one.rule, one.layers) for one in find(spec, base_layers=1).findings] == [("overwritten", (1,))]
