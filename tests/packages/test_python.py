import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from layerscope.packages.catalogers.python import PYTHON
from tests.builder import Member, file, symlink, whiteout
from tests.packages.images import REAL, Found, catalogued, catalogued_archive, members_of

_SITE = "usr/local/lib/python3.11/site-packages"
_NEEDS_PIP = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None or sys.platform == "win32",
    reason="there is no pip that installs as in an image of Linux",
)
_METADATA = b"Metadata-Version: 2.1\nName: Tool-Box\nVersion: 1.5\n\nName: not this one\n"


def _distribution(record: bytes, *others: Member) -> list[Member]:
    info = f"{_SITE}/tool_box-1.5.dist-info"
    return [file(f"{info}/METADATA", _METADATA), file(f"{info}/RECORD", record), *others]


def _wheel(directory: Path, name: str, version: str) -> Path:
    """A wheel with a module, a program and data, as a builder would write it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "ANSWER = 42\n",
        f"{name}/inner/part.py": "def run():\n    return 1\n",
        f"{name}-{version}.data/data/share/{name}/notes.txt": "notes",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}={name}.inner.part:run\n",
    }
    path = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, content in files.items():
            wheel.writestr(member, content)
        wheel.writestr(f"{info}/RECORD", "".join(f"{member},,\n" for member in [*files, f"{info}/RECORD"]))
    return path


def _pip(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@_NEEDS_PIP
@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_what_pip_installed_owns_all_that_it_installed(tmp_path: Path, compressed: bool) -> None:
    wheels = [_wheel(tmp_path, "alpha", "1.0"), _wheel(tmp_path, "beta", "2.0rc1")]
    root = tmp_path / "root"
    _pip("install", "--no-index", "--no-deps", "--prefix", root, *wheels)
    [site] = root.glob("lib/python3*/site-packages")
    listed = json.loads(_pip("list", "--path", site, "--format", "json"))
    found = catalogued(PYTHON, members_of(root, "opt/venv"), compressed=compressed)
    assert found.versions == [(one["name"], one["version"]) for one in listed] == [("alpha", "1.0"), ("beta", "2.0rc1")]
    everything = {f"/opt/venv/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file()}
    assert {path for paths in found.paths for path in paths} == everything
    assert not found.warnings


@_NEEDS_PIP
def test_what_pip_installed_into_a_target_owns_its_programs(tmp_path: Path) -> None:
    root = tmp_path / "root"
    _pip("install", "--no-index", "--no-deps", "--target", root, _wheel(tmp_path, "alpha", "1.0"))
    found = catalogued(PYTHON, members_of(root, "app/deps"))
    assert "/app/deps/bin/alpha" in found.paths_of("alpha")
    assert not found.warnings


@pytest.mark.real
@pytest.mark.parametrize("image", ["python-3", "mini-v1", "notesapp-default", "notesapp-multistage"])
def test_the_list_agrees_with_pip_inside_a_real_image(image: str) -> None:
    archive, listing = REAL / f"{image}.tar", REAL / f"{image}.pip.json"
    if not archive.exists() or not listing.exists():
        pytest.skip(f"{archive} or what pip says of it is not there")
    expected = {(one["name"], one["version"]) for one in json.loads(listing.read_text())}
    found = catalogued_archive(str(archive), PYTHON)
    installed = {
        (claim.name, claim.version)
        for claim in found.claims
        if not claim.parent and not claim.location.startswith("/root/")
    }
    assert expected <= installed
    shadowed = {name for name, _ in expected}
    assert {name for name, _ in installed} <= shadowed | {"distlib", "python-discovery"}


@pytest.mark.parametrize(
    ("line", "path", "owned"),
    [
        pytest.param("tool/__init__.py,,", "tool/__init__.py", True, id="a module"),
        pytest.param('"tool/a,b.py",sha256=x,3', "tool/a,b.py", True, id="a comma in a name"),
        pytest.param("../../../bin/tool,,", "../../../bin/tool", True, id="a program"),
        pytest.param("/usr/local/share/tool.1,,", "../../../share/tool.1", True, id="an absolute path"),
        pytest.param("tool/../other.py,,", "other.py", True, id="a detour"),
        pytest.param("/etc/shadow,,", "../../../../../etc/shadow", False, id="a file of the system"),
        pytest.param("../../../../../etc/shadow,,", "../../../../../etc/shadow", False, id="up and out"),
        pytest.param("../../../../share/tool.1,,", "../../../../share/tool.1", False, id="the prefix above"),
        pytest.param("missing.py,,", "present.py", False, id="a file that is not there"),
    ],
)
def test_a_listed_path_is_owned_within_the_environment(line: str, path: str, owned: bool) -> None:
    parts: list[str] = []
    for part in f"{_SITE}/{path}".split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    place = "/".join(parts)
    found = catalogued(PYTHON, _distribution(line.encode() + b"\n", file(place, b"x")))
    assert (f"/{place}" in found.paths_of("Tool-Box")) is owned


def test_a_list_that_names_the_systems_files_costs_a_warning_with_its_name() -> None:
    found = catalogued(
        PYTHON, _distribution(b"/etc/shadow,,\n/etc/gone,,\n../../../../bin/x,,\n", file("etc/shadow", b"x"))
    )
    assert found.warnings == (
        f"/{_SITE}/tool_box-1.5.dist-info/RECORD: paths outside of the environment, not counted as Tool-Box's: 1",
    )


def test_a_directory_in_a_list_does_not_hand_over_what_lies_in_it() -> None:
    found = catalogued(PYTHON, _distribution(b"../../..,,\ntool,,\n", file(f"{_SITE}/tool/x.py", b"x")))
    assert f"/{_SITE}/tool/x.py" not in found.paths_of("Tool-Box")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        pytest.param(b"../../../etc/shadow,,\n", "etc/shadow", id="plainly"),
        pytest.param(b'"."./shadow,,\n', "lib/python3/shadow", id="dots that a quote keeps apart"),
    ],
)
def test_a_list_beyond_the_root_environment_reaches_no_further_than_the_site(line: bytes, place: str) -> None:
    info = "lib/python3/dist-packages/x-1.dist-info"
    members = [
        file(f"{info}/METADATA", b"Name: x\nVersion: 1\n"),
        file(f"{info}/RECORD", line),
        file(place, b"x"),
    ]
    found = catalogued(PYTHON, members)
    assert found.paths == ((),)
    assert len(found.warnings) == 1


def test_listed_paths_are_found_behind_symlinked_directories() -> None:
    found = catalogued(
        PYTHON,
        _distribution(b"../../../sbin/tool,,\n", symlink("usr/local/sbin", "bin"), file("usr/local/bin/tool", b"x")),
    )
    assert found.paths_of("Tool-Box") == ("/usr/local/bin/tool",)


def test_a_distribution_within_anothers_files_owns_nothing() -> None:
    inner = "tool/_vendor/part-2.0.dist-info"
    found = catalogued(
        PYTHON,
        _distribution(
            f"{inner}/METADATA,,\n{inner}/RECORD,,\ntool/_vendor/part.py,,\n".encode(),
            file(f"{_SITE}/{inner}/METADATA", b"Name: part\nVersion: 2.0\n"),
            file(f"{_SITE}/{inner}/RECORD", b"part.py,,\n"),
            file(f"{_SITE}/tool/_vendor/part.py", b"x"),
        ),
    )
    assert found.one("part").parent == "Tool-Box"
    assert found.paths_of("part") == ()


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(
            [
                file("PKG-INFO", _METADATA),
                file("installed-files.txt", b"../tool/__init__.py\n../../../../bin/tool\nPKG-INFO\n"),
                file("../tool/__init__.py"),
                file("../../../../bin/tool"),
            ],
            ["../../../bin/tool", "tool.egg-info/PKG-INFO", "tool/__init__.py"],
            id="installed-files.txt",
        ),
        pytest.param(
            [
                file("PKG-INFO", _METADATA),
                file("top_level.txt", b"tool\nsolo\n"),
                file("../tool/deep/part.py"),
                file("../solo.py"),
                file("../stranger.py"),
            ],
            ["solo.py", "tool.egg-info/PKG-INFO", "tool.egg-info/top_level.txt", "tool/deep/part.py"],
            id="top_level.txt",
        ),
        pytest.param(
            [file("PKG-INFO", _METADATA), file("../tool_box/part.py"), file("../stranger.py")],
            ["tool.egg-info/PKG-INFO", "tool_box/part.py"],
            id="neither",
        ),
    ],
)
def test_an_egg_info_directory_owns_what_it_lists(members: list[Member], expected: list[str]) -> None:
    site = f"/{_SITE}"
    placed = [file(_normal(f"{_SITE}/tool.egg-info/{member.name.decode()}"), member.content) for member in members]
    found = catalogued(PYTHON, placed)
    assert found.paths_of("Tool-Box") == tuple(sorted("/" + _normal(f"{site}/{path}") for path in expected))


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(part for part in parts if part)


def test_an_egg_owns_its_directory_and_an_egg_info_file_its_module() -> None:
    found = catalogued(
        PYTHON,
        [
            file(f"{_SITE}/zed-3.0-py3.11.egg/EGG-INFO/PKG-INFO", b"Name: zed\nVersion: 3.0\n"),
            file(f"{_SITE}/zed-3.0-py3.11.egg/zed.py", b"x"),
            file(f"{_SITE}/solo-2.egg-info", b"Name: solo\nVersion: 2\n"),
            file(f"{_SITE}/solo.py", b"x"),
        ],
    )
    assert found.versions == [("solo", "2"), ("zed", "3.0")]
    assert found.paths_of("solo") == (f"/{_SITE}/solo-2.egg-info", f"/{_SITE}/solo.py")
    assert f"/{_SITE}/zed-3.0-py3.11.egg/zed.py" in found.paths_of("zed")


@pytest.mark.parametrize("place", ["zed-3.0.egg/EGG-INFO", "zed-3.0.egg-info", "zed-3.0.dist-info"])
def test_where_metadata_name_nothing_the_directory_does(place: str) -> None:
    record = "METADATA" if place.endswith(".dist-info") else "PKG-INFO"
    assert catalogued(PYTHON, [file(f"{_SITE}/{place}/{record}", b"\n")]).versions == [("zed", "3.0")]


def test_the_egg_info_of_a_source_tree_counts_where_an_egg_link_stands_for_it() -> None:
    source = [file("src/tool.egg-info/PKG-INFO", _METADATA), file("src/setup.py", b"x")]
    assert catalogued(PYTHON, source).claims == ()
    linked = catalogued(PYTHON, [*source, file(f"{_SITE}/tool.egg-link", b"/src\n.")])
    assert linked.versions == [("Tool-Box", "1.5")]


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        pytest.param("file:///app", True, id="its source"),
        pytest.param("file:///app/../app", True, id="a detour"),
        pytest.param("file:///", False, id="the root"),
        pytest.param("https://example.com/app", False, id="no directory"),
        pytest.param(17, False, id="no text"),
    ],
)
def test_an_editable_installation_owns_the_package_in_its_source(url: object, owned: bool) -> None:
    document = json.dumps({"url": url, "dir_info": {"editable": True}}).encode()
    info = f"{_SITE}/tool_box-1.5.dist-info"
    found = catalogued(
        PYTHON,
        _distribution(
            b"",
            file(f"{info}/direct_url.json", document),
            file("app/src/tool_box/__init__.py", b"x"),
            file("app/data.bin", b"x"),
            file("tool_box/secret", b"x"),
        ),
    )
    assert found.paths_of("Tool-Box") == (("/app/src/tool_box/__init__.py",) if owned else ())


def test_a_package_belongs_to_the_layer_that_first_had_its_metadata() -> None:
    lower = _distribution(b"tool.py,,\n", file(f"{_SITE}/tool.py", b"x"))
    touched = [file(f"{_SITE}/tool_box-1.5.dist-info/METADATA", _METADATA, mode=0o600)]
    found = catalogued(PYTHON, [file("etc/motd", b"x")], lower, touched)
    assert found.one("Tool-Box").layer == 1


def test_a_removed_distribution_claims_what_its_list_names() -> None:
    lower = _distribution(
        b"tool.py,,\n../../../bin/tool,,\n", file(f"{_SITE}/tool.py", b"x"), file(f"{_SITE}/other", b"x")
    )
    upper = [whiteout(f"{_SITE}/tool_box-1.5.dist-info"), whiteout(f"{_SITE}/tool.py")]
    found = catalogued(PYTHON, lower, upper)
    claim = found.one("Tool-Box")
    assert (claim.layer, claim.removed_in) == (0, 1)
    assert found.paths_of("Tool-Box") == (f"/{_SITE}/tool.py",)


def _damaged(metadata: bytes, record: bytes) -> Found:
    info = f"{_SITE}/tool_box-1.5.dist-info"
    return catalogued(PYTHON, [file(f"{info}/METADATA", metadata), file(f"{info}/RECORD", record)])


@pytest.mark.parametrize(
    ("metadata", "record", "warning"),
    [
        pytest.param(b"\xff\xfe\0binary", b"", "METADATA: it names no name", id="binary metadata"),
        pytest.param(b"", b"", "METADATA: it names no name", id="empty metadata"),
        pytest.param(_METADATA, b'"' + b"x" * 200_000, "RECORD: not a list of files", id="a field without end"),
        pytest.param(_METADATA, b"x" * (9 << 20), "RECORD: 9,437,184 bytes exceed the limit", id="a list of 9 MiB"),
    ],
)
def test_a_damaged_record_costs_a_warning_and_not_the_package(metadata: bytes, record: bytes, warning: str) -> None:
    found = _damaged(metadata, record)
    assert len(found.claims) == 1
    assert any(warning in message for message in found.warnings)


def test_a_name_without_end_is_cut() -> None:
    found = _damaged(b"Name: " + b"n" * 5000 + b"\nVersion: 1\n", b"")
    assert len(found.claims[0].name) == 300
