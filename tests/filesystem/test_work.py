"""Work grows with the input and no faster: counted in lines of Python run, so that no clock is asked."""

import sys
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

import pytest

from layerscope.filesystem import overlay as overlay_module
from layerscope.filesystem import parents as parents_module
from layerscope.filesystem.overlay import overlay
from layerscope.model.changeset import Changeset
from tests.filesystem.layers import changes


def work_of(stack: Sequence[Changeset]) -> int:
    """Lines that the overlay runs for these layers."""
    counted = 0
    files = {overlay_module.__file__, parents_module.__file__}
    watched: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal counted
        counted += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in watched:
            watched[code] = code.co_filename in files
        return line if watched[code] else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        overlay(stack)
    finally:
        sys.settrace(before)
    return counted


def many_entries(count: int) -> list[list[str]]:
    return [[f"d{n % 9}/f{n}" for n in range(count)], [f"d{n % 9}/f{n}" for n in range(0, count, 2)]]


def many_whiteouts(count: int) -> list[list[str]]:
    return [[f"d/f{n}" for n in range(count)], [f"d/.wh.f{n}" for n in range(count)]]


def many_opaque_directories(count: int) -> list[list[str]]:
    return [[f"d{n}/f" for n in range(count)], [f"d{n}/.wh..wh..opq" for n in range(count)]]


def deep_directories(count: int) -> list[list[str]]:
    return [["/".join(["d"] * n) + "/" for n in range(1, count // 2)], [".wh.d"]]


def many_layers(count: int) -> list[list[str]]:
    return [[f"f{n % 3}", f".wh.f{(n + 1) % 3}", f"d/{n}"] for n in range(count // 2)]


def many_type_changes(count: int) -> list[list[str]]:
    return [[f"d{n}/f" for n in range(count)], [f"d{n}" for n in range(count)]]


def many_replaced_in_their_layer(count: int) -> list[list[str]]:
    return [[text for n in range(count) for text in (f"d{n}/f", f"d{n}")]]


def many_hardlinks(count: int) -> list[list[str]]:
    return [["t", *(f"h{n} = t" for n in range(count))], [".wh.t"]]


def a_chain_of_hardlinks(count: int) -> list[list[str]]:
    return [["h0", *(f"h{n + 1} = h{n}" for n in range(count))], [".wh.h0"]]


def many_hardlinks_to_lower_layers(count: int) -> list[list[str]]:
    return [[f"t{n}" for n in range(count)], [f"h{n} = t{n}" for n in range(count)]]


def hardlinks_through_many_layers(count: int) -> list[list[str]]:
    return [[f"t{n}" for n in range(count)], *[[f"h{n} = t{n}", f"g{n} = t{count - n - 1}"] for n in range(count // 2)]]


def many_symlinked_parents(count: int) -> list[list[str]]:
    links = [f"l{n} -> d" for n in range(count)]
    return [["d/", *links], [f"l{n}/f{n}" for n in range(count)]]


def one_symlinked_parent(count: int) -> list[list[str]]:
    return [["d/", "l -> d"], [f"l/f{n}" for n in range(count)], [f"l/.wh.f{n}" for n in range(count)]]


@pytest.mark.parametrize(
    "shape",
    [
        many_entries,
        many_whiteouts,
        many_opaque_directories,
        deep_directories,
        many_layers,
        many_type_changes,
        many_replaced_in_their_layer,
        many_hardlinks,
        a_chain_of_hardlinks,
        many_hardlinks_to_lower_layers,
        hardlinks_through_many_layers,
        many_symlinked_parents,
        one_symlinked_parent,
    ],
)
def test_work_grows_no_faster_than_the_input(shape: Callable[[int], list[list[str]]]) -> None:
    once, twice, four_times = (
        work_of([changes(members).changeset for members in shape(count)]) for count in (200, 400, 800)
    )
    assert twice < 2.3 * once
    assert four_times < 2.3 * twice


def test_a_layer_that_is_laid_many_times_costs_once_for_each() -> None:
    repeated = changes([f"d/f{n}" for n in range(50)]).changeset
    once, twice = work_of([repeated] * 100), work_of([repeated] * 200)
    assert twice < 2.3 * once
