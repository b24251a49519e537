import pytest

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word
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
