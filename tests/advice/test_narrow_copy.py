"""Only what is needed is copied, by its name, where nothing that comes later needs the rest."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.builder import Member, directory, file, hardlink, symlink

BIG = b"o" * 1_500_000
OBJECTS = tuple(file(f"app/target/release/deps/lib{name}.rlib", name.encode() + BIG) for name in "abc")
PROGRAM = file("app/target/release/tool", b"\x7fELF" + b"p" * 300_000)
DIRECTORIES = tuple(directory(name) for name in ("app", "app/target", "app/target/release"))
TARGET = (*DIRECTORIES, *OBJECTS, PROGRAM)


def advised(
    path: Path,
    *final: str,
    members: tuple[Member, ...] = TARGET,
    copy: str = "COPY --from=build /app/target /app/target",
    command: str = 'CMD ["/app/target/release/tool"]',
    **fields: object,
) -> Advised:
    lines = ["FROM rust AS build", "RUN cargo build --release", "FROM debian", copy, *final, command, ""]
    layers = {2: members, 4: members}
    return Build(dockerfile="\n".join(lines), layers=layers, **fields).advise(path)  # type: ignore[arg-type]


def copies(found: Advised) -> list[str]:
    """The COPY lines of the Dockerfile that narrow-copy makes; none where it proposes nothing."""
    if "narrow-copy" not in found.names:
        return []
    lines = found.patched("narrow-copy").dockerfile.text.splitlines()
    return [line for line in lines if line.startswith("COPY")] or ["deleted"]


def test_the_product_alone_is_copied(tmp_path: Path) -> None:
    found = advised(tmp_path)
    assert copies(found) == ["COPY --from=build /app/target/release/tool /app/target/release/tool"]
    step = found.of("narrow-copy")
    assert step.safety == Safety.SAFE and step.dockerfile_line == 4
    assert step.saves_bytes == sum(len(one.content) for one in OBJECTS)


def test_a_copy_of_which_nothing_is_needed_is_deleted(tmp_path: Path) -> None:
    found = advised(tmp_path, members=(*DIRECTORIES, *OBJECTS), command='CMD ["bash"]')
    assert copies(found) == ["deleted"] and found.of("narrow-copy").safety == Safety.SAFE


@pytest.mark.parametrize(
    "final",
    [
        pytest.param("RUN ls /app/target/release/deps", id="a RUN names what goes"),
        pytest.param("RUN strip deps/liba.rlib", id="or a file of it"),
        pytest.param("ENV LD_LIBRARY_PATH=/app/target/release/deps", id="a variable names it"),
        pytest.param('ENTRYPOINT ["/app/target/release/deps/run"]', id="the command names it"),
    ],
)
def test_what_a_later_instruction_needs_is_still_copied(tmp_path: Path, final: str) -> None:
    assert not copies(advised(tmp_path, final))


def test_another_stage_that_copies_what_goes_keeps_it(tmp_path: Path) -> None:
    text = (
        "FROM rust AS build\nRUN cargo build --release\n"
        "FROM debian AS app\nCOPY --from=build /app/target /app/target\n"
        "FROM debian AS other\nCOPY --from=app /app/target/release/deps /deps\n"
        "FROM app\nCMD /app/target/release/tool\n"
    )
    found = Build(dockerfile=text, layers={2: TARGET, 4: TARGET}).advise(tmp_path)
    assert not copies(found)


def test_a_later_build_makes_it_doubtful(tmp_path: Path) -> None:
    step = advised(tmp_path, "RUN ./install.sh").of("narrow-copy")
    assert step.safety == Safety.REVIEW
    assert step.review == "make sure that line 5 (`RUN ./install.sh`) can do without the rest"


def test_a_program_named_like_its_directory_is_found_in_it(tmp_path: Path) -> None:
    members = (
        *(directory(name) for name in ("tool", "tool/deps")),
        *renamed("tool/deps"),
        file("tool/tool", PROGRAM.content),
    )
    found = advised(tmp_path, members=members, copy="COPY --from=build /tool /tool", command='CMD ["/tool/tool"]')
    assert copies(found) in ([], ["COPY --from=build /tool/tool /tool/tool"])


def renamed(place: str) -> tuple[Member, ...]:
    return tuple(file(f"{place}/{number}.o", one.content) for number, one in enumerate(OBJECTS))


@pytest.mark.parametrize("name", ["tool-1.2.3", "tool.3fa9c21d", "main-B3xK29fa.js"])
def test_a_name_that_the_next_build_changes_is_not_written_down(tmp_path: Path, name: str) -> None:
    members = (*DIRECTORIES, *OBJECTS, file(f"app/target/release/{name}", PROGRAM.content))
    lines = copies(advised(tmp_path, members=members, command=f'CMD ["/app/target/release/{name}"]'))
    assert not any(name in line for line in lines)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(directory("app/target/logs"), "COPY --from=build /app/target/logs /app/target/logs", id="logs"),
        pytest.param(directory("app/target/x"), "", id="of no use"),
    ],
)
def test_an_empty_directory_stays_where_a_program_may_expect_it(tmp_path: Path, extra: Member, expected: str) -> None:
    found = advised(tmp_path, members=(*TARGET, extra))
    lines = copies(found)
    assert found.of("narrow-copy").safety == Safety.SAFE
    assert len(lines) == 1 + bool(expected) and expected in ["", *lines]


def test_a_symlink_is_not_copied_by_its_name(tmp_path: Path) -> None:
    members = (*DIRECTORIES, *OBJECTS, symlink("app/target/release/tool", "/opt/tool"))
    assert not copies(advised(tmp_path, members=members))


def test_a_program_with_two_names_goes_if_both_are_needless(tmp_path: Path) -> None:
    links = (hardlink("app/target/release/deps/tool-3fa9", "app/target/release/deps/liba.rlib"),)
    found = advised(tmp_path, members=(*TARGET, *links), command='CMD ["/app/target/release/tool"]')
    assert copies(found) == ["COPY --from=build /app/target/release/tool /app/target/release/tool"]
    assert found.of("narrow-copy").saves_bytes == sum(len(one.content) for one in OBJECTS)


def test_it_stays_if_one_of_its_names_is_needed(tmp_path: Path) -> None:
    links = (hardlink("app/target/release/deps/liba.rlib", "app/target/release/tool"),)
    found = advised(tmp_path, members=(*DIRECTORIES, *OBJECTS[1:], PROGRAM, *links))
    assert copies(found) == ["COPY --from=build /app/target/release/tool /app/target/release/tool"]
    assert found.of("narrow-copy").saves_bytes == sum(len(one.content) for one in OBJECTS[1:])


def test_flags_stay_and_an_owner_makes_it_doubtful(tmp_path: Path) -> None:
    copy = "COPY --from=build --chown=1000:1000 --link /app/target /app/target"
    found = advised(tmp_path, copy=copy, stages=False)
    line = "COPY --from=build --chown=1000:1000 --link /app/target/release/tool /app/target/release/tool"
    assert copies(found) == [line] and "root owns" in found.of("narrow-copy").review


def test_a_directory_that_is_copied_as_a_whole_loses_its_mode(tmp_path: Path) -> None:
    members = (*DIRECTORIES, directory("app/target/out", mode=0o1777), file("app/target/out/tool", b"1"), *OBJECTS)
    found = advised(tmp_path, members=members, command='CMD ["/app/target/out/tool"]', stages=False)
    assert copies(found) == ["COPY --from=build /app/target/out /app/target/out"]
    assert "nothing writes" in found.of("narrow-copy").review


def test_a_directory_that_others_may_write_to_makes_it_doubtful(tmp_path: Path) -> None:
    members = (*DIRECTORIES[:2], directory("app/target/release", mode=0o777), *OBJECTS, PROGRAM)
    assert "nothing writes" in advised(tmp_path, members=members, stages=False).of("narrow-copy").review


@pytest.mark.parametrize(
    ("flag", "mode"), [pytest.param("--chown=1000:1000 ", 0o755, id="owner"), pytest.param("", 0o1777, id="mode")]
)
def test_the_end_of_the_stage_deletes_what_leaves_owners_and_modes_alone(tmp_path: Path, flag: str, mode: int) -> None:
    members = (*DIRECTORIES[:2], directory("app/target/release", mode=mode), *OBJECTS, PROGRAM)
    found = advised(tmp_path, members=members, copy=f"COPY --from=build {flag}/app/target /app/target")
    assert found.names == ["prune-stage"] and found.of("prune-stage").safety == Safety.SAFE
    assert "RUN rm -rf /app/target/release/deps\nFROM debian" in found.patched().dockerfile.text


@pytest.mark.parametrize(
    "copy",
    [
        "COPY --from=build /app/target /other /app/target",
        "COPY --from=build /app/targ* /app/target",
        "COPY --from=build --exclude=*.x /app/target /app/target",
    ],
)
def test_sources_that_are_not_one_directory_are_left_alone(tmp_path: Path, copy: str) -> None:
    assert not copies(advised(tmp_path, copy=copy))


def test_it_proposes_nothing_of_it_again(tmp_path: Path) -> None:
    copy = "COPY --from=build /app/target/release/tool /app/target/release/tool"
    assert not copies(advised(tmp_path, members=(*DIRECTORIES, PROGRAM), copy=copy))
