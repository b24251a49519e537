from array import array

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.image import Layer
from layerscope.model.paths import directories_of
from layerscope.packages.database import presence
from layerscope.packages.locator import Locator

_WHITEOUT = "-"


def _filesystem(*layers: str) -> Filesystem:
    """One database, ``/db``, per layer: a text that its version lists, ``-`` for a whiteout, empty for no entry."""
    return Filesystem([_layer(index, {"/db": _kind(text)} if text else {}) for index, text in enumerate(layers)])


def _kind(text: str) -> Kind:
    return Kind.WHITEOUT if text == _WHITEOUT else Kind.FILE


def _layer(index: int, kinds: dict[str, Kind], links: dict[str, str] | None = None) -> Layer:
    paths = list(kinds)
    changeset = Changeset(
        paths=paths,
        directories=directories_of(paths),
        kinds=bytes(kinds.values()),
        sizes=array("q", [0] * len(paths)),
        ownerships=[(0o644, 0, 0)] * len(paths),
        mtimes=array("q", [0] * len(paths)),
        offsets=array("q", [0] * len(paths)),
        links={paths.index(path): target for path, target in (links or {}).items()},
    )
    return Layer(index=index, diff_id=None, changeset=changeset)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param(["a"], (0, None), id="once"),
        pytest.param(["a", "a", "ab"], (0, None), id="rewritten"),
        pytest.param(["b", "", "ab"], (2, None), id="added"),
        pytest.param(["ab", "", "b"], (0, 2), id="removed"),
        pytest.param(["ab", "b", "ab"], (2, None), id="came back"),
        pytest.param(["ab", "b", "ab", "b"], (2, 3), id="came back and left"),
        pytest.param(["a", "-"], (0, 1), id="database deleted"),
        pytest.param(["a", "-", "a"], (2, None), id="database made anew"),
        pytest.param(["", "a", "", ""], (1, None), id="untouched by later layers"),
    ],
)
def test_a_package_counts_from_the_first_layer_of_its_last_run(
    layers: list[str], expected: tuple[int, int | None]
) -> None:
    filesystem = _filesystem(*layers)
    texts = [text for text in layers if text not in ("", _WHITEOUT)]
    numbers = [number for number in range(len(filesystem)) if filesystem.kind_of(number) == Kind.FILE]
    found = presence(filesystem, zip(numbers, texts, strict=True))["a"]
    assert (found.layer, found.removed_in) == expected


@pytest.mark.parametrize(
    ("path", "real"),
    [
        pytest.param("/bin/sh", "/usr/bin/sh", id="merged directory"),
        pytest.param("/usr/bin/sh", "/usr/bin/sh", id="as it is"),
        pytest.param("/bin", "/bin", id="a link itself"),
        pytest.param("/chain/bin/sh", "/usr/bin/sh", id="a link behind a link"),
        pytest.param("/up/bin/sh", "/usr/bin/sh", id="a link with dots"),
        pytest.param("/loop/sh", "/loop/sh", id="a circle"),
        pytest.param("/usr/../etc/shadow", "/usr/../etc/shadow", id="dots are not followed"),
        pytest.param("/bin/" + "a/" * 300 + "b", "/bin/" + "a/" * 300 + "b", id="too deep"),
    ],
)
def test_symlinks_before_the_last_component_are_followed(path: str, real: str) -> None:
    links = {"/bin": "usr/bin", "/chain": "/", "/up": "../../usr/../usr", "/loop": "loop"}
    kinds = {"/usr": Kind.DIRECTORY, "/usr/bin": Kind.DIRECTORY, "/usr/bin/sh": Kind.FILE, "/etc/shadow": Kind.FILE}
    layer = _layer(0, kinds | dict.fromkeys(links, Kind.SYMLINK), links)
    assert Locator(Filesystem([layer])).real(path) == real
