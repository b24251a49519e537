"""Whole scans: what is read how often, by whom, and what is left after an interrupt."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.image_scan import archive_images
from layerscope.cli.options import ReadArguments
from layerscope.fleet.executors import Backend, Processes, Serial
from layerscope.fleet.scan import FleetScan, Progress
from layerscope.fleet.values import DistinctLayer, Problem, ScannedImage, Settings
from layerscope.fleet.work import program
from layerscope.image import content, layer_results
from tests.builder import ImageSpec, file, layer
from tests.cli.calling import NEEDS_MODES, call
from tests.fleet.generated import fill
from tests.fleet.storages import Registry

IMAGES, LAYERS = 60, 30
Found = tuple[list[ScannedImage], list[DistinctLayer], Progress, list[Problem]]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    found = Registry(tmp_path_factory.mktemp("registry"))
    fill(found, IMAGES, LAYERS, files=4)
    return found


@pytest.fixture(scope="module")
def expected(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What one process finds."""
    return scanned(registry, tmp_path_factory.mktemp("state"), lambda _: Serial())


def settings_of(state: Path) -> Settings:
    return Settings(state=str(state), most_bytes=1 << 40, program=program())


def scanned(
    registry: Registry,
    state: Path,
    backend: Callable[[Progress], Backend],
    watch: Callable[[Progress], None] = lambda _: None,
) -> Found:
    problems: list[Problem] = []
    archives = partial(archive_images, reading=ReadArguments(quiet=True), ignores=())
    scan = FleetScan(settings_of(state), backend, archives, problems=problems.append, watch=watch)
    return list(scan.images([str(registry.root)])), list(scan.layers()), scan.progress, problems


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each layer was read, by a task of its own or for one image."""
    found: Counter[str] = Counter()
    for module, name in ((layer_results, "read_stream"), (content, "read_blob")):
        whole: Callable[..., Any] = getattr(module, name)

        def counted(*arguments: Any, whole: Callable[..., Any] = whole) -> Any:
            found[next(str(one) for one in arguments if isinstance(one, str))] += 1
            return whole(*arguments)

        monkeypatch.setattr(module, name, counted)
    return found


def test_each_layer_is_read_once_and_by_the_next_scan_not_at_all(
    registry: Registry, reads: Counter[str], tmp_path: Path
) -> None:
    images, layers, progress, problems = scanned(registry, tmp_path, lambda _: Serial())
    assert (len(images), len(layers), problems) == (IMAGES, LAYERS, [])
    assert len(reads) == LAYERS and set(reads.values()) == {1}
    assert (progress.layers_done, progress.kept_layers) == (LAYERS, 0)
    reads.clear()
    again, layers_again, progress, _ = scanned(registry, tmp_path, lambda _: Serial())
    assert not reads and (again, layers_again) == (images, layers)
    assert (progress.layers_done, progress.kept_layers, progress.kept_images) == (0, LAYERS, IMAGES)


def test_only_layers_that_are_new_are_read(tmp_path: Path, reads: Counter[str]) -> None:
    registry = Registry(tmp_path / "registry")
    fill(registry, 10, 25, files=1)
    scanned(registry, tmp_path / "state", lambda _: Serial())
    registry.push("new", ["1"], ImageSpec(layers=(layer(file("new", b"n" * 100)),)))
    reads.clear()
    images, _, progress, _ = scanned(registry, tmp_path / "state", lambda _: Serial())
    assert sum(reads.values()) == 1 and progress.images == progress.kept_images + 1 == len(images) == 11


def test_a_layer_is_counted_with_the_images_that_have_it(expected: Found) -> None:
    images, layers, _, _ = expected
    times = Counter(one.digest for image in images for one in image.report.layers)
    assert {one.digest: one.images for one in layers} == dict(times)


def test_a_new_tag_is_a_name_of_the_image_and_nothing_is_read(registry: Registry, tmp_path: Path) -> None:
    own = Registry(tmp_path / "registry")
    spec = ImageSpec(layers=(layer(file("a", b"a")),))
    own.push("app", ["1"], spec)
    scanned(own, tmp_path / "state", lambda _: Serial())
    own.push("app", ["2"], spec)
    [image], _, progress, _ = scanned(own, tmp_path / "state", lambda _: Serial())
    assert image.report.image.tags == ("app:1", "app:2") == tuple(map(str, image.names))
    assert progress.layers_done == 0


def test_processes_find_the_same_as_one_process(registry: Registry, expected: Found, tmp_path: Path) -> None:
    found = scanned(registry, tmp_path, lambda _: Processes(2))
    assert found[:2] == expected[:2] and not found[3]


def killing(find: Callable[[], int], *, at_layer: int = -1, at_image: int = -1) -> Callable[[Progress], None]:
    """Ends a worker once, when so many layers or images are done."""
    left = [1]

    def watch(progress: Progress) -> None:
        if left and (progress.layers_done == at_layer or progress.jobs_done == at_image):
            left.clear()
            os.kill(find(), signal.SIGKILL)

    return watch


@NEEDS_MODES
@pytest.mark.parametrize("place", [{"at_layer": 5}, {"at_image": 10}], ids=["layers", "images"])
def test_a_process_that_is_killed_loses_nothing(
    place: dict[str, int], registry: Registry, expected: Found, tmp_path: Path
) -> None:
    made: list[Any] = []

    class Watched(Processes):
        def executor(self) -> Any:
            made.append(super().executor())
            return made[-1]

    def some_worker() -> int:
        return int(next(iter(made[-1]._processes)))

    found = scanned(registry, tmp_path, lambda _: Watched(2), killing(some_worker, **place))
    assert found[:2] == expected[:2] and not found[3] and len(made) > 1


def test_a_layer_that_ends_each_worker_is_a_problem_of_its_images(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerscope.fleet.scan.read_layer", _deadly)
    images, _, _, problems = scanned(registry, tmp_path, lambda _: Processes(2))
    broken = [image for image in images if not image.report.complete]
    assert len(images) + len(problems) == IMAGES and broken and len(broken) < IMAGES
    assert {one.problem for image in broken for one in image.report.layers if one.problem} == {
        "reading it ended its worker twice, as a lack of memory does"
    }


def _deadly(task: Any) -> Any:
    from layerscope.fleet.work import read_layer

    if task.digest.endswith(("0", "1")):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_layer(task)


@NEEDS_MODES
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_scan_that_is_ended_goes_on_where_it_was(number: signal.Signals, tmp_path: Path) -> None:
    registry, state = Registry(tmp_path / "registry"), tmp_path / "state"
    fill(registry, 40, 40, files=60)
    arguments = ["scan", str(registry.root), "--state", str(state), "--jobs", "2", "-f", "json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "layerscope", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        while len(list(state.glob("layers/*.entry"))) < 5 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGKILL: -9}[number], err
    before = len(list(state.glob("layers/*.entry")))
    assert 5 <= before < 40
    done = call(*arguments)
    assert (done.code, len(json.loads(done.out))) == (0, 40)
    summary = re.search(r"40 images of 40 layers in .*: read (\d+) .*, (\d+) known from an earlier scan", done.err)
    assert summary is not None, done.err
    read, known = map(int, summary.groups())
    assert read + known == 40 and known >= before
    assert done.out == call(*arguments, "--no-cache").out


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as found:
        yield found


def dask(cluster: Any, registry: Registry, state: Path) -> Callable[[Progress], Backend]:
    from layerscope.fleet.dask import DaskCluster

    return lambda _: DaskCluster(cluster.scheduler_address, [str(registry.root)], settings_of(state))


def test_a_dask_cluster_finds_the_same_as_one_process(
    cluster: Any, registry: Registry, expected: Found, tmp_path: Path
) -> None:
    found = scanned(registry, tmp_path, dask(cluster, registry, tmp_path))
    assert found[:2] == expected[:2] and not found[3]


@NEEDS_MODES
@pytest.mark.parametrize("place", [{"at_layer": 5}, {"at_image": 10}], ids=["layers", "images"])
def test_a_dask_worker_that_is_killed_loses_nothing(
    place: dict[str, int], cluster: Any, registry: Registry, expected: Found, tmp_path: Path
) -> None:
    from distributed import Client

    with Client(cluster.scheduler_address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(2, timeout=60)
        pids = list(client.run(os.getpid).values())
    watch = killing(lambda: int(pids[0]), **place)
    found = scanned(registry, tmp_path, dask(cluster, registry, tmp_path), watch)
    assert found[:2] == expected[:2] and not found[3]


def test_the_command_reads_on_a_dask_cluster(cluster: Any, registry: Registry, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path), "-f", "json")
    done = call("scan", registry.root, "--scheduler", cluster.scheduler_address, *state)
    assert done.code == 0 and f"{IMAGES} images of {LAYERS} layers in " in done.err
    assert done.out == call("scan", registry.root, "--no-cache", "-f", "json").out


def test_a_scheduler_that_does_not_answer_is_said(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    done = call("scan", registry.root, "--scheduler", "tcp://127.0.0.1:9")
    assert done.code == 2 and "--scheduler tcp://127.0.0.1:9: no scheduler answers" in done.err


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from layerscope.errors import MissingExtra
    from layerscope.fleet.dask import DaskCluster

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match="--scheduler needs the extra fleet"):
        DaskCluster("tcp://127.0.0.1:9", [], settings_of(tmp_path))


def test_workers_of_another_program_are_refused(cluster: Any, registry: Registry, tmp_path: Path) -> None:
    from msgspec.structs import replace

    from layerscope.errors import LayerscopeError
    from layerscope.fleet.dask import DaskCluster

    other = replace(settings_of(tmp_path), program="another")
    with pytest.raises(LayerscopeError, match="runs another layerscope"):
        DaskCluster(cluster.scheduler_address, [str(registry.root)], other)
    with pytest.raises(LayerscopeError, match=r"does not see .*/nowhere"):
        DaskCluster(cluster.scheduler_address, [str(tmp_path / "nowhere")], settings_of(tmp_path))
    assert not list(tmp_path.iterdir())


def test_strictly_an_image_with_a_warning_is_a_problem(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("sound", ["1"], ImageSpec(layers=(layer(file("a", b"a")),)))
    registry.push("odd", ["1"], ImageSpec(layers=(layer(file("b", b"b")) + b"odd" * 512,)))
    assert call("scan", registry.root, "-f", "json").code == 0
    done = call("scan", registry.root, "-f", "json", "--strict")
    assert done.code == 3 and "data behind the end of the tar" in done.err
