"""Where projects lie, and what their code and the image's config name."""

import pytest

from layerscope.rules import projects
from layerscope.rules.projects import MARKERS, linked_into, named_by_config, names_path, own_below, project, roots_of
from tests.builder import ImageSpec, Member, directory, file, hardlink, layer, symlink, whiteout
from tests.rules.conftest import Looked, copied, ran, step


def _roots(look: Looked, spec: ImageSpec, **given: object) -> list[str]:
    return roots_of(look(spec, matching=lambda path: path.rpartition("/")[2] in MARKERS, **given))


def _manifests(*roots: str) -> bytes:
    return layer(*(file(f"{root}/package.json", b"{}") for root in roots))


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        pytest.param("app/web", True, id="just below"),
        pytest.param("app/packages/web", True, id="a member of a workspace"),
        pytest.param("app/services/web", True, id="a service"),
        pytest.param("app/src/web", False, id="two levels below"),
        pytest.param("app/packages/web/x", False, id="deeper than a member"),
        pytest.param("application", True, id="a name that begins alike"),
        pytest.param("srv/static/x", False, id="what a server delivers"),
        pytest.param("srv/tests/x", False, id="a test's"),
        pytest.param("var/lib/x", False, id="the system's"),
        pytest.param("usr/share/x", False, id="the system's packages'"),
        pytest.param("usr/src/x", True, id="sources"),
        pytest.param("usr/local/app", True, id="an application"),
        pytest.param("var/www/x", True, id="a site"),
        pytest.param("root", False, id="a home"),
        pytest.param("srv/vendor/x", False, id="a dependency"),
    ],
)
def test_what_counts_as_a_project_of_its_own(look: Looked, inside: str, found: bool) -> None:
    expected = ["/app", f"/{inside}"] if found else ["/app"]
    assert sorted(_roots(look, copied(_manifests("app", inside)))) == sorted(expected)


def test_projects_come_from_the_outside_in_and_only_so_many(look: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _manifests("b/z", "b", "a", "b/y", "c")
    assert _roots(look, copied(data)) == ["/a", "/b", "/c", "/b/y", "/b/z"]
    monkeypatch.setattr(projects, "_MOST_ROOTS", 2)
    assert _roots(look, copied(data)) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("created_by", "working_dir", "found"),
    [
        ("ADD x /app # buildkit", "", True),
        ("COPY x /app # buildkit", "", True),
        ("RUN make # buildkit", "", False),
        ("RUN make # buildkit", "/app/", True),
        ("RUN make # buildkit", "/app/x", False),
    ],
)
def test_a_project_was_copied_or_is_where_the_image_works(
    look: Looked, created_by: str, working_dir: str, found: bool
) -> None:
    spec = ImageSpec(layers=(_manifests("app"),), history=(step(created_by),), working_dir=working_dir)
    assert bool(_roots(look, spec)) == found


def test_manifests_that_are_gone_packaged_or_the_bases_make_no_project(look: Looked) -> None:
    data = _manifests("app")
    assert _roots(look, copied(data, layer(whiteout("app/package.json")))) == []
    assert _roots(look, copied(data), packages={"deb/x": ("/app/package.json",)}) == []
    assert _roots(look, copied(data, layer(file("x", b"1"))), base_layers=1) == []
    again = copied(data, layer(file("app/package.json", b"{ }")))
    assert _roots(look, again, base_layers=1) == ["/app"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"cmd": ("/app/docs",)}, True, id="itself"),
        pytest.param({"cmd": ("--root=/app/docs/x",)}, True, id="something in it, as an option"),
        pytest.param({"cmd": ("/app/docs2",)}, False, id="a name that begins alike"),
        pytest.param({"cmd": ("/other/docs",)}, False, id="another directory of that name"),
        pytest.param({"cmd": ("docs",)}, True, id="a relative path"),
        pytest.param({"cmd": ("x/docs/y",)}, True, id="a piece of a relative path"),
        pytest.param({"cmd": ("docs2",)}, False, id="another word"),
        pytest.param({"env": ("DOCS=/x",)}, False, id="only the name of a variable"),
        pytest.param({"env": ("A=/x:/app/docs",)}, True, id="one of several in Env"),
        pytest.param({"cmd": ("/link/docs",)}, True, id="behind a link"),
        pytest.param({"cmd": ("/loop/docs",)}, False, id="behind a link to itself"),
        pytest.param({"working_dir": "/app/docs"}, True, id="where the image works"),
        pytest.param({"config_extra": {"config": {"Volumes": {"/app/docs/": {}}}}}, True, id="a volume"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_what_names_a_directory(look: Looked, fields: dict[str, object], named: bool) -> None:
    members = layer(file("app/docs/a", b"1"), symlink("link", "app"), symlink("loop", "loop"))
    assert names_path(look(copied(members, **fields)), "/app/docs") == named


def test_every_piece_of_the_config_is_a_name(look: Looked) -> None:
    settings = {
        "Cmd": ["a.b/c"], "Env": ["V=/d/e.f:g,h", "W"], "WorkingDir": "/i", "Entrypoint": ["j=k; l"],
        "Volumes": {"/m/n": {}},
    }  # fmt: skip
    context = look(ImageSpec(layers=(layer(),), config_extra={"config": settings}))
    assert named_by_config(context) == {"", "a.b", "e.f:g,h", *"abcdefghijklmn"}


def test_a_longer_path_than_the_system_allows_names_nothing(look: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "_LONGEST_PATH", 10)
    for word, named in (("/app/docs/", True), ("/app/docs/x", False)):
        assert names_path(look(copied(layer(file("a", b"1")), cmd=(word,))), "/app/docs") == named


CODE = file("app/main.py", b"open('docs/x')")


@pytest.mark.parametrize(
    ("members", "names"),
    [
        pytest.param([CODE], {"docs"}, id="code"),
        pytest.param([CODE, file("app/x.ini", b"a = logs/x")], {"docs", "logs"}, id="settings"),
        pytest.param([file("app/x.ini", b"a = logs/x")], None, id="settings alone"),
        pytest.param([CODE, file("app/x.bin", b"'logs/x'")], {"docs"}, id="no text"),
        pytest.param([CODE, file("app/a/tests/x.py", b"'logs/x'")], {"docs"}, id="a test"),
        pytest.param([CODE, file("app/aside/x.py", b"'logs/x'")], {"docs"}, id="a directory that is left out"),
        pytest.param([CODE, file("app/aside/b/x.py", b"'logs/x'")], {"docs"}, id="what lies deeper in it"),
        pytest.param([CODE, file("app/b/aside/x.py", b"'logs/x'")], {"docs", "logs"}, id="its name further down"),
        pytest.param([CODE, file("app/a/test_x.py", b"'logs/x'")], {"docs"}, id="a test by its name"),
        pytest.param([CODE, file("app/node_modules/x.js", b"'logs/x'")], {"docs"}, id="a dependency"),
        pytest.param([CODE, file("app/__pycache__/x.py", b"'logs/x'")], {"docs"}, id="a cache"),
        pytest.param([CODE, symlink("app/x.py", "/srv/x.py"), file("srv/x.py", b"'logs/x'")], {"docs"}, id="a link"),
        pytest.param([symlink("app/x.py", "/srv/x.py")], None, id="a link alone"),
        pytest.param([CODE, file("app/go.mod", b"module x")], None, id="a manifest of a compiled language"),
        pytest.param([CODE, file("app/cmd/go.mod", b"module x")], {"docs"}, id="one further down"),
        pytest.param([CODE, file("app/run", b"x" * 1000, mode=0o755)], None, id="a large program"),
        pytest.param([CODE, file("app/run", b"x" * 1000, mode=0o645)], None, id="one that only others may execute"),
        pytest.param([CODE, file("app/run", b"x" * 999, mode=0o755)], {"docs"}, id="a smaller program"),
        pytest.param([CODE, file("app/run", b"x" * 1000)], {"docs"}, id="large data"),
        pytest.param([CODE, file("app/b.py", b"'logs/x'".ljust(100))], {"docs", "logs"}, id="long code"),
        pytest.param([CODE, file("app/b.py", b"'logs/x'".ljust(101))], None, id="code that is too long"),
        pytest.param([CODE, file("app/b.ini", b"'logs/x'".ljust(101))], {"docs"}, id="settings that are too long"),
        pytest.param(
            [CODE, file("app/b.py", b"1".ljust(100)), file("app/c.py", b"1".ljust(86))],
            {"docs"},
            id="as much as is read",
        ),
        pytest.param([CODE, file("app/b.py", b"1".ljust(100)), file("app/c.py", b"1".ljust(87))], None, id="more"),
        pytest.param([CODE, file("app/b.ini", b"1".ljust(187))], None, id="more in one file of settings"),
    ],
)
def test_what_a_project_names(
    look: Looked, monkeypatch: pytest.MonkeyPatch, members: list[Member], names: set[str] | None
) -> None:
    assert len(CODE.content) == 14
    for name, value in (("_LARGE", 1000), ("_LONGEST", 100), ("_MOST", 200)):
        monkeypatch.setattr(projects, name, value)
    found = project(look(copied(layer(*members))), "/app", frozenset({"aside"}))
    assert (found.root, found.names) == ("/app", names)


def test_what_own_layers_hold_below_a_directory(look: Looked) -> None:
    lower = layer(file("app/base", b"1"), file("app/old", b"1"))
    upper = layer(
        directory("app/d"), file("app/d/a", b"1"), hardlink("app/b", "app/d/a"), symlink("app/l", "b"),
        file("app/packaged", b"1"), file("app/old", b"2"), file("apple", b"1"),
    )  # fmt: skip
    context = look(copied(lower, upper), base_layers=1, packages={"deb/x": ("/app/packaged",)})
    paths = {context.filesystem.paths[number] for number in own_below(context, "/app")}
    assert paths == {"/app/d/a", "/app/b", "/app/l", "/app/old"}


@pytest.mark.parametrize(
    ("member", "found"),
    [
        pytest.param(symlink("usr/bin/x", "/app/venv/bin/x"), True, id="to a file in it"),
        pytest.param(symlink("usr/x", "../app/venv"), True, id="to itself"),
        pytest.param(symlink("app/venv/lib64", "/app/venv/lib"), False, id="within it"),
        pytest.param(symlink("usr/x", "/app/venv2"), False, id="to a name that begins alike"),
        pytest.param(symlink("usr/x", "/other/venv"), False, id="to another one of that name"),
        pytest.param(hardlink("usr/x", "app/venv/a"), False, id="a hardlink"),
    ],
)
def test_what_leads_into_a_directory(look: Looked, member: Member, found: bool) -> None:
    base = (file("app/venv/a", b"1"), file("app/venv2/a", b"1"), file("other/venv/a", b"1"))
    last = symlink("app/venv/last", "/app/venv/a")
    assert linked_into(look(copied(layer(*base, last, member))), "/app/venv") == found
    gone = copied(layer(*base, last, member), layer(whiteout(member.name.decode())))
    assert not linked_into(look(gone), "/app/venv")


def test_every_link_is_looked_at(look: Looked) -> None:
    links = [symlink(f"a/{number}", target) for number, target in enumerate(("/x", "/app/venv2", "/app/venv"))]
    assert linked_into(look(ran(layer(file("app/venv/a", b"1"), *links))), "/app/venv")
