"""What is said of the build of either image of a diff."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from layerscope.cli import comparison
from layerscope.cli.comparison import DiffInput
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.source import ReportOptions, Source
from tests.render.reports import empty


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> dict[str, BuildOptions]:
    """The build options that each image is read with, by its path."""
    found: dict[str, BuildOptions] = {}

    @contextmanager
    def opened(path: str, reading: ReadArguments, options: ReportOptions) -> Iterator[Source]:
        found[path] = options.build
        yield Source(report=empty())

    monkeypatch.setattr(comparison, "opened_source", opened)
    return found


def compared(before: DiffInput, after: DiffInput, build: BuildOptions) -> None:
    comparison.comparison(before, after, ReadArguments(), ReportOptions(build=build))


def test_what_is_given_for_one_image_wins_over_what_is_given_for_both(builds: dict[str, BuildOptions]) -> None:
    both = BuildOptions(base="base.tar", stage=["build=both.tar", "test=both.tar"])
    compared(DiffInput(path="a"), DiffInput(path="b", base="own.tar", stages=("build=own.tar",)), both)
    assert (builds["a"].base, builds["a"].stage) == ("base.tar", ["build=both.tar", "test=both.tar"])
    assert (builds["b"].base, builds["b"].stage) == ("own.tar", ["test=both.tar", "build=own.tar"])


def test_what_is_given_for_one_image_is_not_the_others(builds: dict[str, BuildOptions]) -> None:
    compared(DiffInput(path="a", base="base.tar", stages=("x=x.tar",)), DiffInput(path="b"), BuildOptions())
    assert (builds["a"].base, builds["a"].stage) == ("base.tar", ["x=x.tar"])
    assert (builds["b"].base, list(builds["b"].stage or ())) == ("", [])
