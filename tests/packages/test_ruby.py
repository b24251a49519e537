import pytest

from layerscope.packages.catalogers.ruby import RUBY
from tests.builder import file
from tests.packages.images import catalogued
from tests.packages.trees import members_of_archive

_HOME = "usr/local/bundle"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_what_gem_installed_is_listed_as_gem_lists_it(compressed: bool) -> None:
    found = catalogued(RUBY, members_of_archive("gem/bundle", "usr/local"), compressed=compressed)
    assert found.versions == [("alpha", "1.2.0"), ("beta", "0.1.0.pre2"), ("gamma", "2.0.1")]
    assert {claim.name: claim.qualifiers for claim in found.claims} == {
        "alpha": (),
        "beta": (("platform", "x86_64-linux"),),
        "gamma": (),
    }
    assert not found.warnings


def test_a_gem_owns_its_tree_its_program_its_extension_and_its_archive() -> None:
    found = catalogued(RUBY, members_of_archive("gem/bundle", "usr/local"))
    assert found.paths_of("alpha") == (
        "/usr/local/bundle/bin/alpha",
        "/usr/local/bundle/cache/alpha-1.2.0.gem",
        "/usr/local/bundle/gems/alpha-1.2.0/bin/alpha",
        "/usr/local/bundle/gems/alpha-1.2.0/lib/alpha.rb",
        "/usr/local/bundle/specifications/alpha-1.2.0.gemspec",
    )
    assert "/usr/local/bundle/extensions/x86_64-linux/3.1.0/gamma-2.0.1/gamma/gamma.so" in found.paths_of("gamma")
    members = [member for member in members_of_archive("gem/bundle", "usr/local") if member.typeflag == b"0"]
    assert sum(map(len, found.paths)) == len(members)


def test_a_gem_owns_its_generated_documents_and_no_others() -> None:
    record = file(f"{_HOME}/specifications/rack-3.0.gemspec", b"# stub: rack 3.0 ruby lib\n")
    documents = [file(f"{_HOME}/doc/{name}/ri/X.ri", b"x") for name in ("rack-3.0", "rack-3.0.1")]
    owned = catalogued(RUBY, [record, *documents]).paths_of("rack")
    assert owned == (f"/{_HOME}/doc/rack-3.0/ri/X.ri", f"/{_HOME}/specifications/rack-3.0.gemspec")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param(b's.executables = ["rackup"]\n', "bin/rackup", id="a program of the system"),
        pytest.param(b's.files = ["lib/rack.rb"]\n', f"{_HOME}/rack.rb", id="a library beside the gems"),
        pytest.param(b"", "usr/local/rack.rb", id="no list"),
    ],
)
def test_where_no_ruby_is_around_the_gems_nothing_of_it_is_theirs(text: bytes, path: str) -> None:
    record = f"{_HOME}/specifications/default/rack-3.0.gemspec"
    assert catalogued(RUBY, [file(record, text), file(path)]).paths_of("rack") == (f"/{record}",)


def test_a_program_of_a_gem_lies_beside_the_gems_or_beside_its_ruby() -> None:
    home = "usr/lib/ruby/gems/3.1.0"
    text = b'# stub: rack 3.0 ruby lib\nGem::Specification.new do |s|\n  s.executables = ["rackup".freeze, "sub/x"]\n'
    programs = [file(path) for path in ("usr/bin/rackup", f"{home}/bin/rackup", "bin/rackup", "usr/bin/sub/x")]
    found = catalogued(RUBY, [file(f"{home}/specifications/rack-3.0.gemspec", text), *programs])
    assert found.paths_of("rack") == (
        "/usr/bin/rackup",
        f"/{home}/bin/rackup",
        f"/{home}/specifications/rack-3.0.gemspec",
    )


@pytest.mark.parametrize("default", [True, False], ids=["a default gem", "another gem"])
def test_a_default_gem_owns_its_part_of_the_standard_library(default: bool) -> None:
    specification = f"usr/lib/ruby/gems/3.1.0/specifications/{'default/' * default}json-2.6.1.gemspec"
    text = b"# stub: json 2.6.1 ruby lib\nGem::Specification.new do |s|\n"
    text += b'  s.files = ["lib/json.rb".freeze, "../../etc/x"]\n'
    found = catalogued(
        RUBY,
        [
            file(specification, text),
            file("usr/lib/ruby/3.1.0/json.rb"),
            file("usr/lib/etc/x"),
        ],
    )
    assert found.paths_of("json") == (*(("/usr/lib/ruby/3.1.0/json.rb",) if default else ()), f"/{specification}")


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        pytest.param("# stub: rack 3.0.8 ruby lib\n", "rack", "3.0.8", id="stub line"),
        pytest.param('  s.name = "rack"\n  s.version = "3.0.9"\n', "rack", "3.0.9", id="assignments"),
        pytest.param('  s.name = %q{rack}\n  s.version = "1"\n', "a-b", "1.5", id="the file's name"),
    ],
)
def test_name_and_version_come_from_the_best_place(text: str, name: str, version: str) -> None:
    found = catalogued(RUBY, [file(f"{_HOME}/specifications/a-b-1.5.gemspec", text.encode())])
    assert found.versions == [(name, version)]


@pytest.mark.parametrize(
    ("full_name", "name", "version"),
    [("rack-3.0", "rack", "3.0"), ("rack", "rack", ""), ("1.5", "1.5", ""), ("rack-test", "rack", "")],
)
def test_only_what_follows_a_hyphen_and_begins_with_a_digit_is_a_version(
    full_name: str, name: str, version: str
) -> None:
    found = catalogued(RUBY, [file(f"{_HOME}/specifications/{full_name}.gemspec", b"x")])
    assert found.versions == [(name, version)]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("app/app.gemspec", id="a project"),
        pytest.param(f"{_HOME}/gems/a-1/a.gemspec", id="the source of an installed gem"),
        pytest.param(f"{_HOME}/specifications/old/a-1.gemspec", id="beside the specifications"),
        pytest.param("a.gemspec", id="a project in the root"),
        pytest.param("default/a.gemspec", id="a directory called default"),
    ],
)
def test_a_gemspec_elsewhere_is_no_installed_gem(path: str) -> None:
    assert catalogued(RUBY, [file(path, b"# stub: a 1 ruby lib\n")]).claims == ()


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        pytest.param(b's.name = "tool"\ns.version = V\n', "x", "", id="an expression for a version"),
        pytest.param(b's.name = "tool"\ns.version = "1.0"\n', "tool", "1.0", id="a version"),
        pytest.param(b" " * (1 << 20) + b"\n", "x", "", id="too long to read"),
    ],
)
def test_a_gem_from_a_repository_owns_its_checkout(text: bytes, name: str, version: str) -> None:
    home = f"{_HOME}/ruby/3.1.0/bundler/gems/tool-0123abcd"
    found = catalogued(RUBY, [file(f"{home}/x.gemspec", text), file(f"{home}/x.rb")])
    assert found.versions == [(name, version)]
    assert found.paths_of(name) == (f"/{home}/x.gemspec", f"/{home}/x.rb")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\0\xfe" * 1000, id="binary"),
        pytest.param(b"# stub: " + b"x" * 900_000, id="a line without end"),
        pytest.param(b's.files = ["' * 90_000, id="a list without end"),
        pytest.param(b"x" * (2 << 20), id="2 MiB"),
    ],
)
def test_a_damaged_specification_costs_a_warning_and_not_the_gem(text: bytes) -> None:
    path = f"{_HOME}/specifications/broken.gemspec"
    found = catalogued(RUBY, [file(path, text), file(f"{_HOME}/gems/broken/x.rb")])
    assert found.versions == [("broken", "")]
    assert f"/{_HOME}/gems/broken/x.rb" in found.paths[0]
    assert found.warnings
    assert all(warning.startswith(f"/{path}: ") for warning in found.warnings)
