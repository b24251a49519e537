"""How tars may end, and what may stand behind it."""

import io

import pytest

from layerscope.errors import Damaged
from layerscope.image.layer import read_stream
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Kind
from tests.builder import Member, directory, file, hardlink, layer, symlink
from tests.tar.walking import failure_of, layer_of


@pytest.mark.parametrize(
    ("data", "ended"),
    [
        pytest.param(layer(file("a", b"abc"), trailer=False), False, id="no end marker"),
        pytest.param(layer(file("a", b"abc"), trailer=False)[: 512 + 3], False, id="no padding"),
        pytest.param(layer(file("a", b"abc")) + bytes(9000), True, id="padding that is no whole record"),
        pytest.param(layer(file("a", b"abc"), trailer=False) + bytes(512), True, id="one zero block at the end"),
    ],
)
def test_sloppy_ends_are_accepted_as_the_engines_do(data: bytes, ended: bool) -> None:
    found = layer_of(data)
    assert found.ended == ended
    assert ([entry.content_bytes for entry in found.changeset], found.warnings, found.tar_bytes) == ([3], (), len(data))


@pytest.mark.parametrize("cut", [512 + 2, 512 + 1, 512, 511, 300])
def test_an_end_within_a_header_or_a_content_is_damage(cut: int) -> None:
    data = layer(file("a", b"abc"), trailer=False)
    assert failure_of(data[:cut]).kind is Damaged
    assert failure_of(data + data[:cut]).kind is Damaged


class Failing(io.RawIOBase):
    """A stream that breaks off with an error of its own, as a decompressor does."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        count = self._data.readinto(buffer)
        if not count:
            raise Damaged("the stream is damaged", where="layer", offset=1 << 40)
        return count


@pytest.mark.parametrize("end", range(0, 2560, 256))
def test_an_error_of_the_stream_is_never_the_end(end: int) -> None:
    data = layer(file("a", b"abc"), file("b"))
    with pytest.raises(Damaged, match="the stream is damaged"):
        read_stream(Failing(data[:end]), "layer", ReadOptions())


@pytest.mark.parametrize("rest", [b"something else", b"x", layer(file("b"))], ids=["text", "a byte", "another tar"])
def test_data_behind_the_end_is_warned_of(rest: bytes) -> None:
    found = layer_of(layer(file("a", b"abc")) + bytes(5120) + rest)
    assert len(found.changeset) == 1
    assert found.warnings == ("layer, offset 7,168: data behind the end of the tar; engines ignore it",)


def test_the_table_of_contents_of_estargz_may_stand_behind_the_end() -> None:
    found = layer_of(layer(file("a", b"abc")) + layer(file("stargz.index.json", b"{}")))
    assert ([entry.path for entry in found.changeset], found.warnings) == (["/a"], ())


@pytest.mark.parametrize("data", [b"", bytes(1024), bytes(10_240)], ids=["no bytes", "end marker only", "a record"])
def test_an_empty_layer_has_no_entries(data: bytes) -> None:
    assert len(layer_of(data).changeset) == 0


def test_rare_types_are_what_they_say_and_warned_of() -> None:
    rare = [
        Member(name=b"d/", typeflag=b"D", content=b"Yx\0\0"),
        Member(name=b"label", typeflag=b"V", content=b"volume"),
        Member(name=b"names", typeflag=b"N", content=b"Rename a to b"),
        Member(name=b"rest", typeflag=b"M", content=b"12"),
        Member(name=b"contiguous", typeflag=b"7", content=b"1234"),
        Member(name=b"odd", typeflag=b"Z", content=b"abc"),
    ]
    found = layer_of(layer(*rare, file("b", b"x")))
    assert [(entry.path, entry.kind, entry.content_bytes) for entry in found.changeset] == [
        ("/d", Kind.DIRECTORY, 0),
        ("/label", Kind.BOOKKEEPING, 0),
        ("/names", Kind.BOOKKEEPING, 0),
        ("/rest", Kind.FILE, 2),
        ("/contiguous", Kind.FILE, 4),
        ("/odd", Kind.FILE, 3),
        ("/b", Kind.FILE, 1),
    ]
    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "'label' (entry type b'V') is the label of a volume; it is left out",
        "'names' (entry type b'N') is a list of long names in GNU tar's oldest form; it is left out",
        "'rest' (entry type b'M') is the rest of a file from another volume; it counts as a file",
        "'odd' (entry type b'Z') is of an unknown type; it counts as a file",
    ]


@pytest.mark.parametrize("name", ["", "/", "./", ".", "a/..", "//"])
def test_only_a_directory_stands_for_the_root(name: str) -> None:
    left_out = (file(name, b"123"), symlink(name, "x"), hardlink(name, "x"))
    found = layer_of(layer(file("x", b"1"), *left_out, file("y", b"22")))
    assert [(entry.path, entry.kind, entry.content_bytes) for entry in found.changeset] == [
        ("/x", Kind.FILE, 1),
        *[("/", Kind.BOOKKEEPING, 0)] * 3,
        ("/y", Kind.FILE, 2),
    ]
    assert [warning.partition(", a ")[2] for warning in found.warnings] == [
        "file of 3 bytes, stands for the root directory; engines leave it out",
        "symlink of 0 bytes, stands for the root directory; engines leave it out",
        "hardlink of 0 bytes, stands for the root directory; engines leave it out",
    ]
    assert not layer_of(layer(directory(name))).warnings
