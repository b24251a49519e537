"""From the metadata of an archive to an Image with its layers read."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event, Thread

from msgspec.structs import replace

from layerscope.archive import oci
from layerscope.archive.candidate import Candidate, LayerBlob
from layerscope.archive.choose import choose, host
from layerscope.archive.config import image_config
from layerscope.archive.document import parse
from layerscope.archive.images import images
from layerscope.archive.layer import NOTHING, LayerData, prove
from layerscope.archive.reading import Reading
from layerscope.archive.store import Store, WithData
from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage, UsageError
from layerscope.model.digest import Digest
from layerscope.model.image import Image, ImageConfig, Layer


def from_store(
    store: Store, source: str, reading: Reading, warnings: Sequence[str] = (), *, in_directory: bool = False
) -> Image:
    """The image that was asked for, with all its layers; ``warnings`` are of the archive as such."""
    store = WithData(store, reading.limits)
    candidate = choose(images(store, reading.limits), reading.image, reading.platform)
    document = store.document(candidate.config)
    if candidate.config_digest is not None:
        oci.proven(document, candidate.config_digest, candidate.config)
    config = image_config(parse(document, candidate.config, reading.limits))
    platform = candidate.platform or config.platform
    if reading.platform is not None and platform.os and not reading.platform.accepts(platform):
        raise UsageError(f"the archive holds no image for {reading.platform}; there is {platform}")
    layers, found = _layers(candidate, config, store, reading)
    found[:0] = warnings
    attestations = []
    for name in candidate.attestations:
        try:
            attestations.append(parse(store.document(name), name, reading.limits).mapping())
        except ArchiveError as error:
            found.append(f"an attestation cannot be read: {error.message}")
    return Image(
        source=source,
        format="oci-layout" if in_directory and candidate.format == "oci-archive" else candidate.format,
        config=config,
        layers=layers,
        tags=candidate.tags,
        image_id=candidate.image_id or str(candidate.config_digest or oci.digest_of(document)),
        manifest_digest=candidate.manifest_digest,
        annotations=candidate.annotations,
        attestations=tuple(attestations),
        warnings=tuple(found),
        notes=_notes(candidate, reading),
    )


def _notes(candidate: Candidate, reading: Reading) -> tuple[str, ...]:
    """What to know about the choice of the image; of a lone manifest without a platform nothing was chosen."""
    if reading.platform is None and not reading.image and candidate.platform and not host().accepts(candidate.platform):
        return (f"the archive has no image for {host()}; this one is for {candidate.platform}",)
    return ()


def _layers(
    candidate: Candidate, config: ImageConfig, store: Store, reading: Reading
) -> tuple[tuple[Layer, ...], list[str]]:
    """All layers of an image, each distinct blob read once, on as many threads as were asked for."""
    warnings: list[str] = []
    blobs = _in_order(candidate.layers, config.diff_ids, warnings)
    if len(blobs) != len(config.diff_ids) and candidate.format != "docker-v1":  # Its layers have no digests.
        warnings.append(f"the manifest has {len(blobs)} layers, the config {len(config.diff_ids)} diff_ids")
    outcomes = _outcomes(blobs, store, reading)
    diff_ids = (*config.diff_ids, *[None] * len(blobs))
    layers = tuple(
        _layer(index, blob, diff_id, outcome)
        for index, (blob, diff_id, outcome) in enumerate(zip(blobs, diff_ids, outcomes, strict=False))
    )
    unread = [layer for layer in layers if layer.problem]
    if unread and (reading.strict or len(unread) == len(layers)):
        raise _refusal(unread[0], outcomes[unread[0].index])
    for outcome in {id(outcome): outcome for outcome in outcomes}.values():
        warnings += outcome.warnings if isinstance(outcome, LayerData) else ()
    warnings += [f"layer {layer.index} is left out: {layer.problem}" for layer in unread]
    return layers, warnings


def _outcomes(blobs: Sequence[LayerBlob], store: Store, reading: Reading) -> list[LayerData | ArchiveError]:
    """Each blob as it was read, or why it could not be; two names of one file are read once.

    Raises LimitExceeded where a layer is too large: what is left out for that is no layer that cannot be read.
    """
    files = [(store.file_of(blob.name), "+encrypted" in blob.media_type) for blob in blobs]
    first = {file: index for index, file in reversed(list(enumerate(files)))}
    times = Counter(files)
    outcomes: dict[int, LayerData | ArchiveError] = {}

    def read(index: int) -> None:
        outcome = outcomes[index] = _read(blobs[index], index, store, ways[index])
        if isinstance(outcome, LayerData):
            reading.tally.enter(len(outcome.changeset) * times[files[index]], reading.limits)
        elif isinstance(outcome, LimitExceeded):
            reading.tally.stop()

    # The largest first: when it is met last, the other threads have nothing left to do.
    lengths = {index: store.length(blobs[index].name) for index in first.values()}
    ways = _ways(sorted(lengths, key=lambda index: (-lengths[index], index)), lengths, reading)
    _in_parallel(read, list(ways), reading)
    for outcome in outcomes.values():
        if isinstance(outcome, LimitExceeded):
            raise outcome
    return [outcomes[first[file]] for file in files]


def _ways(order: Sequence[int], lengths: Mapping[int, int], reading: Reading) -> dict[int, Reading]:
    """How to read each blob, in the order in which they are taken; ``lengths`` are their stored bytes.

    One is decompressed on a thread of its own only where the others would find nothing else to do.
    """
    alone, ways, left = replace(reading, threads=1), dict[int, Reading](), sum(lengths.values())
    for index in order:
        left -= lengths[index]
        ways[index] = reading if left < lengths[index] * (reading.threads - 1) else alone
    return ways


def _refusal(layer: Layer, outcome: LayerData | ArchiveError) -> ArchiveError:
    """The error for an image of which nothing can be shown, or not all where all was asked for."""
    if isinstance(outcome, Damaged | LimitExceeded):
        return outcome
    return ArchiveError(f"layer {layer.index} cannot be read: {layer.problem}")


def _in_parallel(read: Callable[[int], None], indexes: Sequence[int], reading: Reading) -> None:
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
            end.wait()  # Nobody may read from a file that is about to be closed.
    if failures:
        raise failures[0]


def _in_order(blobs: tuple[LayerBlob, ...], diff_ids: tuple[Digest, ...], warnings: list[str]) -> tuple[LayerBlob, ...]:
    """The blobs in the order of the diff_ids, where plain blobs let both be compared.

    Docker 25.0.0 wrote OCI manifests whose layers stand in a wrong order.
    """
    by_digest = {blob.digest: blob for blob in blobs}
    if len(blobs) != len(diff_ids) or set(by_digest) != set(diff_ids) or len(by_digest) != len(blobs):
        return blobs
    ordered = tuple(by_digest[diff_id] for diff_id in diff_ids)
    if ordered != blobs:
        warnings.append("the manifest has the layers in another order than the config; the config's order is used")
    return ordered


def _read(blob: LayerBlob, index: int, store: Store, reading: Reading) -> LayerData | ArchiveError:
    """A layer, or why it cannot be read."""
    if blob.media_type.endswith("+encrypted"):
        return ArchiveError("it is encrypted")
    if not store.has(blob.name):
        foreign = "foreign" in blob.media_type or "nondistributable" in blob.media_type
        return ArchiveError("it is foreign, only its address is given" if foreign else f"{blob.name} is not there")
    try:
        return store.layer(blob.name, _where(index, blob), reading)
    except ArchiveError as error:
        return error


def _where(index: int, blob: LayerBlob) -> str:
    return f"layer {index} ({blob.name})"


def _layer(index: int, blob: LayerBlob, diff_id: Digest | None, outcome: LayerData | ArchiveError) -> Layer:
    """A layer of the image; a wrong diff_id is an error for the whole archive."""
    proven = False
    if isinstance(outcome, LayerData) and diff_id is not None:
        if not outcome.stored_bytes and diff_id != NOTHING:
            outcome = ArchiveError("the archive has only an empty file in its place")
        else:
            proven = prove(outcome, diff_id, _where(index, blob))
    if isinstance(outcome, ArchiveError):
        return Layer(
            index=index,
            diff_id=diff_id,
            digest=blob.digest,
            media_type=blob.media_type,
            stored_bytes=blob.stored_bytes,
            changeset=LayerData().changeset,
            problem=outcome.message,
        )
    return Layer(
        index=index,
        diff_id=diff_id or outcome.diff_id,
        digest=blob.digest,
        media_type=blob.media_type,
        compression=outcome.compression,
        stored_bytes=outcome.stored_bytes,
        tar_bytes=outcome.tar_bytes,
        changeset=outcome.changeset,
        contents=outcome.contents,
        verified="contents" if proven else "headers",
    )


def root_file_system(data: LayerData, source: str, reading: Reading, warnings: Iterable[str]) -> Image:
    """A plain root file system, as docker export writes it, as an image of one pseudo-layer."""
    if not data.changeset:
        raise NotAnImage(f"{source} is an empty tar")
    if reading.image:
        raise ArchiveError(f"{source} is a root file system and holds no image to pick")
    note = "this is a root file system without config or layers; all of it is shown as one layer"
    layer = Layer(
        index=0,
        diff_id=data.diff_id,
        compression=data.compression,
        stored_bytes=data.stored_bytes,
        tar_bytes=data.tar_bytes,
        changeset=data.changeset,
        contents=data.contents,
        verified="headers",
    )
    return Image(source=source, format="rootfs", config=ImageConfig(), layers=(layer,), warnings=(note, *warnings))
