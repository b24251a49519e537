"""Ten builds that a perfect report gets right, as far as the archive alone can tell."""

import pytest

from layerscope.model.finding import Evidence, Finding, FindingKind, Severity
from layerscope.rules.engine import Findings
from tests.builder import ImageSpec, directory, file, layer, symlink, whiteout
from tests.packages.elves import elf
from tests.rules.conftest import Find, of_rule, paths_of, step

LEAK, WASTE, INHERITED = FindingKind.LEAK, FindingKind.WASTE, FindingKind.INHERITED
FROM = "/bin/sh -c #(nop) ADD file:" + "0" * 64 + " in / "
COPY = "/bin/sh -c #(nop) COPY dir:" + "0" * 64 + " in /app "

_COMMENT = {"comment": "buildkit.dockerfile.v0"}


def _image(*steps: tuple[str, bytes], **fields: object) -> ImageSpec:
    history = tuple(step(text) | _COMMENT if text.endswith("# buildkit") else step(text) for text, _ in steps)
    return ImageSpec(layers=tuple(data for _, data in steps), history=history, **fields)  # type: ignore[arg-type]


def _kinds(found: Findings) -> dict[str, FindingKind]:
    return {finding.rule: finding.kind for finding in found.findings}


def _accusing(found: Findings) -> list[Finding]:
    return [finding for finding in found.findings if finding.kind != INHERITED]


def test_1_a_cloned_repository_is_copied_whole(find: Find) -> None:
    found = find(
        _image(
            (FROM, layer(file("bin/busybox", b"1"))),
            ("/bin/sh -c apk add python3", layer(file("var/cache/apk/APKINDEX.x.tar.gz", b"12"))),
            (COPY, layer(file("app/.git/HEAD", b"ref"), file("app/.git/objects/x", b"123"), file("app/app.py", b"1"))),
            ("/bin/sh -c pip install -r requirements.txt", layer(file("root/.cache/pip/http/x", b"1234"))),
        ),
        base_layers=1,
    )
    assert _kinds(found) == {"vcs-metadata": LEAK, "apk-index": WASTE, "pip-cache": WASTE}
    assert paths_of(found, "vcs-metadata") == {"/app/.git/HEAD", "/app/.git/objects/x"}


def test_2_development_packages_leak_and_the_compiler_is_the_bases(find: Find) -> None:
    site = "pybase/lib/python3/site-packages"
    found = find(
        _image(
            (FROM, layer(file("usr/bin/gcc", b"gcc"))),
            (
                "COPY /pybase /pybase # buildkit",
                layer(file(f"{site}/flask.py", b"1"), file(f"{site}/pytest.py", b"12")),
            ),
            (
                "COPY . /app # buildkit",
                layer(file("app/Pipfile", b'[packages]\nflask="*"\n[dev-packages]\npytest="*"\n')),
            ),
        ),
        base_layers=1,
        packages={
            "deb/gcc": ("/usr/bin/gcc",),
            "pypi/flask": (f"/{site}/flask.py",),
            "pypi/pytest": (f"/{site}/pytest.py",),
        },
    )
    assert _kinds(found) == {"native-toolchain": INHERITED, "py-dev-deps": LEAK}
    assert found.reclaimable_bytes == 2
    assert "slimmer base" in of_rule(found, "native-toolchain")[0].fix


def test_3_wheels_are_copied_in_and_deleted(find: Find) -> None:
    found = find(
        _image(
            ("COPY /wheels /wheels # buildkit", layer(file("wheels/x-1.whl", b"12345"))),
            ("RUN /bin/sh -c pip install /wheels/* && rm -rf /wheels # buildkit", layer(whiteout("wheels"))),
        )
    )
    (finding,) = found.findings
    assert (finding.rule, finding.kind, finding.content_bytes) == ("deleted-later", LEAK, 5)
    assert "--mount=type=bind" in finding.fix


def test_4_a_chown_copies_everything_once(find: Find) -> None:
    found = find(
        _image(
            (COPY, layer(file("app/a", b"12345"))),
            ("/bin/sh -c chown -R app /app", layer(file("app/a", b"12345", uid=1000))),
        )
    )
    (finding,) = found.findings
    assert (finding.rule, finding.content_bytes) == ("copied-up", 5)
    assert "COPY --chown" in finding.fix


def test_5_the_lockfile_tells_which_node_packages_are_developments(find: Find) -> None:
    lock = b'{"packages":{"node_modules/typescript":{"version":"5","dev":true},"node_modules/express":{"version":"4"}}}'
    modules = layer(
        file("app/node_modules/.package-lock.json", lock),
        file("app/node_modules/typescript/package.json", b'{"version":"5"}'),
        file("app/node_modules/express/package.json", b'{"version":"4"}'),
        file("app/node_modules/express/index.d.ts", b"types"),
    )
    found = find(_image((COPY, modules)))
    assert {path.path for finding in found.findings for path in finding.paths} == {
        "/app/node_modules/typescript/package.json"
    }


@pytest.mark.parametrize("removed", [False, True], ids=["copied along", "removed inside the builder"])
def test_6_a_token_that_the_builder_wrote(find: Find, removed: bool) -> None:
    token = "npm_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
    npmrc = file("app/.npmrc", f"//registry.example.org/:_authToken={token}\n".encode())
    found = find(_image((COPY, layer(file("app/index.js", b"1"), *(() if removed else (npmrc,))))))
    assert [(f.rule, f.severity) for f in found.findings] == ([] if removed else [("cred-file", Severity.CRITICAL)])
    assert token not in repr(found)


def test_7_a_static_program_on_scratch_is_clean(find: Find) -> None:
    spec = _image(
        ("COPY /app /app # buildkit", layer(file("app", elf({".text": b"x" * 90_000}), mode=0o755))),
        ("COPY /certs.crt /etc/ssl/certs/ca-certificates.crt # buildkit", layer(
            file("etc/ssl/certs/ca-certificates.crt", b"-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n")
        )),
        ("WORKDIR /srv", layer(directory("srv"))),
        entrypoint=("/app",),
    )  # fmt: skip
    found = find(spec)
    assert (found.findings, found.reclaimable_bytes) == ((), 0)


def test_7_a_distroless_image_is_clean(find: Find) -> None:
    base = layer(
        file("etc/os-release", b"ID=debian"),
        file("etc/passwd", b"root:x:0:0::/root:/sbin/nologin"),
        file("var/lib/dpkg/status.d/base-files", b"Package: base-files"),
        file("usr/share/doc/libssl3/copyright", b"licence"),
        file("usr/share/zoneinfo/UTC", b"TZif2"),
        file("usr/lib/x86_64-linux-gnu/libssl.so.3", b"\x7fELF"),
        symlink("usr/lib/os-release", "/etc/os-release"),
        directory("tmp", mode=0o1777),
    )
    found = find(
        _image(("bazel build", base), (COPY, layer(file("app/server", b"\x7fELF", mode=0o755)))), base_layers=1
    )
    assert _accusing(found) == []
    assert _accusing(find(_image(("bazel build", base)))) == []


def test_8_a_builders_whole_root_is_copied_over_the_base(find: Find) -> None:
    system = (file("etc/os-release", b"ID=debian"), file("var/lib/dpkg/status", b"Package: x"), file("bin/sh", b"sh"))
    gcc = file("usr/libexec/gcc/x86_64-linux-gnu/12/cc1", b"12345")
    spec = _image((FROM, layer(*system)), ("COPY / / # buildkit", layer(*system, gcc)))
    found = find(spec, base_layers=1)
    assert _kinds(found) == {"native-toolchain": LEAK, "rootfs-copy": LEAK}
    assert {finding.instruction for finding in found.findings} == {1}
    assert paths_of(found, "rootfs-copy") == {"/etc/os-release", "/var/lib/dpkg/status", "/bin/sh"}


def test_9_a_copy_out_of_a_mount_has_no_known_source(find: Find) -> None:
    created_by = "RUN /bin/sh -c cp -r /b/app / # buildkit"
    (finding,) = find(_image((created_by, layer(file("app/main.o", elf(kind=1)))))).findings
    assert (finding.kind, finding.evidence, finding.source) == (WASTE, Evidence.INFERRED, "run")


@pytest.mark.parametrize(
    ("spec", "packages", "base_layers"),
    [
        pytest.param(
            _image((FROM, layer(file("usr/local/bin/gcc", b"1"))), (COPY, layer(file("app/x.py", b"1"))), cmd=("gcc",)),
            {"deb/gcc": ("/usr/local/bin/gcc",)},
            1,
            id="FROM gcc",
        ),
        pytest.param(
            _image((COPY, layer(file("app/.pnp.cjs", b"1"), file("app/.yarn/cache/x.zip", b"1")))),
            {},
            0,
            id="Plug'n'Play",
        ),
        pytest.param(
            _image((COPY, layer(file("app/x", b"1"))), env=("GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",)),
            {},
            0,
            id="a fingerprint called key",
        ),
        pytest.param(
            _image((COPY, layer(file("app/x", b"1", xattrs={"security.capability": b"\1\0\0\2"})))), {}, 0, id="setcap"
        ),
        pytest.param(
            _image(("/bin/sh -c pip wheel x", layer(file("wheels/x-1.whl", b"1")))), {}, 0, id="a wheel made here"
        ),
    ],
)
def test_10_traps_are_no_leak(
    find: Find, spec: ImageSpec, packages: dict[str, tuple[str, ...]], base_layers: int
) -> None:
    found = find(spec, packages=packages, base_layers=base_layers)
    assert [finding for finding in found.findings if finding.kind == LEAK] == []
