from collections.abc import Callable, Iterator

import pytest

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Budget, Context, Record, Tree, within, word
from tests.builder import Member, directory, file, hardlink, opaque, symlink, whiteout
from tests.packages.images import catalogued


def _cataloger(head: int = 100) -> Cataloger:
    """Claims each live and each removed record for itself."""

    def catalog(context: Context):  # type: ignore[no-untyped-def]
        for record in (*context.live_records(), *context.removed_records()):
            text = context.read_text(record.number, head)
            yield Claim(
                type="x", name=record.path, version=text or "", layer=record.layer, removed_in=record.removed_in
            )

    return Cataloger(name="x", wanted=Wanted(paths=PathSet(names=("db",)), head=head), catalog=catalog)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([[file("a/db", b"1")]], [("/a/db", "1", 0, None)], id="one layer"),
        pytest.param(
            [[file("a/db", b"1")], [file("a/db", b"1", mode=0o600)]], [("/a/db", "1", 0, None)], id="metadata changed"
        ),
        pytest.param([[file("a/db", b"1")], [file("a/db", b"2")]], [("/a/db", "2", 1, None)], id="content changed"),
        pytest.param([[file("a/db", b"1")], [], [whiteout("a/db")]], [("/a/db", "1", 0, 2)], id="deleted"),
        pytest.param([[file("a/db", b"1")], [opaque("a")]], [("/a/db", "1", 0, 1)], id="hidden with its directory"),
        pytest.param(
            [[file("a/db", b"1")], [whiteout("a/db")], [file("a/db", b"1")]],
            [("/a/db", "1", 2, None)],
            id="there again",
        ),
        pytest.param(
            [[file("a/db", b"1"), hardlink("b/db", "a/db")]],
            [("/a/db", "1", 0, None), ("/b/db", "1", 0, None)],
            id="a hardlink",
        ),
        pytest.param(
            [[file("a/db", b"1"), hardlink("b/db", "a/db")], [whiteout("a/db")]],
            [("/b/db", "1", 0, None)],
            id="a hardlink that outlives its first name",
        ),
        pytest.param([[directory("a/db"), symlink("b/db", "x")]], [], id="a directory and a symlink"),
    ],
)
def test_records_are_found_with_the_layers_that_hold_them(
    layers: list[list[Member]], expected: list[tuple[str, str, int, int | None]]
) -> None:
    found = catalogued(_cataloger(), *layers)
    assert [(claim.name, claim.version, claim.layer, claim.removed_in) for claim in found.claims] == expected


def test_a_record_over_the_limit_is_not_read() -> None:
    found = catalogued(_cataloger(head=3), [file("a/db", b"1234"), file("b/db", b"123")])
    assert [claim.version for claim in found.claims] == ["", "123"]
    assert found.warnings == ("/a/db: 4 bytes exceed the limit of 3; not read",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(" a  b\n", "a b", id="spaces"),
        pytest.param("x" * 1000, "x" * 300, id="long"),
        pytest.param(None, "", id="none"),
        pytest.param(["a"], "", id="a list"),
        pytest.param("a" + " " * 1198 + "bc", "a b", id="more blanks than are looked at"),
    ],
)
def test_a_word_is_one_short_line(value: object, expected: str) -> None:
    assert word(value) == expected


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([directory("t"), directory("t/a"), directory("t/a/b")], id="with entries for directories"),
        pytest.param([], id="without"),
    ],
)
def test_a_tree_holds_files_and_links_at_any_depth(members: list[Member]) -> None:
    def catalog(context: Context):  # type: ignore[no-untyped-def]
        found = context.in_tree("/t", without="skip")
        yield Claim(type="x", name="t", version="", versions=found)

    files = [file("t/x"), file("t/a/b/y"), symlink("t/a/l", "x"), file("t/skip/z"), file("t/a/skip/w"), file("tt/q")]
    cataloger = Cataloger(name="x", wanted=Wanted(), catalog=catalog)
    assert catalogued(cataloger, [*members, *files]).paths_of("t") == ("/t/a/b/y", "/t/a/l", "/t/a/skip/w", "/t/x")


def test_a_record_of_another_kind_in_between_is_neither_live_nor_removed() -> None:
    layers = [[file("a/db", b"1")], [symlink("a/db", "x")], [whiteout("a/db")]]
    assert catalogued(_cataloger(), *layers).claims == ()


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param(
            [[file("a/db", b"1")], [file("a/db", b"1", mode=0o600)], [file("a/db", b"2")]],
            [("/a/db", 2, None)],
            id="its metadata changed, then its content",
        ),
        pytest.param(
            [[file("a/db", b"1")], [file("a/db", b"2")], [whiteout("a/db")]], [("/a/db", 1, 2)], id="the last that was"
        ),
        pytest.param(
            [[file("a/db", b"1"), hardlink("b/db", "a/db")], [whiteout("b/db")]],
            [("/a/db", 0, None), ("/b/db", 0, 1)],
            id="a hardlink that is gone",
        ),
        pytest.param([[file("a/db", b"1"), file("a/db", b"2")]], [("/a/db", 0, None)], id="twice in a layer"),
    ],
)
def test_of_all_versions_the_last_counts(
    layers: list[list[Member]], expected: list[tuple[str, int, int | None]]
) -> None:
    found = catalogued(_cataloger(), *layers)
    assert [(claim.name, claim.layer, claim.removed_in) for claim in found.claims] == expected


def _looking(look: Callable[[Context], object], wanted: Wanted | None = None) -> Cataloger:
    """A cataloger that looks once, and claims nothing."""

    def catalog(context: Context) -> Iterator[Claim]:
        look(context)
        yield from ()

    return Cataloger(name="x", wanted=wanted or Wanted(paths=PathSet(trees=("/t",)), head=100), catalog=catalog)


def test_the_record_at_a_path_is_a_live_file_or_link_to_one() -> None:
    found: list[Record | None] = []

    def look(context: Context) -> None:
        found.extend(map(context.record_at, ("/t/file", "/t/link", "/t/symlink", "/t/directory", "/t/none", "/t/gone")))

    members = [file("t/file"), hardlink("t/link", "t/file"), symlink("t/symlink", "file"), directory("t/directory")]
    catalogued(_looking(look), [*members, file("t/gone")], [whiteout("t/gone")])
    assert found == [Record(number=0, path="/t/file", layer=0), Record(number=1, path="/t/link", layer=0), *[None] * 4]
    assert [(record.name, record.directory) for record in found if record] == [("file", "/t"), ("link", "/t")]


def test_trees_hold_what_is_live_or_all_that_was() -> None:
    found: list[Tree] = []

    def tree_of(path: str) -> str:
        return "/t/" + path.split("/")[2] if path.count("/") > 2 else ""

    members = [directory("t"), directory("t/a"), file("t/stray"), directory("t/a/d")]
    files = [file(f"t/{path}") for path in ("a/x", "a/y", "b/x", "b/y")]
    layers = [members, files, [file("t/a/z"), whiteout("t/a/x"), whiteout("t/b/y")], [whiteout("t/b")]]
    catalogued(_looking(lambda context: found.extend(context.trees(tree_of))), *layers)
    assert [(tree.path, tree.versions, tree.layer, tree.removed_in) for tree in found] == [
        ("/t/a", (5, 8), 1, None),
        ("/t/b", (6, 7), 1, 3),
    ]


def test_what_is_listed_and_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    visits, spent = list[int](), list[int]()
    monkeypatch.setattr(Budget, "visit", lambda _, count: visits.append(count))
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    members = [file("t/x", b"12345"), file("t/y", b"1\n2\n"), file("t/d/z"), file("t/e/w")]

    def look(context: Context) -> None:
        assert context.subdirectories("/t") == ["/t/d", "/t/e"]
        assert context.subdirectories("/none") == []
        assert visits == [3, 1]
        assert len(context.in_tree("/t")) == 4
        assert sum(visits[2:]) == 3 + 4
        assert context.read(0, 1, 2) == b"23" and context.last_read == 0
        assert context.read_all(1, 4) == b"1\n2\n" and context.last_read == 1
        assert context.read_all(1, 4, None) == b"1\n2\n"
        assert spent == [256 + 2, 256 + 4, 64 * 2, 256 + 4]

    assert catalogued(_looking(look), members).warnings == ()


@pytest.mark.parametrize(
    ("limit", "lines", "data", "warning"),
    [
        pytest.param(6, 2, b"1\n2\n3\n"[:5], "", id="as long as is read"),
        pytest.param(4, 2, None, "5 bytes exceed the limit of 4; not read", id="too long"),
        pytest.param(5, 1, None, "2 lines exceed the limit of 1; not read", id="too many lines"),
        pytest.param(5, None, b"1\n2\n3", "", id="as many lines as it has"),
    ],
)
def test_a_file_is_read_whole_or_not_at_all(limit: int, lines: int | None, data: bytes | None, warning: str) -> None:
    found: list[bytes | None] = []
    cataloger = _looking(lambda context: found.append(context.read_all(0, limit, lines)))
    warnings = catalogued(cataloger, [file("t/x", b"1\n2\n3")]).warnings
    assert (found, warnings) == ([data], (f"/t/x: {warning}",) if warning else ())


def test_what_was_not_kept_whole_is_not_read() -> None:
    found: list[bytes | None] = []

    def look(context: Context) -> None:
        found.extend(context.read_all(number, 9000) for number in context.matches)

    members = [file("t/long", b"x" * 101), file("t/short", b"x" * 100), symlink("t/link", "short")]
    warnings = catalogued(_looking(look), members, compressed=True).warnings
    assert found == [None, b"x" * 100, None]
    assert warnings == ("/t/long: its content was not kept",)


@pytest.mark.parametrize(
    ("content", "document", "warning"),
    [
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, "", id="a byte order mark"),
        pytest.param(b"[1]", {}, "/t/x: a JSON list instead of an object", id="a list"),
        pytest.param(b"null", {}, "", id="null"),
        pytest.param(b"{", {}, "/t/x: not JSON: ", id="no JSON"),
        pytest.param(b'"\xff"', {}, "/t/x: a JSON str instead of an object", id="a text"),
    ],
)
def test_an_object_is_read_or_an_empty_one(content: bytes, document: object, warning: str) -> None:
    found: list[object] = []
    cataloger = _looking(lambda context: found.append(context.read_object(0, 100)))
    warnings = catalogued(cataloger, [file("t/x", content)]).warnings
    assert found == [document]
    assert len(warnings) == bool(warning) and "".join(warnings).startswith(warning)


@pytest.mark.parametrize(
    ("path", "directory", "is_within"),
    [("/a/b", "/a", True), ("/ab", "/a", False), ("/a", "/a", False), ("/a", "", True), ("a", "", False)],
)
def test_what_lies_below_a_directory_is_within_it(path: str, directory: str, is_within: bool) -> None:
    assert within(path, directory) is is_within
