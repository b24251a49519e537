"""Who runs tasks: results in order, tasks whose worker dies, and few tasks at a time."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.fleet.executors import Lost, Processes, Ready, Serial, Workers
from tests.cli.calling import NEEDS_MODES
from tests.fleet.tasks import die_always, die_once, fail, square


def numbers(count: int) -> Iterator[tuple[int, None]]:
    return ((number, None) for number in range(count))


def test_results_come_in_order_from_one_process_or_several() -> None:
    for backend in (Serial(), Processes(2)):
        with Workers(backend) as workers:
            found = list(workers.results(square, numbers(40), in_order=True))
        assert found == [(number, number * number) for number in range(40)]


def test_a_result_that_is_there_needs_no_task() -> None:
    items: list[tuple[int, Ready[int | Lost] | None]] = [(1, None), (2, Ready(-4)), (3, None)]
    for in_order in (True, False):
        with Workers(Serial()) as workers:
            found = sorted(workers.results(square, items, in_order=in_order))
        assert found == [(1, 1), (2, -4), (3, 9)]


def test_no_worker_is_started_for_nothing() -> None:
    with Workers(Processes(2)) as workers:
        assert list(workers.results(square, [(1, Ready(2))], in_order=True)) == [(1, 2)]
        assert workers._executor is None


@NEEDS_MODES
@pytest.mark.parametrize("in_order", [True, False])
def test_a_task_whose_worker_dies_gets_another_try(in_order: bool, tmp_path: Path) -> None:
    items = (((number, str(tmp_path / "died")), None) for number in range(30))
    with Workers(Processes(2)) as workers:
        found = [result for _, result in workers.results(die_once, items, in_order=in_order)]
        assert workers.deaths == 1
    assert sorted(found, key=str) == sorted(range(30), key=str)


@NEEDS_MODES
@pytest.mark.parametrize("in_order", [True, False])
def test_a_task_that_ends_its_worker_twice_is_lost_and_no_other(in_order: bool) -> None:
    with Workers(Processes(2)) as workers:
        found = dict(workers.results(die_always, numbers(30), in_order=in_order))
    assert found == {number: number if number != 3 else Lost() for number in range(30)}


def test_what_a_task_raises_ends_the_run() -> None:
    for backend in (Serial(), Processes(1)):
        with pytest.raises(ValueError, match="no 0"), Workers(backend) as workers:
            list(workers.results(fail, numbers(3), in_order=True))


@pytest.mark.parametrize("in_order", [True, False])
def test_few_tasks_are_taken_ahead(in_order: bool) -> None:
    taken = 0

    def endless() -> Iterator[tuple[int, None]]:
        nonlocal taken
        for number, _ in numbers(10_000):
            taken += 1
            yield number, None

    backend = Processes(2)
    with Workers(backend) as workers:
        results = workers.results(square, endless(), in_order=in_order)
        for _ in range(50):
            next(results)
    assert taken <= 50 + backend.width


def test_workers_end_with_the_run() -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    with Workers(Processes(2)) as workers:
        next(iter(workers.results(time.sleep, [(0, None), (60, None)], in_order=True)))
    deadline = time.monotonic() + 10
    while {child.pid for child in multiprocessing.active_children()} - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {child.pid for child in multiprocessing.active_children()} <= before
