"""What a COPY takes from the context and nothing needs is named in .dockerignore, unless the build needs it."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from layerscope.model.step import Safety, Step
from tests.advice.builds import Advised, Build
from tests.builder import Member, file, layer, whiteout

PROJECT = (
    file("app/requirements.txt", b"flask\n"),
    file("app/main.py", b"import flask\n"),
)
REPOSITORY = (
    file("app/.git/HEAD", b"ref: refs/heads/main\n"),
    file("app/.git/config", b"[core]\n"),
    file("app/.git/objects/pack/pack-1.pack", b"g" * 60_000),
)
TESTS = (file("app/tests/test_main.py", b"t" * 50_000),)
DOCS = (file("app/docs/manual.pdf", b"d" * 40_000), file("app/README.md", b"r" * 5_000))
ALL = (*PROJECT, *REPOSITORY, *TESTS, *DOCS)
GIT = layer(file("etc/passwd", b"root:x:0:0::/:/bin/sh\n"), file("usr/bin/git", b"\x7fELF"))


def moved(members: tuple[Member, ...], directory: str) -> tuple[Member, ...]:
    """The members of the project in another directory."""
    return tuple(replace(one, name=directory.encode() + one.name.removeprefix(b"app")) for one in members)


def advised(directory: Path, *lines: str, members: tuple[Member, ...] = ALL, **fields: object) -> Advised:
    """The advice where ``COPY . .`` in /app brings a whole project, and the lines come next."""
    text = "\n".join(("FROM python:3.11-slim", "WORKDIR /app", "COPY . .", *lines, 'CMD ["python", "main.py"]', ""))
    fields.setdefault("layers", {3: members})
    return Build(dockerfile=text, **fields).advise(directory)  # type: ignore[arg-type]


def ignored(advised: Advised) -> dict[str, str]:
    """Each pattern that is proposed, and what to make sure of."""
    steps = [step for step in advised.steps if step.strategy == "ignore-context"]
    return {line: step.review for step in steps for edit in step.edits for line in edit.added}


def only(advised: Advised) -> Step:
    return advised.of("ignore-context")


def test_all_that_nothing_needs_is_one_step_the_biggest_first(tmp_path: Path) -> None:
    found = advised(tmp_path, "RUN pip install --no-cache-dir -r requirements.txt")
    step = only(found)
    assert step.safety == Safety.SAFE and step.dockerfile_line == 3
    assert step.sentence == "keep `.git`, `tests`, `docs` and `README.md` out of the build context, in .dockerignore"
    assert step.saves_bytes == sum(len(one.content) for one in (*REPOSITORY, *TESTS, *DOCS))
    assert found.patched().ignore == ".git\nREADME.md\ndocs\ntests\n"


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        pytest.param("RUN python -m pytest -q", {"tests"}, id="tests run"),
        pytest.param("RUN pytest", {"tests"}, id="tests run by their name alone"),
        pytest.param("RUN python manage.py test", {"tests"}, id="Django's tests"),
        pytest.param("RUN make test", {"tests"}, id="a target that runs tests"),
        pytest.param("RUN git describe --tags > version", {".git"}, id="version from the repository"),
        pytest.param(
            "RUN pip install -r requirements.txt && V=$(git rev-parse HEAD)", {".git"}, id="in a substitution"
        ),
        pytest.param("RUN cp docs/manual.pdf /srv/manual.pdf", {"docs"}, id="copied by a RUN"),
        pytest.param("RUN cp *.md /srv/", {"README.md"}, id="matched by a wildcard of the shell"),
        pytest.param('RUN ["cp", "-r", "docs", "/srv"]', {"docs"}, id="exec form"),
        pytest.param("COPY docs /srv/docs", {"docs"}, id="copied again by its name"),
        pytest.param("COPY docs/manual.pdf /srv/", {"docs"}, id="something in it is copied"),
        pytest.param("COPY *.md /srv/", {"README.md"}, id="all that a wildcard matches"),
        pytest.param("ADD README.md /srv/", {"README.md"}, id="added by its name"),
        pytest.param("ENV MANUAL=/app/docs/manual.pdf", {"docs"}, id="a variable names it"),
        pytest.param("HEALTHCHECK CMD test -d tests", {"tests"}, id="a health check names it"),
        pytest.param("WORKDIR /app/docs", {"docs"}, id="a working directory"),
        pytest.param("RUN chown -R root /app/docs", {"docs"}, id="a command that would fail"),
        pytest.param("RUN rm docs/manual.pdf", {"docs"}, id="an rm that would fail"),
    ],
)
def test_what_a_later_instruction_needs_stays(tmp_path: Path, line: str, needed: set[str]) -> None:
    found = advised(tmp_path, line)
    assert not needed & ignored(found).keys()
    assert ignored(found).keys() == {".git", "tests", "docs", "README.md"} - needed


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install .",
        "RUN pip install --no-cache-dir -e .",
        "RUN pip install ./",
        "RUN python setup.py install",
        "RUN poetry install",
        "RUN npm run build",
        "RUN ./build.sh",
        "RUN make",
        "RUN go build -o /srv/app ./...",
        "RUN mvn -q package",
        "RUN --mount=type=cache,target=/root/.cache make",
        'RUN ["make"]',
        "RUN sh -c 'make all'",
        "RUN for each in *; do ./work $each; done",
        "RUN find . -exec ./work {} +",
        "RUN npm ci",
        "RUN pip install -r missing.txt",
    ],
)
def test_a_build_that_may_read_anything_makes_it_doubtful(tmp_path: Path, line: str) -> None:
    found = ignored(advised(tmp_path, line))
    assert all("line 4" in review and "can do without them" in review for review in found.values())
    # What a build may compile in, or its manifest name, is not kept from it: the patch could break it.
    assert found.keys() == ({".git", "tests", "docs", "README.md"} if "npm" in line else {".git"})


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install --no-cache-dir -r requirements.txt && rm -rf /root/.cache",
        "RUN pip install flask gunicorn==21.2 --index-url https://example.com/simple",
        "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*",
        "RUN useradd app && chown -R app /app",
        "RUN python manage.py collectstatic --noinput",
        "RUN npm ci --ignore-scripts",
        "RUN npm install -g serve",
        "RUN rm -rf tests docs .git README.md",
        "RUN find . -name '*.pyc' -delete",
        "USER nobody",
        'LABEL documentation="https://example.com/docs"',
        "COPY main.py /srv/docs",
    ],
)
def test_what_reads_no_other_files_leaves_it_safe(tmp_path: Path, line: str) -> None:
    found = advised(tmp_path, line)
    assert set(ignored(found).values()) == {""} and {".git", "docs"} <= ignored(found).keys()


def test_requirements_that_name_the_project_itself_build_it(tmp_path: Path) -> None:
    members = (*(one for one in ALL if b"requirements" not in one.name), file("app/requirements.txt", b"flask\n-e .\n"))
    found = advised(tmp_path, "RUN pip install -r requirements.txt", members=members)
    assert all("line 4" in review for review in ignored(found).values())


@pytest.mark.parametrize(
    ("scripts", "is_safe"), [('{"build": "tsc"}', True), ('{"prepare": "husky"}', False), ("[]", True)]
)
def test_an_installation_runs_the_scripts_of_the_project(tmp_path: Path, scripts: str, is_safe: bool) -> None:
    package = file("app/package.json", f'{{"name": "a", "scripts": {scripts}}}'.encode())
    found = ignored(advised(tmp_path, "RUN npm ci", members=(*ALL, package)))
    assert found and (set(found.values()) == {""}) == is_safe


def test_tests_that_run_read_no_repository_without_its_program(tmp_path: Path) -> None:
    found = ignored(advised(tmp_path, "RUN pytest"))
    assert found[".git"] == "" and "line 4 (`RUN pytest`)" in found["docs"]
    found = ignored(advised(tmp_path, "RUN pytest", base=GIT))
    assert "line 4 (`RUN pytest`)" in found[".git"]


def test_another_stage_that_runs_tests_needs_them(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11 AS test\nWORKDIR /src\nCOPY . .\nRUN pytest\n"
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD main.py\n"
    )
    found = ignored(Build(dockerfile=text, layers={3: moved(ALL, "src"), 7: ALL}).advise(tmp_path))
    assert "tests" not in found and found[".git"] == ""


def test_a_stage_built_on_the_first_needs_them(tmp_path: Path) -> None:
    text = "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM app AS test\nRUN pytest\nFROM app\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: ALL}).advise(tmp_path)
    assert "tests" not in ignored(found) and ".git" in ignored(found)


def test_a_stage_that_copies_them_from_the_first_needs_them(tmp_path: Path) -> None:
    text = (
        "FROM python AS src\nWORKDIR /app\nCOPY . .\n"
        "FROM python AS pages\nCOPY --from=src /app /site\nRUN cp -r /site/docs /out\n"
        "FROM python AS manual\nCOPY --from=src /app/README.md /\n"
        "FROM python\nCOPY --from=src /app /app\nCMD main.py\n"
    )
    found = ignored(Build(dockerfile=text, layers={3: ALL, 10: ALL}).advise(tmp_path))
    assert found.keys() == {".git", "tests"}


def test_a_run_that_mounts_the_context_may_need_them(tmp_path: Path) -> None:
    text = (
        "FROM python AS build\nRUN --mount=type=bind,target=/src make -C /src\n"
        "FROM python\nWORKDIR /app\nCOPY . .\nCMD main.py\n"
    )
    found = ignored(Build(dockerfile=text, layers={5: ALL}, is_buildkit=True).advise(tmp_path))
    assert found and all("line 2" in review for review in found.values())


def test_copies_of_one_tree_in_several_stages_are_one_step(tmp_path: Path) -> None:
    text = (
        "FROM python AS build\nWORKDIR /app\nCOPY . .\nRUN chmod +x main.py\n"
        "FROM python\nWORKDIR /srv\nCOPY --from=build /app /srv\nCOPY . /app\nCMD main.py\n"
    )
    layers = {3: ALL, 7: moved(ALL, "srv"), 8: ALL}
    found = Build(dockerfile=text, layers=layers).advise(tmp_path)
    assert [step.safety for step in found.steps if step.strategy == "ignore-context"] == [Safety.SAFE]
    size = sum(len(one.content) for one in (*REPOSITORY, *TESTS, *DOCS))
    assert only(found).saves_bytes == size + sum(len(one.content) for one in REPOSITORY)


def test_the_stage_that_got_it_from_the_context_is_named(tmp_path: Path) -> None:
    text = "FROM python AS build\nWORKDIR /app\nCOPY . .\nFROM python\nCOPY --from=build /app /app\nCMD main.py\n"
    step = only(Build(dockerfile=text, layers={3: ALL, 5: ALL}).advise(tmp_path))
    assert (step.stage, step.dockerfile_line, step.safety) == ("build", 3, Safety.SAFE)


def test_a_subdirectory_of_the_context_is_named_from_its_root(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY services/api ./\nCMD main.py\n"
    assert ignored(Build(dockerfile=text, layers={3: ALL}).advise(tmp_path)).keys() == {
        f"services/api/{name}" for name in (".git", "tests", "docs", "README.md")
    }


@pytest.mark.parametrize(
    ("copy", "is_buildkit"),
    [
        pytest.param("ADD app.tar.gz ./", False, id="members of an archive"),
        pytest.param("ADD https://example.com/app.git ./", True, id="a repository by its address"),
        pytest.param("COPY --from=assets . ./", True, id="a named context, or an image"),
        pytest.param("COPY one two ./", False, id="one of two directories"),
        pytest.param("COPY $SOURCE ./", False, id="a variable without a value"),
    ],
)
def test_what_is_not_surely_in_the_context_is_not_ignored(tmp_path: Path, copy: str, is_buildkit: bool) -> None:
    text = f"FROM python\nWORKDIR /app\n{copy}\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: ALL}, is_buildkit=is_buildkit).advise(tmp_path)
    assert not ignored(found)


def test_add_of_a_directory_is_a_copy(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nADD . .\nCMD main.py\n"
    assert ".git" in ignored(Build(dockerfile=text, layers={3: ALL}).advise(tmp_path))


def test_a_root_file_system_is_no_project(tmp_path: Path) -> None:
    release = file("etc/os-release", b"ID=alpine\n")
    text = "FROM scratch\nCOPY . /\nWORKDIR /app\nCMD main.py\n"
    assert not ignored(Build(dockerfile=text, layers={2: (release, *ALL)}).advise(tmp_path))


def test_parents_keep_their_place(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY --parents . /app/\nCMD main.py\n"
    found = ignored(Build(dockerfile=text, layers={3: ALL}, is_buildkit=True).advise(tmp_path))
    assert ".git/objects/pack/pack-1.pack" in found or ".git" in found


def test_a_here_document_has_no_file(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY <<EOF /app/tests/test_main.py\nassert True\nEOF\nCMD main.py\n"
    assert not ignored(Build(dockerfile=text, layers={3: (*PROJECT, *TESTS)}, is_buildkit=True).advise(tmp_path))


def test_values_of_the_environment_are_for_review_however_few_bytes(tmp_path: Path) -> None:
    env = file("app/.env", b"DATABASE_PASSWORD=kj3h4kj2h3kj4h23\n")
    found = advised(tmp_path, members=(*ALL, env))
    assert "when it starts" in ignored(found)[".env"] and ignored(found)[".git"] == ""


def test_a_directory_of_logs_stays(tmp_path: Path) -> None:
    members = (*PROJECT, file("app/logs/dev.log", b"l" * 30_000))
    assert ignored(advised(tmp_path, members=members)).keys() == {"logs/*"}


def test_files_of_desktops_are_named_once(tmp_path: Path) -> None:
    junk = tuple(file(f"app/a{number}/.DS_Store", b"\0\0\0\1Bud1" + b"j" * 5_000) for number in range(60))
    kept = tuple(file(f"app/a{number}/x.py", b"x") for number in range(60))
    assert ignored(advised(tmp_path, members=(*PROJECT, *junk, *kept))).keys() == {"**/.DS_Store"}


def test_only_what_is_needless_in_a_directory_is_named(tmp_path: Path) -> None:
    members = (*PROJECT, file("app/logs/dev.log", b"l" * 30_000), file("app/logs/keep.conf", b"k"))
    assert ignored(advised(tmp_path, members=members)).keys() == {"logs/dev.log"}


def test_what_a_run_deletes_is_not_taken_at_all(tmp_path: Path) -> None:
    layers = {3: (*PROJECT, file("app/data/big.csv", b"c" * 90_000)), 4: (whiteout("app/data"),)}
    assert "data" in ignored(advised(tmp_path, "RUN rm -rf data", layers=layers))
    layers[5] = layers.pop(4)
    for line in ("RUN python load.py data/big.csv", "RUN make"):
        assert not ignored(advised(tmp_path, line, "RUN rm -rf data", layers=layers))


@pytest.mark.parametrize(
    ("ignore", "is_on_purpose"),
    [
        ("*.pdf\n!docs/manual.pdf\n", True),
        ("*\n!main.py\n!requirements.txt\n!docs\n", True),
        ("*\n!**\n", False),
        ("dist\n!*.py\n", False),
    ],
)
def test_an_exception_on_purpose_is_not_undone(tmp_path: Path, ignore: str, is_on_purpose: bool) -> None:
    found = advised(tmp_path, ignore=ignore)
    assert (not only(found).edits) == is_on_purpose and (only(found).safety == Safety.REVIEW) == is_on_purpose
    assert ("keeps files on purpose" in only(found).review) == is_on_purpose


def test_patterns_that_are_there_say_that_the_image_is_old(tmp_path: Path) -> None:
    found = advised(tmp_path, ignore=".git\ntests\ndocs\nREADME.md\n")
    step = only(found)
    assert step.safety == Safety.REVIEW and "already" in step.review and not step.edits


def test_it_proposes_nothing_of_it_again(tmp_path: Path) -> None:
    assert "ignore-context" not in advised(tmp_path, members=PROJECT).names


def test_stages_by_the_thousand_cost_no_time(tmp_path: Path) -> None:
    chain = "".join(f"FROM s{number} AS s{number + 1}\nLABEL a=b\n" for number in range(1_500))
    text = f"FROM python AS s0\nWORKDIR /app\nCOPY . .\n{chain}CMD main.py\n"
    start = time.perf_counter()
    assert Build(dockerfile=text, layers={3: ALL}, stages=False).advise(tmp_path).steps == ()
    assert time.perf_counter() - start < 60


def test_without_a_dockerfile_the_step_is_in_words(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY . .\nRUN pytest\nCMD main.py\n"
    step = Build(dockerfile=text, layers={3: ALL}).advise(tmp_path, with_dockerfile=False).of("ignore-context")
    assert step.sentence == (
        "leave `/app/.git`, `/app/docs` and `/app/README.md` out of what it copies, "
        "in .dockerignore if that is the build context"
    )
    assert step.safety == Safety.REVIEW and not step.edits and step.dockerfile_line is None
