"""Harnesses of what is in the files of an image, of a directory, of an attestation, and of the user's settings."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.dive_ci import dive_limits
from layerscope.analysis.report import report
from layerscope.cli.settings import parse
from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.fleet.registry import registry_in, registry_manifests
from layerscope.image.document import parse as parse_json
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from layerscope.packages.catalog import Catalog
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import CATALOGERS
from layerscope.provenance.attestation import read_provenance
from layerscope.rules.engine import Findings, findings
from tests.builder import ImageSpec, Member, docker_legacy, file, layer, oci_archive
from tests.image.opening import file_of

PART = b"\xff\xfe\xff\xfe"
"""What stands between the files of an input."""
_PROGRAM = "/usr/bin/program"
_PROGRAM_BYTES = 600 << 10
ATTESTED_LAYERS = (layer(file("a", b"1")), layer(file("b", b"2")))
ATTESTED = oci_archive(ImageSpec(layers=ATTESTED_LAYERS), compression="gzip")
"""The image that an attestation is about."""
_LIMITS = Limits(expanded_bytes=64 << 20, json_bytes=1 << 20, layers=100)


def image_files(data: bytes) -> None:
    """Files of an image, through all catalogers and rules; a compressed layer gives the same as a plain one."""
    members = [_member(path, content) for path, content in parts(data, well_known())]
    spec = ImageSpec(layers=(layer(*members),))
    plain = _found(docker_legacy(spec))
    assert plain == _found(oci_archive(spec, compression="gzip"))


def parts(data: bytes, otherwise: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file: the first line is the path; without one, all of ``otherwise`` have it."""
    for part in data.split(PART)[:20]:
        if part[:1] == b"/":
            path, _, content = part.partition(b"\n")
            yield path.decode("utf-8", "surrogateescape"), content
        else:
            yield from ((path, part) for path in otherwise)


@cache
def well_known() -> tuple[str, ...]:
    """A path for each name, suffix and tree that a cataloger or a rule looks for."""
    found = {_PROGRAM, "/app/notes.txt"}
    for wanted in WANTED:
        paths = wanted.paths
        found.update(paths.paths)
        found.update(f"/app/{name}" for name in paths.names)
        found.update(f"/app/name{suffix}" for suffix in paths.suffixes)
        found.update(f"{tree}/name" if tree.startswith("/") else f"/app/{tree}/name" for tree in paths.trees)
        found.update(f"/app/{stem}.1" for stem in paths.numbered)
        found.update(f"/usr/lib/libname{suffix}.1" for suffix in paths.versioned)
    return tuple(sorted(found))


def _member(path: str, content: bytes) -> Member:
    if path == _PROGRAM:
        content = content.ljust(_PROGRAM_BYTES, b"\0")
    return file(path.encode("utf-8", "surrogateescape").lstrip(b"/"), content, mode=0o755)


def _found(archive: bytes) -> tuple[object, ...]:
    failures: list[Exception] = []
    strict = [_strict(one, failures) for one in CATALOGERS]
    with (
        file_of(archive) as path,
        open_image(str(path), ReadOptions(wanted=WANTED, limits=_LIMITS, threads=1)) as image,
    ):
        filesystem = Filesystem(image.layers)
        packages: Catalog = catalog(filesystem, strict)
        made: Findings = findings(image, filesystem, packages, (), 0)
    if failures:
        raise failures[0]
    return packages.packages, tuple(packages.owners), packages.warnings, made


def _strict(cataloger: Cataloger, failures: list[Exception]) -> Cataloger:
    """A cataloger whose failure is not only warned of."""

    def run(context: Context) -> Iterator[Claim]:
        try:
            yield from cataloger.catalog(context)
        except LayerscopeError:
            raise
        except Exception as problem:
            failures.append(problem)
            raise

    return replace(cataloger, catalog=run)


def directory(data: bytes) -> None:
    """Files of a directory, opened as an image layout or an unpacked archive, and as a registry's storage."""
    with tempfile.TemporaryDirectory() as root:
        for path, content in parts(data, ("/index.json",)):
            place = Path(root, *[name for name in path.replace("\0", "").split("/") if name not in ("", ".", "..")])
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            except (OSError, UnicodeEncodeError):
                continue  # A name too long, or a file in place of a directory.
        storage = registry_in(root)
        if storage is not None:
            list(registry_manifests(storage, _LIMITS, lambda problem: None, untagged=True))
        with open_image(root, ReadOptions(wanted=WANTED, limits=_LIMITS, threads=1)) as image:
            report(analyse(image, AnalysisInputs()))


def attestation(data: bytes) -> None:
    """The provenance of an image, with the Dockerfile in it."""
    statement = parse_json(data, "attestation", _LIMITS).mapping()
    with file_of(ATTESTED) as path, open_image(str(path), ReadOptions(limits=_LIMITS, threads=1)) as image:
        image = replace(image, attestations=(statement,))
        read_provenance(image)
        report(analyse(image, AnalysisInputs()))


def settings(data: bytes) -> None:
    """A file of settings, and one of dive's."""
    for read in (lambda: parse(Path("f.toml"), data, ()), lambda: dive_limits(data.decode("utf-8", "replace"), "f")):
        try:
            read()
        except LayerscopeError as error:
            assert error.message
