"""The two images that the project began with, built by a real engine; figures are what pip and dpkg say inside."""

import csv
import json
import posixpath
import tarfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.report import Report
from layerscope.provenance.origins import BuildInputs
from tests.conftest import real_image
from tests.provenance.scenes import one, stage, step_of

pytestmark = pytest.mark.real
DATA = Path(__file__).parents[1] / "data" / "dockerfiles"
DEVELOPMENT = {
    "ast-serialize", "asttokens", "black", "executing", "iniconfig", "ipython", "ipython-pygments-lexers", "jedi",
    "librt", "matplotlib-inline", "mypy", "mypy-extensions", "parso", "pathspec", "pexpect", "pluggy",
    "prompt-toolkit", "psutil", "ptyprocess", "pure-eval", "pygments", "pytest", "pytokens", "stack-data", "traitlets",
    "wcwidth",
}  # fmt: skip
"""What `pipenv install` leaves out without -d; packaging and click are needed by gunicorn and Flask as well."""


def told(image: str, dockerfile: str, *, base: str = "", **builders: str) -> Report:
    """The report with the original host names put back into the Dockerfile, which the test data has not."""
    reading = ReadOptions(wanted=WANTED, fingerprint="sha256")
    with ExitStack() as stack:
        opened = {
            name: stack.enter_context(open_image(str(real_image(file)), reading)) for name, file in builders.items()
        }
        diff_ids = (
            stack.enter_context(open_image(str(real_image(base)), ReadOptions())).config.diff_ids if base else None
        )
        text = (DATA / f"{dockerfile}.Dockerfile").read_text()
        final = stack.enter_context(open_image(str(real_image(image)), reading))
        for step in final.config.history:
            text = _with_hosts(text, step.created_by)
        for builder in opened.values():
            for step in builder.config.history:
                text = _with_hosts(text, step.created_by)
        known = BuildInputs(dockerfile=parse_dockerfile(text), builders=tuple(opened.items()))
        return report(analyse(final, AnalysisInputs(base=diff_ids, known=known)))


def _with_hosts(text: str, created_by: str) -> str:
    """Replace the example hosts by those that the command in the history was run with."""
    for example, mark in (("git://git.example", "git://"), ("http://packages.example", "http://localhost")):
        start = created_by.find(mark)
        if start >= 0:
            end = created_by.index("/", start + len(mark))
            text = text.replace(example, created_by[start:end])
    return text


def copied_files(image: str) -> dict[str, bytes]:
    """The regular files of the layer that COPY --from=builder made, as the standard library reads them."""
    with tarfile.open(real_image(image)) as outer:
        manifest = outer.extractfile("manifest.json")
        assert manifest is not None
        with tarfile.open(fileobj=outer.extractfile(json.load(manifest)[0]["Layers"][8])) as tar:
            return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}  # type: ignore[union-attr]


def recorded_bytes(files: dict[str, bytes], names: set[str]) -> int:
    """The bytes of the files that pip's records list for those packages."""
    listed = set()
    for path, content in files.items():
        if path.endswith(".dist-info/RECORD") and _package(path) in names:
            site_packages = path.rsplit("/", 2)[0]
            rows = csv.reader(content.decode().splitlines())
            listed |= {posixpath.normpath(f"{site_packages}/{row[0]}") for row in rows}
    return sum(len(files[path]) for path in listed)


def _package(record: str) -> str:
    return record.split("/")[-2].partition("-")[0].lower().replace("_", "-")


@pytest.mark.parametrize("image", ["notesapp-multistage.tar", "notesapp-buildkit.tar"])
@pytest.mark.parametrize("base", ["", "python-3.tar"])
def test_notesapp(image: str, base: str) -> None:
    made = told(image, "notesapp", base=base, builder="notesapp-builder.tar")
    assert (made.base.layers, made.base.certain) == (8, bool(base))
    assert made.dockerfile is not None and (made.dockerfile.matched, made.dockerfile.first_mismatch) == (3, "")
    copy = step_of(made, 8)
    assert (copy.dockerfile_line, copy.source, copy.evidence) == (
        14, "stage:builder", "matched",
    )  # fmt: skip
    leak = one(made, "py-dev-deps")
    assert (leak.source, leak.evidence, leak.dockerfile_line) == ("stage:builder", "matched", 14)
    assert str(leak.made_by).startswith("line 11: RUN PIP_USER=1 PIP_IGNORE_INSTALLED=1 pipenv install -d")
    assert {name.rpartition(" ")[0].lower().replace("_", "-") for name, _ in leak.packages} == DEVELOPMENT
    files = copied_files(image)
    assert sum(size for _, size in leak.packages) == leak.content_bytes == recorded_bytes(files, DEVELOPMENT)
    row = stage(made, "builder")
    assert row.content_bytes == sum(map(len, files.values()))
    reclaimable = (f for f in made.findings if f.source == "stage:builder" and not f.trade)
    assert row.reclaimable_bytes == sum(finding.content_bytes for finding in reclaimable)
    assert row.not_copied[0][0].startswith("pipenv ")
    compiler = [f for f in made.findings if f.rule == "native-toolchain"]
    assert compiler and {f.kind for f in compiler} == {"inherited"}
    assert all("base" in f.fix for f in compiler)


def test_the_dev_packages_are_those_that_only_the_lockfile_of_development_names() -> None:
    installed = json.loads(real_image("notesapp-multistage.pip.json").read_text())
    names = {package["name"].lower().replace("_", "-") for package in installed}
    assert names >= DEVELOPMENT


def test_mini() -> None:
    made = told("mini-v1.tar", "mini", build1="mini-build1.tar")
    leak = one(made, "vcs-metadata")
    assert (leak.kind, leak.source, leak.evidence, leak.dockerfile_line) == ("leak", "stage:build1", "matched", 10)
    assert str(leak.made_by).startswith("line 5: RUN git clone ")
    assert stage(made, "build1").not_copied[0][0].startswith("git ")
    for rule in ("apt-lists", "apt-archives"):
        waste = [f for f in made.findings if f.rule == rule and f.kind != "inherited"]
        assert {(f.kind, f.source, f.dockerfile_line) for f in waste} == {("waste", "run", 9)}
    assert (made.base.layers, made.base.name) == (1, "debian:bookworm-min")
