"""A short run of every harness, what was found before, and archives that hypothesis makes and spoils."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.cuts import CLEAN, tries
from tests.fuzz.harnesses import HARNESSES, nothing_else
from tests.fuzz.run import fuzz
from tests.fuzz.seeds import CORPUS, seeds
from tests.fuzz.strategies import archives, layers, spoilt

FOUND = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
SEED = 20_240_102
"""A fixed one: this run is a test; ``make fuzz`` is the search."""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_fixed(path: Path) -> None:
    nothing_else(path.read_bytes(), HARNESSES[path.parent.name])


@pytest.mark.parametrize("name", HARNESSES)
def test_a_seed_of_each_harness_is_taken(name: str) -> None:
    assert any(nothing_else(data, HARNESSES[name]) for data in seeds(name))


@pytest.mark.parametrize("name", HARNESSES)
def test_damage_raises_nothing_but_our_own_errors(name: str) -> None:
    assert fuzz(name, SEED, most=40) == 40


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("verify", [False, True])
def test_no_damaged_fixture_gives_a_clean_report_of_something_else(verify: bool) -> None:
    """``python -m tests.fuzz.cuts`` tries as many as one likes."""
    found = [f"{what}: {ended}" for what, ended in tries(120, SEED, verify=verify, most=1 << 18)]
    assert len(found) == 120 and not [one for one in found if one.endswith(CLEAN)]
    assert any(one.endswith("an error") for one in found) and any(one.endswith("equal figures") for one in found)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives())
def test_every_valid_archive_gives_a_report(data: bytes) -> None:
    HARNESSES["archive"](data)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(archives()))
def test_a_spoilt_archive_gives_a_report_or_one_clear_error(data: bytes) -> None:
    nothing_else(data, HARNESSES["archive"])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(layers))
def test_a_spoilt_layer_reads_the_same_as_a_stream_and_by_position(data: bytes) -> None:
    nothing_else(data, HARNESSES["tar"])
