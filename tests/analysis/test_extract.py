"""What is extracted, under which names, before anything is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.extract import ExtractQuery, Note, contents, plan, plan_of, safe_name
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Kind
from tests.builder import (
    ImageSpec,
    Member,
    device,
    directory,
    docker_legacy,
    fifo,
    file,
    hardlink,
    layer,
    symlink,
    whiteout,
)
from tests.filesystem.layers import tree


@pytest.mark.parametrize(
    ("name", "safe", "on_windows"),
    [
        ("a b.txt", "a b.txt", "a b.txt"),
        (".", "%2E", "%2E"),
        ("..", "%2E%2E", "%2E%2E"),
        ("", "%", "%"),
        ("...", "...", "..%2E"),
        ("a/b", "a%2Fb", "a%2Fb"),
        ("a:b\\c", "a:b\\c", "a%3Ab%5Cc"),
        ("ab.", "ab.", "ab%2E"),
        ("ab ", "ab ", "ab%20"),
        ("ab..", "ab..", "ab.%2E"),
        ("\x1b[2J", "%1B[2J", "%1B[2J"),
        ("gr\u00fc\u00df", "gr\u00fc\u00df", "gr\u00fc\u00df"),
        ("\u202ex", "%E2%80%AEx", "%E2%80%AEx"),
        ("\udcff", "%FF", "%FF"),
        ("\udc7f\udd00", "%ED%B1%BF%ED%B4%80", "%ED%B1%BF%ED%B4%80"),
        ("\udc80", "%80", "%80"),
        ("100%", "100%", "100%"),
        ("%20", "%20", "%2520"),
        ("%2E", "%252E", "%252E"),
        ("%2F", "%252F", "%252F"),
        ("%25", "%2525", "%2525"),
        ("%1B", "%251B", "%251B"),
        ("%FF", "%25FF", "%25FF"),
        ("%2e", "%2e", "%2e"),
        ("con", "con", "%63on"),
        ("Con.txt", "Con.txt", "%43on.txt"),
        ("con .a.b", "con .a.b", "%63on .a.b"),
        ("com0", "com0", "%63om0"),
        ("LPT9", "LPT9", "%4CPT9"),
        ("com10", "com10", "com10"),
        ("console", "console", "console"),
        ("a.con", "a.con", "a.con"),
    ],
)
def test_a_name_is_written_so_that_no_system_takes_it_for_more(name: str, safe: str, on_windows: str) -> None:
    assert (safe_name(name), safe_name(name, windows=True)) == (safe, on_windows)


@pytest.fixture
def filesystem(tmp_path: Path) -> Iterator[Filesystem]:
    lower: tuple[Member, ...] = (
        directory("srv"),
        file("srv/a", b"1234", mode=0o4755, mtime=7),
        hardlink("srv/again", "srv/a"),
        file("srv/old", b"55555"),
        symlink("srv/link", "a"),
        symlink("here", "srv"),
        directory("srv/both"),
    )
    upper: tuple[Member, ...] = (
        whiteout("srv/old"),
        file("srv/a", b"12", mode=0o644),
        fifo("srv/pipe"),
        device("srv/block", block=True),
        directory("srv/sticky", mode=0o1777),
        directory("srv/both", mode=0o700),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*lower), layer(*upper)))))
    with open_image(str(path), ReadOptions()) as image:
        yield Filesystem(image.layers)


def planned(filesystem: Filesystem, path: str, **query: Any) -> dict[str, tuple[str, int, int]]:
    """Of each item the name below the destination, its mode and its bytes."""
    found = plan(filesystem, ExtractQuery(path=path, windows=False, **query))
    return {item.path: ("/".join(item.parts), item.mode, item.content_bytes) for item in found.items}


def test_the_live_files_at_and_below_a_path_are_planned(filesystem: Filesystem) -> None:
    assert planned(filesystem, "/srv") == {
        "/srv": ("srv", 0o755, 0),
        "/srv/a": ("srv/a", 0o644, 2),
        "/srv/again": ("srv/again", 0o755, 4),
        "/srv/link": ("srv/link", 0o777, 0),
        "/srv/sticky": ("srv/sticky", 0o777, 0),
        "/srv/both": ("srv/both", 0o700, 0),
    }
    assert planned(filesystem, "/srv/a", setid=True) == {"/srv/a": ("a", 0o644, 2)}
    assert planned(filesystem, "/here/a")["/srv/a"] == ("a", 0o644, 2)
    assert set(planned(filesystem, "/")) == {*planned(filesystem, "/srv"), "/here"}
    assert planned(filesystem, "/")["/srv/a"][0] == "srv/a"


def test_items_say_what_is_written(filesystem: Filesystem) -> None:
    made = plan(filesystem, ExtractQuery(path="/srv", layer=0, windows=False))
    items = {item.path: item for item in made.items}
    assert [item.path for item in made.items] == sorted(items)
    assert (items["/srv/a"].kind, items["/srv/a"].mtime, items["/srv/a"].link) == (Kind.FILE, 7, "")
    assert (items["/srv/link"].kind, items["/srv/link"].link, items["/srv/link"].carrier) == (Kind.SYMLINK, "a", -1)
    assert items["/srv/again"].carrier == items["/srv/a"].carrier == 1
    assert (items["/srv"].kind, items["/srv"].carrier, items["/srv"].content_bytes) == (Kind.DIRECTORY, -1, 0)
    assert made.content_bytes == 4 + 5
    data = {carrier: b"".join(map(bytes, pieces)) for carrier, pieces in contents(filesystem, (3, 1))}
    assert data == {1: b"1234", 3: b"55555"}


def test_contents_come_layer_by_layer(filesystem: Filesystem) -> None:
    carriers = [number for number in range(len(filesystem)) if filesystem.kind_of(number) == Kind.FILE]
    found = [carrier for carrier, _ in contents(filesystem, reversed(carriers))]
    assert found == carriers == [1, 3, 8]


def test_a_layer_is_planned_as_it_is(filesystem: Filesystem) -> None:
    assert planned(filesystem, "/srv", layer=0, setid=True) == {
        "/srv": ("srv", 0o755, 0),
        "/srv/a": ("srv/a", 0o4755, 4),
        "/srv/again": ("srv/again", 0o4755, 4),
        "/srv/old": ("srv/old", 0o644, 5),
        "/srv/link": ("srv/link", 0o777, 0),
        "/srv/both": ("srv/both", 0o755, 0),
    }
    assert planned(filesystem, "/srv/both", layer=1) == {"/srv/both": ("both", 0o700, 0)}


def test_what_is_hidden_is_planned_without_what_is_live(filesystem: Filesystem) -> None:
    assert planned(filesystem, "/", hidden=True) == {
        "/srv/old": ("srv/old", 0o644, 5),
        "/srv/both": ("srv/both", 0o755, 0),
    }
    for layer_or_all in (0, None):
        found = planned(filesystem, "/srv/old", hidden=True, layer=layer_or_all)
        assert found == {"/srv/old": ("old", 0o644, 5)}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"path": "/none"}, "the image has no /none"),
        ({"path": "/srv/old"}, "the image has no /srv/old"),
        ({"path": "/srv/link", "layer": 1}, "layer 1 has no /srv/link"),
        ({"path": "/srv/old", "layer": 1}, "layer 1 deletes /srv/old"),
        ({"path": "/srv", "layer": 2}, "there is no layer 2"),
        ({"path": "/srv", "layer": -1}, "there is no layer -1"),
        ({"path": "/none", "hidden": True}, "the image has no /none"),
    ],
)
def test_what_is_not_there_is_an_error(filesystem: Filesystem, query: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(filesystem, ExtractQuery(**query))


def test_notes_say_what_is_left_out_or_changed(filesystem: Filesystem) -> None:
    assert plan(filesystem, ExtractQuery(path="/srv", windows=False)).notes == (
        Note(path="/srv/again", reason="written without its setuid, setgid or sticky bit"),
        Note(path="/srv/block", reason="left out: a block device"),
        Note(path="/srv/pipe", reason="left out: a fifo"),
    )
    assert plan(filesystem, ExtractQuery(path="/srv/again", setid=True)).notes == ()


def test_of_several_hidden_versions_the_last_is_planned_and_the_others_named() -> None:
    found = tree(["a/", "a/x:1", "a/d/"], ["a/x:22", "a/d/"], ["a/x:333", "a/d/"], [".wh.a"])
    made = plan(found, ExtractQuery(path="/", hidden=True))
    assert {item.path: item.content_bytes for item in made.items} == {"/a": 0, "/a/d": 0, "/a/x": 3}
    assert made.notes == tuple(
        Note(path="/a/x", reason=f"layer {number} holds an older version; extract it with --layer {number}")
        for number in (0, 1)
    )


def test_the_root_itself_is_a_directory_to_write() -> None:
    made = plan(tree(["./", "a:1"]), ExtractQuery(path="/"))
    assert [(item.path, item.parts, item.kind) for item in made.items] == [
        ("/", (), Kind.DIRECTORY),
        ("/a", ("a",), Kind.FILE),
    ]


def test_what_lies_in_the_place_of_the_root_or_links_to_nothing_is_left_out() -> None:
    found = tree(["a:1", "b = none"])
    made = plan_of(found, ExtractQuery(path="/"), {"/": 0, "/b": 1})
    assert (made.items, made.content_bytes) == ((), 0)
    assert made.notes == (
        Note(path="/", reason="left out: it is in the place of the root directory"),
        Note(path="/b", reason="left out: a broken hardlink"),
    )
    made = plan_of(found, ExtractQuery(path="/x/y/"), {"/x/y/\x01": 0})
    assert [item.parts for item in made.items] == [("y", "%01")]
    assert made.notes == (Note(path="/x/y/\x01", reason="written as y/%01"),)
