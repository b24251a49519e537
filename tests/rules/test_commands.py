"""What an image starts, also by a script of its own: tools that it calls are wanted."""

import json
from pathlib import Path

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.rules.registry import WANTED
from layerscope.rules.rule import RuleContext
from layerscope.rules.views import calls
from tests.builder import ImageSpec, Member, compress, docker_legacy, file, hardlink, layer, symlink
from tests.rules.conftest import no_packages

SCRIPT = b"#!/bin/sh\nset -e\ncd /app && git pull\n"
MANIFEST = file(
    "app/package.json", b'{"scripts":{"start":"tsx src/index.ts","prestart":"yarn run build","build":"tsc -p ."}}'
)


def _context(path: Path, spec: ImageSpec, *, packed: bool = False) -> RuleContext:
    data = docker_legacy(spec)
    path.write_bytes(compress(data, "gzip") if packed else data)
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        filesystem = Filesystem(image.layers)
        context = RuleContext(image, filesystem, no_packages(filesystem))
        assert context.called is context.called, "the words are looked for once"
        return context


def _image(*members: Member, **fields: object) -> ImageSpec:
    return ImageSpec(layers=(layer(*members),), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(_image(file("start.sh", SCRIPT), entrypoint=("/start.sh",)), id="by its path"),
        pytest.param(
            _image(file("app/run", SCRIPT), cmd=("./run",), working_dir="/app"), id="in the working directory"
        ),
        pytest.param(_image(file("usr/local/bin/entry", SCRIPT), entrypoint=("entry",)), id="on the usual PATH"),
        pytest.param(_image(file("opt/bin/x", SCRIPT), cmd=("x",), env=("PATH=/bin:/opt/bin",)), id="on a PATH of Env"),
        pytest.param(_image(file("start.sh", SCRIPT), cmd=("tini", "--", "sh", "/start.sh")), id="given to a shell"),
        pytest.param(_image(file("start.sh", SCRIPT), cmd=("sh", "-c", "exec /start.sh $0")), id="within a script"),
        pytest.param(
            _image(file("opt/real", SCRIPT), symlink("start", "opt/real"), entrypoint=("/start",)), id="by a link"
        ),
        pytest.param(
            _image(file("opt/real", SCRIPT), hardlink("start", "opt/real"), entrypoint=("/start",)), id="by a hardlink"
        ),
        pytest.param(
            _image(file("a.sh", b"#!/bin/sh\nexec /b.sh"), file("b.sh", SCRIPT), cmd=("/a.sh",)), id="by another script"
        ),
        pytest.param(
            _image(
                file("check.py", b'#!/usr/bin/env python3\nsubprocess.run(["git", "status"])\n'),
                config_extra={"config": {"Healthcheck": {"Test": ["CMD", "/check.py"]}}},
            ),
            id="of the health check",
        ),
    ],
)
def test_the_tools_of_a_started_script_are_called(tmp_path: Path, spec: ImageSpec) -> None:
    assert calls(_context(tmp_path / "image.tar", spec), "git")


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(_image(file("start.sh", SCRIPT), cmd=("/app",)), id="a script that nothing starts"),
        pytest.param(_image(file("start.sh", SCRIPT[10:]), cmd=("/start.sh",)), id="no script"),
        pytest.param(_image(file("start.sh", SCRIPT + b"#" * (64 << 10)), cmd=("/start.sh",)), id="too long for one"),
        pytest.param(_image(file("start.sh", b"#!/bin/sh\n# git\nx # git\n"), cmd=("/start.sh",)), id="a comment"),
        pytest.param(_image(file("start.sh", b"#!/bin/sh\necho use git; x"), cmd=("/start.sh",)), id="only printed"),
        pytest.param(_image(file("start.sh", b"#!/bin/sh\nx $git\n"), cmd=("/start.sh",)), id="a variable"),
        pytest.param(_image(symlink("start.sh", "start.sh"), cmd=("/start.sh",)), id="a link to itself"),
        pytest.param(_image(file("start.sh", b"#!/start.sh /start.sh"), cmd=("/start.sh",)), id="it starts itself"),
    ],
)
def test_what_no_script_calls_is_not_called(tmp_path: Path, spec: ImageSpec) -> None:
    assert not calls(_context(tmp_path / "image.tar", spec), "git")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({"Healthcheck": {"Test": ["CMD", 7, "git"]}}, ["CMD", "git"], id="what is no word is left out"),
        pytest.param({"Healthcheck": {"Test": "git"}}, [], id="no list"),
        pytest.param({"Healthcheck": ["git"]}, [], id="no table"),
        pytest.param(None, [], id="nothing"),
        pytest.param({"Entrypoint": ["a=b"], "Cmd": ["c;d", "'e'"]}, ["a", "b", "c", "d", "e"], id="pieces of words"),
    ],
)
def test_the_words_of_the_config(tmp_path: Path, config: object, words: list[str]) -> None:
    spec = ImageSpec(layers=(layer(),), config_extra={"config": config})
    assert list(_context(tmp_path / "image.tar", spec).command_words) == words


def test_each_script_is_read_once_and_names_others_by_their_path(tmp_path: Path) -> None:
    members = [file("a", b"#!/bin/sh\n/b b c"), file("b", b"#!/bin/sh\n/a\ntool"), file("bin/c", b"#!/bin/sh\nother")]
    context = _context(tmp_path / "image.tar", _image(*members, cmd=("/a",)))
    assert list(context.command_words) == ["/a", "/bin/sh", "/b", "b", "c", "/bin/sh", "/a", "tool"]
    context = _context(tmp_path / "image.tar", _image(*members, cmd=("c",), env=("PATH=/bin",)))
    assert list(context.command_words) == ["c", "/bin/sh", "other"]


def test_the_scripts_of_manifests_that_words_lead_to(tmp_path: Path) -> None:
    manifest = b'{"scripts":{"a":"x a","prea":"y","posta":"npm run -s b","b":"z","c":7,"d":"w"}}'
    for where, cmd in (("package.json", ("npm", "run", "a")), ("srv/package.json", ("sh", "-c", "cd /srv; yarn a"))):
        context = _context(tmp_path / "image.tar", _image(file(where, manifest), cmd=cmd))
        assert sorted({*context.command_words} - {*cmd, "cd", "/srv", "yarn"} - {"npm", "run", "-s"}) == sorted(
            "xyzab" if "/" in where else "xyzb"
        )


@pytest.mark.parametrize("name", ["start.sh", "entrypoint", "usr/local/bin/docker-entrypoint.sh"])
def test_scripts_of_the_usual_names_are_read_in_a_compressed_layer_too(tmp_path: Path, name: str) -> None:
    spec = _image(file(name, SCRIPT), entrypoint=(f"/{name}",))
    assert calls(_context(tmp_path / "image.tar", spec, packed=True), "git")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        pytest.param(("npm", "start"), {"tsx", "tsc"}, id="npm start, with what runs before it"),
        pytest.param(("npm", "run", "--silent", "build"), {"tsc"}, id="npm run"),
        pytest.param(("yarn", "build"), {"tsc"}, id="yarn"),
        pytest.param(("sh", "-c", "pnpm run start"), {"tsx", "tsc"}, id="pnpm in a shell"),
        pytest.param(("npm", "test"), set(), id="a script that does not exist"),
        pytest.param(("node", "start"), set(), id="no package manager"),
    ],
)
def test_scripts_of_package_json_are_looked_up(tmp_path: Path, command: tuple[str, ...], found: set[str]) -> None:
    context = _context(tmp_path / "image.tar", _image(MANIFEST, cmd=command, working_dir="/app"))
    assert {"tsx", "tsc"} & context.called == found


def test_package_json_is_found_where_a_command_goes_first(tmp_path: Path) -> None:
    context = _context(tmp_path / "image.tar", _image(MANIFEST, cmd=("sh", "-c", "cd /app && npm start")))
    assert "tsx" in context.called


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 100_000, id="damaged"),
        pytest.param(b'{"scripts":[]}', id="no table"),
        pytest.param(b'{"scripts":{"start":["tsx"]}}', id="no text"),
        pytest.param(b'{"scripts":{"start":"npm start"}}', id="a circle"),
    ],
)
def test_a_strange_package_json_says_nothing(tmp_path: Path, content: bytes) -> None:
    context = _context(tmp_path / "image.tar", _image(file("package.json", content), cmd=("npm", "start")))
    assert set(context.command_words) == {"npm", "start"}


def test_a_script_that_others_run_is_read_once(tmp_path: Path) -> None:
    manifest = b'{"scripts":{"start":"npm run a && npm run b","a":"npm run c","b":"npm run c","c":"tsc"}}'
    context = _context(tmp_path / "image.tar", _image(file("package.json", manifest), cmd=("npm", "start")))
    assert sorted(context.command_words).count("tsc") == 1


@pytest.mark.parametrize("word", [b"/a", b"x", b"/a" * 200, b"echo ", b"# ", b"npm "])
def test_a_script_of_very_many_words_is_read_in_time(tmp_path: Path, word: bytes) -> None:
    text = b"#!/bin/sh\n" + (word + b" ") * ((60 << 10) // (len(word) + 1))
    members = [file(f"s{number}.sh", text) for number in range(30)]
    spec = _image(*members, entrypoint=tuple(f"/s{number}.sh" for number in range(30)))
    assert len(_context(tmp_path / "image.tar", spec).command_words) < 100_000


def test_many_manifests_of_many_scripts_are_read_in_time(tmp_path: Path) -> None:
    scripts = {f"s{number}": "x " * 100 for number in range(4000)} | {"start": "npm s1 && npm s2"}
    content = json.dumps({"scripts": scripts}).encode()
    links = [hardlink(f"d{number}/package.json", "package.json") for number in range(2000)]
    script = file("go.sh", b"#!/bin/sh\nnpm start\n" + b" ".join(b"/d%d" % number for number in range(2000)))
    context = _context(tmp_path / "image.tar", _image(file("package.json", content), *links, script, cmd=("/go.sh",)))
    assert len(context.command_words) < 10_000


@pytest.mark.parametrize("name", ["gcc", "gcc-12", "/usr/bin/gcc-12.2"])
def test_a_tool_is_called_by_its_version_too(tmp_path: Path, name: str) -> None:
    assert calls(_context(tmp_path / "image.tar", _image(cmd=(name, "x.c"))), "gcc")
