"""Looking a path up, and what is said where it is not there."""

import pytest
from msgspec.structs import replace

from layerscope.analysis.lookup import lookup
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from tests.filesystem.layers import tree

FILES = tree(
    ["usr/", "usr/bin/tool:1", "etc/conf:22", "bin -> usr/bin", "odd/deep/x:1", "odd\x01/x:1"],
    [".wh.etc", "usr/bin/tool:333", "usr/lib/tool.so:1", "usr/lib/.wh.none"],
)


@pytest.mark.parametrize(
    ("path", "layer", "real", "number"),
    [
        ("/usr/bin/tool", None, "/usr/bin/tool", 7),
        ("usr//bin/./tool/", None, "/usr/bin/tool", 7),
        ("/bin/tool", None, "/usr/bin/tool", 7),
        ("/bin", None, "/usr/bin", None),
        ("/usr", None, "/usr", 0),
        ("/odd/deep", None, "/odd/deep", None),
        ("/", None, "/", None),
        ("/usr/bin/tool", 0, "/usr/bin/tool", 1),
        ("/usr/bin/tool", 1, "/usr/bin/tool", 7),
        ("/bin", 0, "/bin", 3),
        ("/odd", 0, "/odd", None),
        ("/", 1, "/", None),
        ("/odd\x01", 0, "/odd\x01", None),
    ],
)
def test_a_path_is_found_behind_its_symlinks_or_in_its_layer(
    path: str, layer: int | None, real: str, number: int | None
) -> None:
    found = lookup(FILES, path, layer)
    assert (found.path, found.number) == (real, number)


@pytest.mark.parametrize(
    ("path", "layer", "message", "hint"),
    [
        ("/etc/conf", None, "the image has no /etc/conf", "layer 0 holds it (deleted); read it with --layer"),
        ("/etc/conf", 1, "layer 1 has no /etc/conf", "layer 0 holds it (deleted); read it with --layer"),
        ("/etc", 1, "layer 1 deletes /etc", None),
        ("/usr/lib/none", 1, "layer 1 deletes /usr/lib/none", None),
        ("/usr/lib/tool.so", 0, "layer 0 has no /usr/lib/tool.so", "layer 1 holds it (live); read it with --layer"),
        (
            "/usr/bin/tool/x",
            None,
            "the image has no /usr/bin/tool/x",
            None,
        ),
        ("/usr/li", None, "the image has no /usr/li", None),
        ("/lib/tool", None, "the image has no /lib/tool", "did you mean /usr/bin/tool?"),
        ("/usr/lib/tool.sp", None, "the image has no /usr/lib/tool.sp", "did you mean /usr/lib/tool.so?"),
        ("/usr/bin/tool.so.1", None, "the image has no /usr/bin/tool.so.1", None),
        ("/x", 2, "there is no layer 2; the image has 2, counted from 0", None),
        ("/x", -1, "there is no layer -1; the image has 2, counted from 0", None),
    ],
)
def test_what_is_not_there_is_an_error_with_where_it_is(
    path: str, layer: int | None, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        lookup(FILES, path, layer)
    assert caught.value.message == message
    if hint is not None:
        assert caught.value.hint == hint


def test_a_layer_that_could_not_be_read_says_why() -> None:
    files = Filesystem([replace(layer, problem="it is damaged") for layer in tree(["a:1"]).layers])
    with pytest.raises(UsageError, match="layer 0 could not be read: it is damaged"):
        lookup(files, "/a", 0)


def test_the_root_may_have_an_entry_or_none_and_a_circle_leads_nowhere() -> None:
    files = tree(["./", "x -> y", "y -> x"])
    assert (lookup(files, "/", None).number, lookup(tree(["a:1"]), "/", None).number) == (0, None)
    assert lookup(tree([]), "/", None).path == "/"
    with pytest.raises(UsageError, match="the image has no /x/a"):
        lookup(files, "/x/a", None)


@pytest.mark.parametrize(
    ("files", "path", "hint"),
    [
        (["a/b/c/tool:1", "d/tool:1"], "/x/tool", "did you mean /d/tool?"),
        (["d/other:1", "e/filf:1"], "/d/file", ""),
        (["d/filf:1", "e/filg:1"], "/d/file", "did you mean /d/filf?"),
        (["d/s/file:1"], "/d/sfile", ""),
        (["dd/filf:1"], "/d/file", ""),
    ],
)
def test_a_name_elsewhere_or_one_like_it_in_the_directory_is_offered(files: list[str], path: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        lookup(tree(files), path, None)
    assert caught.value.hint == hint


def test_a_layer_that_deletes_a_path_does_not_hold_it() -> None:
    with pytest.raises(UsageError) as caught:
        lookup(tree(["a:1", "b:1"], [".wh.a"], ["a:22"], [".wh.a"]), "/a", None)
    assert caught.value.hint == "layer 0 holds it (deleted), layer 2 holds it (deleted); read it with --layer"
