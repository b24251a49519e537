"""How tars may end, and what may stand behind it."""

import io

import pytest

from layerscope.archive.layer import read_stream
from layerscope.archive.reading import Reading
from layerscope.errors import Damaged
from layerscope.model.entry import Kind
from tests.archive.walking import failure_of, layer_of
from tests.builder import Member, file, header, layer, raw


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


@pytest.mark.parametrize("cut", [512 + 2, 512 + 1, 512, 511, 1])
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
        read_stream(Failing(data[:end]), "layer", Reading())


@pytest.mark.parametrize("rest", [b"something else", b"x", layer(file("b"))], ids=["text", "a byte", "another tar"])
def test_data_behind_the_end_is_warned_of(rest: bytes) -> None:
    found = layer_of(layer(file("a", b"abc")) + bytes(5120) + rest)
    assert len(found.changeset) == 1
    assert found.warnings == ("layer, offset 7,168: data behind the end of the tar; no engine would unpack it",)


def test_the_table_of_contents_of_estargz_may_stand_behind_the_end() -> None:
    found = layer_of(layer(file("a", b"abc")) + layer(file("stargz.index.json", b"{}")))
    assert ([entry.path for entry in found.changeset], found.warnings) == (["/a"], ())


@pytest.mark.parametrize("data", [b"", bytes(1024), bytes(10_240)], ids=["no bytes", "end marker only", "a record"])
def test_an_empty_layer_has_no_entries(data: bytes) -> None:
    assert len(layer_of(data).changeset) == 0


def test_an_unknown_type_is_taken_for_a_file_and_warned_of() -> None:
    data = layer(raw(header(b"v", typeflag=b"V")), Member(name=b"odd", typeflag=b"Z", content=b"abc"), file("b", b"x"))
    found = layer_of(data)
    assert [(entry.path, entry.kind, entry.content_bytes) for entry in found.changeset] == [
        ("/v", Kind.FILE, 0),
        ("/odd", Kind.FILE, 3),
        ("/b", Kind.FILE, 1),
    ]
    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "entry type b'V' of 'v' is unknown; taken for a file",
        "entry type b'Z' of 'odd' is unknown; taken for a file",
    ]
