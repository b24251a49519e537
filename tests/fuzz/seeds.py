"""Where fuzzing begins: small valid inputs of each harness, and the words of its language."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import zstandard

from layerscope.image.capture import Capture
from layerscope.image.layer import read_stream
from layerscope.image.layer_codec import encode_layer
from layerscope.image.options import ReadOptions
from layerscope.model.pathset import PathSet, Wanted
from tests.builder import (
    ImageSpec,
    compress,
    containerd,
    crane,
    device,
    directory,
    docker_legacy,
    docker_save,
    file,
    gnu_sparse,
    hardlink,
    layer,
    nix,
    oci_archive,
    opaque,
    pax_header,
    pax_sparse,
    rootfs,
    skopeo_docker_archive,
    symlink,
    to_json,
    whiteout,
)
from tests.edit.test_document import FILES
from tests.fuzz import file_seeds
from tests.fuzz.file_harnesses import PART
from tests.packages.rpm.header_builder import blob, one_file
from tests.packages.rpm.samples import database
from tests.render.reports import HOSTILE

DATA = Path(__file__).parent.parent / "data"
CORPUS = Path(__file__).parent / "corpus"

LOWER = layer(
    directory("etc"),
    file("etc/os-release", b"ID=debian\n"),
    file("var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\nVersion: 1\n\n"),
    file("a" * 120, b"abc", xattrs={"user.a": b"1"}),
    symlink("bin", "usr/bin"),
    file("bin/tool", b"\x7fELF"),
    hardlink("usr/bin/other", "bin/tool"),
    device("dev/null"),
)
UPPER = layer(
    whiteout("etc/os-release"), opaque("var"), file("node_modules/a/package.json", b'{"name":"a","version":"1"}')
)
SPEC = ImageSpec(
    layers=(LOWER, UPPER),
    history=({"created_by": "/bin/sh -c #(nop) ADD file:abc in / "}, {"created_by": "RUN |1 A=b /bin/sh -c make"}),
)
_TARS = [
    LOWER,
    UPPER,
    layer(file("b" * 200, b"abc"), symlink("c", "d" * 150), tar_format="gnu"),
    layer(
        gnu_sparse("s", [(n * 1000, b"x") for n in range(30)], real_bytes=40_000),
        pax_sparse("t", [(5, b"y")], real_bytes=9),
    ),
    layer(pax_header({"uid": b"5", "mtime": b"1.5"}, for_all=True), file("a", b"1", base256=True)),
]
_WRITERS: list[Callable[[ImageSpec], bytes]] = [
    docker_legacy,
    docker_save,
    skopeo_docker_archive,
    crane,
    nix,
    oci_archive,
    containerd,
]
_TAR_WORDS = [
    b"path=",
    b"size=",
    b"GNU.sparse.map=",
    b"GNU.sparse.major=1\n",
    b"SCHILY.xattr.a=",
    b".wh.",
    b".wh..wh..opq",
]
_TAR_WORDS += [
    b"../",
    b"/",
    b"\0" * 512,
    b"10 size=1\n",
    b"\x80\0\0\0\0\0\0\1",
    b"x",
    b"g",
    b"L",
    b"K",
    b"S",
    b"1",
    b"2",
    b"5",
]
_JSON_WORDS = [b"[", b"]", b"{", b"}", b",", b":", b"null", b"true", b"-1", b"1e999", b'"\\ud800"', b"NaN", b'"sha256:']
_JSON_WORDS += [
    b'"config"',
    b'"rootfs"',
    b'"diff_ids"',
    b'"history"',
    b'"layers"',
    b'"manifests"',
    b'"Layers"',
    b'"Config"',
]
_TEMPLATE_WORDS = [
    b"{{",
    b"}}",
    b"{{-",
    b"-}}",
    b"range ",
    b"if ",
    b"else ",
    b"with ",
    b"end",
    b'define "a"',
    b'template "a" .',
]
_TEMPLATE_WORDS += [
    b"block ",
    b"break",
    b"continue",
    b"$x := ",
    b"| ",
    b"json ",
    b'printf "%999999d" 1',
    b"index ",
    b"slice ",
    b"join ",
]
_TEMPLATE_WORDS += [
    b"len ",
    b"eq ",
    b".Config",
    b".Size",
    b"$",
    b"(",
    b")",
    b'"',
    b"`",
    b"0x1p-2",
    b"'\\u00",
    b"split . ",
    b"println ",
]
_DOCKERFILE_WORDS = [
    b"FROM ",
    b"RUN ",
    b"COPY ",
    b"ADD ",
    b"ENV ",
    b"ARG ",
    b"SHELL [",
    b"<<EOF\n",
    b"EOF\n",
    b"\\\n",
    b"`\n",
]
_DOCKERFILE_WORDS += [
    b"# escape=`\n",
    b"# syntax=a\n",
    b"--from=",
    b"--mount=type=bind,",
    b"${A:-",
    b"}",
    b"$",
    b'"',
    b"'",
    b"[",
    b"]",
    b"ONBUILD ",
]
_HISTORY_WORDS = [
    b"\n",
    b"\t",
    b"/bin/sh -c ",
    b"#(nop) ",
    b"|3 A=b ",
    b" # buildkit",
    b"buildkit.dockerfile.v0",
    b"COPY ",
    b"in / ",
]
_HISTORY_WORDS += [
    b"password=",
    b"AKIA",
    b"https://a:b@c",
    b"-----BEGIN ",
    b"$",
    b'["',
    b'"]',
    b"SHELL ",
    b"CMD ",
    b"file:",
]

_SETTINGS = b"""base = "debian:12"
units = "iec"
[limits]
entries = 5
[check]
max-size = "1GB"
[[ignore]]
rule = "apt-lists"
reason = "a"
path = "/var/*"
expires = 2030-01-02
"""

WORDS: dict[str, list[bytes]] = {
    "tar": _TAR_WORDS,
    "archive": _TAR_WORDS + _JSON_WORDS,
    "json_config": _JSON_WORDS,
    "json_metadata": _JSON_WORDS,
    "saved_report": _JSON_WORDS,
    "template": _TEMPLATE_WORDS,
    "dockerfile": _DOCKERFILE_WORDS,
    "dockerfile_edit": [*_DOCKERFILE_WORDS, b" && ", b" || ", b"; ", b"|", b"{ ", b"(", b"# ", b"if a; then b; fi\n"],
    "image_files": [*_JSON_WORDS, PART, b"=", b"../", b"\n", b"\0", b"\xff\xff\xff\x7f"],
    "attestation": _JSON_WORDS,
    "directory": [*_JSON_WORDS, PART],
    "history": _HISTORY_WORDS,
}


def seeds(name: str) -> list[bytes]:
    """The valid inputs of a harness, and what was found with it before."""
    found = sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
    return [*_MAKERS[name](), *(path.read_bytes() for path in found)]


def _histories() -> list[bytes]:
    texts = []
    for path in sorted((DATA / "histories").glob("*.json")):
        texts.append(path.read_bytes()[:4000])
    line = b"/bin/sh -c #(nop) COPY dir:abc in /dst \nRUN |1 A=b /bin/sh -c make # buildkit\tbuildkit.dockerfile.v0\n"
    return [line, *texts]


def _dockerfiles() -> list[bytes]:
    return [path.read_bytes() for path in sorted((DATA / "dockerfiles").glob("*.Dockerfile"))]


def _documents() -> list[bytes]:
    manifest = {"Config": "c", "RepoTags": None, "Layers": ["a/layer.tar"]}
    descriptor = {"digest": "sha256:" + "a" * 64, "mediaType": "x", "size": 3, "platform": {"os": "linux"}}
    empty = {"Config": "config.json", "RepoTags": ["a:1"], "Layers": []}
    return [
        to_json([empty]),
        to_json([manifest]),
        to_json({"manifests": [descriptor]}),
        to_json({"config": descriptor, "layers": []}),
    ]


def _reports() -> list[bytes]:
    return [
        json.dumps(
            {"schema_version": "2.0", "image": {"source": "a", "format": "b", "name": "c"}, "totals": {}}
        ).encode()
    ]


def _entries() -> list[bytes]:
    """What is inside of the cache's entries for two layers."""
    found = []
    for tar in (LOWER, layer(file("a", b"1" * 3000, xattrs={"user.a": b"2"}), hardlink("b", "a"), symlink("c", "d"))):
        wanted = Wanted(paths=PathSet(trees=("/",)), head=1000, tail=100)
        data = read_stream(io.BytesIO(compress(tar, "gzip")), "layer", ReadOptions(wanted=(wanted,)))
        assert isinstance(data.contents, Capture)
        found.append(zstandard.decompress(encode_layer(data, data.contents.kept)))
    return found


_MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "archive": lambda: [
        *(write(SPEC) for write in _WRITERS),
        rootfs(file("a", b"1")),
        compress(docker_legacy(SPEC), "gzip"),
    ],
    "attestation": file_seeds.attestations,
    "bdb": lambda: [database("Packages.little"), database("Packages.big")],
    "cached_layer": _entries,
    "compressed": lambda: [
        compress(LOWER, one) for one in ("gzip", "zstd", "xz", "bzip2", "gzip-members", "zstd-frames")
    ],
    "directory": file_seeds.directories,
    "dockerfile": _dockerfiles,
    "dockerfile_edit": lambda: [*_dockerfiles(), *(text.encode("utf-8", "surrogateescape") for text in FILES.values())],
    "dockerignore_edit": lambda: [b"# c\n*.py\n!a.py\n\0a.py", b"**/x\r\n/b/\r\n\0*\n", b"[a-z]?\\*\n\0q"],
    "history": _histories,
    "image_files": file_seeds.image_files,
    "json_config": lambda: [SPEC.config_bytes],
    "json_metadata": _documents,
    "ndb": lambda: [database("Packages.db")],
    "page": lambda: [text.encode("utf-8", "surrogateescape") for text in HOSTILE.values()],
    "rpm_header": lambda: [blob(one_file()), blob(one_file(), region=True)],
    "saved_report": _reports,
    "settings": lambda: [_SETTINGS, b"rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: '20MB' # c\n"],
    "sqlite": lambda: [database("rpmdb.sqlite"), database("killed.sqlite") + database("killed.sqlite-wal")],
    "tar": lambda: _TARS,
    "template": lambda: [
        b"{{range .RootFS.Layers}}{{println .}}{{end}}",
        b'{{json .Config}} {{index .RepoTags 0}} {{printf "%q %5.2f" .Id 1.5}}',
        b'{{define "a"}}{{.}}{{end}}{{template "a" .Size}}{{with $x := .Config.Env}}{{len $x}}{{else}}no{{end}}',
    ],
}
