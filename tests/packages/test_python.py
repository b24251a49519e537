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
from tests.packages.inventories import peak_of_catalog

_SITE = "usr/local/lib/python3.11/site-packages"
_NEEDS_PIP = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None or sys.platform == "win32",
    reason="there is no pip that installs as in an image of Linux",
)
_METADATA = b"Metadata-Version: 2.1\nName: Tool-Box\nVersion: 1.5\n\nName: not this one\n"


def _distribution(record: bytes, *others: Member) -> list[Member]:
    info = f"{_SITE}/tool_box-1.5.dist-info"
    return [file(f"{info}/METADATA", _METADATA), file(f"{info}/RECORD", record), *others]


def test_a_distribution_among_very_many_takes_some_hundred_bytes() -> None:
    infos = [file(f"{_SITE}/a{number}-1.dist-info/METADATA", b"Name: a\nVersion: 1\n") for number in range(10_000)]
    assert peak_of_catalog(infos, PYTHON) < 7_900_000


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


@pytest.mark.parametrize(
    ("text", "name", "version", "missing"),
    [
        pytest.param(b"Name: a\nVersion: 2\n", "a", "2", "", id="both"),
        pytest.param(b"name:a\nVERSION:  2  \n", "a", "2", "", id="of any case"),
        pytest.param(b"Name: a\nName: b\nVersion: 2\nVersion: 3\n", "a", "2", "", id="the first of each"),
        pytest.param(b"Name: a\n\nVersion: 2\n", "a", "1.5", "version", id="before an empty line"),
        pytest.param(b"Version: 2\nHome: x\n", "tool_box", "2", "name", id="no name"),
        pytest.param(b"Name\nVersion: 2\n", "tool_box", "2", "name", id="no colon"),
        pytest.param(b"Name: a\nVersion:\n", "a", "1.5", "version", id="an empty version"),
        pytest.param(b"", "tool_box", "1.5", "name", id="nothing"),
        pytest.param(b"Name: a\nX: ".ljust(16_384 - 10, b"x") + b"\nVersion: 2", "a", "1.5", "version", id="cut"),
        pytest.param(b"Name: a\nX: ".ljust(16_384 - 11, b"x") + b"\nVersion: 2", "a", "2", "", id="to the last byte"),
    ],
)
def test_a_distribution_is_called_as_its_headers_say(text: bytes, name: str, version: str, missing: str) -> None:
    found = catalogued(PYTHON, [file(f"{_SITE}/tool_box-1.5.dist-info/METADATA", text)])
    assert [(claim.name, claim.version, claim.parent) for claim in found.claims] == [(name, version, "")]
    warning = f"/{_SITE}/tool_box-1.5.dist-info/METADATA: it names no {missing}"
    assert found.warnings == ((warning,) if missing else ())


@pytest.mark.parametrize(
    ("path", "is_listed"),
    [
        ("a-1.dist-info/METADATA", True),
        ("a-1.dist-info/PKG-INFO", False),
        ("a-1.dist-info/x/METADATA", False),
        ("a/METADATA", False),
        ("a.egg-info/PKG-INFO", True),
        ("a.egg-info/METADATA", False),
        ("a-1.egg/EGG-INFO/PKG-INFO", True),
        ("EGG-INFO/METADATA", False),
        ("a/PKG-INFO", False),
        ("a-1.egg-info", True),
        ("x/a-1.egg-info", False),
    ],
)
def test_metadata_lie_in_their_places(path: str, is_listed: bool) -> None:
    found = catalogued(PYTHON, [file(f"{_SITE}/{path}", b"Name: a\nVersion: 1\n")])
    assert found.versions == ([("a", "1")] if is_listed else [])


def test_metadata_without_any_name_are_no_distribution() -> None:
    found = catalogued(PYTHON, [file(f"{_SITE}/.dist-info/METADATA", b"Version: 1\n")])
    assert found.claims == ()
    assert found.warnings == (f"/{_SITE}/.dist-info/METADATA: it names no name",)


@pytest.mark.parametrize(
    ("link", "setup", "is_listed"),
    [
        pytest.param(f"{_SITE}/tool-box.egg-link", "src/setup.py", True, id="setup.py"),
        pytest.param("usr/lib/python3/dist-packages/tool-box.egg-link", "src/setup.cfg", True, id="setup.cfg"),
        pytest.param(f"{_SITE}/tool-box.egg-link", "src/pyproject.toml", False, id="no setup script"),
        pytest.param("srv/tool-box.egg-link", "src/setup.py", False, id="a link elsewhere"),
        pytest.param(f"{_SITE}/other.egg-link", "src/setup.py", False, id="another's link"),
        pytest.param(f"{_SITE}/tool-box.egg-link/x", "src/setup.py", False, id="a directory"),
    ],
)
def test_a_link_stands_for_a_source_tree_with_a_setup_script(link: str, setup: str, is_listed: bool) -> None:
    found = catalogued(PYTHON, [file("src/tool_box.egg-info/PKG-INFO", _METADATA), file(link), file(setup)])
    assert bool(found.claims) is is_listed


def test_an_egg_info_beside_the_sources_counts_where_it_lists_its_files() -> None:
    members = [file("src/a.egg-info/PKG-INFO", _METADATA), file("src/a.egg-info/installed-files.txt", b"../a.py\n")]
    assert catalogued(PYTHON, [*members, file("src/a.py")]).paths_of("Tool-Box") == ("/src/a.py",)


@pytest.mark.parametrize(
    ("site", "line", "path", "owned"),
    [
        ("app/deps", "../../bin/x", "app/deps/bin/x", True),
        ("app/deps", "../../../bin/x", "bin/x", False),
        ("app/deps", "../bin/x", "app/bin/x", False),
        ("opt/venv/lib64/python3/site-packages", "../../../bin/x", "opt/venv/bin/x", True),
        ("opt/venv/lib/pypy3/site-packages", "../../../bin/x", "opt/venv/bin/x", True),
        ("lib/python3/site-packages", "../../../bin/x", "bin/x", False),
        ("opt/venv/lib/python3/site-packages", "./a//b.py", "opt/venv/lib/python3/site-packages/a/b.py", True),
        ("opt/venv/lib/python3/site-packages", "a/..b.py", "opt/venv/lib/python3/site-packages/a/..b.py", True),
        ("opt/lib/python/lib/python3/site-packages", "../../../bin/x", "opt/lib/python/bin/x", True),
    ],
)
def test_an_environment_is_what_lies_around_its_library(site: str, line: str, path: str, owned: bool) -> None:
    info = f"{site}/a-1.dist-info"
    members = [file(f"{info}/METADATA", b"Name: a\nVersion: 1\n"), file(f"{info}/RECORD", f"{line},,\n".encode())]
    found = catalogued(PYTHON, [*members, file(path)])
    assert found.paths_of("a") == ((f"/{path}",) if owned else ())
    foreign = f"/{info}/RECORD: paths outside of the environment, not counted as a's: 1"
    assert found.warnings == (() if owned or not path.startswith(("bin/", "app/bin/")) else (foreign,))


def test_modules_without_a_list_are_those_of_top_level_or_of_its_name() -> None:
    info = f"{_SITE}/Tool_Box-1.dist-info"
    members = [
        file(f"{info}/METADATA", b"Name: Tool-Box\nVersion: 1\n"),
        *(
            file(f"{_SITE}/{path}")
            for path in ("Tool_Box/a.py", "tool_box.py", "tool-box.py", "box.py", ".x/y", "one/z.py")
        ),
    ]
    found = catalogued(PYTHON, members)
    own = (f"/{info}/METADATA", f"/{_SITE}/Tool_Box/a.py", f"/{_SITE}/tool_box.py")
    assert found.paths_of("Tool-Box") == tuple(sorted(own))
    found = catalogued(PYTHON, [*members, file(f"{info}/top_level.txt", b".x one one\nbox\n")])
    listed = (f"/{info}/METADATA", f"/{info}/top_level.txt", f"/{_SITE}/one/z.py", f"/{_SITE}/box.py")
    assert found.paths_of("Tool-Box") == tuple(sorted(listed))
    names = "\n".join(f"m{number}" for number in range(1001))
    found = catalogued(
        PYTHON,
        [*members, file(f"{info}/top_level.txt", names.encode()), file(f"{_SITE}/m999.py"), file(f"{_SITE}/m1000.py")],
    )
    assert {f"/{_SITE}/m999.py", f"/{_SITE}/m1000.py"} & set(found.paths_of("Tool-Box")) == {f"/{_SITE}/m999.py"}


@pytest.mark.parametrize(
    ("document", "warned"),
    [
        ({"url": "file:///app", "dir_info": {"editable": True}}, None),
        ({"url": "file:///app", "dir_info": {"editable": False}}, False),
        ({"url": "file:///app", "dir_info": {"editable": 1}}, False),
        ({"url": "file:///app", "dir_info": True}, False),
        ({"url": "file:///app", "vcs_info": {}}, False),
        ({"url": "file:app", "dir_info": {"editable": True}}, True),
        ({"dir_info": {"editable": True}}, True),
        ({"url": "file:///app%2Fsub/..", "dir_info": {"editable": True}}, None),
        ({"url": "file:///app%01", "dir_info": {"editable": True}}, False),
    ],
)
def test_only_an_editable_installation_has_a_source(document: object, warned: bool | None) -> None:
    info = f"{_SITE}/tool_box-1.5.dist-info"
    url = file(f"{info}/direct_url.json", json.dumps(document).encode())
    found = catalogued(PYTHON, _distribution(b"", url, file("app/tool_box/__init__.py"), file("app/tool_box.py")))
    owned = ("/app/tool_box.py", "/app/tool_box/__init__.py") if warned is None else ()
    assert found.paths_of("Tool-Box") == owned
    assert len(found.warnings) == bool(warned)


@pytest.mark.parametrize(
    ("record", "owned"),
    [
        (b'a.py,,\n\n"b.py",,\n', {"a.py", "b.py"}),
        (b"a.py,,\n\n,,\nb.py\n", {"a.py", "b.py"}),
        (b'"a.py",' + b"x" * 140_000 + b",\n", set()),
        (b"a.py," + b"x" * 99_990 + b",\n", {"a.py"}),
        (b"a.py,,\n" + b"b.py," + b"x" * 200_000, set()),
    ],
)
def test_the_first_cell_of_each_row_is_a_path(record: bytes, owned: set[str]) -> None:
    found = catalogued(PYTHON, _distribution(record, file(f"{_SITE}/a.py"), file(f"{_SITE}/b.py")))
    assert found.paths_of("Tool-Box") == tuple(sorted(f"/{_SITE}/{path}" for path in owned))
    assert len(found.warnings) == (not owned)


def test_a_removed_distribution_claims_only_what_its_layer_hid() -> None:
    info = f"{_SITE}/tool_box-1.5.dist-info"
    lower = _distribution(b"a.py,,\nb.py,,\nc.py,,\n", *(file(f"{_SITE}/{name}.py", b"1") for name in "abc"))
    lower += [file(f"{_SITE}/bare-1.dist-info/METADATA", _METADATA), file(f"{_SITE}/kept.egg-info/PKG-INFO", _METADATA)]
    upper = [whiteout(f"{_SITE}/a.py")]
    last = [whiteout(info), whiteout(f"{_SITE}/b.py"), whiteout(f"{_SITE}/bare-1.dist-info")]
    found = catalogued(PYTHON, lower, upper, last)
    removed = [
        (claim, paths) for claim, paths in zip(found.claims, found.paths, strict=True) if claim.removed_in is not None
    ]
    assert [(claim.layer, claim.removed_in, paths) for claim, paths in removed] == [(0, 2, (f"/{_SITE}/b.py",))]
