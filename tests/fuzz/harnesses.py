"""What is fuzzed: each harness takes any bytes, and may raise nothing but a LayerscopeError."""

import io
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator

from layerscope.errors import LayerscopeError
from layerscope.model.entry import Entry
from layerscope.model.limits import Limits
from tests.fuzz.edit_harnesses import dockerfile_edit, dockerignore_edit
from tests.fuzz.file_harnesses import attestation, directory, image_files, settings
from tests.fuzz.page_harness import page

Harness = Callable[[bytes], None]

LIMITS = Limits(
    expanded_bytes=16 << 20,
    ratio_from=1 << 20,
    entries=10_000,
    json_bytes=1 << 20,
    pax_bytes=1 << 16,
    captured_bytes=8 << 20,
    layers=100,
)
"""Low ones, so that an input that is refused is refused at once."""


_LOG_MAGIC = b"\x37\x7f\x06"
"""What a write-ahead log begins with, but for the last bit (SQLite, "WAL File Format")."""


def nothing_else(data: bytes, harness: Harness) -> bool:
    """Whether a harness took the data; its LayerscopeErrors are answers too, everything else is a find."""
    try:
        harness(data)
    except LayerscopeError as error:
        assert error.message, "an error without a message"
        return False
    return True


def tar(data: bytes) -> None:
    """A layer, as a stream and by position, compiled and pure: all give the same entries, or all an error."""
    from layerscope.image.layer import read_positional, read_stream
    from layerscope.image.options import ReadOptions
    from layerscope.tar import walk
    from layerscope.tar.positional import PositionalFile

    def streamed() -> object:
        return _columns(read_stream(io.BytesIO(data), "layer", ReadOptions(limits=LIMITS)).changeset)

    def by_position() -> object:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            return _columns(
                read_positional(PositionalFile(file), 0, len(data), "layer", ReadOptions(limits=LIMITS)).changeset
            )

    first, second = _outcome(streamed), _outcome(by_position)
    assert first == second, (first, second)
    compiled, walk.SCAN = walk.SCAN, None
    try:
        third = _outcome(by_position)
    finally:
        walk.SCAN = compiled
    assert first == third, (first, third)


def _columns(changeset: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(changeset)


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except LayerscopeError as error:
        return type(error)


def archive(data: bytes) -> None:
    """A whole archive: opened, analysed, and shown as a table and as JSON."""
    from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
    from layerscope.analysis.report import report
    from layerscope.image.open import open_image
    from layerscope.image.options import ReadOptions
    from layerscope.render.renderers import RENDERERS
    from layerscope.render.units import RenderOptions, units
    from tests.image.opening import file_of

    with (
        file_of(data) as path,
        open_image(str(path), ReadOptions(wanted=WANTED, limits=LIMITS, threads=1)) as image,
    ):
        made = report(analyse(image, AnalysisInputs()))
    totals = made.totals
    assert totals.content_bytes == totals.live_bytes + totals.hidden_bytes == totals.base_bytes + totals.own_bytes
    for name in ("table", "json"):
        text = RENDERERS[name](made, RenderOptions(units=units("si"), top=0, width=None))
        assert "\x1b" not in text


def rpm_header(data: bytes) -> None:
    from layerscope.packages.formats.rpm.package import parse_package

    parse_package(data, where="record")


def ndb(data: bytes) -> None:
    from layerscope.packages.formats.rpm import ndb as module

    _parse_all(module.records(data, where="Packages.db", warn=_unheard))


def bdb(data: bytes) -> None:
    from layerscope.packages.formats.rpm import bdb as module

    _parse_all(module.records(data, where="Packages", warn=_unheard))


def sqlite(data: bytes) -> None:
    """A database and, from the log's magic on, its write-ahead log."""
    from layerscope.packages.formats.rpm import sqlite as module
    from layerscope.packages.formats.rpm.sqlite import apply_log

    end = data.find(_LOG_MAGIC)
    end = len(data) if end < 0 else end
    whole = apply_log(data[:end], data[end:], where="rpmdb.sqlite")
    _parse_all(module.records(whole, where="rpmdb.sqlite", warn=_unheard))


def _unheard(_: str) -> None:
    """Warnings are no finds."""


def _parse_all(records: Iterator[tuple[int, bytes]]) -> None:
    for _, blob in records:
        nothing_else(blob, rpm_header)


def dockerfile(data: bytes) -> None:
    from layerscope.dockerfile.parse import parse_dockerfile

    parse_dockerfile(data)


def history(data: bytes) -> None:
    """One step of the history in each line: created_by, a tab, its comment."""
    from layerscope.history.alignment import instructions
    from layerscope.model.image import HistoryEntry
    from layerscope.secrets.text import redacted

    entries = []
    for line in data.decode("utf-8", "replace").split("\n")[:200]:
        created_by, tab, comment = line.partition("\t")
        entries.append(HistoryEntry(created_by=created_by, comment=comment, empty_layer=bool(tab)))
    steps, _ = instructions(tuple(entries), 3)
    for step in steps:
        str(step)
        redacted(step.text)


def json_config(data: bytes) -> None:
    from layerscope.image.document import image_config, parse

    image_config(parse(data, "config.json", LIMITS), LIMITS)


def json_metadata(data: bytes) -> None:
    """``manifest.json`` of these bytes, or ``index.json`` where they speak of manifests; beside it is a config."""
    from layerscope.image.assemble import from_store
    from layerscope.image.options import ReadOptions
    from layerscope.image.store import StreamStore
    from layerscope.model.changeset import Changeset

    name = "/index.json" if b'"manifests"' in data else "/manifest.json"
    outer = Changeset(paths=(name, "/config.json"), kinds=b"\0\0", sizes=array("q", [len(data), 2]))
    from_store(StreamStore(outer, {0: data, 1: b"{}"}, {}, LIMITS), "archive", ReadOptions(limits=LIMITS))


def template(data: bytes) -> None:
    """A Go template, over the document of an image."""
    from layerscope.gotemplate import render, render_image

    text = data.decode("utf-8", "replace")
    document = {
        "Id": "sha256:abc",
        "RepoTags": ["app:1"],
        "Size": 12,
        "Config": {"Env": ["A=1"], "Labels": {"a": "b"}, "Cmd": None},
        "RootFS": {"Type": "layers", "Layers": ["sha256:1", "sha256:2"]},
    }
    for run in (render, render_image):
        try:
            run(text, document)
        except LayerscopeError as error:
            assert error.message


def saved_report(data: bytes) -> None:
    from layerscope.analysis.saved import load

    load(data, "report.json")


def compressed(data: bytes) -> None:
    """A stream of any compression, told apart by its magic bytes."""
    from layerscope.image.layer import read_stream
    from layerscope.image.options import ReadOptions

    read_stream(io.BytesIO(data), "layer", ReadOptions(limits=LIMITS))


def cached_layer(data: bytes) -> None:
    """The inside of an entry of the cache: refused, or a layer of which everything can be asked."""
    import zstandard

    from layerscope.image.capture import Capture, hasher
    from layerscope.image.layer_codec import decode_layer

    try:
        layer, kept = decode_layer(zstandard.compress(data, 1))
    except ValueError:
        return
    contents = Capture.restored(kept, layer.changeset, None, where="layer", new=hasher("xxh3"), limits=LIMITS)
    for index, entry in enumerate(layer.changeset):
        assert entry.content_bytes >= 0
        contents.read(index)
        contents.read(index, 3, 5)
        contents.fingerprint(index)


HARNESSES: dict[str, Harness] = {
    "archive": archive,
    "attestation": attestation,
    "bdb": bdb,
    "cached_layer": cached_layer,
    "compressed": compressed,
    "directory": directory,
    "dockerfile": dockerfile,
    "dockerfile_edit": dockerfile_edit,
    "dockerignore_edit": dockerignore_edit,
    "history": history,
    "image_files": image_files,
    "json_config": json_config,
    "json_metadata": json_metadata,
    "ndb": ndb,
    "page": page,
    "rpm_header": rpm_header,
    "saved_report": saved_report,
    "settings": settings,
    "sqlite": sqlite,
    "tar": tar,
    "template": template,
}
