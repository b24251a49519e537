"""A scan: first every distinct layer, the largest first, then every image from the results of its layers."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import ArchiveError, LayerscopeError
from layerscope.fleet.codec import encode, expanded
from layerscope.fleet.executors import Backend, Lost, Ready, Workers
from layerscope.fleet.inventory import KEPT, READ, Inventory, Job
from layerscope.fleet.places import places_in
from layerscope.fleet.plan import Choice, Planner
from layerscope.fleet.values import (
    DistinctLayer,
    ImageOutcome,
    ImageResult,
    ImageTask,
    LayerOutcome,
    LayerTask,
    Name,
    Problem,
    ScannedImage,
    Settings,
)
from layerscope.fleet.work import join_image, read_layer, reading_of
from layerscope.image.content import KnownLayers
from layerscope.image.layer_cache import Cache
from layerscope.image.options import ReadOptions

_DIED = "reading it ended its worker twice, as a lack of memory does"
_Work = Callable[[], ImageOutcome]
ReadArchive = Callable[[str, bool], ImageOutcome]
"""Reads the images of an archive, by its path and whether the user named it; picklable."""


class Progress(Struct, kw_only=True):
    """How far a scan is. ``bytes`` are stored ones; ``kept_layers`` and ``kept_images`` come from an earlier scan.

    ``slowest`` is the digest of the layer that took longest, ``slowest_seconds`` how long; ``problems`` counts what
    could not be read, ``skipped`` what is no image.
    """

    images: int = 0
    jobs_done: int = 0
    jobs: int = 0
    layers_done: int = 0
    layers: int = 0
    bytes_done: int = 0
    bytes: int = 0
    kept_layers: int = 0
    kept_images: int = 0
    problems: int = 0
    skipped: int = 0
    seconds: float = 0.0
    slowest: str = ""
    slowest_seconds: float = 0.0


class FleetScan:
    """Reads all images of some places; ``backend`` says who does the work, once it is known how much that is.

    ``problems``, ``skips`` and ``watch`` get what could not be read, what is no image, and how far the scan is. Take
    ``images`` first, all of them; ``layers`` are those of the images that came.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Callable[[Progress], Backend],
        read_archive: ReadArchive,
        *,
        reading: ReadOptions | None = None,
        choice: Choice = Choice(),  # noqa: B008
        problems: Callable[[Problem], None] = lambda _: None,
        skips: Callable[[str], None] = lambda _: None,
        watch: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        own = reading_of(settings)
        self._settings = settings
        self._backend = backend
        self._read_archive = read_archive
        self._reading = own if reading is None else replace(own, image=reading.image, platform=reading.platform)
        self._reading = replace(self._reading, verify=settings.verify)
        self._choice = choice
        self._on_problem = problems
        self._on_skip = skips
        self._watch = watch
        self._reports = Cache(Path(settings.state) / "reports", settings.most_bytes)
        self._inventory = Inventory()
        self._errors: dict[int, dict[str, ArchiveError]] = {}
        self._digests: dict[int, dict[str, str]] = {}
        self._begun = time.monotonic()
        self.progress = Progress()

    def images(self, names: Sequence[str]) -> Iterator[ScannedImage]:
        """Each image of the places with these names, in their order, whichever worker reads them."""
        planner = Planner(self._inventory, self._reading, self._choice, self._problem, self._skip)
        for place in places_in(names, self._unreadable):
            planner.add(place)
        progress = self.progress
        progress.layers, layer_bytes = self._inventory.totals(READ)
        progress.kept_layers, _ = self._inventory.totals(KEPT)
        progress.jobs, job_bytes = self._inventory.job_totals()
        progress.bytes = layer_bytes + job_bytes
        with Workers(self._backend(progress)) as workers:
            self._read_layers(workers)
            yield from self._join(workers)
        self._tell()

    def layers(self) -> Iterator[DistinctLayer]:
        """Each distinct layer of the images that came, by digest."""
        return self._inventory.layers()

    def _read_layers(self, workers: Workers) -> None:
        tasks = (
            (
                LayerTask(
                    storage=self._inventory.storage(blob.storage),
                    digest=blob.digest,
                    stored_bytes=blob.stored_bytes,
                    settings=self._settings,
                ),
                None,
            )
            for blob in self._inventory.blobs(READ)
        )
        for task, outcome in workers.results(read_layer, tasks, in_order=False):
            self._note_layer(task, outcome)
            self._tell()

    def _note_layer(self, task: LayerTask, outcome: LayerOutcome | Lost) -> None:
        progress, number = self.progress, self._inventory.blob_storage(task.digest)
        progress.layers_done += 1
        progress.bytes_done += task.stored_bytes
        if isinstance(outcome, Lost):
            self._errors.setdefault(number, {})[task.digest] = ArchiveError(_DIED)
            return
        if outcome.seconds > progress.slowest_seconds:
            progress.slowest, progress.slowest_seconds = task.digest, outcome.seconds
        if outcome.problem is not None:
            error = outcome.problem.exception()
            assert isinstance(error, ArchiveError)
            self._errors.setdefault(number, {})[task.digest] = error
        elif outcome.proven != task.digest:
            self._digests.setdefault(number, {})[task.digest] = outcome.proven

    def _join(self, workers: Workers) -> Iterator[ScannedImage]:
        keys: dict[int, bytes] = {}  # Of the few that are under way.
        jobs: dict[int, tuple[Job, int]] = {}

        def tasks() -> Iterator[tuple[tuple[int, _Work], Ready[ImageOutcome] | None]]:
            for number, (job, stored_bytes) in enumerate(self._inventory.jobs()):
                jobs[number] = job, stored_bytes
                work, key = self._work(job)
                kept = self._reports.get(key) if key else None
                if key and kept is None:
                    keys[number] = key
                ready = Ready(ImageOutcome(results=(bytes(kept),), is_kept=True)) if kept is not None else None
                if job.candidate is None and not (Path(job.path).is_file() or Path(job.path).is_dir()):
                    ready = Ready(work())  # A pipe is open in this process alone.
                yield (number, work), ready

        for (number, _), outcome in workers.results(_call, tasks(), in_order=True):
            (job, stored_bytes), key = jobs.pop(number), keys.pop(number, b"")
            if isinstance(outcome, Lost):
                outcome = ImageOutcome(problems=(_lost(job),))
            yield from self._results(job, outcome, key)
            self.progress.jobs_done += 1
            self.progress.bytes_done += stored_bytes
            self._tell()

    def _work(self, job: Job) -> tuple[_Work, bytes]:
        """What a worker is to do, and the key of the result where it may be kept."""
        if job.candidate is None:
            return partial(self._read_archive, job.path, job.is_named), b""
        known = self._known(job)
        task = ImageTask(
            storage=self._inventory.storage(job.storage),
            candidate=job.candidate,
            known=known,
            settings=self._settings,
        )
        may_keep = job.whole and not known.errors and not known.digests and not self._settings.verify
        return partial(join_image, task), _report_key(task) if may_keep else b""

    def _known(self, job: Job) -> KnownLayers:
        """What was found of an image's layers alone: all of a storage may be many."""
        assert job.candidate is not None
        digests = [str(layer.digest) for layer in job.candidate.layers]
        errors, others = self._errors.get(job.storage, {}), self._digests.get(job.storage, {})
        return KnownLayers(
            errors={digest: errors[digest] for digest in digests if digest in errors},
            digests={digest: others[digest] for digest in digests if digest in others},
        )

    def _results(self, job: Job, outcome: ImageOutcome, key: bytes) -> Iterator[ScannedImage]:
        """The images of one task; a result that may be kept is."""
        self.progress.layers_done += outcome.layers_read
        self.progress.layers += outcome.layers_read
        for problem in outcome.problems:
            self._problem(_named(problem, job))
        if outcome.skipped:
            self._skip(outcome.skipped)
        for body in outcome.results:
            result = expanded(body, ImageResult)
            report = result.report
            if key and report.complete:
                self._reports.put(key, body)
            self.progress.images += 1
            self.progress.kept_images += outcome.is_kept
            self._inventory.count_layers(report.layers, f"{job.path} {report.image.image_id}")
            names = job.names or tuple(map(Name.parse, report.image.tags)) or (Name(),)
            yield ScannedImage(source=job.path, names=names, report=report, contents=result.contents)

    def _unreadable(self, error: LayerscopeError) -> None:
        self._problem(Problem.of(error, ""))

    def _problem(self, problem: Problem) -> None:
        self.progress.problems += 1
        self._on_problem(problem)

    def _skip(self, text: str) -> None:
        self.progress.skipped += 1
        self._on_skip(text)

    def _tell(self) -> None:
        self.progress.seconds = time.monotonic() - self._begun
        self._watch(self.progress)


def _call(task: tuple[int, _Work]) -> ImageOutcome:
    return task[1]()


def _lost(job: Job) -> Problem:
    digest = job.candidate.manifest_digest if job.candidate else ""
    return Problem.of(ArchiveError(f"{job.path}: {_DIED}"), job.path, digest=digest)


def _named(problem: Problem, job: Job) -> Problem:
    """The problem of an image with its name."""
    if job.candidate is None or problem.repository or problem.tag:
        return problem
    name = next(iter(job.names), Name())
    message = f"{job.path}: {str(name) or problem.digest}: {problem.message}"
    return replace(problem, repository=name.repository, tag=name.tag, message=message)


def _report_key(task: ImageTask) -> bytes:
    """Stands for all that a report depends on: the image, its names, how it is read, and the program."""
    settings = replace(task.settings, state="", most_bytes=0)
    return hashlib.sha256(encode((task.storage, task.candidate, settings))).digest()
