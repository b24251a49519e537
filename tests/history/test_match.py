import re

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.scope import BaseConfig
from layerscope.dockerfile.stages import CONTEXT
from layerscope.errors import LimitExceeded, UsageError
from layerscope.history.match import Match, match
from tests.history.histories import built, built_file, history, recorded


def lines_by_layer(found: Match, name: str) -> dict[int, int]:
    """For each layer that a Dockerfile tells of, the line of its instruction."""
    steps = {step.index: step.layer for step in recorded(name)}
    return {layer: step.instruction.line for index, step in found.steps.items() if (layer := steps[index]) is not None}


@pytest.mark.parametrize(
    ("image", "dockerfile", "target", "base_layers", "lines"),
    [
        ("tiny-legacy", "tiny", "", 0, {0: 9, 1: 10, 2: 11, 3: 12, 4: 13, 5: 14, 6: 15}),
        ("tiny-buildkit", "tiny", "", 0, {0: 9, 1: 10, 2: 11, 3: 12, 4: 13, 5: 14, 6: 15, 7: 16}),
        ("tiny-builder", "tiny", "builder", 0, {0: 2, 1: 3, 2: 4, 3: 5}),
        ("notesapp-multistage", "notesapp", "", 8, {8: 14, 9: 15}),
        ("notesapp-buildkit", "notesapp", "", 8, {8: 14, 9: 15, 10: 16}),
        ("notesapp-builder", "notesapp", "builder", 8, {8: 7, 9: 9, 10: 10, 11: 11}),
        ("notesapp-default", "notesapp-default", "", 8, {8: 5, 9: 7, 10: 8, 11: 9, 12: 10}),
        ("mini-v1", "mini", "", 1, {1: 7, 2: 9, 3: 10, 4: 11}),
        ("mini-build1", "mini", "build1", 1, {1: 2, 2: 4, 3: 5}),
        ("waste-v1", "waste", "", 1, {**{layer: layer + 2 for layer in range(1, 18)}, 18: 21}),
        ("waste-buildkit", "waste", "", 1, {**{layer: layer + 2 for layer in range(1, 18)}, 18: 21, 19: 22}),
        ("python-3", "python", "", 1, {1: 2, 2: 3, 3: 4, 4: 6, 5: 7, 6: 8, 7: 9}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_histories_of_the_real_engine_fit_their_dockerfile(
    image: str, dockerfile: str, target: str, base_layers: int, lines: dict[int, int]
) -> None:
    found = match(built_file(dockerfile, target=target), recorded(image))
    assert (found.score, found.first_mismatch, found.base_layers) == (1.0, "", base_layers)
    assert lines_by_layer(found, image) == lines


@pytest.mark.parametrize(
    ("image", "dockerfile", "target"),
    [
        ("notesapp-multistage", "mini", ""),
        ("notesapp-multistage", "notesapp-default", ""),
        ("notesapp-default", "notesapp", ""),
        ("notesapp-multistage", "notesapp", "builder"),
        ("mini-v1", "mini", "build1"),
        ("tiny-legacy", "waste", ""),
        ("waste-v1", "python", ""),
    ],
)
def test_the_dockerfile_of_another_image_is_refused(image: str, dockerfile: str, target: str) -> None:
    with pytest.raises(UsageError, match=f"{dockerfile} did not build this image: "):
        match(built_file(dockerfile, target=target), recorded(image))


def test_a_refusal_shows_the_first_pair_from_the_end_that_does_not_fit() -> None:
    build = built("FROM x\nRUN one\nRUN two\nRUN three")
    expected = "1 of 3 instructions match its history; the first mismatch from the end: "
    pair = "line 3 `RUN two`, where the history has `RUN zwei`"
    with pytest.raises(UsageError, match=re.escape(expected + pair)):
        match(build, history("/bin/sh -c eins", "/bin/sh -c zwei", "/bin/sh -c three"))


def test_a_pair_that_does_not_fit_is_shown_without_its_secrets() -> None:
    ours, theirs = "correcthorsebatterystaple", "s3cr3tZq8vXw2Lk9Pn"
    build = built(f"FROM x\nRUN one\nRUN {'x' * 20} curl -u me:{ours} https://x/y\nRUN three")
    with pytest.raises(UsageError) as caught:
        match(build, history("/bin/sh -c eins", f"/bin/sh -c curl -u me:{theirs} https://x", "/bin/sh -c three"))
    assert "curl -u me:co***le" in caught.value.message and "curl -u me:s3***Pn" in caught.value.message


def test_a_file_that_fits_well_enough_is_used_and_says_what_does_not_fit() -> None:
    build = built("FROM x\n" + "\n".join(f"RUN step {number}" for number in range(10)))
    told = [f"/bin/sh -c step {number}" for number in range(10)]
    told[4] = "/bin/sh -c another"
    found = match(build, history(*told))
    assert (found.matched, found.total) == (9, 11)
    assert found.first_mismatch == "line 6 `RUN step 4`, where the history has `RUN another`"
    assert 4 not in found.steps and found.differing == ()


def test_a_file_whose_copy_differs_was_edited_however_good_the_rest_is() -> None:
    rest = [f"step {number}" for number in range(20)]
    build = built("FROM x\nCOPY a /here\n" + "\n".join(f"RUN {step}" for step in rest))
    told = history(f"/bin/sh -c #(nop) COPY file:{'0123456789ab' * 6} in /there ", *(f"/bin/sh -c {s}" for s in rest))
    found = match(build, told)
    assert found.differing[:1] == ("line 2 `COPY a /here`",)
    assert (len(found.steps), found.base_layers) == (20, None)


def test_an_edited_file_keeps_what_still_matches_and_names_the_rest() -> None:
    build = built("FROM x\nRUN one\nRUN two two\nCOPY a /a\nRUN four")
    told = history(
        "/bin/sh -c base",
        "/bin/sh -c one",
        "/bin/sh -c two",
        "COPY a /a # buildkit",
        "COPY b /b # buildkit",
        "/bin/sh -c four",
    )
    found = match(build, told)
    assert {index: one.instruction.line for index, one in found.steps.items()} == {1: 2, 3: 4, 5: 5}
    assert found.differing == ("line 3 `RUN two two`", "`RUN two` of the image", "`COPY b /b` of the image")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(("WORKDIR /app", "COPY . /app # buildkit", "/bin/sh -c other"), id="one that many have"),
        pytest.param(("/bin/sh -c 1", "/bin/sh -c 2", "/bin/sh -c 3", "COPY . /app # buildkit"), id="less than half"),
    ],
)
def test_a_file_that_has_little_in_common_was_not_edited(told: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="did not build this image"):
        match(built("FROM x\nWORKDIR /app\nCOPY . /app\nRUN one"), history("/bin/sh -c base", *told))


def test_layers_that_no_line_explains_count_against_the_file() -> None:
    with pytest.raises(UsageError, match=r"2 of 5 instructions .*`RUN five` of the history is on no line"):
        match(
            built("FROM x\nRUN one\nRUN two"),
            history("/bin/sh -c one", "/bin/sh -c two", "/bin/sh -c three", "/bin/sh -c four", "/bin/sh -c five"),
        )


def test_a_layer_whose_step_has_no_words_is_called_that() -> None:
    with pytest.raises(UsageError, match="1 of 2 instructions .*`a step without text` of the history is on no line"):
        match(built("FROM x\nRUN one"), history("/bin/sh -c base", "/bin/sh -c one", ""))


def test_of_steps_in_another_order_the_one_that_makes_a_layer_is_aligned() -> None:
    found = match(built("FROM x\nRUN one\nENV A=1"), history("/bin/sh -c base", "-ENV A=1", "/bin/sh -c one"))
    assert set(found.steps) == {2}
    assert (found.matched, found.total, found.base_layers) == (1, 1, 1)


def test_a_workdir_that_is_on_no_line_does_not_count() -> None:
    """It makes a directory at most."""
    steps = history("/bin/sh -c one", "WORKDIR /srv", "/bin/sh -c two")
    found = match(built("FROM x\nRUN one\nRUN two"), steps)
    assert steps[1].layer == 1
    assert (found.matched, found.total, found.first_mismatch) == (2, 2, "")


def test_steps_without_layer_that_the_command_line_added_do_not_count() -> None:
    found = match(
        built("FROM x\nRUN one"), history("/bin/sh -c base", "/bin/sh -c one", "-/bin/sh -c #(nop)  LABEL a=b")
    )
    assert (found.score, found.base_layers) == (1.0, 1)


def test_the_base_ends_where_the_first_instruction_begins() -> None:
    told = history("/bin/sh -c base", "-ENV A=1", "ARG B # buildkit", "RUN /bin/sh -c one # buildkit")
    assert match(built("FROM x\nARG B\nRUN one"), told).base_layers == 1


def test_a_file_of_metadata_alone_is_measured_by_that() -> None:
    told = history("/bin/sh -c base", '-CMD ["a"]')
    assert match(built('FROM x\nCMD ["a"]'), told).base_layers == 1
    with pytest.raises(UsageError, match="line 2 `CMD"):
        match(built('FROM x\nCMD ["b"]'), told)


def test_where_the_base_ends_is_unknown_when_the_first_step_is_lost() -> None:
    told = ["/bin/sh -c other", *(f"/bin/sh -c step {number}" for number in range(1, 12))]
    found = match(built("FROM x\n" + "\n".join(f"RUN step {number}" for number in range(12))), history(*told))
    assert (found.matched, found.base_layers) == (11, None)


def test_stages_that_the_target_stands_on_come_first() -> None:
    build = built("FROM scratch AS base\nRUN one\nFROM base AS second\nRUN two\nFROM second\nRUN three")
    found = match(build, history("/bin/sh -c one", "/bin/sh -c two", "/bin/sh -c three"))
    assert [found.stage_name(step.stage) for step in found.steps.values()] == ["base", "second", "2"]


@pytest.mark.parametrize(
    ("ran", "base_layers"),
    [
        (("COPY a /a # buildkit", "RUN /bin/sh -c make # buildkit"), 1),
        (("/bin/sh -c #(nop) COPY file:0123456789ab in /a", "/bin/sh -c make"), 1),
        (("COPY a /a # buildkit", "RUN /bin/sh -c other # buildkit"), 3),
        (("RUN /bin/sh -c make # buildkit",), 1),
    ],
    ids=["BuildKit", "legacy", "others", "the last one alone"],
)
def test_steps_that_triggers_of_the_base_ran_are_no_layers_of_the_base(ran: tuple[str, ...], base_layers: int) -> None:
    told = history(
        "ADD x /", "-/bin/sh -c #(nop)  ONBUILD COPY a /a", "-/bin/sh -c #(nop)  ONBUILD RUN make", *ran, "one"
    )
    assert match(built('FROM x\nRUN ["one"]'), told).base_layers == base_layers


def test_triggers_of_the_base_run_before_the_first_instruction() -> None:
    dockerfile = parse_dockerfile("FROM node:onbuild\nRUN make\n")
    config = BaseConfig(triggers=("COPY . /app", "RUN npm ci"), working_directory="/app")
    build = Build.of(dockerfile, bases={"node:onbuild": config})
    found = match(build, history("/bin/sh -c base", "COPY . /app", "/bin/sh -c npm ci", "/bin/sh -c make"))
    assert (found.score, found.base_layers) == (1.0, 1)
    assert [step.instruction.line for step in found.steps.values()] == [1, 1, 2]
    assert found.steps[1].inputs == (CONTEXT,)


def test_long_commands_cost_no_more_than_their_length() -> None:
    long = "x" * 2500
    build = built("FROM y\n" + "\n".join(f"RUN {long}{number}" for number in range(400)))
    with pytest.raises(UsageError, match="0 of 400 instructions"):
        match(build, history(*(f"/bin/sh -c {long}{number + 400}" for number in range(400))))


def test_a_history_without_end_is_no_reason_to_hang() -> None:
    build: Build = built("FROM x\n" + "\n".join(f"RUN a{number}" for number in range(2000)))
    with pytest.raises(LimitExceeded, match="too many to align"):
        match(build, history(*(f"/bin/sh -c b{number}" for number in range(2000))))
