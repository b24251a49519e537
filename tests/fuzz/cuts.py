"""Cuts and flips of every fixture in every form: ``python -m tests.fuzz.cuts --count 2000``.

A damaged archive ends in an error about it, or in a report that says what is missing or changed, or else the figures
are those of the whole archive. A flip in bytes that no checksum covers can do neither: with ``--verify`` these are the
headers of the outer archive and the documents that no digest names.
"""

import argparse
import gzip
import random
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import zstandard

from layerscope.errors import AmbiguousImage, ArchiveError, UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from tests.building.compression import Compression, compress
from tests.conftest import FIXTURES
from tests.image.opening import fifo_of, file_of
from tests.tar.walking import columns

FORMS: tuple[Compression, ...] = ("", "gzip", "zstd", "xz", "bzip2")
CLEAN = "a clean report of other figures"


@cache
def whole(name: str, form: Compression) -> bytes:
    """A fixture as it is, or compressed as a whole, with a checksum in every form."""
    data = (FIXTURES / name).read_bytes()
    if form == "zstd":
        return zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return gzip.compress(data, 6, mtime=0) if form == "gzip" else compress(data, form)


def fixtures() -> list[tuple[str, Compression]]:
    """Every archive in each form that it can have; one that is compressed already stays as it is."""
    names = sorted(path.name for path in FIXTURES.glob("*.tar*") if not path.name.endswith(".txt.gz"))
    return [(name, form) for name in names for form in (FORMS if name.endswith(".tar") else ("",))]


def damaged(data: bytes, choose: random.Random) -> tuple[str, bytes]:
    """What was done to the data, and what came of it: a cut, or one flipped bit."""
    if choose.randrange(2):
        end = choose.choice((choose.randrange(len(data)), choose.randrange(len(data)) // 512 * 512))
        return f"cut at {end}", data[:end]
    place = choose.randrange(len(data))
    bit = choose.randrange(8)
    return f"bit {bit} of {place} flipped", data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


Figures = tuple[object, ...]


def figures(image: Image) -> Figures:
    tree = Filesystem(image.layers)
    layers = [(columns(one.changeset), one.content_bytes, tree.hidden_bytes(one.index)) for one in image.layers]
    return layers, image.docker_size, [entry.created_by for entry in image.config.history]


def read(path: Path, image_name: str, *, verify: bool) -> tuple[Figures, bool, frozenset[str]]:
    """The figures of an archive, whether it is complete, and what is warned of."""
    with open_image(str(path), ReadOptions(image=image_name, verify=verify, threads=1)) as image:
        said = frozenset(text.replace(str(path), "") for text in (*image.warnings, *image.notes))
        return figures(image), image.complete, said


def outcome(name: str, form: Compression, data: bytes, *, verify: bool, piped: bool) -> str:
    """How the reading of a damaged archive ended."""
    image, (as_whole, _, said_of_whole) = expected(name, form)
    with file_of(data) as path:
        try:
            if piped:
                with fifo_of(data, path.with_name("pipe")) as pipe:
                    found, complete, said = read(pipe, image, verify=verify)
            else:
                found, complete, said = read(path, image, verify=verify)
        except ArchiveError:
            return "an error"
        except UsageError as error:
            return f"a question: {error.message}"
    if not complete or said - said_of_whole:
        return "a report that says so"
    return "equal figures" if found == as_whole else CLEAN


@cache
def expected(name: str, form: Compression) -> tuple[str, tuple[Figures, bool, frozenset[str]]]:
    """Which image of a whole archive is read, and what it gives."""
    with file_of(whole(name, form)) as path:
        try:
            return "", read(path, "", verify=False)
        except AmbiguousImage:
            return "0", read(path, "0", verify=False)


def tries(count: int, seed: int, *, verify: bool, most: int = 1 << 40) -> Iterator[tuple[str, str]]:
    """So many damaged archives: which it is, and how reading it ended."""
    choose = random.Random(seed)
    every = [one for one in fixtures() if len(whole(*one)) <= most]
    for number in range(count):
        name, form = every[number % len(every)]
        done, data = damaged(whole(name, form), choose)
        piped = choose.randrange(8) == 0
        ended = outcome(name, form, data, verify=verify, piped=piped)
        yield f"{name} {form or 'as it is'}{' through a pipe' if piped else ''}: {done}", ended


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    for what, ended in tries(options.count, options.seed, verify=options.verify):
        counts[ended.partition(":")[0]] += 1
        if ended == CLEAN or ended.startswith("a question"):
            print(f"{what}: {ended}", flush=True)
    print(dict(counts))
    return int(CLEAN in counts)


if __name__ == "__main__":
    sys.exit(main())
