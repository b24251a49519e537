"""From the paths that a list names to the versions that lie there."""

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.packages.locator import Locator
from tests.filesystem.layers import tree

FILES = tree(["usr/bin/sh:1", "bin -> usr/bin", "sbin -> /bin", "loop -> pool", "pool -> loop", "usr/bin/ls -> sh"])


@pytest.mark.parametrize(
    ("path", "number", "real"),
    [
        ("/usr/bin/sh", 0, "/usr/bin/sh"),
        ("/bin/sh", 0, "/usr/bin/sh"),
        ("/sbin/sh", 0, "/usr/bin/sh"),
        ("/bin/ls", 5, "/usr/bin/ls"),
        ("/bin", 1, "/bin"),
        ("/bin/none", None, "/usr/bin/none"),
        ("/loop/sh", None, "/loop/sh"),
        ("/none/sh", None, "/none/sh"),
        ("/bin/../bin/sh", None, "/bin/../bin/sh"),
        ("/usr/../bin/sh", None, "/usr/../bin/sh"),
    ],
)
def test_a_path_is_found_behind_links_of_its_directories(path: str, number: int | None, real: str) -> None:
    assert (Locator(FILES).find(path), Locator(FILES).real(path)) == (number, real)
    assert Locator(FILES).find_all([path]) == (() if number is None else (number,))


def test_paths_are_found_in_their_order() -> None:
    assert Locator(FILES).find_all(["/bin/sh", "/none", "/usr/bin/sh", "/bin"]) == (0, 0, 1)
    assert Locator(FILES).find_all(iter(["/usr/bin/sh", "/bin"])) == (0, 1)


def test_a_directory_is_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = Filesystem.real

    def counted(self: Filesystem, path: str) -> str | None:
        asked.append(path)
        return real(self, path)

    monkeypatch.setattr(Filesystem, "real", counted)
    locator = Locator(FILES)
    assert [locator.find(f"/bin/{name}") for name in ("sh", "ls", "none")] == [0, 5, None]
    assert asked == ["/bin"]


@pytest.mark.parametrize(("depth", "is_found"), [(256, True), (257, False)])
def test_a_directory_of_very_many_parts_is_not_followed(depth: int, is_found: bool) -> None:
    below = "a/" * (depth - 1)
    locator = Locator(tree(["link -> d", f"d/{below}x:1"]))
    assert (locator.find(f"/link/{below}x") is not None) is is_found
