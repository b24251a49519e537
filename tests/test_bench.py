import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_times_in_readme_are_those_of_the_performance_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    with_times = runpy.run_path(str(ROOT / "bench" / "tables.py"))["with_times"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    performance = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert with_times(readme, performance) == readme
    assert with_times(readme, performance.replace("| 0", "| 9")) != readme
