"""Where fuzzing begins for what is in files: a database of each package manager, programs, secrets, layouts."""

import io
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.builder import ImageSpec, docker_legacy, docker_save, file, layer, oci_archive, skopeo_dir, to_json
from tests.building.outer import contents
from tests.fuzz.file_harnesses import ATTESTED, ATTESTED_LAYERS, PART
from tests.packages.elves import elf, linked, loading
from tests.packages.rpm.samples import database
from tests.packages.zips import manifest, pom, zipped
from tests.provenance.scenes import provenance
from tests.rules.forged import jwt, openssh, pem, pkcs12

DATA = Path(__file__).parent.parent / "data"
_LARGEST = 60_000

_TEXTS = {
    "/var/lib/dpkg/status": b"Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n /etc/a 0\n\n",
    "/var/lib/dpkg/info/a.list": b"/.\n/etc\n/etc/a\n",
    "/var/lib/dpkg/diversions": b"/etc/a\n/etc/b\n:\n",
    "/lib/apk/db/installed": b"P:a\nV:1\nD:so:b\nF:etc\nR:a\na:0:0:755\nZ:Q1\n\n",
    "/usr/lib/opkg/info/a.control": b"Package: a\nVersion: 1\n",
    "/var/lib/pacman/local/a-1/desc": b"%NAME%\na\n\n%VERSION%\n1\n\n%DEPENDS%\nb\n",
    "/var/lib/pacman/local/a-1/files": b"%FILES%\netc/a\n",
    "/var/lib/pacman/local/a-1/mtree": b"#mtree\n/set type=dir\n./etc/a\\057 type=file\n",
    "/var/db/pkg/c/a-1/CONTENTS": b"obj /etc/a 0 0\nsym /etc/b -> a 0\ndir /etc\n",
    "/var/lib/chisel/manifest.wall": b'{"jsonwall":"1.0"}\n{"kind":"package","name":"a","version":"1"}\n',
    "/opt/conda/conda-meta/a.json": b'{"name":"a","version":"1","files":["../etc/a","etc/a"]}',
    "/opt/bitnami/a/.spdx-a.spdx": b'{"packages":[{"name":"a","versionInfo":"1"}]}',
    "/usr/lib/python3/dist-packages/a-1.dist-info/METADATA": b"Name: a\nVersion: 1\nRequires-Dist: b>1; extra == 'c'\n",
    "/usr/lib/python3/dist-packages/a-1.dist-info/RECORD": b'a.py,sha256=x,1\n"b,c.py",,\n../../bin/a,,\n',
    "/app/requirements.txt": b"-r other.txt\na==1 --hash=sha256:0 ; python_version > '3'\n-e .\n",
    "/app/poetry.lock": b'[[package]]\nname = "a"\nversion = "1"\ncategory = "dev"\n',
    "/app/Pipfile.lock": b'{"default":{"a":{"version":"==1"}},"develop":{"b":{}}}',
    "/app/package.json": b'{"name":"a","version":"1","dependencies":{"b":"^1"},"devDependencies":{"c":"*"}}',
    "/app/node_modules/b/package.json": b'{"name":"b","version":"1","license":"MIT"}',
    "/app/package-lock.json": b'{"lockfileVersion":3,"packages":{"node_modules/b":{"version":"1","dev":true}}}',
    "/app/yarn.lock": b'# yarn lockfile v1\n"b@^1", b@*:\n  version "1"\n  dependencies:\n    c "1"\n',
    "/app/pnpm-lock.yaml": b"lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      b:\n        version: 1\n",
    "/app/vendor/composer/installed.json": b'{"packages":[{"name":"a/b","version":"1","install-path":"../a/b"}]}',
    "/app/composer.lock": b'{"packages":[{"name":"a/b"}],"packages-dev":[{"name":"c/d"}]}',
    "/usr/lib/ruby/gems/3/specifications/a-1.gemspec": b'# stub: a 1 ruby lib\ns.name = "a"\ns.files = ["a"]\n',
    "/app/Gemfile": b'source "x"\ngem "a", group: :test\ngroup :development do\n  gem "b"\nend\n',
    "/app/Gemfile.lock": b"GEM\n  remote: x\n  specs:\n    a (1)\n      b (>= 1)\n\nDEPENDENCIES\n  a\n",
    "/app/a.deps.json": b'{"targets":{"t":{"a/1":{"runtime":{"a.dll":{}}}}},"libraries":{"a/1":{"type":"package"}}}',
    "/usr/lib/R/library/a/DESCRIPTION": b"Package: a\nVersion: 1\nBuilt: R 4\n",
    "/usr/lib/luarocks/rocks-5.4/a/1-1/rock_manifest": b'rock_manifest = { lua = { ["a.lua"] = "0" } }\n',
    "/usr/lib/a-1/ebin/a.app": b'{application, a, [{vsn, "1"}]}.\n',
    "/home/linuxbrew/.linuxbrew/Cellar/a/1/INSTALL_RECEIPT.json": b'{"homebrew_version":"4"}',
    "/root/.rustup/settings.toml": b'default_toolchain = "stable"\nversion = "12"\n',
    "/etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME=a\n',
    "/app/.git/config": b'[remote "origin"]\n\turl = https://user:hunter2abc@example.com/a.git\n',
    "/app/.env": b"PASSWORD=-Hunter2abc\nexport TOKEN='a b'\nURL=https://a:b@c/\n",
    "/app/notes.txt": b"token ghp_0123456789abcdefghijklmnopqrstuvwxyzAB\n" + jwt(b'{"sub":"a"}').encode(),
    "/root/.npmrc": b"//registry.example.com/:_authToken=0123456789abcdef\n",
    "/root/.docker/config.json": b'{"auths":{"a":{"auth":"YTpi"}}}',
    "/root/.aws/credentials": b"[default]\naws_secret_access_key = 0123456789abcdefghijklmnopqrstuvwxyzABCD\n",
    "/root/.ssh/id_rsa": pem(),
    "/root/.ssh/id_ed25519": openssh(),
    "/app/key.p12": pkcs12(with_key=True),
    "/app/a.jar": zipped({**manifest(Bundle_SymbolicName="a", Bundle_Version="1"), **pom("g", "a", "1")}),
    "/app/b.war": zipped({"WEB-INF/lib/c.jar": zipped(pom("g", "c", "1"))}, stored=True),
}
_OF_ONE_MANAGER = ("dpkg", "pacman", "dist-info", "package", "Gemfile")


def image_files() -> list[bytes]:
    """Each file alone, those of one manager together, and small trees of real ones."""
    found = [_part(path, content) for path, content in _TEXTS.items()]
    for word in _OF_ONE_MANAGER:
        found.append(PART.join(_part(path, content) for path, content in _TEXTS.items() if word in path))
    for name in ("rpmdb.sqlite", "Packages.db"):
        found.append(_part(f"/var/lib/rpm/{name}", database(name)))
    libc = linked(soname="libc.so.6", defines=("GLIBC_2.36",))
    program = linked("libc.so.6", interpreter="/lib/ld.so", runpath="$ORIGIN", requires={"libc.so.6": ("GLIBC_2.36",)})
    found.append(PART.join((_part("/usr/bin/program", program), _part("/lib/libc.so.6", libc))))
    sections = {".symtab": bytes(48), ".strtab": b"\0a\0", ".debug_info": b"x" * 100, ".dep-v0": b"x\x9c"}
    found += [_part("/usr/bin/program", one) for one in (elf(sections), loading("liba.so"), loading("b", wide=False))]
    found += [PART.join(_tree(path)) for path in sorted(DATA.glob("*/*.tar.xz"))]
    return [one for one in found if len(one) <= _LARGEST] + [b"{}", b"\x7fELF", b"a = 1\n"]


def directories() -> list[bytes]:
    """Layouts of every kind, and a registry's storage."""
    spec = ImageSpec(layers=(layer(file("a", b"1")),), tags=("a:1",))
    made = [_packed(contents(write)) for write in (docker_legacy(spec), docker_save(spec), ATTESTED)]
    made.append(_packed(contents(oci_archive(spec, compression="zstd"))))
    made.append(_packed(contents(skopeo_dir(spec))))
    identity = "a" * 64
    old = {"id": identity, "container_config": {"Cmd": ["/bin/sh", "-c", "make"]}, "os": "linux"}
    files = {f"{identity}/json": to_json(old), f"{identity}/layer.tar": spec.layers[0]}
    made.append(_packed({**files, "repositories": to_json({"a": {"1": identity}})}))
    link = f"sha256:{identity}".encode()
    tree = {"repositories/a/_manifests/tags/1/current/link": link, f"blobs/sha256/aa/{identity}/data": b"{}"}
    made.append(_packed({**tree, f"repositories/a/_manifests/revisions/sha256/{identity}/link": link}))
    return made


def attestations() -> list[bytes]:
    """Provenance of each version, with a step for each layer."""
    graph = [
        {"id": "a", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/base:1@sha256:0"}}}},
        {"id": "b", "op": {"Op": {"exec": {"mounts": [{"dest": "/x", "input": 0}]}}}, "inputs": ["a:0"]},
        {
            "id": "c",
            "op": {"Op": {"file": {"actions": [{"Action": {"copy": {}}, "secondaryInput": 1}]}}},
            "inputs": ["a:0", "b:0"],
        },
    ]
    first, second = ATTESTED_LAYERS
    found = [
        provenance(
            "ARG A=1\nFROM base:1 AS x\nRUN make\nFROM base:1\nCOPY --from=x a b /\n",
            build_args={"A": "2"},
            graph=graph,
            locations={"b": 3, "c": 5},
            layers={"a": [first], "c": [first, second]},
            version=version,
        )
        for version in ("v1", "v0.2")
    ]
    return [b"{}", *map(to_json, found)]


def _part(path: str, content: bytes) -> bytes:
    return path.encode("utf-8", "surrogateescape") + b"\n" + content


def _packed(files: dict[str, bytes]) -> bytes:
    return PART.join(_part(f"/{name}", content) for name, content in files.items() if not name.endswith("/"))


def _tree(path: Path) -> Iterator[bytes]:
    """The small files of a packed tree, at most 20."""
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(path.read_bytes()))) as tar:
        small = [member for member in tar if member.isfile() and member.size < 4000][:20]
        for member in small:
            opened = tar.extractfile(member)
            assert opened is not None
            yield _part("/" + member.name.removeprefix("./"), opened.read())
