"""Layers that an earlier run has read: used where they are proven to be the same, and as if they had been read now."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged, LayerscopeError
from layerscope.image import cached_layers
from layerscope.image.layer_cache import Cache
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from tests.builder import (
    ImageSpec,
    archive,
    compress,
    contents,
    crane,
    digest,
    docker_legacy,
    edit,
    file,
    layer,
    oci_archive,
    oci_layout_directory,
)
from tests.image.opening import error_of, opened
from tests.image.samples import COPY, DIALECTS, LOWER, SPEC, UPPER

Count = Callable[[], dict[str, int]]


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(SPEC))
    return path


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Count:
    """What was done since it was asked last: blobs decompressed, blobs hashed."""
    counts = {"_read": 0, "digests_of": 0}

    def counting(name: str) -> None:
        whole = getattr(cached_layers, name)

        def counted(*arguments: Any) -> Any:
            counts[name] += 1
            return whole(*arguments)

        monkeypatch.setattr(cached_layers, name, counted)

    def asked() -> dict[str, int]:
        found = {"decompressed": counts["_read"], "hashed": counts["digests_of"]}
        counts.update(_read=0, digests_of=0)
        return found

    for name in counts:
        counting(name)
    return asked


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were written just now count as old."""
    monkeypatch.setattr(cached_layers, "_RACY", -(1 << 62))


TOGETHER = sum(map(len, SPEC.layers))
ANEW = {"decompressed": 3, "hashed": 0}


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if "plain" not in name])
def test_every_dialect_is_the_same_with_a_cache(dialect: str, tmp_path: Path, kept: Cache, done: Count) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(DIALECTS[dialect](SPEC))
    expected_image, expected = opened(path)
    for turn in range(3):
        image, told = opened(path, cache=kept)
        assert told == expected
        assert [layer.verified for layer in image.layers] == [layer.verified for layer in expected_image.layers]
        assert [(layer.stored_bytes, layer.tar_bytes, layer.compression) for layer in image.layers] == [
            (layer.stored_bytes, layer.tar_bytes, layer.compression) for layer in expected_image.layers
        ]
        assert not turn or done()["decompressed"] == 0
        done()


def test_a_known_layer_is_hashed_and_not_decompressed(image: Path, kept: Cache, done: Count) -> None:
    opened(image, cache=kept)
    assert done() == ANEW
    opened(image, cache=kept)
    assert done() == {"decompressed": 0, "hashed": 3}


def test_an_unchanged_archive_is_not_even_hashed(image: Path, kept: Cache, done: Count, settled: None) -> None:
    opened(image, cache=kept)
    done()
    opened(image, cache=kept)
    assert done() == {"decompressed": 0, "hashed": 0}


def test_the_blobs_of_an_archive_are_hashed_once(image: Path, kept: Cache, done: Count, monkeypatch: Any) -> None:
    opened(image, cache=kept)
    monkeypatch.setattr(cached_layers, "_RACY", -(1 << 62))
    done()
    opened(image, cache=kept)
    opened(image, cache=kept)
    assert done() == {"decompressed": 0, "hashed": 3}


def test_a_file_that_was_changed_just_now_is_hashed_again(image: Path, kept: Cache, done: Count) -> None:
    os.utime(image, (0, 0))  # The mtime can be set to anything, the ctime cannot.
    for _ in range(3):
        opened(image, cache=kept)
    assert done() == {"decompressed": 3, "hashed": 6}


@pytest.mark.parametrize("change", ["content", "mtime", "moved"])
def test_an_archive_that_changed_is_hashed_again(
    image: Path, kept: Cache, done: Count, settled: None, change: str
) -> None:
    opened(image, cache=kept)
    done()
    if change == "content":
        state = image.stat()
        other = compress(layer(*(file(f"f{number}", b"other") for number in range(9))), "gzip")
        data = image.read_bytes()
        blob = compress(LOWER, "gzip")
        assert len(other) <= len(blob) and blob in data
        with image.open("r+b") as archive_file:  # In place, as long as before, with the old mtime.
            archive_file.seek(data.index(blob))
            archive_file.write(other.ljust(len(blob), b"\0"))
        os.utime(image, ns=(state.st_atime_ns, state.st_mtime_ns))
        assert opened(image, cache=kept)[0].layers[0].verified == "mismatch"
        assert done() == {"decompressed": 1, "hashed": 3}
        return
    if change == "mtime":
        os.utime(image, (5, 5))
    else:
        image.write_bytes(image.read_bytes())
        image.rename(image.with_name("moved.tar"))
        image = image.with_name("moved.tar")
    opened(image, cache=kept)
    assert done() == {"decompressed": 0, "hashed": 3}


@pytest.mark.parametrize("form", ["other image", "docker archive", "directory"])
def test_layers_are_known_in_every_archive_that_has_them(
    image: Path, kept: Cache, done: Count, tmp_path: Path, form: str
) -> None:
    opened(image, cache=kept)
    done()
    path = tmp_path / "other"
    if form == "other image":
        path.write_bytes(oci_archive(ImageSpec(layers=(COPY, UPPER, layer(file("new"))), tags=("other:1",))))
    elif form == "docker archive":
        path.write_bytes(crane(SPEC))
    else:
        oci_layout_directory(path, SPEC)
    found, told = opened(path, cache=kept)
    assert done() == {"decompressed": 1 if form == "other image" else 0, "hashed": 2 if form == "other image" else 3}
    assert told == opened(path)[1]
    if form == "docker archive":
        assert found.format == "docker-archive"


def test_contents_are_streamed_from_a_known_layer(image: Path, kept: Cache) -> None:
    for _ in range(2):
        with open_image(str(image), ReadOptions(cache=kept)) as found:
            assert [
                (index, b"".join(bytes(piece) for piece in pieces if not isinstance(piece, int)))
                for index, pieces in found.layers[2].contents.stream((1, 0))
            ] == [(0, b"tool" * 500), (1, b"here")]


def test_an_archive_that_changes_after_it_was_known_is_told_by_its_contents(image: Path, kept: Cache) -> None:
    opened(image, cache=kept, wanted=())
    with pytest.raises(Damaged), open_image(str(image), ReadOptions(cache=kept)) as found:
        data = image.read_bytes()
        blob, other = compress(COPY, "gzip"), compress(COPY.replace(b"here", b"gone"), "gzip")
        with image.open("r+b") as archive_file:
            archive_file.seek(data.index(blob))
            archive_file.write(other.ljust(len(blob), b"\0"))
        for _, pieces in found.layers[2].contents.stream((1,)):
            list(pieces)


def test_proving_reads_no_entry_but_makes_them(image: Path, kept: Cache, done: Count, settled: None) -> None:
    opened(image, cache=kept, verify=True)
    assert done() == ANEW
    opened(image, cache=kept)
    assert done() == {"decompressed": 0, "hashed": 0}
    opened(image, cache=kept, verify=True)
    assert done() == ANEW


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param({"wanted": (Wanted(paths=PathSet(names=("old",))),)}, id="wanted"),
        pytest.param({"fingerprint": "sha256"}, id="fingerprint"),
        pytest.param({"limits": Limits(entries=1000)}, id="limits"),
    ],
)
def test_another_question_is_another_entry(
    image: Path, kept: Cache, done: Count, settled: None, choices: dict[str, Any]
) -> None:
    opened(image, cache=kept)
    done()
    found = opened(image, cache=kept, **choices)[1]
    assert done() == ANEW
    assert found == opened(image, **choices)[1]


def test_another_version_is_another_entry(image: Path, kept: Cache, done: Count, monkeypatch: Any) -> None:
    opened(image, cache=kept)
    done()
    monkeypatch.setattr(cached_layers, "_program", lambda: b"another")
    cached_layers._asked.cache_clear()
    opened(image, cache=kept)
    cached_layers._asked.cache_clear()
    assert done() == ANEW


def test_a_name_that_lies_about_its_digest_proves_nothing(
    tmp_path: Path, kept: Cache, image: Path, done: Count
) -> None:
    opened(image, cache=kept)
    done()
    named, held = digest(compress(UPPER, "gzip"))[7:], compress(COPY, "gzip")
    path = tmp_path / "lie.tar"
    path.write_bytes(edit(oci_archive(SPEC), replace={f"blobs/sha256/{named}": held}))
    found, _ = opened(path, cache=kept)
    assert [one.verified for one in found.layers] == ["contents", "mismatch", "contents"]
    assert found.warnings == opened(path)[0].warnings


def test_a_wrong_diff_id_is_found_in_a_known_layer(tmp_path: Path, kept: Cache, image: Path) -> None:
    opened(image, cache=kept)
    rootfs = {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64, *SPEC.diff_ids[1:]]}}
    path = tmp_path / "other.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=SPEC.layers, config_extra=rootfs)))
    found, _ = opened(path, cache=kept)
    assert found.layers[0].verified == "mismatch" and found.warnings == opened(path)[0].warnings


@pytest.mark.parametrize("name", [f"blobs/sha256/{digest(compress(UPPER, 'gzip'))[7:]}"])
def test_a_known_layer_under_the_digest_of_another_is_a_mismatch(name: str, tmp_path: Path, kept: Cache) -> None:
    """The content is what the diff_id says, and compressed otherwise than the descriptor says."""
    other = compress(UPPER, "zstd")
    path = tmp_path / "image.tar"
    path.write_bytes(edit(oci_archive(SPEC), replace={name: other}))
    for _ in range(2):
        image, _ = opened(path, cache=kept)
        assert [one.verified for one in image.layers] == ["contents", "mismatch", "contents"]
        [warning] = image.warnings
        assert warning.endswith(f"is not what its digest says: {digest(other)} instead of sha256:{name[-64:]}")


def test_a_layer_with_a_warning_is_read_anew(tmp_path: Path, kept: Cache, done: Count) -> None:
    odd = layer(file("a", b"1")) + b"behind the end".ljust(512)
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(COPY, odd))))
    other = tmp_path / "other.tar"
    other.write_bytes(oci_archive(ImageSpec(layers=(odd, COPY))))
    for archive_path in (path, other, path):
        assert opened(archive_path, cache=kept)[0].warnings == opened(archive_path)[0].warnings != ()
    assert done()["decompressed"] == 2 + 1 + 1


def test_a_damaged_layer_leaves_nothing(tmp_path: Path, kept: Cache) -> None:
    blob = compress(LOWER, "gzip")
    path = tmp_path / "image.tar"
    path.write_bytes(edit(oci_archive(SPEC), replace={f"blobs/sha256/{digest(blob)[7:]}": blob[:-40]}))
    first, second = error_of(path, cache=kept, strict=True), error_of(path, cache=kept, strict=True)
    assert first.message == second.message == error_of(path, strict=True).message


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(entries=10), id="entries"),
        pytest.param(Limits(expanded_bytes=TOGETHER - 1, ratio_from=0, ratio=10_000), id="expanded bytes"),
    ],
)
def test_limits_on_all_layers_together_hold_for_known_ones(tmp_path: Path, kept: Cache, limits: Limits) -> None:
    both = tmp_path / "both.tar"
    both.write_bytes(oci_archive(ImageSpec(layers=(LOWER, UPPER, COPY))))
    refusal = error_of(both, limits=limits)
    for number, one in enumerate((LOWER, UPPER, COPY)):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(oci_archive(ImageSpec(layers=(one,))))
        opened(path, limits=limits, cache=kept)
    for _ in range(2):
        found = error_of(both, limits=limits, cache=kept)
        assert (type(found), found.message) == (type(refusal), refusal.message)


def test_what_is_refused_for_a_ratio_is_refused_again(tmp_path: Path, kept: Cache) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(layer(file("zeros", bytes(1 << 20))), COPY))))
    limits = Limits(ratio_from=1 << 18, ratio=20)
    messages = {error_of(path, limits=limits, threads=1, cache=cache).message for cache in (None, kept, kept)}
    assert len(messages) == 1


def test_entries_damaged_anywhere_change_nothing(image: Path, kept: Cache, settled: None) -> None:
    expected = opened(image)[1]
    opened(image, cache=kept)
    paths = sorted(kept.directory.iterdir())
    assert len(paths) == 6  # For each layer what it holds, and where it lies.
    wholes = {path: path.read_bytes() for path in paths}
    for path, whole in wholes.items():
        for position in range(0, len(whole), max(1, len(whole) // 25)):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :])
            assert opened(image, cache=kept)[1] == expected
            assert path.read_bytes() == whole
        path.write_bytes(whole[: len(whole) // 2])
        assert opened(image, cache=kept)[1] == expected


def test_an_entry_that_is_whole_but_no_layer_is_a_miss_and_goes(image: Path, kept: Cache, settled: None) -> None:
    expected = opened(image)[1]
    opened(image, cache=kept)
    wholes = {path: path.read_bytes() for path in kept.directory.iterdir()}
    for path in wholes:
        for body in (b"", b"x" * 32, compress(b"something else", "zstd")):
            kept.put(bytes.fromhex(path.stem), body)
            assert opened(image, cache=kept)[1] == expected
    assert {path: path.read_bytes() for path in kept.directory.iterdir()}.keys() >= wholes.keys()


def test_entries_that_go_while_they_are_read_are_misses(
    image: Path, kept: Cache, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = opened(image, cache=kept)[1]
    whole = Cache.get

    def evicted(self: Cache, key: bytes) -> memoryview | None:
        found = whole(self, key)
        for path in self.directory.iterdir():
            with suppress(
                FileNotFoundError, PermissionError
            ):  # On Windows nobody can delete what another thread reads.
                path.unlink()
        return found

    monkeypatch.setattr(Cache, "get", evicted)
    assert opened(image, cache=kept)[1] == expected


def test_a_cache_that_cannot_be_written_changes_nothing(image: Path, tmp_path: Path, done: Count) -> None:
    (tmp_path / "file").write_bytes(b"")
    expected = opened(image)[1]
    cache = Cache(tmp_path / "file" / "cache")
    assert opened(image, cache=cache)[1] == opened(image, cache=cache)[1] == expected
    assert cache.problem


def test_what_goes_by_only_once_is_not_kept(image: Path, tmp_path: Path, kept: Cache) -> None:
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(image.read_bytes(), "gzip"))
    opened(path, cache=kept)
    assert not kept.directory.exists()


def test_plain_layers_are_not_kept(tmp_path: Path, kept: Cache) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    opened(path, cache=kept)
    opened(path, cache=kept, verify=True)
    assert not kept.directory.exists()


def test_hashing_ends_when_the_reading_is_stopped(image: Path, kept: Cache) -> None:
    opened(image, cache=kept)
    reading = ReadOptions(cache=kept, wanted=(Wanted(small=1 << 30),))
    reading.tally.stop()
    with pytest.raises(ArchiveError, match="read cancelled"), open_image(str(image), reading):
        pass


def test_progress_is_told_of_known_layers_too(image: Path, kept: Cache) -> None:
    stored = sum(len(compress(one, "gzip")) for one in SPEC.layers)
    for _ in range(3):
        counts: list[int] = []
        opened(image, cache=kept, progress=counts.append)
        assert sum(counts) == stored


def test_an_archive_of_other_files_is_no_layer_with_a_cache_either(tmp_path: Path, kept: Cache) -> None:
    path = tmp_path / "image.tar"
    data = contents(oci_archive(SPEC))
    name = f"blobs/sha256/{digest(compress(COPY, 'gzip'))[7:]}"
    path.write_bytes(archive({**data, name: compress(b"no tar at all", "gzip")}.items()))
    messages = set()
    for cache in (None, kept, kept):
        try:
            messages.add(opened(path, cache=cache)[0].warnings)
        except LayerscopeError as error:
            messages.add((error.message,))
    assert len(messages) == 1


def test_the_key_covers_every_folder_that_reading_imports() -> None:
    """Or the layers that older code kept would be used by newer code."""
    from tests.test_architecture import EDGES

    reading = EDGES["image"] - {"__init__", "errors", "version"} | {"image"}
    assert {"packages/catalogers", "packages/formats"} < set(cached_layers._FOLDERS), "readers of ranges"
    assert {folder for folder in cached_layers._FOLDERS if "/" not in folder} == reading | {"packages"}


def _first(file: RangedFile) -> None:
    file.read(0, 3)


def _last(file: RangedFile) -> None:
    file.read(file.length - 3, 3)


def test_another_reader_of_ranges_is_another_key() -> None:
    keys = {
        cached_layers._asked((Wanted(ranges=reader),), "xxh3", Limits())
        for reader in (None, RangeReader(_first), RangeReader(_last), RangeReader(_first, b"x"))
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(Wanted(head=100), id="beginnings"),
        pytest.param(Wanted(head=0, tail=100), id="ends"),
        pytest.param(Wanted(head=0, ranges=RangeReader(_last)), id="ranges"),
    ],
)
@pytest.mark.parametrize("most", [1, 1000])
def test_a_layer_of_which_very_much_is_wanted_is_not_kept(
    wish: Wanted, most: int, image: Path, kept: Cache, done: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_layers, "_MOST_CONTENT", most)
    wanted = (replace(wish, paths=PathSet(trees=("/bin", "/cache"))),)
    for _ in range(2):
        with open_image(str(image), ReadOptions(wanted=wanted, cache=kept)):
            again = done()["decompressed"]
    assert bool(again) == (most == 1)


def test_ranges_come_back_from_the_cache(image: Path, kept: Cache, done: Count) -> None:
    wanted = (Wanted(paths=PathSet(trees=("/bin", "/cache")), head=0, ranges=RangeReader(_last)),)
    given = []
    for turn in range(2):
        with open_image(str(image), ReadOptions(wanted=wanted, cache=kept)) as found:
            contents, changeset = found.layers[0].contents, found.layers[0].changeset
            sizes = [(index, size) for index, size in enumerate(changeset.sizes) if size > 3]
            given.append([contents.read(index, size - 3, 3) for index, size in sizes])
        assert bool(done()["decompressed"]) == (not turn)
    assert given[0] == given[1]
    assert given[0] and None not in given[0]
