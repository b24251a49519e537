"""The outer structure of zstd frames is followed whatever the encoder chose, and whatever pieces the data comes in."""

import io
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import Damaged, LimitExceeded
from layerscope.tar.compression import Frames, decompressor, sniff
from tests.builder import compress, skippable_frame
from tests.tar.walking import Drip

frames = st.one_of(
    st.builds(
        lambda data, level, checksum, size, threads: zstandard.ZstdCompressor(
            level=level, write_checksum=checksum, write_content_size=size, threads=threads
        ).compress(data),
        st.one_of(
            st.binary(max_size=2000), st.integers(0, 400_000).map(bytes), st.integers(0, 70_000).map(b"ab".__mul__)
        ),
        st.integers(-5, 19),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 1]),
    ),
    st.binary(max_size=300).map(skippable_frame),
)


def between(data: bytes, step: int) -> bool:
    """Whether all frames of the data are whole."""
    passing = Frames(Drip(data, step))
    while passing.read(1 << 17):
        pass
    return passing.between


@settings(max_examples=100, deadline=None)
@given(st.lists(frames, max_size=4), st.integers(1, 5000))
def test_whole_frames_are_known_as_such(pieces: list[bytes], step: int) -> None:
    assert between(b"".join(pieces), step)


@settings(max_examples=100, deadline=None)
@given(st.lists(frames, max_size=3), frames, st.integers(1, 5000), st.data())
def test_a_cut_frame_is_known_as_such(pieces: list[bytes], last: bytes, step: int, choices: st.DataObject) -> None:
    cut = choices.draw(st.integers(1, len(last) - 1))
    assert not between(b"".join(pieces) + last[:cut], step)


@pytest.mark.parametrize("sized", range(4))
@pytest.mark.parametrize("single", [0, 1])
@pytest.mark.parametrize("checksum", [0, 1])
@pytest.mark.parametrize("dictionary", range(4))
def test_a_frame_s_header_is_as_long_as_its_first_byte_says(
    sized: int, single: int, checksum: int, dictionary: int
) -> None:
    """RFC 8878, section 3.1.1.1: window descriptor, dictionary id and content size are there or not."""
    length = (not single) + (0, 1, 2, 4)[dictionary] + (0, 2, 4, 8)[sized] + (single if not sized else 0)
    descriptor = sized << 6 | single << 5 | checksum << 2 | dictionary
    raw, rle = (5 << 3).to_bytes(3, "little") + b"bytes", (900 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"x"
    frame = b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + b"\xff" * length + raw + rle + b"\xff" * 4 * checksum
    for step in (1, 3, 100):
        assert between(frame, step) and between(frame + frame, step)
        assert not any(between(frame[:cut], step) for cut in range(1, len(frame)))
        assert not between(frame + b"\xff", step)


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2", "gzip-members", "zstd-frames"])
@pytest.mark.parametrize("step", [1, 777, 1 << 20])
def test_streams_expand_across_all_their_members(compression: str, step: int) -> None:
    data = bytes(range(256)) * 40
    packed = compress(data, compression)  # type: ignore[arg-type]
    stream = decompressor(compression.partition("-")[0], Drip(packed, step), "layer")
    assert everything(stream) == data


@pytest.mark.parametrize(
    ("first", "compression"),
    [(0x4F, ""), (0x50, "zstd"), (0x57, "zstd"), (0x5F, "zstd"), (0x60, "")],
)
def test_any_skippable_frame_may_begin_zstd(first: int, compression: str) -> None:
    assert sniff(bytes([first]) + skippable_frame(b"toc")[1:] + compress(b"abc", "zstd")) == compression


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_two_streams_in_a_row_are_one(compression: str) -> None:
    packed = compress(b"abc", compression) + compress(b"def", compression)  # type: ignore[arg-type]
    assert everything(decompressor(compression, io.BytesIO(packed), "layer")) == b"abcdef"  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_a_stream_that_ends_early_is_damage_at_every_cut(compression: str) -> None:
    packed = compress(bytes(range(256)) * 4, compression)  # type: ignore[arg-type]
    for cut in range(4, len(packed)):
        with pytest.raises(Damaged, match=rf"layer, offset [\d,]+: the {compression} stream"):
            everything(decompressor(compression, Drip(packed[:cut], 100), "layer"))


def everything(stream: object) -> bytes:
    """All that a stream expands to."""
    found, buffer = bytearray(), bytearray(1000)
    while count := stream.readinto(memoryview(buffer)):  # type: ignore[attr-defined]
        found += buffer[:count]
    return bytes(found)


def test_a_window_that_is_too_large_is_no_damage_and_its_limit_is_named() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    zstd = compressor.compress(b"a" * 1000) + compressor.flush()
    xz = lzma.compress(b"a" * 1000, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}])
    for compression, data, most in (("zstd", zstd, "128 MiB"), ("xz", xz, "256 MiB")):
        with pytest.raises(LimitExceeded) as caught:
            decompressor(compression, io.BytesIO(data), "layer 0").readinto(memoryview(bytearray(100)))  # type: ignore[arg-type]
        told = f"layer 0: the {compression} stream needs a window of more than {most}"
        assert caught.value.message == told
