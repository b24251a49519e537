"""What a provenance attestation tells of the build: SLSA v1 and v0.2 statements as BuildKit fills them.

With ``mode=max`` they hold the Dockerfile, the graph of build steps, and which step made which layer (BuildKit's
docs/attestations/slsa-definitions.md). Nothing here is signed or proven, so it is only as attested. The documents are
hostile input: whatever has another type than it should is taken for absent.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from layerscope.model.image import Image

_PREDICATES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")
_METADATA = ("buildkit_metadata", "https://mobyproject.org/buildkit@v1#metadata")
_BUILD_ARG = "build-arg:"
_MOST_STEPS = 100_000
_MOST_BYTES = 4 << 20
"""The most base64 characters of a Dockerfile that are decoded."""


class BuildStep(Struct, frozen=True, kw_only=True):
    """One vertex of the build graph.

    ``kind`` is ``exec``, ``file``, ``source``, ``merge`` or whatever the document says. ``lines`` are the lines of
    the Dockerfile that it stands for, ``sources`` the ids of the steps that it copies or mounts files from, beside
    the one whose file system it goes on with; ``identifier`` is what a source step reads (``docker-image://...``).
    """

    kind: str = ""
    lines: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    identifier: str = ""


class Provenance(Struct, frozen=True, kw_only=True):
    """The Dockerfile and the arguments of a build, its steps by id, and the step of each layer by index.

    ``base_layers`` is how many of the image's layers an image that the build started from brought, None where no
    digest tells; ``base_name`` is that image.
    """

    dockerfile: bytes = b""
    filename: str = "Dockerfile"
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, BuildStep] = field(default_factory=dict)
    layer_steps: Mapping[int, str] = field(default_factory=dict)
    base_layers: int | None = None
    base_name: str = ""


def read_provenance(image: Image) -> Provenance | None:
    """The first provenance among the image's attestations; None without one. Never raises."""
    for statement in image.attestations:
        if _text(statement, "predicateType") in _PREDICATES:
            return _provenance(image, _map(statement, "predicate"))
    return None


def _provenance(image: Image, predicate: Mapping[str, Any]) -> Provenance:
    request = _request(predicate)
    metadata = _metadata(predicate)
    source = _map(metadata, "source")
    steps = _steps(predicate, _map(source, "locations"))
    infos = [one for one in _list(source, "infos") if isinstance(one, dict)]
    info = next((one for one in infos if _text(one, "data")), {})
    chains = _chains(_map(metadata, "layers"))
    base_layers, base_name = _base(image, steps, chains)
    return Provenance(
        dockerfile=_decoded(_text(info, "data")),
        filename=_text(info, "filename") or "Dockerfile",
        target=_text(_map(request, "args"), "target"),
        build_args=dict(_build_args(request)),
        steps=steps,
        layer_steps=_layer_steps(image, steps, chains),
        base_layers=base_layers,
        base_name=base_name,
    )


def _request(predicate: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of the build: v0.2 has them in ``invocation``, v1 in ``externalParameters``."""
    external = _map(_map(predicate, "buildDefinition"), "externalParameters")
    return (
        _map(_map(predicate, "invocation"), "parameters") or _map(external, "request") or _map(external, "parameters")
    )


def _build_args(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in _map(request, "args").items():
        if name.startswith(_BUILD_ARG) and isinstance(value, str):
            yield name.removeprefix(_BUILD_ARG), value


def _metadata(predicate: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = _map(predicate, "metadata") or _map(_map(predicate, "runDetails"), "metadata")
    return next((found for key in _METADATA if (found := _map(metadata, key))), {})


def _steps(predicate: Mapping[str, Any], locations: Mapping[str, Any]) -> dict[str, BuildStep]:
    definition = _map(predicate, "buildDefinition")
    for holder in (predicate, _map(definition, "internalParameters"), _map(definition, "externalParameters")):
        graph = _list(_map(holder, "buildConfig"), "llbDefinition")
        if graph:
            steps = [step for step in graph[:_MOST_STEPS] if isinstance(step, dict)]
            return {_text(step, "id"): _step(step, _map(locations, _text(step, "id"))) for step in steps}
    return {}


def _step(step: Mapping[str, Any], location: Mapping[str, Any]) -> BuildStep:
    operation = _map(step, "op")
    operation = _map(operation, "Op") or operation
    kind = next((name for name in ("exec", "file", "source", "merge") if isinstance(operation.get(name), dict)), "")
    inputs = [one.partition(":")[0] for one in _list(step, "inputs") if isinstance(one, str)]
    taken = dict.fromkeys(_taken(kind, _map(operation, kind)))
    return BuildStep(
        kind=kind,
        lines=tuple(sorted(set(_lines(location)))),
        sources=tuple(inputs[place] for place in taken if 0 <= place < len(inputs)),
        identifier=_text(_map(operation, kind), "identifier"),
    )


def _taken(kind: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """The places, among a step's inputs, of what it copies from or mounts beside its root."""
    if kind == "file":
        for action in _list(operation, "actions"):
            copied = isinstance(action, dict) and "copy" in (_map(action, "Action") or action)
            place = action.get("secondaryInput") if copied else None
            if isinstance(place, int):
                yield place
    elif kind == "exec":
        for mount in _list(operation, "mounts"):
            place = mount.get("input") if isinstance(mount, dict) and _text(mount, "dest") != "/" else None
            if isinstance(place, int):
                yield place


def _lines(location: Mapping[str, Any]) -> Iterator[int]:
    """The first line of each range."""
    for one in _list(location, "locations"):
        for part in _list(one, "ranges") if isinstance(one, dict) else ():
            line = _map(part, "start").get("line") if isinstance(part, dict) else None
            if isinstance(line, int) and line > 0:
                yield line


def _chains(layers: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Each step with the digests of the layers of its result, lowest first; one for each compression."""
    found = []
    for output, variants in layers.items():
        for variant in variants if isinstance(variants, list) else ():
            chain = (
                tuple(_text(one, "digest") for one in variant if isinstance(one, dict))
                if isinstance(variant, list)
                else ()
            )
            if chain:
                found.append((output.partition(":")[0], chain))
    return found[:_MOST_STEPS]


def _layer_steps(
    image: Image, steps: Mapping[str, BuildStep], chains: Sequence[tuple[str, tuple[str, ...]]]
) -> dict[int, str]:
    """The step that made each layer: the one whose result ends with it, and which is no merge of others."""
    last: dict[str, str] = {}
    for step, chain in chains:
        before = steps.get(last.get(chain[-1], ""))
        if before is None or before.kind == "merge":
            last[chain[-1]] = step
    found = {layer.index: last[str(layer.digest)] for layer in image.layers if str(layer.digest) in last}
    return {index: step for index, step in found.items() if step in steps}


def _base(
    image: Image, steps: Mapping[str, BuildStep], chains: Sequence[tuple[str, tuple[str, ...]]]
) -> tuple[int | None, str]:
    """How many layers an image brought that the build read and that this one stands on, and its name."""
    own = tuple(str(layer.digest) for layer in image.layers)
    best, name = None, ""
    for step, chain in chains:
        source = steps.get(step)
        if source is None or source.kind != "source" or own[: len(chain)] != chain or len(chain) <= (best or 0):
            continue
        best, name = len(chain), source.identifier.removeprefix("docker-image://").partition("@")[0]
    return best, name


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if len(text) <= _MOST_BYTES else b""
    except (binascii.Error, ValueError):
        return b""


def _map(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
