"""Two images made in memory, read as the commands read them, and held beside each other."""

from contextlib import ExitStack
from pathlib import Path

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.diff import difference, side_of
from layerscope.analysis.live_files import LiveFiles
from layerscope.analysis.report import report
from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.diff import Diff, PathChange, PathDiff
from layerscope.model.report import Report
from tests.builder import ImageSpec, Member, docker_legacy, layer


def one_layer(*members: Member) -> ImageSpec:
    """An image of a single layer without a history."""
    return ImageSpec(layers=(layer(*members),))


def report_of(spec: ImageSpec, directory: Path) -> Report:
    """The report of one image."""
    path = directory / "image.tar"
    path.write_bytes(docker_legacy(spec))
    with open_image(str(path), ReadOptions(wanted=WANTED)) as image:
        return report(analyse(image, AnalysisInputs()))


def diff_of(before: ImageSpec, after: ImageSpec, directory: Path, *, with_files: bool = True) -> Diff:
    """The difference of two images, with their file systems, or as two saved reports would give it."""
    with ExitStack() as stack:
        analyses = []
        for name, spec in (("before.tar", before), ("after.tar", after)):
            path = directory / name
            path.write_bytes(docker_legacy(spec))
            image = stack.enter_context(open_image(str(path), ReadOptions(wanted=WANTED)))
            analyses.append(analyse(image, AnalysisInputs()))
        one, other = analyses
        reports = report(one), report(other)
        files = (LiveFiles(one.filesystem), LiveFiles(other.filesystem)) if with_files else (None, None)
        return difference(*(side_of(made, live) for made, live in zip(reports, files, strict=True)))


def paths_of(found: Diff) -> PathDiff:
    """The part by path, which has to be there."""
    assert found.paths is not None
    return found.paths


def by_path(found: Diff) -> dict[str, PathChange]:
    """The paths that differ."""
    return {change.path: change for change in paths_of(found).paths}


def opened_filesystem(spec: ImageSpec, directory: Path) -> Filesystem:
    """The file system of an image, its fates decided."""
    path = directory / "image.tar"
    path.write_bytes(docker_legacy(spec))
    with open_image(str(path), ReadOptions()) as image:
        return Filesystem(image.layers)
