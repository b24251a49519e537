"""Packages of compilers and tools are left out, or removed where they are needed last; never where that would fail."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from layerscope.model.step import Safety, Step
from tests.advice.builds import PASSWD, Advised, Build
from tests.advice.systems import Installed, Package, apk
from tests.builder import Member, file, layer

GCC = Package("gcc", ["/usr/bin/gcc"], needs=["libmpc3"])
MPC = Package("libmpc3", ["/usr/lib/x86_64-linux-gnu/libmpc.so.3"])
CURL = Package("curl", ["/usr/bin/curl"])
VIM = Package("vim", ["/usr/bin/vim"])
INSTALL = "RUN apt-get update && apt-get install -y gcc curl && rm -rf /var/lib/apt/lists/*"


def built(directory: Path, *lines: str, layers: Mapping[int, Sequence[Member]] = {}, at: int = 2) -> Advised:
    """The advice for a Dockerfile of these lines below FROM, where line ``at`` installs gcc and curl."""
    text = "\n".join(("FROM debian", *lines, ""))
    installed = Installed().add(GCC, MPC, CURL)
    return Build(dockerfile=text, layers={at: installed, **layers}).advise(directory)


def steps(advised: Advised) -> list[Step]:
    return [step for step in advised.steps if step.strategy == "purge-packages"]


def patched(advised: Advised) -> str:
    return advised.patched("purge-packages").dockerfile.text.replace(" \\\n   ", "")


def test_what_no_run_needs_is_not_installed(tmp_path: Path) -> None:
    advised = built(tmp_path, INSTALL, "COPY app /app")
    step = advised.of("purge-packages")
    assert step.safety == Safety.REVIEW and step.sentence == "do not install gcc"
    # The library that only the compiler needs is not installed either; what is not flagged stays.
    assert 200_000 <= step.saves_bytes < 200_100
    assert "apt-get install -y curl &&" in patched(advised)


def test_the_run_that_installs_it_may_be_the_one_that_needs_it(tmp_path: Path) -> None:
    advised = built(tmp_path, "RUN apt-get update && apt-get install -y gcc curl && pip install uwsgi")
    assert (
        "install -y gcc curl && pip install uwsgi && apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false gcc"
        in patched(advised)
    )


def test_it_is_installed_in_the_run_that_needs_it(tmp_path: Path) -> None:
    advised = built(
        tmp_path, INSTALL, "WORKDIR /app", "COPY r.txt .", "RUN pip install -r r.txt", "CMD serve",
        layers={4: (file("app/r.txt", b"uwsgi"),)},
    )  # fmt: skip
    lines = patched(advised).split("\n")
    assert lines[1:3] == ["WORKDIR /app", "COPY r.txt ."]
    assert lines[3].startswith("RUN apt-get update && apt-get install -y gcc curl && rm -rf")
    assert lines[3].endswith(
        "pip install -r r.txt && apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false gcc"
    )


@pytest.mark.parametrize(("last", "is_proposed"), [("find . -name x -delete", True), ("find . -exec make {} +", False)])
def test_what_needs_no_compiler_may_stand_below(tmp_path: Path, last: str, is_proposed: bool) -> None:
    lines = (INSTALL, "RUN pip install uwsgi", "COPY app /app", f"RUN {last}")
    assert bool(steps(built(tmp_path, *lines, layers={4: (file("app/x.py", b"1"),)}))) == is_proposed


def test_a_version_is_left_out_with_its_package(tmp_path: Path) -> None:
    advised = built(tmp_path, "RUN apt-get update && apt-get install -y gcc=4:12.2.0-3 curl")
    assert "apt-get install -y curl\n" in patched(advised)


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("USER app", id="another user"),
        pytest.param("ENV PATH=/app/bin:$PATH", id="other programs are found"),
        pytest.param("ENV LD_PRELOAD /x?a=b", id="a variable without an equals sign"),
        pytest.param("SHELL ['/bin/bash', '-c']", id="another shell"),
        pytest.param("COPY nginx.conf /etc/nginx/nginx.conf", id="a file that a package brings"),
        pytest.param("COPY --chown=www-data:www-data app /srv", id="a user that the packages make"),
        pytest.param("COPY sources /etc/apt/sources.list.d/", id="other sources of packages"),
        pytest.param("VOLUME /var/lib", id="a volume"),
    ],
)
def test_an_installation_does_not_move_below_what_would_change_it(tmp_path: Path, between: str) -> None:
    copied = {"nginx.conf": "etc/nginx/nginx.conf", "sources": "etc/apt/sources.list.d/x", "www-data": "srv/app"}
    members = [file(path, b"x") for word, path in copied.items() if word in between]
    text = f"FROM debian\n{INSTALL}\n{between}\nRUN make\n".replace("'", '"')
    installed = (*Installed().add(GCC, MPC, CURL), file("etc/passwd", b"www-data:x:33:33::/:/bin/sh\n"))
    advised = Build(dockerfile=text, layers={2: installed, 3: members}).advise(tmp_path)
    assert not steps(advised)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["RUN apt-get update && apt-get install -y $PACKAGES"], id="a variable"),
        pytest.param(["RUN apt-get update && apt-get install -y $(cat packages.txt)"], id="a list in a file"),
        pytest.param(["RUN ./install.sh gcc"], id="a script"),
        pytest.param([INSTALL, "RUN make", "RUN apt-get remove -y gcc"], id="a later removal would fail"),
        pytest.param([INSTALL, "USER app", "RUN make"], id="another user needs it"),
        pytest.param([INSTALL, *["RUN make"] * 5], id="too many RUNs need it"),
    ],
)
def test_nothing_is_proposed_that_is_not_known_or_would_fail(tmp_path: Path, lines: list[str]) -> None:
    assert not steps(built(tmp_path, *lines))


def test_a_stage_that_others_are_built_on_keeps_what_they_need(tmp_path: Path) -> None:
    text = f"FROM debian AS base\n{INSTALL}\nFROM base AS test\nRUN make check\nFROM base\nCOPY app /app\n"
    installed = Installed().add(GCC, MPC, CURL)
    assert not steps(Build(dockerfile=text, layers={2: installed}).advise(tmp_path))
    without = text.replace("RUN make check", "RUN mkdir /check")
    assert steps(Build(dockerfile=without, layers={2: installed}).advise(tmp_path))


def test_a_run_is_not_moved_into_another_stage(tmp_path: Path) -> None:
    text = f"FROM debian AS base\n{INSTALL}\nFROM base\nRUN make\n"
    assert not steps(Build(dockerfile=text, layers={2: Installed().add(GCC, MPC, CURL)}).advise(tmp_path))


def whole(directory: Path, *final: str, stage: str = "RUN gcc -o tool tool.c") -> Advised:
    """The advice for an image whose last stage copies one that installs gcc and curl."""
    text = "\n".join(("FROM debian AS whole", INSTALL, stage, *final, "CMD tool", ""))
    system = (PASSWD, file("bin/sh", b"sh"), file("bin/rm", b"rm"), *Installed().add(GCC, MPC, CURL))
    copied = 2 + text[: text.index("COPY --from=whole")].count("\n") - 1
    build = Build(dockerfile=text, layers={2: system[3:], copied: system}, base=layer(*system[:3]))
    return build.advise(directory)


def test_an_image_that_is_a_whole_stage_is_purged_at_the_end_of_that(tmp_path: Path) -> None:
    advised = whole(tmp_path, "FROM scratch", "COPY --from=whole / /")
    step = advised.of("purge-packages")
    purge = "RUN apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false gcc"
    assert (step.safety, step.dockerfile_line, step.stage) == (Safety.REVIEW, 3, "whole")
    assert f"RUN gcc -o tool tool.c\n{purge}\nFROM scratch" in advised.patched("purge-packages").dockerfile.text


@pytest.mark.parametrize(
    "final",
    [
        pytest.param(["FROM scratch", "COPY --from=whole /usr /usr"], id="a part without the database"),
        pytest.param(
            ["FROM scratch AS other", "COPY --from=whole /usr/bin/gcc /gcc", "FROM scratch", "COPY --from=whole / /"],
            id="another stage copies what would go",
        ),
        pytest.param(
            ["FROM whole AS check", "RUN gcc --version", "FROM scratch", "COPY --from=whole / /"],
            id="another stage is built on it",
        ),
    ],
)
def test_a_stage_that_is_used_otherwise_keeps_its_packages(tmp_path: Path, final: list[str]) -> None:
    assert not steps(whole(tmp_path, *final))


def test_sudo_is_used_where_the_run_uses_it(tmp_path: Path) -> None:
    lines = ("USER app", "RUN sudo apt-get update && sudo apt-get install -y gcc curl && make")
    advised = built(tmp_path, *lines, at=3)
    assert patched(advised).endswith(
        "make && sudo apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false gcc\n"
    )


def test_a_library_that_is_still_needed_is_marked(tmp_path: Path) -> None:
    system = Installed()
    dev = Package("libpq-dev", ["/usr/include/libpq-fe.h"], needs=["libpq5"])
    lib = Package("libpq5", ["/usr/lib/x86_64-linux-gnu/libpq.so.5"])
    text = "FROM debian\nRUN apt-get update && apt-get install -y libpq-dev && pip install psycopg2\n"
    advised = Build(dockerfile=text, layers={2: system.add(dev, lib)}).advise(tmp_path)
    assert (
        "apt-mark manual libpq5 && apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false libpq-dev"
        in patched(advised)
    )


def test_what_the_base_has_though_it_is_merely_suggested_stays(tmp_path: Path) -> None:
    tool, perl = Package("tool", ["/usr/bin/tool"], needs=["libtool1"]), Package("perl", ["/usr/bin/perl"])
    needed = Package("libtool1", ["/usr/lib/libtool.so.1"])
    system, states = (
        Installed(),
        "".join(f"Package: {name}\nAuto-Installed: 1\n\n" for name in ("perl", "libtool1", "libmpc3")),
    )
    base = layer(PASSWD, *system.add(tool, needed, perl), file("var/lib/apt/extended_states", states.encode()))
    text = f"FROM debian\n{INSTALL}\nRUN make\n"
    build = Build(dockerfile=text, base=base, layers={2: system.add(GCC, MPC, CURL)})
    assert "apt-mark manual perl && apt-get purge" in patched(build.advise(tmp_path))


def test_words_without_a_dockerfile(tmp_path: Path) -> None:
    text = f"FROM debian\n{INSTALL}\nRUN pip install uwsgi\n"
    build = Build(dockerfile=text, layers={2: Installed().add(GCC, MPC, CURL)})
    step = build.advise(tmp_path, with_dockerfile=False).of("purge-packages")
    assert "install gcc in the last RUN that needs this (`RUN pip install uwsgi`)" in step.sentence and not step.edits


ALPINE = layer(file("etc/os-release", b"ID=alpine\nVERSION_ID=3.20\n"))
MEMBER = Package("gcc", ["/usr/bin/gcc"])


@pytest.mark.parametrize(
    ("run", "end"),
    [
        pytest.param("apk add --no-cache --virtual .build-deps gcc && make", "apk del .build-deps", id="group"),
        pytest.param("apk add --no-cache gcc && make", "apk del gcc", id="package"),
        pytest.param("apk add curl && apk add -t .build-deps gcc && make", "apk del .build-deps", id="two commands"),
    ],
)
def test_apk_deletes_the_group_or_the_package(tmp_path: Path, run: str, end: str) -> None:
    group = [Package(".build-deps", needs=["gcc"])] if ".build" in run else []
    members = apk(MEMBER, *group, world=".build-deps" if group else "gcc")
    advised = Build(dockerfile=f"FROM alpine\nRUN {run}\n", layers={2: members}, base=ALPINE).advise(tmp_path)
    assert patched(advised) == f"FROM alpine\nRUN {run} && {end}\n"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["RUN apk add tool && apk add -t .build-deps gcc curl", "RUN make"], id="a member is used"),
        pytest.param(["RUN apk add -t .build-deps gcc", "RUN make", "RUN apk del .build-deps"], id="a later apk del"),
    ],
)
def test_a_group_is_left_alone(tmp_path: Path, lines: list[str]) -> None:
    group = Package(".build-deps", needs=["gcc", "curl"])
    curl, tool = Package("curl", ["/usr/bin/curl"]), Package("tool", ["/usr/bin/tool"], needs=["curl"])
    members = apk(MEMBER, curl, tool, group, world=".build-deps\ntool")
    text = "\n".join(("FROM alpine", *lines, ""))
    assert not steps(Build(dockerfile=text, layers={2: members}, base=ALPINE).advise(tmp_path))
