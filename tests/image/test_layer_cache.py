"""A directory of entries that may be damaged, full, foreign or gone: always a miss, never an error."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from layerscope.image import layer_cache as module
from layerscope.image.layer_cache import Cache, usual_directory

ONE, OTHER = b"1" * 32, b"2" * 32
POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and owners are those of POSIX")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "layerscope"


def held(cache: Cache, key: bytes) -> bytes | None:
    body = cache.get(key)
    return None if body is None else bytes(body)


def entries(place: Path) -> list[Path]:
    return sorted(place.iterdir())


def taken(place: Path) -> int:
    return sum((path.stat().st_size + 4095) // 4096 * 4096 for path in place.iterdir())


def test_what_was_put_is_there_for_every_later_run(place: Path) -> None:
    assert Cache(place).get(ONE) is None
    Cache(place).put(ONE, b"body")
    again = Cache(place)
    assert again.has(ONE) and held(again, ONE) == b"body"
    assert not again.has(OTHER) and again.get(OTHER) is None


def test_nothing_is_made_before_there_is_something_to_keep(place: Path) -> None:
    Cache(place).get(ONE)
    assert not place.parent.exists()


@POSIX
def test_only_the_user_can_read_it(place: Path) -> None:
    Cache(place).put(ONE, b"secret")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in entries(place)] == [0o600]


def test_an_entry_that_is_damaged_anywhere_is_a_miss_and_goes(place: Path) -> None:
    Cache(place).put(ONE, bytes(range(100)))
    (path,) = entries(place)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in (1, 128):
            damaged = bytearray(whole)
            damaged[position] ^= bit
            path.write_bytes(damaged)
            assert Cache(place).get(ONE) is None, position
            assert not path.exists(), position


def test_an_entry_that_is_cut_or_longer_is_a_miss_and_goes(place: Path) -> None:
    Cache(place).put(ONE, b"body" * 20)
    (path,) = entries(place)
    whole = path.read_bytes()
    for data in [*(whole[:length] for length in range(len(whole))), whole + b"\0"]:
        path.write_bytes(data)
        assert Cache(place).get(ONE) is None
        assert not path.exists()


def test_an_entry_under_the_name_of_another_is_a_miss(place: Path) -> None:
    cache = Cache(place)
    cache.put(ONE, b"body")
    (path,) = entries(place)
    path.rename(place / path.name.replace(ONE.hex(), OTHER.hex()))
    assert cache.get(OTHER) is None and not entries(place)


@POSIX
@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "dangling"])
def test_what_is_no_plain_file_is_a_miss(place: Path, kind: str, tmp_path: Path) -> None:
    cache = Cache(place)
    cache.put(ONE, b"body")
    (path,) = entries(place)
    path.rename(tmp_path / "elsewhere")
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / ("elsewhere" if kind == "link" else "nowhere"))
    assert cache.get(ONE) is None
    assert (tmp_path / "elsewhere").exists()


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_directory_that_others_write_to_is_not_used(place: Path, mode: int) -> None:
    cache = Cache(place)
    cache.put(ONE, b"body")
    place.chmod(mode)
    assert cache.get(ONE) is None
    cache.put(OTHER, b"body")
    assert "others can write" in cache.problem and len(entries(place)) == 1


@POSIX
def test_a_directory_of_somebody_else_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(place)
    cache.put(ONE, b"body")
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)
    assert cache.get(ONE) is None
    cache.put(OTHER, b"body")
    assert cache.problem and len(entries(place)) == 1


@pytest.mark.parametrize("below", [".", "layerscope", "layerscope/further"])
def test_a_place_where_no_directory_can_be_costs_nothing(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file" / below)
    cache.put(ONE, b"body")
    assert cache.get(ONE) is None and not cache.has(ONE) and cache.problem
    cache.drop(ONE)


@pytest.mark.parametrize("call", ["open", "write", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError()])
def test_a_write_that_fails_leaves_nothing_and_is_not_tried_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: Exception
) -> None:
    cache, calls = Cache(place), []
    cache.put(ONE, b"before")

    def fail(*_: object, **__: object) -> Any:
        calls.append(call)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        cache.put(OTHER, b"body")
        cache.put(OTHER, b"body")
    assert len(calls) == 1 and cache.problem
    assert [path.name for path in entries(place)] == [ONE.hex() + ".entry"]
    assert held(Cache(place), ONE) == b"before"


def test_an_interrupt_in_a_write_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Cache(place).put(ONE, b"body")
    assert not entries(place)


def test_it_never_takes_more_than_its_size_and_the_least_used_go_first(place: Path) -> None:
    cache = Cache(place, 40 * 4096)
    for number in range(30):
        cache.put(bytes([number]) * 32, bytes(4000))
        os.utime(place / f"{(bytes([number]) * 32).hex()}.entry", (number, number))
    assert Cache(place).get(bytes(32)) is not None  # It is now the one used last.
    for number in range(30, 45):
        cache.put(bytes([number]) * 32, bytes(4000))
        assert taken(place) <= 40 * 4096
    left = {int(path.name[:2], 16) for path in entries(place)}
    assert {0, *range(30, 45)} <= left and 1 not in left
    assert left - {0} == set(range(min(left - {0}), 45))


def test_what_is_larger_than_all_of_it_is_not_kept(place: Path) -> None:
    cache = Cache(place, 8192)
    cache.put(ONE, b"small")
    cache.put(OTHER, bytes(8192))
    assert [path.name[:64] for path in entries(place)] == [ONE.hex()]
    assert not cache.problem


def test_a_smaller_size_counts_for_what_is_there(place: Path) -> None:
    for number in range(20):
        Cache(place).put(bytes([number]) * 32, b"body")
    Cache(place, 5 * 4096).put(ONE, b"body")
    assert taken(place) <= 5 * 4096 and held(Cache(place), ONE) == b"body"


def test_only_its_own_files_are_ever_deleted(place: Path) -> None:
    cache = Cache(place, 2 * 4096)
    place.mkdir(parents=True, mode=0o700)
    (place / "notes.txt").write_bytes(bytes(100_000))
    for number in range(5):
        cache.put(bytes([number]) * 32, b"body")
    assert (place / "notes.txt").exists()


def test_parts_that_a_killed_process_left_go_and_those_of_a_living_one_stay(place: Path) -> None:
    Cache(place).put(ONE, b"body")
    old, new = place / "old.part", place / "new.part"
    old.write_bytes(b"")
    new.write_bytes(b"")
    os.utime(old, (0, 0))
    Cache(place).put(OTHER, b"body")
    assert new.exists() and not old.exists()


def test_an_entry_that_another_process_deletes_meanwhile_is_a_miss(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(place)
    cache.put(ONE, b"body")
    whole = Cache._is_ours

    def evicted(self: Cache) -> bool:
        found = whole(self)
        for path in entries(place):
            path.unlink()
        return found

    monkeypatch.setattr(Cache, "_is_ours", evicted)
    assert cache.has(ONE) and cache.get(ONE) is None


def test_files_that_vanish_while_room_is_made_do_no_harm(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(place, 3 * 4096)
    for number in range(3):
        cache.put(bytes([number]) * 32, b"body")
    listed = module._files

    def vanishing(directory: Path) -> Any:
        found = listed(directory)
        for path in entries(directory):
            path.unlink()
        return found

    monkeypatch.setattr(module, "_files", vanishing)
    cache.put(ONE, b"body")
    assert not cache.problem and held(cache, ONE) == b"body"


_WORK = """
import sys
from pathlib import Path
from layerscope.image.layer_cache import Cache
cache, sized = Cache(Path(sys.argv[1]), 12 * 4096), 0
for turn in range(300):
    key = bytes([turn % 20]) * 32
    body = cache.get(key)
    assert body is None or body == key * 200, "a part of an entry"
    cache.put(key, key * 200)
    assert not cache.problem, cache.problem
"""


def test_processes_that_write_read_and_evict_at_once_only_meet_whole_entries(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORK, place], stderr=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    assert [worker.communicate()[1] for worker in workers] == [b""] * 3
    assert all(path.suffix == ".entry" for path in entries(place))


def test_threads_share_one_cache(place: Path) -> None:
    cache = Cache(place)

    def work(first: int) -> None:
        for number in range(first, 200, 4):
            cache.put(bytes([number]) * 32, bytes([number]) * 500)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(held(cache, bytes([number]) * 32) == bytes([number]) * 500 for number in range(200))


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        pytest.param("linux", {"XDG_CACHE_HOME": "/x"}, "/x/layerscope", id="named"),
        pytest.param("linux", {"XDG_CACHE_HOME": "x"}, "/home/a/.cache/layerscope", id="a relative one is ignored"),
        pytest.param("linux", {}, "/home/a/.cache/layerscope", id="linux"),
        pytest.param("darwin", {}, "/home/a/Library/Caches/layerscope", id="macOS"),
        pytest.param("darwin", {"XDG_CACHE_HOME": "/x"}, "/x/layerscope", id="named on macOS"),
        pytest.param("win32", {"LOCALAPPDATA": "/local"}, "/local/layerscope/cache", id="windows"),
        pytest.param("win32", {}, None, id="windows without a place"),
    ],
)
@POSIX
def test_it_is_where_the_system_has_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str | None
) -> None:
    monkeypatch.setenv("HOME", "/home/a")
    monkeypatch.setattr(sys, "platform", platform)
    assert usual_directory(environment) == (Path(expected) if expected else None)


@POSIX
@pytest.mark.parametrize("home", ["", "relative"])
def test_without_a_home_there_is_no_place(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("HOME", home)
    assert usual_directory({"HOME": home}) is None
