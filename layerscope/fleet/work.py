"""What a worker does: read one layer, or put one image together. Each function takes a value and returns one."""

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import closing
from functools import cache, lru_cache
from pathlib import Path

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.ignore import Ignore, active, ignoring
from layerscope.analysis.report import report
from layerscope.errors import ArchiveError, LayerscopeError
from layerscope.fleet.codec import compressed
from layerscope.fleet.layer_contents import layer_contents
from layerscope.fleet.values import ImageOutcome, ImageResult, ImageTask, LayerOutcome, LayerTask, Problem, Settings
from layerscope.image.content import blob_name, open_stored, stored_blob
from layerscope.image.layer_cache import Cache
from layerscope.image.layer_results import keep_result, read_whole
from layerscope.image.options import ReadOptions
from layerscope.model.image import Digest
from layerscope.version import __version__


def read_layer(task: LayerTask) -> LayerOutcome:
    """Read a layer, and keep the result where every worker finds it."""
    begun = time.monotonic()
    expect_same_program(task.settings)
    digest = Digest.parse(task.digest)
    source = task.storage.blob(digest)
    reading = reading_of(task.settings)
    try:
        blob = stored_blob(source, blob_name(digest), blob_name(digest))
        with closing(blob.file):
            data = read_whole(blob, reading)
    except Exception as error:
        problem = Problem.of(error, source, digest=task.digest)
        return LayerOutcome(seconds=time.monotonic() - begun, problem=problem)
    keep_result(data, reading)  # Where that fails, all that follows would fail.
    return LayerOutcome(seconds=time.monotonic() - begun, proven=str(data.digest))


def join_image(task: ImageTask) -> ImageOutcome:
    """Analyse an image whose layers were read."""
    settings, place = task.settings, task.storage.place
    expect_same_program(settings)
    try:
        opened = open_stored(task.storage, task.candidate, place, reading_of(settings), task.known)
        with opened as (image, store):
            if settings.strict and image.warnings:
                raise ArchiveError(image.warnings[0])
            analysis = analyse(image, AnalysisInputs(ignores=_active(settings)))
            made = report(analysis)
            contents = layer_contents(analysis.filesystem) if settings.contents else ()
            read = store.read_layers
    except Exception as error:
        digest = task.candidate.manifest_digest
        return ImageOutcome(problems=(Problem.of(error, place, digest=digest),))
    if settings.today is not None:
        made = ignoring(made, settings.ignores, settings.today)
    return ImageOutcome(results=(compressed(ImageResult(report=made, contents=contents)),), layers_read=read)


def _active(settings: Settings) -> tuple[Ignore, ...]:
    return () if settings.today is None else active(settings.ignores, settings.today)


def reading_of(settings: Settings) -> ReadOptions:
    """How a worker reads, on one thread; limits count anew for each task."""
    return ReadOptions(
        wanted=WANTED,
        limits=settings.limits,
        strict=settings.strict,
        threads=1,
        cache=_cache(settings.state, settings.most_bytes),
    )


@lru_cache(maxsize=2)
def _cache(directory: str, most_bytes: int) -> Cache:
    return Cache(Path(directory) / "layers", most_bytes)


def expect_same_program(settings: Settings) -> None:
    """Raise LayerscopeError in a worker that runs other code than the driver."""
    if settings.program != program():
        raise LayerscopeError(
            f"a worker runs another layerscope than this one ({__version__})",
            hint="install the same version on all workers, and restart them",
        )


def look_around(places: Sequence[str], token: str) -> tuple[str, str, tuple[str, ...]]:
    """What a worker on another machine runs, and which of the files and directories it does not see."""
    return program(), __version__, tuple(path for path in (*places, token) if not os.path.exists(path))


@cache
def program() -> str:
    """Stands for the code of this process: the version and every source file."""
    proof = hashlib.sha256(__version__.encode())
    package = Path(__file__).parent.parent
    for source in sorted(package.rglob("*.py")):
        proof.update(str(source.relative_to(package)).encode() + b"\0" + source.read_bytes())
    return proof.hexdigest()
