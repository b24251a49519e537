"""A Gemfile and its lockfile: which gems only development needs."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.rules import bundler
from layerscope.rules.bundler import Gems, development_gems
from layerscope.rules.families import groups_dev
from tests.builder import Member, docker_legacy, file, layer
from tests.rules.conftest import Find, copied, found_in, of_rule, paths_of

GEMFILE = """\
source "https://rubygems.org"
ruby "3.2"  # comment
gem "rails", "~> 7.0"
gem 'pg'
if ENV["X"] then puts "one line" end
group :development, :test do
  gem "rspec-rails",
      require: false
  platforms :mri do
    gem "debug"
  end
end
gem "rubocop", require: false, group: :development
gem("simplecov", groups: %i[test])
gem "shared", :group => [:test]
gem "pry", group: :worker
group :production do
  gem "lograge"
end
"""
LOCK = """\
GIT
  remote: https://github.com/x/y.git
  specs:
    debug (1.8.0)
      irb (>= 1.5)

GEM
  remote: https://rubygems.org/
  specs:
    irb (1.6)
      reline
    lograge (0.12)
    parser (3.2)
    pg (1.5)
    pry (0.14)
    rack (2.2)
    rails (7.0)
      rack (>= 2.2)
      shared
    reline (0.3)
    rspec-core (3.12)
    rspec-rails (6.0)
      rack
      rspec-core (~> 3.12)
    rubocop (1.50-x86_64-linux)
      parser (>= 3.2)
    shared (1.0)
    simplecov (0.22)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  debug!
  lograge
  pg
  pry
  rails (~> 7.0)
  rspec-rails
  rubocop
  shared
  simplecov

BUNDLED WITH
   2.4.1
"""
ONLY = {"rspec-rails", "rspec-core", "debug", "irb", "reline", "rubocop", "parser", "simplecov"}
HOME = "usr/local/bundle"


def test_what_groups_of_development_need_alone_is_followed() -> None:
    gems = development_gems(GEMFILE, LOCK)
    assert gems.development.keys() == ONLY
    assert gems.development["rubocop"] == "1.50-x86_64-linux"
    assert gems.groups == ("development", "test")


@pytest.mark.parametrize(
    "gemfile",
    [
        pytest.param("gem 'rspec-rails'\ngroup :test do\n  gem 'rspec-rails'\nend\n", id="production asks for it too"),
        pytest.param("group :test, :production do\n  gem 'rspec-rails'\nend\n", id="a group of production too"),
        pytest.param("group :test do\n  gem 'rspec-rails'\n", id="a block that does not end"),
        pytest.param("end\ngroup :test do\n  gem 'rspec-rails'\nend\n", id="an end too many"),
        pytest.param("group(:test) { gem 'rspec-rails' }\n", id="a block in braces"),
        pytest.param("group :test do\n if x\n gem 'rspec-rails'\n end\ngem 'rspec-rails'\nend\nend", id="no fit"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_surely_developments_counts_as_productions(gemfile: str) -> None:
    assert development_gems(gemfile, LOCK).development == {}


SMALL_LOCK = """\
GEM
  specs:
    a (1)
      b
    b (2)
    b (2-java)
      c
    c (3)
    nothing
      orphan
    e (6)
    orphan (4)
  d (5)

DEPENDENCIES
  a
  c
  e!
  d
    b (9)

CHECKSUMS
  orphan (4) sha256=1
"""


@pytest.mark.parametrize(
    ("gemfile", "development", "groups"),
    [
        pytest.param("group :test do\n  gem 'a'\nend", {"a": "1", "b": "2"}, ("test",), id="followed"),
        pytest.param("group :test do\ngem 'a'\nend if x\ngem 'c'", {"a": "1", "b": "2"}, ("test",), id="end if"),
        pytest.param("group :test do\ngem 'a'\nend.x\ngem 'c'", {"a": "1", "b": "2"}, ("test",), id="end and a call"),
        pytest.param("gem 'e', group: :dev\nendless = 1", {"e": "6"}, ("dev",), id="a word that begins with end"),
        pytest.param("gem 'e', group: :dev\nif x then y end", {"e": "6"}, ("dev",), id="a block on one line"),
        pytest.param("gem 'e', group: :dev\nx.each do |y| y;end", {"e": "6"}, ("dev",), id="another one"),
        pytest.param("if x\ngem 'e', group: :dev\nend", {"e": "6"}, ("dev",), id="a condition around it"),
        pytest.param("x.each do |y|\ngem 'e', group: :dev\nend", {"e": "6"}, ("dev",), id="a loop around it"),
        pytest.param("if x\ngem 'e', group: :dev", {}, (), id="a condition that does not end"),
        pytest.param("gem 'e', 'groups' => ['dev', \"test\"]", {"e": "6"}, ("dev", "test"), id="quoted"),
        pytest.param("gem 'e',\n  group: %w(dev ci) # why", {"e": "6"}, ("ci", "dev"), id="a list of words"),
        pytest.param("gem 'e', group: [:dev, :app]", {}, (), id="a group of production among them"),
        pytest.param("gem 'e', group: :dev\ngem 'e', group: :test", {"e": "6"}, ("dev", "test"), id="twice"),
        pytest.param("gem 'e', group: :dev\ngem 'e'", {}, (), id="in production as well"),
        pytest.param("gem 'e'\ngem 'e', group: :dev", {}, (), id="in production before"),
        pytest.param("gem 'b', group: :dev", {}, (), id="not what the lockfile was made for"),
        pytest.param("group :dev, optional: true do\ngem 'e'\nend", {"e": "6"}, ("dev",), id="an optional group"),
        pytest.param("gem 'd', group: :dev", {}, ("dev",), id="not locked"),
    ],
)
def test_what_a_gemfile_says(gemfile: str, development: dict[str, str], groups: tuple[str, ...]) -> None:
    locked = frozenset({"a", "b", "c", "e", "orphan"})
    assert development_gems(gemfile, SMALL_LOCK) == Gems(development=development, locked=locked, groups=groups)


def test_a_statement_is_joined_and_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundler, "_LONGEST", 20)
    option = "group: :dev"
    for gap, is_found in ((0, True), (1, False)):
        line = f"gem 'e',{' ' * gap} {option}"
        assert len(line) == 20 + gap
        assert bool(development_gems(line, SMALL_LOCK).development) == is_found
    for first, is_joined in (("gem 'e', ',,,,,,,,,,", False), ("gem 'e', ',,,,,,,,,", True)):
        assert len(first) == 20 - is_joined
        assert (next(bundler._statements(f"{first}\n{option}")) != first) == is_joined


@given(st.text(alphabet="gem group:do end'\n,%i[]=>#()", max_size=200), st.text(alphabet=" ab(1)\nGEM", max_size=200))
def test_any_text_is_read(gemfile: str, lock: str) -> None:
    assert development_gems(gemfile, lock).development.keys() <= development_gems(gemfile, lock).locked


def _found(find: Find, *, env: tuple[str, ...] = (), cmd: tuple[str, ...] = ("puma",)) -> set[str]:
    members = [file("app/Gemfile", GEMFILE.encode()), file("app/Gemfile.lock", LOCK.encode())]
    packages: dict[str, tuple[str, ...]] = {}
    for name, version in {**dict.fromkeys(sorted(ONLY), "1.50"), "rspec-core": "3.12", "rack": "2.2"}.items():
        members += [file(f"{HOME}/gems/{name}.rb", name.encode())]
        packages[f"gem/{name}@{version}"] = (f"/{HOME}/gems/{name}.rb",)
    members += [file(f"{HOME}/bin/rubocop", b"#!ruby")]
    packages["gem/rubocop@1.50"] += (f"/{HOME}/bin/rubocop",)
    found = find(copied(layer(*members), env=env, cmd=cmd), packages=packages)
    return {path.rpartition("/")[2].removesuffix(".rb") for path in paths_of(found, "ruby-dev-deps") if ".rb" in path}


def test_gems_in_the_locked_version_are_caught(find: Find) -> None:
    assert _found(find) == {"rspec-core", "rubocop"}


def test_gems_of_an_image_for_development_are_not_caught(find: Find) -> None:
    assert _found(find, env=("RAILS_ENV=development",)) == set()
    assert _found(find, env=("RAILS_ENV=production",))
    assert _found(find, cmd=("bundle", "exec", "rubocop")) == set()


def test_what_another_project_or_a_gem_beside_the_lockfile_needs_is_kept(tmp_path: Path) -> None:
    locked = b"GEM\n  specs:\n    parser (3.2)\n    rspec-core (3.12)\n      parser\n\nDEPENDENCIES\n  rspec-core\n"
    other = [file("srv/Gemfile", b"gem 'rspec-core'\n"), file("srv/Gemfile.lock", locked)]
    gems = {"rspec-core": "3.12", "irb": "1.6", "reline": "0.3", "parser": "3.2", "tool": "9"}
    members = [file("app/Gemfile", GEMFILE.encode()), file("app/Gemfile.lock", LOCK.encode())]
    for name, version in gems.items():
        needs = "s.add_runtime_dependency(%q<reline>.freeze, [])" if name == "tool" else ""
        text = f"# stub: {name} {version} ruby lib\n{needs}\n"
        members.append(file(f"{HOME}/specifications/{name}-{version}.gemspec", text.encode()))
    for also, expected in (([], {"rspec-core", "irb", "parser"}), (other, {"irb"})):
        path = tmp_path / "image.tar"
        path.write_bytes(docker_legacy(copied(layer(*members, *also), cmd=("puma",))))
        found = paths_of(found_in(str(path), 0), "ruby-dev-deps")
        assert {path.rpartition("/")[2].rpartition("-")[0] for path in found} == expected


def test_the_files_may_be_beside_the_dockerfile(find: Find) -> None:
    data = layer(file(f"{HOME}/gems/x.rb", b"x"), file("opt/y", b"y"))
    beside = (("Gemfile", GEMFILE.encode()), ("Gemfile.lock", LOCK.encode()))
    packages = {"gem/rspec-core@3.12": (f"/{HOME}/gems/x.rb",)}
    (finding,) = of_rule(find(copied(data), packages=packages, lockfiles=beside), "ruby-dev-deps")
    assert finding.detail == "by Gemfile: rspec-core"
    assert "BUNDLE_WITHOUT=development:test" in finding.fix


SPECIFICATIONS = f"{HOME}/specifications"


def _specified(*gems: str, needs: str = "", under: str = SPECIFICATIONS) -> list[Member]:
    """The specifications of gems, each with the same needs."""
    members = []
    for name, _, version in (gem.partition("@") for gem in gems):
        text = f"# stub: {name} {version} ruby lib\n{needs}\n"
        members.append(file(f"{under}/{name}-{version}.gemspec", text.encode()))
    return members


def _images_gems(tmp_path: Path, *members: Member, **fields: tuple[str, ...]) -> set[str]:
    """The names of the gems that are found in an image with these files."""
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(copied(layer(*members), **{"cmd": ("puma",), **fields})))
    found = of_rule(found_in(str(path), 0), "ruby-dev-deps")
    return {name for one in found for name in one.detail.partition(": ")[2].split(", ")}


OWN = [file("app/Gemfile", b"gem 'e', group: :dev\ngem 'a'"), file("app/Gemfile.lock", SMALL_LOCK.encode())]


@pytest.mark.parametrize(
    ("members", "fields", "found"),
    [
        pytest.param(OWN, {}, {"e"}, id="a gem of development"),
        pytest.param(OWN, {"cmd": ("rspec",)}, set(), id="the image runs tests"),
        pytest.param(OWN, {"cmd": ("guard",)}, set(), id="the image runs a tool of development"),
        pytest.param(OWN, {"env": ("RACK_ENV=Test",)}, set(), id="Env is set for tests"),
        pytest.param(OWN, {"env": ("MODE=test",)}, {"e"}, id="another variable"),
        pytest.param(OWN, {"env": ("RACK_ENV=deployment",)}, {"e"}, id="another value"),
        pytest.param(OWN[:1], {}, set(), id="no lockfile"),
        pytest.param(OWN[1:], {}, set(), id="no Gemfile"),
        pytest.param([OWN[0], file("app/Gemfile.lock", b"")], {}, set(), id="an empty lockfile"),
        pytest.param(
            [file("app/gems.rb", OWN[0].content), file("app/gems.locked", OWN[1].content)], {}, {"e"}, id="other names"
        ),
        pytest.param([OWN[0], file("app/gems.locked", OWN[1].content)], {}, set(), id="names that do not belong together"),
        pytest.param(
            [file("app/gems/x/Gemfile", OWN[0].content), file("app/gems/x/Gemfile.lock", OWN[1].content)], {}, set(),
            id="those of a gem",
        ),
        pytest.param(
            [file("app/vendor/Gemfile", OWN[0].content), file("app/vendor/Gemfile.lock", OWN[1].content)], {}, set(),
            id="those of a dependency",
        ),
    ],
)  # fmt: skip
def test_which_gems_of_an_image_only_development_needs(
    tmp_path: Path, members: list[Member], fields: dict[str, tuple[str, ...]], found: set[str]
) -> None:
    assert _images_gems(tmp_path, *members, *_specified("a@1", "e@6"), **fields) == found


@pytest.mark.parametrize(
    ("gems", "found"),
    [
        pytest.param(_specified("e@6"), {"e"}, id="the locked version"),
        pytest.param(_specified("e@7"), set(), id="another version"),
        pytest.param(_specified("e@6", under=f"{SPECIFICATIONS}/default"), set(), id="a gem that comes with Ruby"),
        pytest.param([*_specified("e@6"), *_specified("tool@1", needs='s.add_dependency "e"')], set(),
                     id="a gem beside the lockfile needs it"),
        pytest.param([*_specified("e@6"), *_specified("tool@1", needs="s.add_development_dependency 'e'")], {"e"},
                     id="for its own development"),
        pytest.param([*_specified("e@6"), *_specified("a@1", needs="s.add_dependency(%q<e>.freeze)")], set(),
                     id="a gem of production needs it, whatever the lockfile says"),
    ],
)  # fmt: skip
def test_a_gem_is_found_in_its_locked_version_unless_another_needs_it(
    tmp_path: Path, gems: list[Member], found: set[str]
) -> None:
    assert _images_gems(tmp_path, *OWN, *gems) == found


def test_only_so_many_lockfiles_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = b"GEM\n  specs:\n    z (1)\n\nDEPENDENCIES\n  z\n"
    other = [file("a/Gemfile", b"gem 'z'"), file("a/Gemfile.lock", locked)]
    for most, found in ((2, {"e"}), (1, set())):
        monkeypatch.setattr(groups_dev, "_MOST_BUNDLES", most)
        assert _images_gems(tmp_path, *other, *OWN, *_specified("e@6")) == found


def test_gems_of_the_base_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(copied(layer(*_specified("e@6")), layer(*OWN))))
    assert of_rule(found_in(str(path), 1), "ruby-dev-deps") == ()
    assert len(of_rule(found_in(str(path), 0), "ruby-dev-deps")) == 1


@pytest.mark.parametrize(
    "line", ["group " + " " * 1900, "group" + "(" * 1900, "group a" + " " * 1900, "group " + "a" * 1900]
)
def test_a_long_line_takes_no_longer_than_others(line: str) -> None:
    """One of blanks took 20 seconds."""
    started = time.perf_counter()
    development_gems(f"{line}x\n" * 50 + f"{line} do\nend\n" * 50, "GEM\n")
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "opening", ["group(:test)do", "group :test  do", "group (:test) do |x|", "group :test, optional: true do"]
)
def test_a_group_begins_however_it_is_written(opening: str) -> None:
    lock = "GEM\n  specs:\n    a (1)\n\nDEPENDENCIES\n  a\n"
    found = development_gems(f'{opening}\n  gem "a"\nend\n', lock).development
    assert found == ({"a": "1"} if " do" in opening else {})
