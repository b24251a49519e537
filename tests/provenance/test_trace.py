"""What joins the levels of evidence: names, warnings, and what wins over what."""

from pathlib import Path

import pytest

from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.scope import BaseConfig
from layerscope.errors import UsageError
from layerscope.history.alignment import instructions as align
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.base import Base, FoundBy
from layerscope.provenance.base_image import better_base, contradiction
from layerscope.provenance.dockerfile_origins import place
from layerscope.provenance.origins import BuildInputs
from layerscope.render.renderers import RENDERERS
from tests.builder import ImageSpec, directory, docker_save, file, layer
from tests.provenance.scenes import Scene, Step, image, one, provenance, stage, step_of
from tests.render.reports import OPTIONS

BASE = layer(file("usr/bin/tool", b"tool" * 500))
HEAD = b"ref: refs/heads/main\n"
APP = layer(file("app/.git/HEAD", HEAD), file("app/.git/objects/ab/cd", b"object" * 100))
ROOT = Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE)
COPY = Step(created_by="COPY /app /app # buildkit", layer=APP)
BUILDER = image(ROOT, Step(created_by="RUN /bin/sh -c git clone x # buildkit", layer=APP))
DOCKERFILE = "FROM debian AS b\nRUN git clone x\nFROM debian\nCOPY --from=b /app /app\n"


def scene(dockerfile: str = DOCKERFILE, **fields: object) -> Scene:
    return Scene(final=image(ROOT, COPY), dockerfile=dockerfile, **fields)  # type: ignore[arg-type]


def test_a_stage_without_name_goes_by_its_number(tmp_path: Path) -> None:
    made = scene("FROM debian\nRUN git clone x\nFROM debian\nCOPY --from=0 /app /app\n").report(tmp_path, "declared")
    assert step_of(made, 1).source == "stage:0"


@pytest.mark.parametrize("name", ["b", "B", "0"])
def test_a_builder_is_named_as_the_dockerfile_names_it(tmp_path: Path, name: str) -> None:
    made = scene(builders={name: BUILDER}).report(tmp_path, "matched")
    assert stage(made, "b").evidence == "matched"
    assert stage(made, "b").made_by[0].dockerfile_line == 2


def test_a_builder_of_no_stage_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no stage 'other'"):
        scene(builders={"other": BUILDER}).report(tmp_path, "matched")


def test_a_builder_alone_is_enough_for_a_match(tmp_path: Path) -> None:
    made = scene(builders={"b": BUILDER}).report(tmp_path, "matched", builders_alone=True)
    leak = one(made, "vcs-metadata")
    assert (leak.source, leak.evidence, leak.dockerfile_line) == ("stage:b", "matched", None)
    assert step_of(made, 1).evidence == "matched"
    assert str(leak.made_by) == "RUN git clone x"


@pytest.mark.parametrize("level", ["declared", "matched", "attested"])
def test_what_two_copies_brought_from_a_stage_has_the_line_of_each(tmp_path: Path, level: str) -> None:
    first, second = (layer(file(f"usr/share/doc/{name}/guide", name.encode() * 300)) for name in ("one", "two"))
    copies = [
        (f"COPY /usr/share/doc/{name} /usr/share/doc/{name}", one) for name, one in (("one", first), ("two", second))
    ]
    made = Scene(
        final=image(ROOT, *(Step(created_by=f"{text} # buildkit", layer=one) for text, one in copies)),
        dockerfile="FROM debian AS b\nRUN make\nFROM debian\n"
        + "".join(f"{text.replace('COPY', 'COPY --from=b')}\n" for text, _ in copies),
        builders={
            "b": image(
                ROOT,
                Step(created_by="RUN /bin/sh -c make # buildkit", layer=first),
                Step(created_by="RUN /bin/sh -c make # buildkit", layer=second),
            )
        },
    ).report(tmp_path, level)
    found = {(one.dockerfile_line, one.layers) for one in made.findings if one.rule == "docs-man-locale"}
    assert found == {(4, (1,)), (5, (2,))}


@pytest.mark.parametrize("destination", ["/srv", "/srv/"])
def test_the_files_tell_the_folder_where_the_history_keeps_none(tmp_path: Path, destination: str) -> None:
    copied = layer(directory("srv"), file("srv/.git/HEAD", HEAD), file("srv/.git/objects/ab/cd", b"object" * 100))
    steps = ({"created_by": "ADD rootfs.tar /"}, {"created_by": f"/bin/sh -c #(nop) COPY dir:01 in {destination} "})
    final = ImageSpec(layers=(BASE, copied), history=steps)
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": BUILDER}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert one(made, "vcs-metadata").source == "stage:b"


@pytest.mark.parametrize("before", [0, 160], ids=["short", "where the text is cut"])
def test_a_secret_in_a_step_of_the_builder_is_masked(tmp_path: Path, before: int) -> None:
    secret = "correcthorsebatterystaple"
    command = f"RUN /bin/sh -c {'x' * before} git clone https://me:{secret}@example.org/a /app # buildkit"
    builder = image(ROOT, Step(created_by=command, layer=APP))
    made = scene(builders={"b": builder}).report(tmp_path, "matched", builders_alone=True)
    (step,) = stage(made, "b").made_by
    for text in (
        step.text,
        str(one(made, "vcs-metadata").made_by),
        RENDERERS["json"](made, OPTIONS),
        RENDERERS["table"](made, OPTIONS),
    ):
        assert secret[:6] not in text and secret[3:] not in text
    assert "git clone https://me:" in step.text or before


@pytest.mark.parametrize("of", ["builder", "final"])
def test_a_secret_that_a_config_gives_away_is_masked_in_a_step_of_the_builder(tmp_path: Path, of: str) -> None:
    """Alone the step would not be told to hold one."""
    secret = "correct-horse-battery"
    env = {"env": (f"DB_PASSWORD={secret}",)}
    command = f"RUN /bin/sh -c {'x' * 190} {secret} git clone x # buildkit"
    builder = image(ROOT, Step(created_by=command, layer=APP), **env if of == "builder" else {})
    final = image(ROOT, COPY, **env if of == "final" else {})
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert "git clone" in str(one(made, "vcs-metadata").made_by)
    for text in (*(RENDERERS[name](made, OPTIONS) for name in ("json", "table", "markdown", "html", "sarif")),):
        assert secret[:5] not in text and secret[8:] not in text


def test_of_two_builders_the_one_that_has_more_in_common_is_named(tmp_path: Path) -> None:
    builders = {"a": image(ROOT, Step(created_by="RUN x", layer=layer(file("app/y", b"y" * 99)))), "b": BUILDER}
    made = scene(builders=builders).report(tmp_path, "matched", builders_alone=True)
    assert one(made, "vcs-metadata").source == "stage:b"
    assert stage(made, "a").unmatched == "absent"


CONFIG = layer(
    file("etc/app/.env", b"DB_PASSWORD=correct-horse-battery-staple\n"), file("etc/app/app.yml", b"a: b\n" * 99)
)
PRODUCT = b"product" * 900


@pytest.mark.parametrize("order", [("build", "test"), ("test", "build")])
@pytest.mark.parametrize("related", [True, False])
def test_what_two_stages_hold_alike_came_from_the_one_below_or_from_neither(
    tmp_path: Path, order: tuple[str, str], related: bool
) -> None:
    make = Step(created_by="RUN git clone x # buildkit", layer=APP)
    again = make if related else Step(created_by="RUN git clone --depth 1 x # buildkit", layer=APP)
    builders = {
        "build": image(ROOT, make),
        "test": image(ROOT, again, Step(created_by="RUN make test # buildkit", layer=layer(file("log", b"log")))),
    }
    made = scene(builders={name: builders[name] for name in order}).report(tmp_path, "matched", builders_alone=True)
    assert one(made, "vcs-metadata").source == ("stage:build" if related else "unknown")
    assert step_of(made, 1).source == ("stage:build" if related else "unknown")
    assert (step_of(made, 1).evidence, step_of(made, 1).candidates) == (
        ("matched", ()) if related else (None, ("build", "test"))
    )


@pytest.mark.parametrize("recorded", [True, False])
def test_a_copy_from_the_context_is_told_from_one_of_a_stage(tmp_path: Path, recorded: bool) -> None:
    """The legacy builder keeps no path of the source, so there the product has only the same content."""
    comment = {"comment": "buildkit.dockerfile.v0"} if recorded else {}
    copies = ("COPY /app /usr/bin/app", "COPY config /etc/app")
    if not recorded:
        copies = ("/bin/sh -c #(nop) COPY file:01 in /usr/bin/app", "/bin/sh -c #(nop) COPY dir:02 in /etc/app")
    steps = [{"created_by": text, **comment} for text in ("ADD rootfs.tar /", *copies)]
    final = ImageSpec(layers=(BASE, layer(file("usr/bin/app", PRODUCT)), CONFIG), history=tuple(steps))
    context = layer(
        file("src/config/.env", b"DB_PASSWORD=correct-horse-battery-staple\n"),
        file("src/config/app.yml", b"a: b\n" * 99),
    )
    builder = image(
        ROOT,
        Step(created_by="COPY . . # buildkit", layer=context),
        Step(created_by="RUN make # buildkit", layer=layer(file("app", PRODUCT))),
    )
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert [step.source for step in made.instructions] == ["context", "stage:b" if recorded else "unknown", "unknown"]
    assert one(made, "env-file").source == "unknown"
    assert stage(made, "b").content_bytes == (len(PRODUCT) if recorded else 0)


def test_a_run_that_mounts_the_context_copies_nothing_of_it(tmp_path: Path) -> None:
    """What it leaves is its own, and so is the remedy."""
    run = Step(created_by="RUN /bin/sh -c git clone x /app # buildkit", layer=APP)
    text = "FROM debian\nRUN --mount=target=/src git clone x /app\n"
    made = Scene(final=image(ROOT, run), dockerfile=text).report(tmp_path, "declared")
    assert (step_of(made, 1).dockerfile_line, step_of(made, 1).source, step_of(made, 1).via) == (2, "run", None)
    assert one(made, "vcs-metadata").source == "run"


def test_what_both_copied_from_the_context_came_from_neither(tmp_path: Path) -> None:
    copy = Step(created_by="COPY . /app # buildkit", layer=APP)
    builder = image(ROOT, Step(created_by="RUN x # buildkit", layer=layer(file("x", b"x"))), copy)
    made = Scene(final=image(ROOT, copy), dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert one(made, "vcs-metadata").source == "unknown"
    assert stage(made, "b").content_bytes == 0


@pytest.mark.parametrize("builders_alone", [True, False])
def test_of_a_layer_of_several_steps_only_what_matches_came_from_the_stage(
    tmp_path: Path, builders_alone: bool
) -> None:
    """Buildah makes one layer of a whole stage, and the last step stands for all of it in the history."""
    both = layer(file("opt/x/.svn/wc.db", b"made here" * 9), file("app/run", PRODUCT), file("bin/run", PRODUCT))
    final = ImageSpec(
        layers=(BASE, both),
        history=(
            {"created_by": "ADD rootfs.tar /"},
            {"created_by": "/bin/sh -c svn checkout x /opt/x", "empty_layer": True},
            {"created_by": f"/bin/sh -c #(nop) COPY dir:{'0' * 64} in /app ", "empty_layer": True},
            {"created_by": f"/bin/sh -c #(nop) COPY file:{'1' * 64} in /bin/run ", "comment": "FROM debian"},
        ),
    )
    builder = image(ROOT, Step(created_by="RUN make # buildkit", layer=layer(file("out/run", PRODUCT))))
    text = "FROM debian AS b\nRUN make\nFROM debian\nRUN svn checkout x /opt/x\n"
    text += "COPY --from=b /out /app\nCOPY --from=b /out/run /bin/run\n"
    made = Scene(final=final, dockerfile=text, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=builders_alone
    )
    found = one(made, "vcs-metadata")
    assert (found.kind, found.source, found.evidence, found.instruction) == ("waste", "unknown", "inferred", None)
    assert stage(made, "b").content_bytes == (0 if builders_alone else 2 * len(PRODUCT))
    assert "layer 1 holds the work of 3 instructions: which of them made a file is not known" in made.warnings


@pytest.mark.parametrize(("made_by", "matched"), [("RUN make", len(PRODUCT)), ("COPY run /app/run", 0)])
def test_a_layer_of_several_steps_may_hold_the_context_of_both(tmp_path: Path, made_by: str, matched: int) -> None:
    final = ImageSpec(
        layers=(BASE, layer(file("app/run", PRODUCT))),
        history=(
            {"created_by": "ADD rootfs.tar /"},
            {"created_by": f"/bin/sh -c #(nop) COPY dir:{'0' * 64} in /app ", "empty_layer": True},
            {"created_by": f"/bin/sh -c #(nop) COPY file:{'1' * 64} in /bin/run ", "comment": "FROM debian"},
        ),
    )
    other = Step(created_by="RUN x # buildkit", layer=layer(file("x", b"x")))
    builder = image(other, Step(created_by=f"{made_by} # buildkit", layer=layer(file("app/run", PRODUCT))))
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert stage(made, "b").matched_bytes == matched


def test_no_single_step_of_a_builder_is_named_for_a_layer_of_several(tmp_path: Path) -> None:
    fetch = Step(created_by="RUN /bin/sh -c git clone x # buildkit")
    builder = image(ROOT, Step(created_by="COPY a /a # buildkit"), fetch, Step(created_by="CMD x", layer=APP))
    made = scene(builders={"b": builder}).report(tmp_path, "matched")
    assert (stage(made, "b").evidence, stage(made, "b").made_by) == ("matched", ())
    alone = scene(builders={"b": builder}).report(tmp_path, "matched", builders_alone=True)
    assert stage(alone, "b").content_bytes == 0


def test_nor_where_the_dockerfile_matches_that_builder(tmp_path: Path) -> None:
    builder = ImageSpec(
        layers=(BASE, APP),
        history=(
            {"created_by": "ADD rootfs.tar /"},
            {"created_by": "/bin/sh -c git clone x", "empty_layer": True},
            {"created_by": '/bin/sh -c #(nop) CMD ["x"]', "comment": "FROM debian"},
        ),
    )
    text = 'FROM debian AS b\nRUN git clone x\nCMD ["x"]\nFROM debian\nCOPY --from=b /app /app\n'
    made = scene(text, builders={"b": builder}).report(tmp_path, "matched")
    assert (stage(made, "b").evidence, stage(made, "b").made_by) == ("matched", ())
    assert not any("is not that stage" in warning for warning in made.warnings)


def test_a_copy_from_the_context_is_a_leak_and_a_dockerfile_tells_its_source(tmp_path: Path) -> None:
    made = scene("FROM debian\nCOPY /app /app\n").report(tmp_path, "declared")
    finding = one(made, "vcs-metadata")
    assert (finding.kind, finding.source, finding.dockerfile_line) == ("leak", "context", 2)
    alone = one(scene().report(tmp_path, "inferred"), "vcs-metadata")
    assert (alone.kind, alone.source) == ("leak", "unknown")


def test_so_is_what_no_instruction_is_named_for(tmp_path: Path) -> None:
    manual = layer(file("usr/share/doc/app/manual.html", PRODUCT))
    final = image(ROOT, Step(created_by="COPY usr /usr # buildkit", layer=manual))
    made = Scene(final=final, dockerfile="FROM debian\nCOPY usr /usr\n")
    told = one(made.report(tmp_path, "declared"), "docs-man-locale")
    assert (told.kind, told.source, told.instruction) == ("leak", "context", None)
    assert one(made.report(tmp_path, "inferred"), "docs-man-locale").kind == "leak"


def test_a_dockerfile_that_fits_in_part_may_be_of_another_image(tmp_path: Path) -> None:
    numbers = range(12)
    steps = [Step(created_by=f"RUN step {one} # buildkit", layer=layer(file(f"{one}", b""))) for one in numbers]
    text = DOCKERFILE + "".join(f"RUN step {one}\n" for one in numbers[:-1]) + "RUN another\n"
    made = Scene(final=image(ROOT, COPY, *steps), dockerfile=text).report(tmp_path, "declared")
    assert stage(made, "b").evidence == "declared"


def test_a_copy_from_an_image_names_the_image(tmp_path: Path) -> None:
    made = scene("FROM debian\nCOPY --from=alpine/git:2 /app /app\n").report(tmp_path, "declared")
    assert one(made, "vcs-metadata").source == "image:alpine/git:2"


def test_the_history_itself_may_name_the_stage(tmp_path: Path) -> None:
    kept = Step(created_by="COPY --from=b /app /app", layer=APP)
    made = Scene(final=image(ROOT, kept), dockerfile=DOCKERFILE).report(tmp_path, "inferred")
    assert step_of(made, 1).evidence == "declared"
    assert stage(made, "b").evidence == "declared"
    assert one(made, "vcs-metadata").source == "stage:b"


def test_a_stage_that_the_base_was_copied_from_is_none_of_this_build(tmp_path: Path) -> None:
    base = Step(created_by="COPY --from=b /app /app", layer=APP)
    own = Step(created_by="RUN /bin/sh -c x # buildkit", layer=layer(file("x", b"x")))
    made = Scene(final=image(ROOT, base, Step(created_by='CMD ["x"] # buildkit'), own), dockerfile=DOCKERFILE).report(
        tmp_path, "inferred"
    )
    assert (made.base.layers, made.stages) == (2, ())
    assert step_of(made, 1).source == "base"
    assert one(made, "vcs-metadata").source == "base"


def test_an_uncached_rebuild_disproves_nothing(tmp_path: Path) -> None:
    other = layer(file("app/.git/HEAD", b"ref: refs/heads/next\n"), file("app/.git/objects/ab/cd", b"OBJECT" * 100))
    builder = image(ROOT, Step(created_by="RUN /bin/sh -c git clone x # buildkit", layer=other))
    made = scene(builders={"b": builder}).report(tmp_path, "matched")
    leak, row = one(made, "vcs-metadata"), stage(made, "b")
    assert (leak.source, leak.evidence) == ("stage:b", "declared")
    assert (row.evidence, row.different_bytes, row.not_copied_bytes) == ("declared", 621, 0)


def test_the_image_of_another_stage_is_told(tmp_path: Path) -> None:
    other = image(ROOT, Step(created_by="RUN /bin/sh -c something else # buildkit", layer=layer(file("z", b"z"))))
    made = scene(builders={"b": other}).report(tmp_path, "matched")
    assert any(warning.startswith("the image given for stage b is not that stage: ") for warning in made.warnings)


@pytest.mark.parametrize(
    ("builder", "warned"),
    [
        pytest.param(
            (Step(created_by="RUN make # buildkit", layer=layer(file("z", b"z" * 99))),), True, id="unrelated"
        ),
        pytest.param((ROOT, Step(created_by="RUN z # buildkit", layer=layer(file("z", b"z")))), False, id="same base"),
        pytest.param((Step(created_by="RUN git clone x # buildkit", layer=APP),), False, id="same content"),
        pytest.param((), False, id="no layers"),
    ],
)
def test_a_builder_that_shares_neither_layer_nor_content_is_warned_of(
    tmp_path: Path, builder: tuple[Step, ...], warned: bool
) -> None:
    made = scene(builders={"b": image(*builder)}).report(tmp_path, "matched", builders_alone=True)
    warning = "the image given for stage b shares no layer with this one, and little content"
    assert made.warnings.count(warning) == warned


def test_an_image_without_layers_shares_none_with_its_builder_and_nobody_wonders(tmp_path: Path) -> None:
    made = Scene(final=image(), dockerfile=DOCKERFILE, builders={"b": BUILDER}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert not any("shares no layer" in warning for warning in made.warnings)


def test_a_file_of_equal_length_and_other_content_was_not_copied(tmp_path: Path) -> None:
    """The same path and length prove nothing: only what is equal, or lies where the COPY reads, did not stay behind."""
    tools = layer(file("opt/a", b"a" * 700), file("opt/b", b"b" * 700), file("app/c", b"c" * 700))
    theirs = layer(file("opt/a", b"a" * 700), file("opt/b", b"?" * 700), file("app/c", b"!" * 700), file("d", b"d" * 9))
    final = image(ROOT, Step(created_by="RUN make # buildkit", layer=tools), COPY)
    builder = image(
        ROOT, Step(created_by="RUN git clone x # buildkit", layer=APP), Step(created_by="RUN y", layer=theirs)
    )
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    row = stage(made, "b")
    assert row.evidence == "matched"
    assert row.not_copied_bytes == 700 + 700 + 9
    assert {path for path, _ in row.not_copied} == {"/opt/b", "/app/c", "/d"}


def test_an_add_takes_nothing_from_a_stage(tmp_path: Path) -> None:
    add = Step(created_by="ADD app.tar /app # buildkit", layer=APP)
    made = Scene(final=image(ROOT, add), dockerfile=DOCKERFILE, builders={"b": BUILDER}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert (stage(made, "b").content_bytes, one(made, "vcs-metadata").source) == (0, "context")


@pytest.mark.parametrize(
    ("kind", "lowest", "source"),
    [
        ("ADD", True, "stage:b"),
        ("ADD", False, "unknown"),
        ("COPY", True, "unknown"),
        ("COPY", False, "unknown"),
        ("RUN", False, "stage:b"),
    ],
)
def test_what_a_builder_got_from_the_context_is_not_its_own(
    tmp_path: Path, kind: str, lowest: bool, source: str
) -> None:
    """What a base begins with is an ADD, too, and no build context."""
    brought = Step(created_by=f"{kind} app /app # buildkit", layer=APP)
    other = Step(created_by="RUN x # buildkit", layer=layer(file("x", b"x")))
    builder = image(brought) if lowest else image(other, brought)
    made = Scene(final=image(ROOT, COPY), dockerfile=DOCKERFILE, builders={"b": builder}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert one(made, "vcs-metadata").source == source


@pytest.mark.parametrize("source", ["$SRC", "/app"])
def test_where_a_variable_leaves_the_source_open_the_files_tell_it(tmp_path: Path, source: str) -> None:
    text = f"FROM debian AS b\nRUN git clone x\nFROM debian\nARG SRC\nCOPY --from=b {source} /app\n"
    row = stage(scene(text, builders={"b": BUILDER}).report(tmp_path, "matched"), "b")
    assert (row.evidence, row.matched_bytes) == ("matched", 600)


def test_attested_wins_over_a_dockerfile_that_says_otherwise(tmp_path: Path) -> None:
    statement = provenance("FROM debian AS c\nRUN git clone x\nFROM debian\n\nCOPY --from=c /app /app\n")
    mixed = scene(statements=[statement])
    assert one(mixed.report(tmp_path, "attested"), "vcs-metadata").source == "stage:c"


@pytest.mark.parametrize("builders_alone", [True, False])
def test_a_wildcard_may_have_another_name_in_the_stage(tmp_path: Path, builders_alone: bool) -> None:
    copy = Step(created_by="COPY /w/*.jar /app.jar # buildkit", layer=layer(file("app.jar", PRODUCT)))
    jar = layer(file("w/app-1.0.jar", PRODUCT), file("w/notes.txt", PRODUCT))
    made = Scene(
        final=image(ROOT, copy),
        dockerfile="FROM debian AS b\nRUN make\nFROM debian\nCOPY --from=b /w/*.jar /app.jar\n",
        builders={"b": image(ROOT, Step(created_by="RUN make # buildkit", layer=jar))},
    ).report(tmp_path, "matched", builders_alone=builders_alone)
    row = stage(made, "b")
    assert (row.evidence, row.matched_bytes, row.not_copied) == (
        "matched",
        len(PRODUCT),
        (("/w/notes.txt", len(PRODUCT)),),
    )


def test_what_is_not_said_to_come_from_a_stage_has_its_reason(tmp_path: Path) -> None:
    make = Step(created_by="RUN git clone x # buildkit", layer=APP)
    other = Step(created_by="RUN y # buildkit", layer=layer(file("y", b"y" * 99)))
    mine = Step(created_by="COPY /z /z # buildkit", layer=layer(file("z", b"z" * 99), file("zz", b"z" * 9)))
    builders = {
        "below": image(ROOT, make),
        "other": image(ROOT, other),
        "moved": image(ROOT, Step(created_by="RUN z # buildkit", layer=layer(file("zzz", b"z" * 99)))),
        "copied": image(ROOT, Step(created_by="COPY z / # buildkit", layer=mine.layer)),
    }
    final = image(ROOT, make, mine)
    made = Scene(final=final, dockerfile=DOCKERFILE, builders=builders).report(tmp_path, "matched", builders_alone=True)
    assert {row.evidence for row in made.stages} == {None}
    assert {row.name: row.unmatched for row in made.stages} == {
        "below": "ancestor",
        "other": "absent",
        "moved": "same-content",
        "copied": "inconclusive",
    }
    assert "stage below: nothing copied (the image is built on it)" in RENDERERS["table"](made, OPTIONS)


def test_a_stage_that_only_others_copy_from_is_told_as_such(tmp_path: Path) -> None:
    text = "FROM debian AS a\nRUN git clone x\nFROM debian AS b\nCOPY --from=a /x /app\n"
    text += "FROM debian\nCOPY --from=b /app /app\n"
    builders = {"a": BUILDER, "b": image(ROOT, Step(created_by="COPY /x /app # buildkit", layer=APP))}
    made = scene(text, builders=builders).report(tmp_path, "matched")
    assert stage(made, "a").unmatched == "not-read"
    assert stage(made, "b").evidence == "matched"


def test_without_any_evidence_no_stage_is_named(tmp_path: Path) -> None:
    made = scene().report(tmp_path, "inferred")
    assert made.stages == ()
    assert made.dockerfile is None
    assert {finding.evidence.value for finding in made.findings} == {"inferred"}
    assert not any(":" in step.source or step.dockerfile_line for step in made.instructions)


def test_an_image_without_history_can_still_be_matched(tmp_path: Path) -> None:
    copied = layer(directory("app"), file("app/.git/HEAD", HEAD), file("app/.git/objects/ab/cd", b"object" * 100))
    final = ImageSpec(layers=(BASE, copied))
    made = Scene(final=final, dockerfile=DOCKERFILE, builders={"b": BUILDER}).report(
        tmp_path, "matched", builders_alone=True
    )
    assert one(made, "vcs-metadata").source == "stage:b"


def test_the_given_base_tells_the_directory_that_the_dockerfile_starts_in(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(image(ROOT, COPY)))
    text = "FROM other AS b\nRUN x\nFROM debian\nCOPY --from=b /app $PLACE\n"
    known = BuildInputs(dockerfile=parse_dockerfile(text), base=BaseConfig(env=("PLACE=/app",)))
    with open_image(str(path), ReadOptions()) as opened:
        steps, _ = align(opened.config.history, len(opened.layers))
        found = place(opened, steps, known).match
    assert found is not None
    assert found.steps[1].destination.text == "/app"


@pytest.mark.parametrize(
    ("found", "told", "expected"),
    [
        (Base(layers=3, certain=True), Base(layers=2, name="x"), Base(layers=3, name="x", certain=True)),
        (Base(layers=3, name="y"), Base(layers=2), Base(layers=2, name="y")),
        (Base(layers=3), Base(layers=0), Base(layers=0)),
        (Base(layers=3), None, Base(layers=3)),
    ],
    ids=["certain wins", "told wins over a guess", "told that there is none", "nothing told"],
)
def test_the_better_base_wins_and_each_may_know_the_name(found: Base, told: Base | None, expected: Base) -> None:
    assert better_base(found, told) == expected


def test_a_base_that_ends_elsewhere_than_the_dockerfile_says_is_told() -> None:
    told = Base(found_by=FoundBy.DOCKERFILE, layers=2)
    (warning,) = contradiction(Base(layers=3, certain=True), told)
    assert warning == "the base image has 3 layers, but according to the Dockerfile it has 2"
    assert contradiction(Base(layers=2, certain=True), told) == contradiction(Base(layers=3), told) == ()


@pytest.mark.parametrize("level", ["inferred", "declared", "matched"])
def test_a_build_with_a_step_for_each_layer_has_no_warnings(tmp_path: Path, level: str) -> None:
    assert scene().report(tmp_path, level).warnings == ()
