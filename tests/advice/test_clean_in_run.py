"""What a RUN leaves is deleted at its end, and stays where something needs it or the user may not delete it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.builder import Member, directory, file

DATA = b"d" * 50_000
NPM = file("root/.npm/_cacache/content-v2/a", DATA)
MODULES = file("root/go/pkg/mod/example.org/a@v1/a.go", DATA)


def built(
    path: Path, *lines: str, made: Sequence[Member], layers: Mapping[int, Sequence[Member]] | None = None
) -> Advised:
    """The advice for a Dockerfile of these lines below FROM, where line 2 makes files."""
    text = "\n".join(("FROM debian", *lines, ""))
    return Build(dockerfile=text, layers={2: made, **(layers or {})}).advise(path)


def patched(advised: Advised) -> list[str]:
    text = advised.patched("clean-in-run").dockerfile.text.replace(" \\\n   ", "").replace("; \\\n    ", "; ")
    return text.split("\n")[1:-1]


@pytest.mark.parametrize(
    ("run", "made", "end"),
    [
        pytest.param("npm ci", NPM, " && rm -rf /root/.npm", id="npm"),
        pytest.param("set -e; npm ci; npm run build", NPM, "; rm -rf /root/.npm", id="semicolons"),
        pytest.param("go build ./...", MODULES, " && rm -rf /root/go", id="go"),
        pytest.param("dnf -y install git", file("var/cache/dnf/x.solv", DATA), " && rm -rf /var/cache/dnf", id="dnf"),
        pytest.param("apt-get install git", file("var/cache/apt/archives/git.deb", DATA), " && apt-get clean", id="apt"),
        pytest.param("curl -o /tmp/x.zip x", file("tmp/x.zip", DATA), " && rm -rf /tmp/x.zip", id="temporary file"),
        pytest.param(
            "/opt/conda/bin/conda install -y numpy", file("opt/conda/pkgs/numpy.conda", DATA),
            " && /opt/conda/bin/conda clean -afy", id="conda",
        ),
    ],
)  # fmt: skip
def test_it_is_deleted_at_the_end_of_the_run(tmp_path: Path, run: str, made: Member, end: str) -> None:
    beside = (file("tmp/.keep", b""), file("opt/conda/pkgs/urls.txt", b"x") if "conda" in run else file("x", b""))
    advised = built(tmp_path, f"RUN {run}", made=(made, *beside))
    assert advised.of("clean-in-run").safety == Safety.SAFE
    assert patched(advised) == [f"RUN {run}{end}"]


@pytest.mark.parametrize(
    ("made", "later"),
    [
        pytest.param(MODULES, "RUN go build ./...", id="the cache is used"),
        pytest.param(MODULES, "RUN make", id="the cache may be used"),
        pytest.param(MODULES, "RUN ./build.sh", id="a script may use it"),
        pytest.param(NPM, "RUN rm -r /root/.npm", id="a later rm would fail"),
        pytest.param(
            file("var/cache/apt/archives/x.deb", DATA), "RUN rm /var/cache/apt/archives/*.deb", id="rm by a wildcard"
        ),
        pytest.param(file("tmp/x.zip", DATA), "RUN unzip /tmp/x.zip", id="a file that is read"),
        pytest.param(file("tmp/x.zip", DATA), "RUN cd /tmp && unzip *.zip", id="a directory that is read"),
        pytest.param(file("tmp/x.zip", DATA), "RUN unzip /tmp/x*", id="a wildcard"),
        pytest.param(file("tmp/x.zip", DATA), 'CMD ["unzip", "/tmp/x.zip"]', id="the image reads it"),
    ],
)
def test_what_is_needed_later_stays(tmp_path: Path, made: Member, later: str) -> None:
    assert "clean-in-run" not in built(tmp_path, "RUN fetch", later, made=(made,)).names


def test_a_temporary_directory_that_is_named_for_something_else_is_free(tmp_path: Path) -> None:
    lines = ("RUN curl -o /tmp/x.zip x", "COPY r.txt /tmp/r.txt", "ENV TMPDIR=/tmp/other", "RUN rm -rf /tmp/*")
    assert "clean-in-run" in built(tmp_path, *lines, made=(file("tmp/x.zip", DATA),)).names


def test_a_stage_that_is_copied_from_keeps_what_is_named(tmp_path: Path) -> None:
    text = "FROM debian AS base\nRUN fetch\nFROM base\nCOPY --from=base /tmp/x.zip /srv/x.zip\n"
    build = Build(dockerfile=text, layers={2: (file("tmp/x.zip", DATA),), 4: (file("srv/x.zip", DATA),)})
    assert "clean-in-run" not in build.advise(tmp_path).names


def test_logs_of_package_managers_go_but_no_directory_and_no_log_of_a_daemon(tmp_path: Path) -> None:
    made = (
        directory("var/log/apt"),
        file("var/log/apt/term.log", DATA),
        file("var/log/nginx/error.log", DATA),
        file("var/log/dpkg.log", DATA),
    )
    advised = built(tmp_path, "RUN apt-get install nginx", made=made)
    assert advised.of("clean-in-run").saves_bytes == 100_000
    assert patched(advised) == ["RUN apt-get install nginx && rm -rf /var/log/apt/term.log /var/log/dpkg.log"]


def test_another_user_deletes_only_files_of_its_own(tmp_path: Path) -> None:
    cache = file("home/node/.npm/_cacache/a", DATA, uid=1000)
    own = [directory(path, uid=1000) for path in ("home/node", "home/node/.npm", "home/node/.npm/_cacache")]
    text = "FROM node\nUSER node\nRUN npm ci\n"
    advised = Build(dockerfile=text, layers={3: (*own, cache)}).advise(tmp_path)
    assert patched(advised) == ["USER node", "RUN npm ci && rm -rf /home/node/.npm"]
    roots = (*own[:2], directory("home/node/.npm/_cacache"), cache)
    assert "clean-in-run" not in Build(dockerfile=text, layers={3: roots}).advise(tmp_path).names


def test_sudo_is_used_where_the_run_uses_it(tmp_path: Path) -> None:
    text = "FROM debian\nUSER app\nRUN sudo apt-get install -y git\n"
    advised = Build(dockerfile=text, layers={3: (file("var/cache/apt/archives/git.deb", DATA),)}).advise(tmp_path)
    assert patched(advised)[1] == "RUN sudo apt-get install -y git && sudo apt-get clean"


@pytest.mark.parametrize("is_buildkit", [False, True])
@pytest.mark.parametrize(
    ("directories", "is_free"),
    [
        pytest.param(["/tmp"], False, id="the directory"),
        pytest.param(["/", "tmp"], False, id="a relative one"),
        pytest.param(["/app"], True, id="another directory"),
    ],
)
def test_the_history_tells_the_directory_of_a_later_run(
    tmp_path: Path, directories: list[str], is_free: bool, is_buildkit: bool
) -> None:
    moves = "".join(f"WORKDIR {one}\n" for one in directories)
    text = f"FROM debian\nRUN cd /tmp && pipenv lock\n{moves}RUN pipenv install\n"
    build = Build(dockerfile=text, layers={2: (file("tmp/Pipfile.lock", DATA),)}, is_buildkit=is_buildkit)
    made = build.advise(tmp_path, with_dockerfile=False)
    assert ("clean-in-run" in made.names) is is_free


def test_files_in_the_directory_of_a_later_run_stay(tmp_path: Path) -> None:
    lock = file("tmp/Pipfile.lock", DATA)
    advised = built(tmp_path, "RUN cd /tmp && pipenv lock", "WORKDIR /tmp", "RUN pipenv install", made=(lock,))
    assert "clean-in-run" not in advised.names
    elsewhere = built(tmp_path, "RUN cd /tmp && pipenv lock", "WORKDIR /app", "RUN pipenv install", made=(lock,))
    assert patched(elsewhere)[0].endswith(" && rm -rf /tmp/Pipfile.lock")


def test_a_directory_is_deleted_whatever_the_names_in_it_look_like(tmp_path: Path) -> None:
    cache = [file(f"root/.cache/virtualenv/pip/{name}", DATA) for name in ("__init__.py", "big5freq.py")]
    advised = built(tmp_path, "RUN pipenv lock", made=cache)
    assert patched(advised) == ["RUN pipenv lock && rm -rf /root/.cache"]


def test_names_that_the_next_build_does_not_give_are_not_written_down(tmp_path: Path) -> None:
    made = (file("tmp/pipenv-request-k8awr5z4.json", DATA), file("tmp/report.txt", DATA))
    advised = built(tmp_path, "RUN pipenv lock", made=made)
    assert patched(advised)[0].endswith(" && rm -rf /tmp/report.txt")
    beside = file("tmp/notes.md", DATA)
    scratch = built(tmp_path, "RUN make", made=(file("tmp/tmp.a8Kx02Lq/object.bin", DATA), beside))
    assert patched(scratch)[0].endswith(" && rm -rf /tmp/notes.md")
    log = file("root/.npm/_logs/2026-11-29T00_41_01_214Z-debug-0.log", DATA)
    assert "clean-in-run" not in built(tmp_path, "RUN npm ci", made=(log,)).names
    assert advised.of("clean-in-run").saves_bytes == len(DATA)
