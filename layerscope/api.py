"""The functions for scripts; ``layerscope`` exports them, and docs/api.md shows them.

They print nothing, never exit, read no configuration file and no LAYERSCOPE_* variable. They raise LayerscopeError, or
one of its subclasses in ``layerscope.errors``, whose messages name the options of the command line.
"""

import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import convert

from layerscope.analysis.listings.scan import ScanRow, scan_rows, scanned
from layerscope.cli.comparison import DiffInput, comparison
from layerscope.cli.image_scan import ImageScan
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.source import ReportOptions, report_of
from layerscope.errors import LayerscopeError
from layerscope.model.diff import Diff
from layerscope.model.report import Report

StrPath: TypeAlias = str | os.PathLike[str]


def analyze(
    path: StrPath,
    *,
    base: StrPath | None = None,
    dockerfile: StrPath | None = None,
    context: StrPath | None = None,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
    stages: Mapping[str, StrPath] | None = None,
    image: str = "",
    platform: str = "",
    verify: bool = False,
    strict: bool = False,
    limits: Mapping[str, int] | None = None,
    cache: bool = False,
) -> Report:
    """Return the report of an image archive, an OCI layout, or a report that was saved as JSON.

    ``stages`` maps the names of build stages to their archives, ``limits`` the names of limits to numbers. ``image``
    and ``platform`` pick one of several. ``cache`` keeps decompressed layers on disk for the next call.
    """
    build = BuildOptions(
        base=os.fspath(base or ""),
        dockerfile=os.fspath(dockerfile or ""),
        context_dir=os.fspath(context or ""),
        target=target,
        build_arg=_settings(build_args),
        stage=_archives(stages),
    )
    reading = _reading(image=image, platform=platform, verify=verify, strict=strict, limits=limits, cache=cache)
    return report_of(os.fspath(path), reading, ReportOptions(build=build))


def diff(
    before: StrPath,
    after: StrPath,
    *,
    dockerfile: StrPath | None = None,
    before_dockerfile: StrPath | None = None,
    after_dockerfile: StrPath | None = None,
    base: StrPath | None = None,
    before_base: StrPath | None = None,
    after_base: StrPath | None = None,
    stages: Mapping[str, StrPath] | None = None,
    before_stages: Mapping[str, StrPath] | None = None,
    after_stages: Mapping[str, StrPath] | None = None,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
    image: str = "",
    before_image: str = "",
    after_image: str = "",
    platform: str = "",
    verify: bool = False,
    strict: bool = False,
    limits: Mapping[str, int] | None = None,
    cache: bool = False,
) -> Diff:
    """Return what changed between two images; either may be a saved report, and then paths are not compared.

    ``before_`` and ``after_`` apply to one image and win over what applies to both.
    """
    build = BuildOptions(
        base=os.fspath(base or ""), stage=_archives(stages), target=target, build_arg=_settings(build_args)
    )
    reading = _reading(image=image, platform=platform, verify=verify, strict=strict, limits=limits, cache=cache)
    first = DiffInput(
        path=os.fspath(before),
        image_name=before_image,
        dockerfile=os.fspath(before_dockerfile or dockerfile or ""),
        base=os.fspath(before_base or ""),
        stages=tuple(_archives(before_stages)),
    )
    second = DiffInput(
        path=os.fspath(after),
        image_name=after_image,
        dockerfile=os.fspath(after_dockerfile or dockerfile or ""),
        base=os.fspath(after_base or ""),
        stages=tuple(_archives(after_stages)),
    )
    return comparison(first, second, reading, ReportOptions(build=build))


def scan(
    path: StrPath,
    *more: StrPath,
    on_error: Callable[[LayerscopeError], None] | None = None,
    platform: str = "",
    verify: bool = False,
    strict: bool = False,
    limits: Mapping[str, int] | None = None,
    cache: bool = False,
) -> tuple[ScanRow, ...]:
    """Return a row for each image in files and directories, the most reclaimable bytes first.

    ``on_error`` gets the error of each image that cannot be read, and the others are read; without it, the first
    error is raised. Files in directories that are no images are skipped.
    """
    errors: list[LayerscopeError] = []
    reading = _reading(platform=platform, verify=verify, strict=strict, limits=limits, cache=cache)
    images = ImageScan(reading, (), on_error or errors.append)
    found = []
    for image in images.images([os.fspath(place) for place in (path, *more)]):
        if errors:
            break
        found.append(scanned(image.report, image.source, map(str, image.names)))
    if errors:
        raise errors[0]
    rows = scan_rows(found, sort="reclaimable", top=0)
    names = [column.name for column in rows.columns]
    return tuple(convert(dict(zip(names, row, strict=True)), ScanRow) for row in rows.rows)


def _reading(
    *,
    image: str = "",
    platform: str,
    verify: bool,
    strict: bool,
    limits: Mapping[str, int] | None,
    cache: bool,
) -> ReadArguments:
    return ReadArguments(
        image_name=image,
        platform=platform,
        verify=verify,
        strict=strict,
        limit=_settings(limits),
        no_cache=not cache,
        quiet=True,
    )


def _archives(stages: Mapping[str, StrPath] | None) -> list[str]:
    """The values of ``--stage``."""
    return _settings({name: os.fspath(archive) for name, archive in (stages or {}).items()})


def _settings(values: Mapping[str, object] | None) -> list[str]:
    """The values of an option that is given as NAME=VALUE."""
    return [f"{name}={value}" for name, value in (values or {}).items()]
