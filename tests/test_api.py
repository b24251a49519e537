"""The functions for scripts: what the commands say, as values, and nothing on the terminal."""

import inspect
import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

import layerscope
from layerscope.analysis.listings.scan import ScanRow
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.errors import ArchiveError, LayerscopeError, LimitExceeded, NotAnImage, UsageError
from layerscope.model.diff import Diff
from layerscope.model.report import Report
from layerscope.render.json import lines
from tests.cli.calling import call
from tests.conftest import FIXTURES

ROOT = Path(__file__).parent.parent
NOTES, STAGE, DOCKERFILE = (
    FIXTURES / name for name in ("notes-v1.tar.zst", "notes-build1.tar.zst", "notes/Dockerfile")
)
LEGACY, BUILDER = FIXTURES / "tiny-legacy.tar", FIXTURES / "tiny-builder.tar"
_EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def said(*arguments: str | Path) -> Any:
    """What a command prints as JSON."""
    done = call(*arguments, "-f", "json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_the_examples_on_the_page_print_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    examples = _EXAMPLE.findall(page)
    assert len(examples) == page.count("```python") == 3
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for code, output in examples:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, "api.md", "exec"), names)
        assert printed.getvalue() == output


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys, layerscope; print(*(name for name in sys.modules if name.startswith('layerscope')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert sorted(done.stdout.split()) == ["layerscope", "layerscope.version"]


def test_other_names_are_not_of_the_package() -> None:
    with pytest.raises(AttributeError, match="analyse"):
        layerscope.analyse  # type: ignore[attr-defined]  # noqa: B018
    assert set(layerscope.__all__) == {"__version__", "analyze", "diff", "scan"}


def test_the_functions_are_typed() -> None:
    returned = [
        get_type_hints(function)["return"] for function in (layerscope.analyze, layerscope.diff, layerscope.scan)
    ]
    assert returned == [Report, Diff, tuple[ScanRow, ...]]
    assert (ROOT / "layerscope" / "py.typed").is_file()


def test_analyze_has_every_option_of_reading_and_of_the_build() -> None:
    shown = {"no_cache", "cache_size", "quiet", "verbose", "color"}
    renamed = {
        "image_name": "image",
        "limit": "limits",
        "context_dir": "context",
        "build_arg": "build_args",
        "stage": "stages",
    }
    options = {*ReadArguments.__struct_fields__, *BuildOptions.__struct_fields__} - shown
    arguments = set(inspect.signature(layerscope.analyze).parameters)
    assert arguments - {"path", "cache"} == {renamed.get(name, name) for name in options}


def test_analyze_returns_the_report_of_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    report = layerscope.analyze(NOTES, dockerfile=DOCKERFILE, stages={"build1": STAGE}, verify=True)
    assert capfd.readouterr() == ("", "")
    words = ("report", NOTES, "--dockerfile", DOCKERFILE, "--stage", f"build1={STAGE}", "--verify")
    expected = said(*words)
    assert report.findings and report.dockerfile is not None
    assert json.loads(lines(report)) == expected


def test_the_image_of_several_is_chosen(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="3 images"):
        layerscope.analyze(FIXTURES / "several.tar")
    assert layerscope.analyze(FIXTURES / "several.tar", image="0").complete
    assert capfd.readouterr() == ("", "")


def test_what_is_given_reaches_the_analysis() -> None:
    assert layerscope.analyze(LEGACY, base=LEGACY).totals.own_bytes == 0 < layerscope.analyze(LEGACY).totals.own_bytes
    with pytest.raises(LayerscopeError, match="has no stage"):
        layerscope.analyze(NOTES, dockerfile=DOCKERFILE, target="nothing")
    with pytest.raises(UsageError, match="--build-arg needs a Dockerfile"):
        layerscope.analyze(NOTES, build_args={"VERSION": "1"})
    with pytest.raises(LimitExceeded, match="over 1 entries"):
        layerscope.analyze(LEGACY, limits={"entries": 1})
    with pytest.raises(UsageError, match="unknown limit"):
        layerscope.analyze(LEGACY, limits={"nothing": 1})


def test_diff_returns_the_difference_of_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    made = layerscope.diff(LEGACY, str(BUILDER))
    assert capfd.readouterr() == ("", "")
    assert made.paths is not None
    expected = said("diff", LEGACY, BUILDER)
    assert json.loads(lines(made)) == expected


def test_diff_takes_what_applies_to_one_image() -> None:
    made = layerscope.diff(NOTES, NOTES, after_dockerfile=DOCKERFILE)
    assert (made.before.dockerfile, made.after.dockerfile) == ("", "Dockerfile")
    made = layerscope.diff(LEGACY, LEGACY, after_base=LEGACY)
    assert made.after.totals.own_bytes == 0 < made.before.totals.own_bytes
    with pytest.raises(LayerscopeError, match="none.tar"):
        layerscope.diff(LEGACY, LEGACY, after_stages={"build1": "none.tar"})
    several = FIXTURES / "several.tar"
    made = layerscope.diff(several, several, before_image="0", after_image="1")
    assert made.before.image.name != made.after.image.name


def test_scan_returns_the_rows_of_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    rows = layerscope.scan(BUILDER, LEGACY)
    assert capfd.readouterr() == ("", "")
    assert json.loads(msgspec.json.encode(rows)) == said("scan", BUILDER, LEGACY)


def test_scan_raises_or_goes_on_where_an_image_cannot_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(LEGACY.read_bytes()[:20_000])
    errors: list[LayerscopeError] = []
    (row,) = layerscope.scan(damaged, LEGACY, on_error=errors.append)
    assert row.source == str(LEGACY) and len(errors) == 1
    with pytest.raises(ArchiveError, match=r"damaged\.tar"):
        layerscope.scan(LEGACY, damaged)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAnImage, match="no image found"):
        layerscope.scan(tmp_path / "empty")
    assert capfd.readouterr() == ("", "")
