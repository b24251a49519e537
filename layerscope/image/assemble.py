"""From the metadata of an archive to an Image with its layers read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Thread
from typing import Any

from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage, UsageError
from layerscope.image import oci
from layerscope.image.candidate import Candidate, LayerBlob, choose, host
from layerscope.image.document import image_config, parse
from layerscope.image.images import images
from layerscope.image.layer import OTHER_ALGORITHMS, LayerData
from layerscope.image.layer_list import MAY_BE_CUT, count_note, in_order, layer_list, read_layer
from layerscope.image.options import ReadOptions
from layerscope.image.store import Store, WithData
from layerscope.model.image import Digest, Image, ImageConfig, Layer, Verified
from layerscope.model.limits import Limits, values_in

_MOST_WARNINGS = 20
"""The layers with a problem that get a warning each; the JSON report has the problem of every layer."""
_MOST_REPEATED = 100_000
"""Entries of layers that an image names again, besides as many as it has without them."""
_MAY_BE_CUT = (
    "the archive ends without its end-of-archive marker; it may have been cut, and other images in it may be missing"
)


def from_store(
    store: Store,
    source: str,
    reading: ReadOptions,
    warnings: Sequence[str] = (),
    *,
    ended: bool = True,
    in_directory: bool = False,
) -> Image:
    """The image that was asked for, with all its layers; ``warnings`` are of the archive as such.

    ``ended`` says whether the archive has its end-of-archive marker.
    """
    store = WithData(store, reading.limits)
    found = list(warnings)

    def on_damage(error: Damaged) -> None:
        if reading.strict:
            raise error
        found.append(f"{error.message}; manifest.json is used, and other images in the archive may be missing")

    candidates = images(store, reading.limits, on_damage)
    if not ended:
        if any(
            one.format == "docker-v1" for one in candidates
        ):  # A cut archive with a manifest.json at its end looks the same.
            raise Damaged("it ends without its end-of-archive marker", where=source)
        found.append(_MAY_BE_CUT)
    candidate = choose(candidates, reading.image, reading.platform)
    lost = [one for one in candidates if one.missing and one.format == "docker-archive"]
    if lost and reading.strict:
        raise ArchiveError(f"manifest.json: {lost[0].missing}")
    found += [f"an image that manifest.json names is left out: {one.missing}" for one in lost[:_MOST_WARNINGS]]
    layout = "oci-layout" if in_directory else ""
    return from_candidate(candidate, store, source, reading, found, layout=layout)


def from_candidate(
    candidate: Candidate,
    store: Store,
    source: str,
    reading: ReadOptions,
    warnings: Sequence[str] = (),
    *,
    layout: str = "",
) -> Image:
    """One image of a store, with all its layers; ``layout`` is what holds it where that is no archive."""
    document = store.document(candidate.config)
    changed = _changed_config(document, candidate, reading)
    config = image_config(parse(document, candidate.config, reading.limits), reading.limits)
    platform = candidate.platform or config.platform
    if reading.platform is not None and platform.os and not reading.platform.accepts(platform):
        raise UsageError(f"the archive holds no image for {reading.platform}; there is {platform}")
    layers, found = _layers(candidate, config, store, reading)
    found[:0] = (*warnings, *changed)
    attestations = _attestations(candidate, store, reading.limits, found)
    return Image(
        source=source,
        format=layout if layout and candidate.format == "oci-archive" else candidate.format,
        config=config,
        layers=layers,
        tags=candidate.tags,
        image_id=candidate.image_id or str((not changed and candidate.config_digest) or oci.digest_of(document)),
        manifest_digest=candidate.manifest_digest,
        annotations=candidate.annotations,
        attestations=attestations,
        warnings=tuple(found),
        notes=_notes(candidate, reading),
    )


def _attestations(
    candidate: Candidate, store: Store, limits: Limits, warnings: list[str]
) -> tuple[Mapping[str, Any], ...]:
    """The statements about the image that can be read; all together have no more values than one document may have."""
    found, values = [], 0
    for name in dict.fromkeys(candidate.attestations):
        try:
            document = store.document(name)
            values += values_in(document)
            if values > limits.json_values:
                raise LimitExceeded(f"{name}: over {limits.json_values:,} values with those before it")
            found.append(parse(document, name, limits).mapping())
        except ArchiveError as error:
            warnings.append(f"an attestation cannot be read: {error.message}")
    return tuple(found)


def _notes(candidate: Candidate, reading: ReadOptions) -> tuple[str, ...]:
    """Notes about the choice of the image; none for a lone manifest without a platform."""
    if reading.platform is None and not reading.image and candidate.platform and not host().accepts(candidate.platform):
        return (f"the archive has no image for {host()}; this one is for {candidate.platform}",)
    return ()


def _changed_config(document: bytes, candidate: Candidate, reading: ReadOptions) -> tuple[str, ...]:
    """A warning where the config of a docker-archive is not what its file name says: an engine loads it all the same.

    Raises Damaged where the digest is its address.
    """
    digest = candidate.config_digest
    if digest is None:
        return ()
    try:
        oci.proven(document, digest, candidate.config)
    except Damaged as error:
        if reading.strict or candidate.format != "docker-archive":
            raise
        return (
            f"{error.message}; it was changed after the image was built, and the image id is that of what is there",
        )
    return ()


def _layers(
    candidate: Candidate, config: ImageConfig, store: Store, reading: ReadOptions
) -> tuple[tuple[Layer, ...], list[str]]:
    """All layers of an image, each distinct blob read once, on as many threads as were asked for."""
    blobs, warnings = in_order(candidate.layers, config.diff_ids)
    if len(config.diff_ids) > reading.limits.layers:
        raise LimitExceeded(f"an image of {len(config.diff_ids):,} layers", hint="raise --limit layers")
    if config.diff_ids and len(blobs) != len(config.diff_ids):
        reading = replace(reading, verify=True)  # Which layer is which shows in its content alone.
    elif _contradictory(blobs, config.diff_ids, store):
        reading = replace(reading, verify=True)
    named = {one.algorithm for one in (*config.diff_ids, *(blob.digest for blob in blobs)) if one is not None}
    reading = replace(reading, algorithms=tuple(sorted(named & {*OTHER_ALGORITHMS})))
    outcomes = _outcomes(blobs, store, reading)
    listed = layer_list(blobs, outcomes, config.diff_ids)
    if len(blobs) != len(config.diff_ids) and candidate.format != "docker-v1":  # Its layers have no digests.
        warnings.append(count_note(blobs, outcomes, config.diff_ids))
    lost = [one for one in listed if one.layer.problem]
    refused = lost[:1] if outcomes and len(lost) == len(listed) else []
    for one in listed if reading.strict else refused:
        if one.error is not None:
            raise one.error
    for outcome in {id(outcome): outcome for outcome in outcomes}.values():
        warnings += outcome.warnings if isinstance(outcome, LayerData) else ()
    problems = [one.warning for one in listed if one.warning]
    warnings += problems[:_MOST_WARNINGS]
    if len(problems) > _MOST_WARNINGS:
        warnings.append(f"{len(problems) - _MOST_WARNINGS:,} more layers are left out or not what the image names")
    return tuple(one.layer for one in listed), warnings


def _contradictory(blobs: Sequence[LayerBlob], diff_ids: Sequence[Digest], store: Store) -> bool:
    """Whether a file has two diff_ids, or another length than its descriptor says; that of a pipe is not known."""
    named = {(store.file_of(blob.name), diff_id) for blob, diff_id in zip(blobs, diff_ids, strict=False)}
    if len(named) != len({file for file, _ in named}):
        return True
    return any(blob.stored_bytes not in (0, store.length(blob.name) or blob.stored_bytes) for blob in blobs)


def _outcomes(blobs: Sequence[LayerBlob], store: Store, reading: ReadOptions) -> list[LayerData | ArchiveError]:
    """Each blob as it was read, or why it could not be; two names of one file are read once.

    Raises LimitExceeded where a layer is too large: such a layer is not left out like one that cannot be read.
    """
    files = [(store.file_of(blob.name), "+encrypted" in blob.media_type) for blob in blobs]
    first = {file: index for index, file in reversed(list(enumerate(files)))}
    times = Counter(files)
    outcomes: dict[int, LayerData | ArchiveError] = {}

    def read(index: int) -> None:
        outcome = outcomes[index] = _read(blobs[index], index, store, ways[index])
        if isinstance(outcome, LayerData):
            changeset = outcome.changeset
            reading.tally.enter(len(changeset) * times[files[index]], changeset.text_bytes, reading.limits)
        elif isinstance(outcome, LimitExceeded):
            reading.tally.stop()

    # The largest first: if it came last, the other threads would be idle.
    lengths = {index: store.length(blobs[index].name) for index in first.values()}
    ways = _ways(sorted(lengths, key=lambda index: (-lengths[index], index)), lengths, reading)
    _in_parallel(read, list(ways), reading)
    for outcome in outcomes.values():
        if isinstance(outcome, LimitExceeded):
            raise outcome
    entries = {file: len(one.changeset) if isinstance(one := outcomes[first[file]], LayerData) else 0 for file in times}
    repeated = sum(entries[file] * (count - 1) for file, count in times.items())
    if repeated > _MOST_REPEATED + sum(entries.values()):
        raise LimitExceeded(f"layers that are named again and again have {repeated:,} entries")
    return [outcomes[first[file]] for file in files]


def _ways(order: Sequence[int], lengths: Mapping[int, int], reading: ReadOptions) -> dict[int, ReadOptions]:
    """How to read each blob, in the order in which they are taken; ``lengths`` are their stored bytes.

    One is decompressed on a thread of its own only where the others would find nothing else to do.
    """
    alone, ways, left = replace(reading, threads=1), dict[int, ReadOptions](), sum(lengths.values())
    for index in order:
        left -= lengths[index]
        ways[index] = reading if left < lengths[index] * (reading.threads - 1) else alone
    return ways


def _in_parallel(read: Callable[[int], None], indexes: Sequence[int], reading: ReadOptions) -> None:
    """Call ``read`` for each index; decompressing, hashing and walking by position let go of the interpreter's lock.

    The threads are plain ones, since loading concurrent.futures takes as long as reading a small image.
    """
    todo, failures = iter(indexes), list[BaseException]()

    def fail(error: BaseException) -> None:
        failures.append(error)
        reading.tally.stop()  # An interrupt must not wait for the layers that the other threads are at.

    def work(end: Event) -> None:
        try:
            for index in todo:  # The next one of a list is taken by one thread alone.
                if failures:
                    break
                read(index)
        except BaseException as error:
            fail(error)
        end.set()

    ends: list[Event] = []  # In Python 3.11 a thread counts as ended when waiting for itself was interrupted.
    try:
        for _ in indexes[1 : reading.threads]:
            end = Event()
            Thread(target=work, args=(end,), daemon=True).start()
            ends.append(end)
        work(Event())
        for end in ends:
            end.wait()
    except BaseException as error:
        fail(error)
        for end in ends:
            end.wait()  # The file must not be closed while a thread reads it.
    if failures:
        raise failures[0]


def _read(blob: LayerBlob, index: int, store: Store, reading: ReadOptions) -> LayerData | ArchiveError:
    """A layer, or why it cannot be read."""
    if blob.media_type.endswith("+encrypted"):
        return ArchiveError("it is encrypted")
    if not store.has(blob.name):
        foreign = "foreign" in blob.media_type or "nondistributable" in blob.media_type
        missing = f"{blob.name} is not there" if blob.name else "the manifest names no file for it"
        return ArchiveError("it is foreign, only its address is given" if foreign else missing)
    try:
        return store.layer(blob.name, _where(index, blob), reading)
    except ArchiveError as error:
        return error


def _where(index: int, blob: LayerBlob) -> str:
    return f"layer {index} ({blob.name})"


def root_file_system(data: LayerData, source: str, reading: ReadOptions) -> Image:
    """A plain root file system, as docker export writes it, as an image of one pseudo-layer."""
    if not data.changeset:
        raise NotAnImage(f"{source} is an empty tar")
    if reading.image:
        raise ArchiveError(f"{source} is a root file system and holds no image to pick")
    notes = ["this is a root file system without config or layers; all of it is shown as one layer"]
    if not data.ended:
        notes.append(f"{source}: {MAY_BE_CUT}")
    verified = Verified.HEADERS if data.ended else Verified.UNTERMINATED
    layer = read_layer(data, 0, LayerBlob(name=""), data.diff_id, verified)
    return Image(
        source=source, format="rootfs", config=ImageConfig(), layers=(layer,), warnings=(*notes, *data.warnings)
    )
