"""The functions of the page's script that need no page, run by Node.js where it is installed."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.render import html_parts
from layerscope.render.units import iec, percent, plain, si

SCRIPT = Path(html_parts.__file__).parent / "page.js"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def evaluated(expression: str, value: object) -> Any:
    """What an expression makes of ``input``, with the functions of the script in ``layerscope``."""
    code = f"require({json.dumps(str(SCRIPT))}); const input = {json.dumps(value)}; const l = layerscope;"
    code += f"console.log(JSON.stringify({expression}))"
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_bytes_read_as_in_all_other_formats() -> None:
    chosen = random.Random(7)
    counts = [0, 1, 999, 1000, 1023, 1024, 1125, 1375, 99_950, 112_500, 999_499, 999_500, 10**6, 10**15]
    counts += [int(10 ** chosen.uniform(0, 16)) for _ in range(3000)] + [125 * n for n in range(1, 2000)]
    for name, formatter in (("si", si), ("iec", iec), ("bytes", plain)):
        assert evaluated(f"input.map((one) => l.formatted(one, '{name}'))", counts) == [*map(formatter, counts)]
    pairs = [(chosen.randrange(10**6), chosen.randrange(1, 10**6)) for _ in range(2000)] + [(1, 0), (1, 8), (5, 400)]
    assert evaluated("input.map(([one, other]) => l.percent(one, other))", pairs) == [percent(*pair) for pair in pairs]


@settings(max_examples=25)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60), st.integers(1, 2000), st.integers(1, 1000))
def test_boxes_fill_the_area_in_proportion_and_do_not_overlap(values: list[int], width: int, height: int) -> None:
    values = sorted(values, reverse=True)
    boxes = evaluated("l.squarified(input[0], 0, 0, input[1], input[2])", [values, width, height])
    assert len(boxes) == len(values)
    scale = width * height / sum(values)
    for value, (x, y, across, down) in zip(values, boxes, strict=True):
        assert across * down == pytest.approx(value * scale, rel=1e-6, abs=1e-6)
        assert x >= -1e-6 and x + across <= width + 1e-6 and y >= -1e-6 and y + down <= height + 1e-6
    for place, (x, y, across, down) in enumerate(boxes):
        for left, top, right, bottom in boxes[place + 1 :]:
            shared_x = min(x + across, left + right) - max(x, left)
            shared_y = min(y + down, top + bottom) - max(y, top)
            assert shared_x <= 1e-6 or shared_y <= 1e-6


def test_nothing_makes_no_boxes() -> None:
    assert evaluated("[l.squarified([], 0, 0, 9, 9), l.squarified([0, 0], 0, 0, 9, 9).length]", 0) == [[], 2]


DATA = {
    "title": "app:1",
    "total": 1000,
    "names": ["/", "usr/", "lib/", "a.so", "big", "deep/er/"],
    "parents": [0, 0, 1, 2, 0, 1],
    "cells": [
        [3, 0, 0, -1, -1, 0, False, 400, 1],
        [2, 0, 0, -1, -1, 0, False, 90, 30],
        [4, 1, -1, 0, 0, 2, True, 300, 1],
        [5, 1, 1, -1, 0, 1, False, 200, 7],
        [0, 1, -2, -1, -1, 1, False, 10, 2],
    ],
    "layers": {"0": "0: ADD", "1": "1: RUN"},
    "packages": {"0": ["deb", "libc 1"], "1": ["pypi", "x 2"]},
    "findings": {"0": "waste: found"},
    "stages": ["stage build"],
}
_SHOWN = """(() => {
  const words = l.reader(input);
  const shown = (node) => [node.label, node.bytes, node.files, l.members(node).map(shown)];
  return shown(l.treeOf(input, words, GROUP, (place) => KEEP));
})()"""


def tree(group: str, keep: str = "true") -> Any:
    return evaluated(_SHOWN.replace("GROUP", json.dumps(group)).replace("KEEP", keep), DATA)


def test_directories_hold_their_files_and_the_smaller_ones_that_were_added_up() -> None:
    lib = ["lib/", 490, 31, [["a.so", 400, 1, []], ["30 smaller files", 90, 30, []]]]
    usr = ["usr/", 690, 38, [lib, ["deep/er/", 200, 7, []]]]
    assert tree("directory") == ["/", 1000, 41, [usr, ["big", 300, 1, []], ["2 smaller files", 10, 2, []]]]


@pytest.mark.parametrize(
    ("group", "found"),
    [
        (
            "package",
            [["deb", 490], ["not owned by a package", 300], ["pypi", 200], ["other packages", 10]],
        ),
        ("instruction", [["1: RUN", 510], ["0: ADD", 490]]),
        ("stage", [["stage build", 500], ["base image", 490], ["not copied from a stage", 10]]),
    ],
)
def test_every_other_group_is_a_partition_too(group: str, found: list[list[object]]) -> None:
    shown = tree(group)
    assert shown[1:3] == [1000, 41]
    assert [one[:2] for one in shown[3]] == found


def test_what_is_filtered_out_is_in_no_sum() -> None:
    assert tree("directory", "place === 2") == ["/", 300, 1, [["big", 300, 1, []]]]


def test_a_cell_of_a_chain_of_ten_thousand_directories_is_drawn() -> None:
    names, depth = ["/"], 10_000
    names += ["d/"] * depth
    data = {**DATA, "names": names, "parents": [0, *range(depth)], "cells": [[depth, 0, 0, -1, -1, 0, False, 5, 1]]}
    boxes = evaluated("l.laidOut(l.treeOf(input, l.reader(input), 'directory', () => true), 800, 500).length", data)
    assert boxes == 1


def test_many_small_boxes_are_drawn_as_one_that_opens() -> None:
    count = 4000
    data = {
        **DATA,
        "names": ["/", *(f"f{n}" for n in range(count))],
        "parents": [0] * (count + 1),
        "cells": [[n + 1, 0, 0, -1, -1, 0, False, 10, 1] for n in range(count)]
        + [[1, 0, 0, -1, -1, 0, False, 10**6, 1]],
    }
    shown = evaluated(
        "l.laidOut(l.treeOf(input, l.reader(input), 'directory', () => true), 800, 500)"
        ".map((box) => [box.label, box.node.bytes, box.node.children.length])",
        data,
    )
    assert shown == [["f0", 10**6 + 10, 0], ["and 3,999 smaller", 39_990, 3_999]]
