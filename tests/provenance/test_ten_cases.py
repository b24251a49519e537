"""The ten cases that a perfect report gets right (docs/rules.md), at each level of evidence that applies."""

import json
from pathlib import Path

import pytest

from layerscope.model.finding import Severity
from tests.builder import Member, directory, file, layer, whiteout
from tests.provenance.scenes import LEVELS, Scene, Step, image, one, provenance, rules_of, stage, step_of

every_level = pytest.mark.parametrize("level", LEVELS)
SYSTEM = [
    file("etc/os-release", b"ID=debian\nVERSION_ID=12\n" * 4),
    file("var/lib/dpkg/status", b"Package: base-files\nStatus: install ok installed\nVersion: 12\n\n"),
    file("usr/bin/tool", b"tool" * 500),
]
BASE = layer(*SYSTEM)


def text(name: str, size: int = 400) -> bytes:
    """Content that no other name has."""
    return (f"{name} " * size)[:size].encode()


def proven(level: str, stage_name: str, line: int) -> tuple[str, str, int | None]:
    """Source, evidence and line of a finding from a stage, as far as a level can know them."""
    return ("unknown", "inferred", None) if level == "inferred" else (f"stage:{stage_name}", level, line)


# 1. A cloned repository comes over whole; the package manager's caches are the final stage's own.

CLONED = """FROM alpine AS build1
RUN apk add git
RUN git clone x /srv/app
FROM alpine
RUN apk add python3
COPY --from=build1 /srv/app /srv/app
RUN pip install -r requirements.txt
"""
GIT = [
    file("srv/app/.git/HEAD", b"ref: refs/heads/main\n"),
    file("srv/app/.git/objects/pack/pack-1.pack", text("pack", 5000)),
    file("srv/app/app.py", text("app")),
]
CASE_1 = Scene(
    dockerfile=CLONED,
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(
            created_by="RUN /bin/sh -c apk add python3 # buildkit",
            layer=layer(file("var/cache/apk/APKINDEX.1.tar.gz", text("index")), file("usr/bin/python3", text("py"))),
        ),
        Step(created_by="COPY /srv/app /srv/app # buildkit", layer=layer(*GIT)),
        Step(
            created_by="RUN /bin/sh -c pip install -r requirements.txt # buildkit",
            layer=layer(file("root/.cache/pip/http/a", text("wheel", 700))),
        ),
    ),
    builders={
        "build1": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(
                created_by="RUN /bin/sh -c apk add git # buildkit", layer=layer(file("usr/bin/git", text("git", 900)))
            ),
            Step(created_by="RUN /bin/sh -c git clone x /srv/app # buildkit", layer=layer(*GIT)),
        )
    },
)


@every_level
def test_1_a_repository_leaked_and_caches_are_waste(tmp_path: Path, level: str) -> None:
    made = CASE_1.report(tmp_path, level)
    leak = one(made, "vcs-metadata")
    assert (leak.source, leak.evidence, leak.dockerfile_line) == proven(level, "build1", 6)
    assert (leak.kind, leak.content_bytes) == ("leak", 5021)
    for rule, content_bytes in (("apk-index", 400), ("pip-cache", 700)):
        waste = one(made, rule)
        assert (waste.kind, waste.source, waste.content_bytes) == ("waste", "run", content_bytes)


def test_1_the_builder_tells_what_made_it_and_what_stayed_behind(tmp_path: Path) -> None:
    made = CASE_1.report(tmp_path, "matched")
    row = stage(made, "build1")
    assert (row.evidence, row.content_bytes, row.reclaimable_bytes) == ("matched", 5421, 5021)
    assert [str(step) for step in row.made_by] == ["line 3: RUN git clone x /srv/app"]
    assert str(one(made, "vcs-metadata").made_by) == "line 3: RUN git clone x /srv/app"
    assert (row.not_copied_bytes, row.not_copied) == (900, (("/usr/bin/git", 900),))
    assert made.base.layers == 1


# 2. Three stages on one base; the builder installs development packages and copies all of them.

PIPENV = """FROM python:3 AS base
ENV A=1

FROM base AS builder
RUN pip install pipenv
COPY Pipfile .
RUN pipenv lock
RUN pipenv install -d

FROM base
COPY --from=builder /pybase /pybase
"""
SITE = "pybase/lib/python3.11/site-packages"


def installed(name: str, version: str, size: int, site: str = SITE) -> list[Member]:
    """A Python package as pip installs it."""
    info = f"{site}/{name}-{version}.dist-info"
    record = f"{name}/__init__.py,,\n{name}-{version}.dist-info/METADATA,,\n{name}-{version}.dist-info/RECORD,,\n"
    return [
        file(f"{site}/{name}/__init__.py", text(name, size)),
        file(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()),
        file(f"{info}/RECORD", record.encode()),
    ]


LOCK = json.dumps({"default": {"flask": {"version": "==3.0"}}, "develop": {"pytest": {"version": "==9.0"}}}).encode()
PYBASE = [*installed("flask", "3.0", 3000), *installed("pytest", "9.0", 8000)]
COMPILER = layer(*SYSTEM, file("usr/lib/gcc/x86_64-linux-gnu/12/cc1", text("cc1", 9000)))
LATER = layer(file("usr/bin/python3", text("python", 2000)))
CASE_2 = Scene(
    dockerfile=PIPENV,
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=COMPILER),
        Step(created_by="RUN /bin/sh -c apt-get install python3 # buildkit", layer=LATER),
        Step(created_by='CMD ["python3"]'),
        Step(created_by="ENV A=1"),
        Step(created_by="COPY /pybase /pybase # buildkit", layer=layer(*PYBASE)),
    ),
    builders={
        "builder": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=COMPILER),
            Step(created_by="RUN /bin/sh -c apt-get install python3 # buildkit", layer=LATER),
            Step(created_by='CMD ["python3"]'),
            Step(created_by="ENV A=1"),
            Step(
                created_by="RUN /bin/sh -c pip install pipenv # buildkit",
                layer=layer(*installed("pipenv", "1.0", 4000, "usr/lib/python3/dist-packages")),
            ),
            Step(created_by="COPY Pipfile . # buildkit", layer=layer(file("Pipfile", b"[packages]\n"))),
            Step(created_by="RUN /bin/sh -c pipenv lock # buildkit", layer=layer(file("Pipfile.lock", LOCK))),
            Step(created_by="RUN /bin/sh -c pipenv install -d # buildkit", layer=layer(*PYBASE)),
        )
    },
)


@every_level
def test_2_what_the_base_brings_is_inherited(tmp_path: Path, level: str) -> None:
    made = CASE_2.report(tmp_path, level)
    toolchain = one(made, "native-toolchain")
    assert (toolchain.kind, toolchain.source) == ("inherited", "base")
    assert "base" in toolchain.fix
    assert made.base.layers == 2
    assert (made.base.evidence, made.base.found_by) == {
        "inferred": ("inferred", "history-guess"),
        "declared": ("declared", "dockerfile"),
        "matched": ("declared", "dockerfile"),
        "attested": ("attested", "attestation"),
    }[level]


def test_2_development_packages_leaked_by_the_builders_own_lockfile(tmp_path: Path) -> None:
    made = CASE_2.report(tmp_path, "matched")
    leak = one(made, "py-dev-deps")
    assert (leak.kind, leak.source, leak.evidence, leak.dockerfile_line) == ("leak", "stage:builder", "matched", 11)
    assert str(leak.made_by) == "line 8: RUN pipenv install -d"
    assert [name for name, _ in leak.packages] == ["pytest 9.0"]
    assert leak.packages[0][1] == leak.content_bytes >= 8000
    row = stage(made, "builder")
    assert row.reclaimable_bytes == leak.content_bytes
    assert row.not_copied[0][0] == "pipenv 1.0 (pypi)"


def test_2_a_lockfile_beside_the_dockerfile_tells_the_same(tmp_path: Path) -> None:
    scene = Scene(final=CASE_2.final, dockerfile=PIPENV, lockfiles=(("Pipfile.lock", LOCK),))
    leak = one(scene.report(tmp_path, "declared"), "py-dev-deps")
    assert (leak.source, leak.evidence) == ("stage:builder", "declared")
    assert [name for name, _ in leak.packages] == ["pytest 9.0"]


@pytest.mark.parametrize("level", ["inferred", "declared", "attested"])
def test_2_without_any_lockfile_nothing_is_said_of_development(tmp_path: Path, level: str) -> None:
    assert "py-dev-deps" not in rules_of(CASE_2.report(tmp_path, level), "leak")


# 3. Wheels are copied, installed and deleted.

WHEEL = text("wheel", 6000)
CASE_3 = Scene(
    dockerfile="FROM debian AS b\nRUN pip wheel x\nFROM debian\nCOPY --from=b /wheels /wheels\n"
    "RUN pip install /wheels/* && rm -rf /wheels\n",
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(created_by="COPY /wheels /wheels # buildkit", layer=layer(file("wheels/x-1-py3-none-any.whl", WHEEL))),
        Step(
            created_by="RUN /bin/sh -c pip install /wheels/* && rm -rf /wheels # buildkit",
            layer=layer(whiteout("wheels"), file("usr/lib/x.py", text("x"))),
        ),
    ),
    builders={
        "b": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(
                created_by="RUN /bin/sh -c pip wheel x # buildkit",
                layer=layer(file("wheels/x-1-py3-none-any.whl", WHEEL)),
            ),
        )
    },
)


@every_level
def test_3_wheels_that_were_deleted_later_are_still_shipped(tmp_path: Path, level: str) -> None:
    finding = one(CASE_3.report(tmp_path, level), "deleted-later")
    assert (finding.source, finding.evidence, finding.dockerfile_line) == proven(level, "b", 4)
    assert (finding.kind, finding.content_bytes) == ("leak", 6000)
    assert "mount" in finding.fix


# 4. A later chown copies everything once more.

APP = [file("app/main.py", text("main", 2000))]
CASE_4 = Scene(
    dockerfile="FROM debian AS b\nRUN make\nFROM debian\nCOPY --from=b /app /app\nRUN chown -R app /app\n",
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(created_by="COPY /app /app # buildkit", layer=layer(*APP)),
        Step(
            created_by="RUN /bin/sh -c chown -R app /app # buildkit",
            layer=layer(file("app/main.py", text("main", 2000), uid=1000)),
        ),
    ),
    builders={
        "b": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(created_by="RUN /bin/sh -c make # buildkit", layer=layer(*APP)),
        )
    },
)


@every_level
def test_4_a_chown_costs_one_copy_and_no_stage_is_to_blame(tmp_path: Path, level: str) -> None:
    finding = one(CASE_4.report(tmp_path, level), "copied-up")
    assert (finding.kind, finding.source, finding.content_bytes) == ("waste", "run", 2000)
    assert "COPY --chown" in finding.fix
    assert finding.dockerfile_line == (None if level == "inferred" else 5)


@pytest.mark.parametrize("level", ["declared", "attested"])
def test_4_a_run_without_a_mount_has_no_input(tmp_path: Path, level: str) -> None:
    step = step_of(CASE_4.report(tmp_path, level), 2)
    assert (step.evidence, step.via) == (level, None)


def test_4_nor_has_it_one_by_the_graph_of_the_build(tmp_path: Path) -> None:
    graph = [
        {"id": "step0", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/debian"}}}},
        {"id": "step1", "op": {"Op": {"exec": {"mounts": [{"input": 0, "dest": "/"}]}}}, "inputs": ["step0:0"]},
    ]
    statement = provenance(
        "# of another version", graph=graph, locations={"step0": 3, "step1": 5}, layers={"step1": CASE_4.final.layers}
    )
    made = Scene(final=CASE_4.final, dockerfile="", statements=[statement]).report(tmp_path, "attested")
    assert (step_of(made, 2).dockerfile_line, step_of(made, 2).evidence) == (5, "attested")


# 5. The builder's whole node_modules.

NODE = [
    file("app/node_modules/express/package.json", b'{"name":"express","version":"4.0.0"}'),
    file("app/node_modules/express/index.d.ts", text("types", 1000)),
    file("app/node_modules/jest/package.json", b'{"name":"jest","version":"29.0.0"}'),
    file("app/node_modules/jest/index.js", text("jest", 5000)),
    file(
        "app/node_modules/.package-lock.json",
        json.dumps(
            {
                "lockfileVersion": 3,
                "packages": {
                    "node_modules/express": {"version": "4.0.0"},
                    "node_modules/jest": {"version": "29.0.0", "dev": True},
                },
            }
        ).encode(),
    ),
]
CASE_5 = Scene(
    dockerfile="FROM node AS b\nRUN npm ci\nFROM node\nCOPY --from=b /app /app\n",
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(created_by="COPY /app /app # buildkit", layer=layer(*NODE)),
    ),
    builders={
        "b": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(created_by="RUN /bin/sh -c npm ci # buildkit", layer=layer(*NODE)),
        )
    },
)


@every_level
def test_5_development_packages_by_the_lockfile_but_no_typings(tmp_path: Path, level: str) -> None:
    leak = one(CASE_5.report(tmp_path, level), "node-dev-deps")
    assert (leak.source, leak.evidence, leak.dockerfile_line) == proven(level, "b", 4)
    assert {path.path for path in leak.paths} == {
        "/app/node_modules/jest/package.json",
        "/app/node_modules/jest/index.js",
    }


# 6. A token that the builder wrote.

TOKEN = "npm_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
NPMRC = file("app/.npmrc", f"//registry.example/:_authToken={TOKEN}\n".encode())


def case_6(*members: Member) -> Scene:
    return Scene(
        dockerfile="FROM node AS b\nARG T\nRUN npm ci\nFROM node\nCOPY --from=b /app /app\n",
        final=image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(created_by="COPY /app /app # buildkit", layer=layer(*APP, *members)),
        ),
        builders={
            "b": image(
                Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
                Step(created_by="ARG T"),
                Step(created_by=f"RUN |1 T={TOKEN} /bin/sh -c npm ci # buildkit", layer=layer(*APP, *members)),
            )
        },
    )


@every_level
def test_6_a_token_that_came_over_is_critical_and_never_printed(tmp_path: Path, level: str) -> None:
    made = case_6(NPMRC).report(tmp_path, level)
    leak = one(made, "cred-file")
    assert (leak.source, leak.evidence, leak.dockerfile_line) == proven(level, "b", 5)
    assert (leak.severity, leak.kind) == (Severity.CRITICAL, "secret")
    assert TOKEN not in str(made.findings)
    assert TOKEN not in str(made.stages)


@every_level
def test_6_a_token_that_stayed_in_the_builder_is_no_finding(tmp_path: Path, level: str) -> None:
    assert not rules_of(case_6().report(tmp_path, level), "leak")


def test_6_an_argument_that_the_provenance_keeps_is_a_finding_as_attested(tmp_path: Path) -> None:
    scene = Scene(final=case_6().final, dockerfile=case_6().dockerfile, build_args={"NPM_TOKEN": TOKEN})
    made = scene.report(tmp_path, "attested")
    finding = one(made, "history-secret")
    assert finding.evidence == "attested"
    assert TOKEN not in str(made)


# 7. One static binary on nothing.

BINARY = file("app", text("static binary", 50_000), mode=0o755)
CERTIFICATES = file("etc/ssl/certs/ca-certificates.crt", text("certificates", 3000))
CASE_7 = Scene(
    dockerfile="FROM golang AS b\nRUN go build\nFROM scratch\nCOPY --link --from=b /app /app\n"
    'COPY --from=b /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\nWORKDIR /work\nENTRYPOINT ["/app"]\n',
    final=image(
        Step(created_by="COPY /app /app # buildkit", layer=layer(BINARY)),
        Step(
            created_by="COPY /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ # buildkit", layer=layer(CERTIFICATES)
        ),
        Step(created_by="WORKDIR /work", layer=layer(directory("work"))),
        Step(created_by='ENTRYPOINT ["/app"]'),
        entrypoint=("/app",),
    ),
    builders={
        "b": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=layer(*SYSTEM, CERTIFICATES)),
            Step(created_by="RUN /bin/sh -c go build # buildkit", layer=layer(BINARY)),
        )
    },
)


@every_level
def test_7_a_static_binary_is_no_leak(tmp_path: Path, level: str) -> None:
    made = CASE_7.report(tmp_path, level)
    assert made.findings == ()
    assert (made.base.layers, made.base.name) == (0, "")
    if level != "inferred":
        assert stage(made, "b").content_bytes == 53_000
        assert stage(made, "b").reclaimable_bytes == 0


# 8. The builder's whole root over a base.

CASE_8 = Scene(
    dockerfile="FROM debian AS b\nRUN apt-get install gcc\nFROM debian\nCOPY --from=b / /\n",
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(created_by='CMD ["bash"]'),
        Step(
            created_by="COPY / / # buildkit",
            layer=layer(*SYSTEM, file("usr/lib/gcc/x86_64-linux-gnu/12/cc1", text("cc1", 9000))),
        ),
    ),
    builders={
        "b": image(
            Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
            Step(
                created_by="RUN /bin/sh -c apt-get install gcc # buildkit",
                layer=layer(file("usr/lib/gcc/x86_64-linux-gnu/12/cc1", text("cc1", 9000))),
            ),
        )
    },
)


@every_level
def test_8_a_whole_root_brings_the_toolchain_and_the_base_again(tmp_path: Path, level: str) -> None:
    made = CASE_8.report(tmp_path, level)
    toolchain, copy = one(made, "native-toolchain"), one(made, "rootfs-copy")
    for leak in (toolchain, copy):
        assert leak.kind == "leak"
        assert (leak.source, leak.evidence, leak.dockerfile_line) == proven(level, "b", 4)
    assert toolchain.content_bytes == 9000
    assert {path.path for path in copy.paths} >= {"/etc/os-release", "/usr/bin/tool"}


def test_8_what_the_base_has_too_proves_nothing_by_itself(tmp_path: Path) -> None:
    row = stage(CASE_8.report(tmp_path, "matched"), "b")
    assert row.matched_bytes == 9000
    assert row.inconclusive_bytes == sum(len(member.content) for member in SYSTEM)


# 9. A RUN that mounts a stage.

MOUNTED = "FROM debian AS build\nRUN make\nFROM debian\nRUN --mount=from=build,target=/b cp /b/app/main.py /\n"
CASE_9 = Scene(
    dockerfile=MOUNTED,
    final=image(
        Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
        Step(
            created_by="RUN /bin/sh -c cp /b/app/main.py / # buildkit",
            layer=layer(file("main.py", text("main", 2000)), file("tmp/junk", text("junk", 900))),
        ),
    ),
    builders=CASE_4.builders,
)


@pytest.mark.parametrize(
    ("level", "source", "evidence"),
    [
        ("inferred", "run", None),
        ("declared", "stage:build", "declared"),
        ("attested", "stage:build", "attested"),
    ],
)
def test_9_a_mounted_stage_is_an_input_and_no_more(
    tmp_path: Path, level: str, source: str, evidence: str | None
) -> None:
    made = CASE_9.report(tmp_path, level)
    step = step_of(made, 1)
    assert (step.source, step.evidence, step.via) == (source, evidence, "mount" if evidence else None)
    junk = one(made, "tmp-leftover")
    assert (junk.kind, junk.source) == ("waste", "run")
    assert made.stages == ()


def test_9_the_same_content_is_no_proof_that_it_was_copied(tmp_path: Path) -> None:
    scene = Scene(final=CASE_9.final, dockerfile=MOUNTED, builders={"build": CASE_4.builders["b"]})
    made = scene.report(tmp_path, "matched")
    row = stage(made, "build")
    assert (row.unmatched, row.content_bytes, row.same_content_bytes) == ("same-content", 0, 2000)
    assert (step_of(made, 1).evidence, step_of(made, 1).via) == ("declared", "mount")
    assert one(made, "tmp-leftover").source == "run"


def test_9_the_graph_of_the_build_confirms_the_input(tmp_path: Path) -> None:
    mounts = [{"input": 0, "dest": "/"}, {"input": 1, "dest": "/b", "readonly": True}]
    graph = [
        {"id": "step0", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/debian"}}}},
        {"id": "step1", "op": {"Op": {"exec": {"mounts": [{"input": 0, "dest": "/"}]}}}, "inputs": ["step0:0"]},
        {"id": "step2", "op": {"Op": {"exec": {"mounts": mounts}}}, "inputs": ["step0:0", "step1:0"]},
    ]
    statement = provenance(
        MOUNTED,
        graph=graph,
        locations={"step0": 1, "step1": 2, "step2": 4},
        layers={"step0": CASE_9.final.layers[:1], "step2": CASE_9.final.layers},
    )
    made = Scene(final=CASE_9.final, dockerfile=MOUNTED, statements=[statement]).report(tmp_path, "attested")
    step = step_of(made, 1)
    assert (step.dockerfile_line, step.source, step.evidence) == (4, "stage:build", "attested")
    assert (made.base.layers, made.base.name) == (1, "docker.io/library/debian")


# 10. Traps.

CASE_10 = Scene(
    dockerfile="FROM gcc:14\nENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\nCOPY .yarn /app/.yarn\n"
    'RUN pip wheel x\nCMD ["gcc"]\n',
    final=image(
        Step(
            created_by="ADD rootfs.tar / # buildkit",
            layer=layer(*SYSTEM, file("usr/lib/gcc/x86_64-linux-gnu/12/cc1", text("cc1", 9000))),
        ),
        Step(created_by="ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D"),
        Step(
            created_by="COPY .yarn /app/.yarn # buildkit",
            layer=layer(file("app/.pnp.cjs", text("pnp")), file("app/.yarn/cache/a-npm-1.zip", text("zip"))),
        ),
        Step(
            created_by="RUN /bin/sh -c pip wheel x # buildkit",
            layer=layer(file("opt/out/x-1.so", text("compiled", 900))),
        ),
        Step(created_by='CMD ["gcc"]'),
        cmd=("gcc",),
        env=("GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",),
    ),
)


@pytest.mark.parametrize("level", ["inferred", "declared", "attested"])
def test_10_traps_are_no_leaks(tmp_path: Path, level: str) -> None:
    assert not rules_of(CASE_10.report(tmp_path, level), "leak")
