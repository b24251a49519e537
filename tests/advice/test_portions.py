"""The line to edit is the one that makes the content, through as many stages as it takes."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest

from layerscope.advice import portions as module
from layerscope.advice.portions import Piece, Portion, portions
from layerscope.advice.timeline import Site
from layerscope.model.finding import FindingKind
from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.advice.test_ignore_context import ALL, PROJECT, REPOSITORY, moved
from tests.advice.test_prune_stage import CLONE
from tests.builder import Member, file, layer

if TYPE_CHECKING:
    from layerscope.dockerfile.build import ResolvedInstruction

CACHE = file("root/.cache/pip/http/a", b"c" * 60_000)


def line_of(text: str, path: Path, strategy: str, **layers: tuple[object, ...]) -> tuple[str, int | None]:
    build = Build(dockerfile=text, layers={int(line[1:]): members for line, members in layers.items()})  # type: ignore[misc]
    step = build.advise(path).of(strategy)
    return step.stage, step.dockerfile_line


def test_a_copy_of_a_copy_leads_to_the_stage_that_made_it(tmp_path: Path) -> None:
    text = (
        "FROM python AS first\nRUN git clone x /src\n"
        "FROM python AS second\nCOPY --from=first /src /work\n"
        "FROM python\nCOPY --from=second /work /srv\n"
    )
    made = {"l2": CLONE, "l4": moved_from_src("work"), "l6": moved_from_src("srv")}
    assert line_of(text, tmp_path, "prune-stage", **made) == ("first", 2)


def moved_from_src(directory: str) -> tuple[object, ...]:
    return tuple(file(one.name.decode().replace("src", directory, 1), one.content) for one in CLONE)


def test_a_copy_of_a_copy_leads_to_the_context(tmp_path: Path) -> None:
    text = (
        "FROM python AS first\nWORKDIR /app\nCOPY . .\n"
        "FROM python AS second\nCOPY --from=first /app /work\n"
        "FROM python\nCOPY --from=second /work /srv\n"
    )
    made = {"l3": ALL, "l5": moved(ALL, "work"), "l7": moved(ALL, "srv")}
    assert line_of(text, tmp_path, "ignore-context", **made) == ("first", 3)


@pytest.mark.parametrize("name", ["0", "SOURCES", "Sources"])
def test_stages_by_number_and_in_any_case(tmp_path: Path, name: str) -> None:
    text = f"FROM python AS sources\nRUN git clone x /src\nFROM python\nCOPY --from={name} /src /src\n"
    assert line_of(text, tmp_path, "prune-stage", l2=CLONE, l4=CLONE) == ("sources", 2)


def test_a_stage_without_a_name_has_its_number(tmp_path: Path) -> None:
    text = "FROM python\nRUN git clone x /src\nFROM python\nCOPY --from=0 /src /src\n"
    assert line_of(text, tmp_path, "prune-stage", l2=CLONE, l4=CLONE) == ("0", 2)


def test_a_target_that_is_built_on_a_stage_has_the_lines_of_both(tmp_path: Path) -> None:
    text = "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM app AS production\nENV A=1\nCMD main.py\n"
    assert line_of(text, tmp_path, "ignore-context", l3=ALL) == ("app", 3)


def test_what_two_copies_bring_is_counted_for_each(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY . .\nCOPY . /srv\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: ALL, 4: moved(ALL, "srv")}).advise(tmp_path)
    total = found.of("ignore-context").saves_bytes
    assert total >= sum(len(one.content) for one in (*REPOSITORY, *REPOSITORY))


def test_an_external_image_is_no_stage(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY --from=example/app:1 /app /app\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: (*PROJECT, *REPOSITORY)}).advise(tmp_path)
    assert not {"ignore-context", "prune-stage"} & set(found.names)


@pytest.mark.parametrize(
    ("middle", "line"),
    [
        pytest.param("", 3, id="its own COPY"),
        pytest.param("FROM python AS last\nCOPY --from=build /app /app\n", 3, id="through another stage"),
        pytest.param("RUN pip install -r requirements.txt\n", 3, id="RUNs that download no project"),
    ],
)
def test_without_the_image_of_a_stage_its_instructions_speak(tmp_path: Path, middle: str, line: int) -> None:
    last = "last" if "AS last" in middle else "build"
    text = f"FROM python AS build\nWORKDIR /app\nCOPY . .\n{middle}FROM python\nCOPY --from={last} /app /app\nCMD main.py\n"
    copied = text.count("\n", 0, text.index(f"COPY --from={last} /app /app\nCMD")) + 1
    members = (*PROJECT, *REPOSITORY)
    found = Build(dockerfile=text, layers={copied: members}, stages=False).advise(tmp_path)
    step = found.of("ignore-context")
    assert (step.stage, step.dockerfile_line, step.safety) == ("build", line, Safety.REVIEW)
    assert step.review.startswith("make sure that line 3 (`COPY . .`) copies them")
    assert found.patched().ignore == ".git\n"


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("COPY . .\nRUN git clone https://example.com/x other", id="a clone may have made it"),
        pytest.param("COPY requirements.txt .\nRUN make", id="nothing copies it"),
        pytest.param("COPY . .\nRUN curl -L https://example.com/x.tgz | tar xz", id="a download"),
    ],
)
def test_without_the_image_of_a_stage_nothing_is_guessed(tmp_path: Path, stage: str) -> None:
    text = f"FROM python AS build\nWORKDIR /app\n{stage}\nFROM python\nCOPY --from=build /app /app\nCMD main.py\n"
    copied = text.split("\n").index("COPY --from=build /app /app") + 1
    found = Build(dockerfile=text, layers={copied: (*PROJECT, *REPOSITORY)}, stages=False).advise(tmp_path)
    assert "ignore-context" not in found.names


class _Row(NamedTuple):
    """A portion: what was found, which line makes it in which stage, and which line of the last stage brings it."""

    rule: str
    line: int | None
    via: int | None
    stage: str
    sources: dict[str, str]
    declared: bool = False


def rows(
    monkeypatch: pytest.MonkeyPatch, path: Path, build: Build, *rules: str, with_dockerfile: bool = True
) -> list[_Row]:
    """The portions of a build by some rules, in their order."""
    kept: list[Portion] = []

    def watched(*arguments: object) -> tuple[Portion, ...]:
        kept[:] = portions(*arguments)  # type: ignore[arg-type]
        return tuple(kept)

    monkeypatch.setattr("layerscope.advice.context.portions", watched)
    build.advise(path, with_dockerfile=with_dockerfile)
    return [
        _Row(
            one.rule,
            one.site.line,
            one.via.line if one.via is not None else None,
            one.stage,
            {piece.path: piece.source for piece in one.pieces},
            one.is_declared,
        )
        for one in kept
        if one.rule in rules
    ]


LOG = file("var/log/x.log", b"log" * 100)
DUMP = b"JAVA PROFILE 1.0.2\0" + b"x" * 100


def test_what_a_run_of_the_last_stage_makes_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    build = Build(dockerfile="FROM a\nRUN x\nRUN y\n", layers={2: (LOG,), 3: (replace(LOG, content=b"1"),)})
    assert rows(monkeypatch, tmp_path, build, "logs") == [
        _Row("logs", 2, None, "", {"/var/log/x.log": "/var/log/x.log"}),
        _Row("logs", 3, None, "", {"/var/log/x.log": "/var/log/x.log"}),
    ]


STAGED = "FROM a AS build\nRUN make\nRUN more\nFROM a\nCOPY --from=build /made /app\n"
CORE = {"made/core": "app/core", "made/deep/core": "app/deep/core"}


def _staged(*, here: bytes = DUMP, there: bytes = DUMP, beside: bytes = b"same" * 50) -> dict[int, tuple[Member, ...]]:
    """A dump that one line of the stage makes, and what the COPY has of it; with a file beside it."""
    return {
        2: (file("made/a", beside), file("made/core", there)),
        3: (file("made/deep/core", DUMP + b"2"),),
        5: (file("app/a", beside), file("app/core", here), file("app/deep/core", DUMP + b"2")),
    }


def test_each_line_of_a_stage_has_what_it_makes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = rows(monkeypatch, tmp_path, Build(dockerfile=STAGED, layers=_staged()), "core-dump")
    assert found == [
        _Row("core-dump", 3, 5, "build", {"/app/deep/core": "/made/deep/core"}),
        _Row("core-dump", 2, 5, "build", {"/app/core": "/made/core"}),
    ]


def test_a_file_that_differs_in_the_stage_is_that_beside_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = rows(monkeypatch, tmp_path, Build(dockerfile=STAGED, layers=_staged(there=DUMP + b"3")), "core-dump")
    assert _Row("core-dump", 2, 5, "build", {"/app/core": "/made/core"}) in found


def test_a_file_that_the_stage_does_not_have_is_of_the_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    layers = _staged()
    layers[2] = layers[2][:1]
    found = rows(monkeypatch, tmp_path, Build(dockerfile=STAGED, layers=layers), "core-dump")
    assert _Row("core-dump", 5, None, "build", {"/app/core": "/made/core"}) in found


def test_a_file_of_the_stages_base_is_of_the_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = layer(file("made/core", DUMP + b"3"), file("etc/os-release", b"ID=debian\n"))
    layers = _staged()
    layers[2] = layers[2][:1]
    found = rows(monkeypatch, tmp_path, Build(dockerfile=STAGED, layers=layers, base=base), "core-dump")
    assert _Row("core-dump", 5, None, "build", {"/app/core": "/made/core"}) in found


def test_a_file_of_what_both_stages_are_built_on_is_of_the_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "FROM a AS common\nRUN make\nFROM common AS build\nRUN more\nFROM common\nCOPY --from=build /made /app\n"
    layers = {
        2: (file("made/core", DUMP + b"3"),),
        4: (file("made/a", b"same" * 50),),
        6: (file("app/a", b"same" * 50), file("app/core", DUMP)),
    }
    found = rows(monkeypatch, tmp_path, Build(dockerfile=text, layers=layers), "core-dump")
    assert _Row("core-dump", 6, None, "build", {"/app/core": "/made/core"}) in found


def test_without_the_image_of_the_stage_the_copy_has_the_likeliest_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build = Build(dockerfile=STAGED, layers=_staged(), stages=False)
    assert rows(monkeypatch, tmp_path, build, "core-dump") == [
        _Row("core-dump", 5, None, "build", {"/app/deep/core": "/made/deep/core"}),
        _Row("core-dump", 5, None, "build", {"/app/core": "/made/core"}),
    ]
    unknown = Build(dockerfile=STAGED.replace("/made /app", "/made $X /app/"), layers=_staged(), stages=False)
    assert {
        one.sources["/app/core"]
        for one in rows(monkeypatch, tmp_path, unknown, "core-dump")
        if "/app/core" in one.sources
    } == {""}


def test_without_a_dockerfile_the_history_has_the_instructions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    build = Build(dockerfile="FROM a\nRUN x\nCOPY . /app\n", layers={2: (LOG,), 3: (file("app/core", DUMP),)})
    assert rows(monkeypatch, tmp_path, build, "logs", "core-dump", with_dockerfile=False) == [
        _Row("logs", None, None, "", {"/var/log/x.log": "/var/log/x.log"}),
        _Row("core-dump", None, None, "", {"/app/core": "/app/core"}),
    ]


def test_findings_of_the_base_have_no_portion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = layer(replace(LOG, name=b"var/log/base.log"), file("etc/os-release", b"ID=debian\n"))
    build = Build(dockerfile="FROM a\nRUN x\n", layers={2: (LOG,)}, base=base)
    assert [list(one.sources) for one in rows(monkeypatch, tmp_path, build, "logs")] == [["/var/log/x.log"]]


@pytest.mark.parametrize("most", [1, 2])
def test_a_file_is_followed_through_so_many_stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int) -> None:
    text = (
        "FROM a AS one\nRUN make\nFROM a AS two\nCOPY --from=one /x/core /y/core\n"
        "FROM a AS three\nCOPY --from=two /y /z\nFROM a\nCOPY --from=three /z /app\n"
    )
    layers = {line: (file(f"{place}/core", DUMP),) for line, place in ((2, "x"), (4, "y"), (6, "z"), (8, "app"))}
    monkeypatch.setattr(module, "_MOST_STAGES", most)
    (found,) = rows(monkeypatch, tmp_path, Build(dockerfile=text, layers=layers), "core-dump")
    assert found == (
        _Row("core-dump", 2, 8, "one", {"/app/core": "/x/core"})
        if most == 2
        else _Row("core-dump", 4, 8, "two", {"/app/core": "/y/core"})
    )


def test_a_file_that_a_stage_changed_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "FROM a AS one\nRUN make\nFROM a AS two\nCOPY --from=one /x /y\nFROM a\nCOPY --from=two /y /app\n"
    layers = {2: (file("x/core", DUMP + b"2"),), 4: (file("y/core", DUMP),), 6: (file("app/core", DUMP),)}
    (found,) = rows(monkeypatch, tmp_path, Build(dockerfile=text, layers=layers), "core-dump")
    assert found == _Row("core-dump", 4, 6, "two", {"/app/core": "/y/core"})


IGNORED = file("app/.dockerignore", b"x" * 100)


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        pytest.param("COPY . .", 3, id="the whole context"),
        pytest.param("COPY . .\nRUN make", 3, id="a RUN that downloads nothing"),
        pytest.param("COPY . .\nRUN curlew x", 3, id="a word that begins alike"),
        pytest.param("COPY . .\nRUN x my-git y", 3, id="a word that ends alike"),
        pytest.param("RUN git clone x\nCOPY . .", 4, id="a download before it"),
        pytest.param("COPY . .\nRUN git pull", None, id="a download behind it"),
        pytest.param("COPY src .", None, id="a directory of the context"),
        pytest.param("COPY . ./other", None, id="to another place"),
        pytest.param("COPY a . ./", None, id="several sources"),
        pytest.param("ADD . .", 3, id="an ADD"),
        pytest.param("COPY . .\nCOPY $X /app", 3, id="a COPY of who knows what"),
    ],
)
def test_which_copy_of_a_stage_without_image_made_a_projects_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: str, line: int | None
) -> None:
    text = f"FROM a AS build\nWORKDIR /app\n{stage}\nFROM a\nCOPY --from=build /app /app\n"
    copied = text.count("\n")
    build = Build(dockerfile=text, layers={copied: (IGNORED, file("app/core", DUMP))}, stages=False)
    found = rows(monkeypatch, tmp_path, build, "container-files", "core-dump")
    sources = {"/app/.dockerignore": "/app/.dockerignore"}
    dump = _Row("core-dump", copied, None, "build", {"/app/core": "/app/core"})
    files = _Row("container-files", line or copied, copied if line else None, "build", sources, declared=bool(line))
    assert sorted(found) == sorted([dump, files])


def test_a_project_is_followed_through_stages_without_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "FROM a AS one\nCOPY . /src\nFROM a AS two\nCOPY --from=one /src /work\nFROM a\nCOPY --from=two /work /app\n"
    build = Build(dockerfile=text, layers={6: (IGNORED,)}, stages=False)
    expected = _Row("container-files", 2, 6, "one", {"/app/.dockerignore": "/src/.dockerignore"}, declared=True)
    assert rows(monkeypatch, tmp_path, build, "container-files") == [expected]
    monkeypatch.setattr(module, "_MOST_STAGES", 1)
    (found,) = rows(monkeypatch, tmp_path, build, "container-files")
    assert (found.line, found.stage, found.declared) == (6, "two", False)


@pytest.mark.parametrize("before", ["COPY . /src", "RUN git clone x"])
def test_what_came_before_a_copy_of_another_stage_did_not_make_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str
) -> None:
    text = (
        f"FROM a AS one\nCOPY . /src\nFROM a AS two\n{before}\nCOPY --from=one /src /work\n"
        "FROM a\nCOPY --from=two /work /app\n"
    )
    build = Build(dockerfile=text, layers={7: (IGNORED,)}, stages=False)
    expected = _Row("container-files", 2, 7, "one", {"/app/.dockerignore": "/src/.dockerignore"}, declared=True)
    assert rows(monkeypatch, tmp_path, build, "container-files") == [expected]


PIECES = tuple(Piece(path=f"/{size}", layer=0, number=size, content_bytes=size, source="") for size in (3, 2))


def _portion(kind: str, inputs: tuple[str, ...] | None, via: Site | None = None) -> Portion:
    resolved = SimpleNamespace(inputs=[SimpleNamespace(kind=one) for one in inputs]) if inputs is not None else None
    site = Site(stage="", position=0, kind=kind, text="x", resolved=cast("ResolvedInstruction | None", resolved))
    return Portion(
        finding=0, rule="logs", kind=FindingKind.WASTE, site=site, via=via, stage="", pieces=PIECES, is_declared=False
    )


@pytest.mark.parametrize(
    ("kind", "inputs", "found"),
    [
        ("COPY", ("context",), True),
        ("ADD", ("url", "context"), True),
        ("COPY", ("stage",), False),
        ("COPY", (), False),
        ("RUN", ("context",), False),
        ("ADD", None, True),
        ("COPY", None, False),
        ("RUN", None, False),
    ],
)
def test_what_comes_from_the_build_context(kind: str, inputs: tuple[str, ...] | None, found: bool) -> None:
    assert _portion(kind, inputs).is_from_context == found


def test_a_portion_has_the_pieces_that_are_kept() -> None:
    one = _portion("RUN", None)
    assert one.only(lambda piece: True) is one
    assert one.only(lambda piece: piece.number == 2).pieces == PIECES[1:]
    assert (one.content_bytes, one.only(lambda piece: False).content_bytes) == (5, 0)
    assert one.copy is one.site
    assert _portion("RUN", None, via=one.site).copy is one.site
