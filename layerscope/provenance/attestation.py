"""The provenance attestation of a build: SLSA v1 and v0.2 statements as BuildKit fills them.

With ``mode=max`` they hold the Dockerfile, the graph of build steps, and which step made which layer (BuildKit's
docs/attestations/slsa-definitions.md). Signatures are not checked. The documents are
hostile input: a value of another type than expected counts as absent.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct, field

from layerscope.model.image import Image

_PREDICATES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")
_METADATA = ("buildkit_metadata", "https://mobyproject.org/buildkit@v1#metadata")
_BUILD_ARG = "build-arg:"
_Kind = TypeVar("_Kind", dict[str, Any], list[Any], str)
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

    ``base_layers`` is how many of the image's layers are those of an image that the build started from, None where no
    digest shows it; ``base_name`` is that image.
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
        if _typed(statement, "predicateType", str) in _PREDICATES:
            return _provenance(image, _typed(statement, "predicate", dict))
    return None


def _provenance(image: Image, predicate: Mapping[str, Any]) -> Provenance:
    request = _request(predicate)
    metadata = _metadata(predicate)
    source = _typed(metadata, "source", dict)
    steps = _steps(predicate, _typed(source, "locations", dict))
    infos = [one for one in _typed(source, "infos", list) if isinstance(one, dict)]
    info = next((one for one in infos if _typed(one, "data", str)), {})
    chains = _chains(_typed(metadata, "layers", dict))
    base_layers, base_name = _base(image, steps, chains)
    return Provenance(
        dockerfile=_decoded(_typed(info, "data", str)),
        filename=_typed(info, "filename", str) or "Dockerfile",
        target=_typed(_typed(request, "args", dict), "target", str),
        build_args=dict(_build_args(request)),
        steps=steps,
        layer_steps=_layer_steps(image, steps, chains),
        base_layers=base_layers,
        base_name=base_name,
    )


def _request(predicate: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of the build: v0.2 has them in ``invocation``, v1 in ``externalParameters``."""
    external = _typed(_typed(predicate, "buildDefinition", dict), "externalParameters", dict)
    return (
        _typed(_typed(predicate, "invocation", dict), "parameters", dict)
        or _typed(external, "request", dict)
        or _typed(external, "parameters", dict)
    )


def _build_args(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in _typed(request, "args", dict).items():
        if name.startswith(_BUILD_ARG) and isinstance(value, str):
            yield name.removeprefix(_BUILD_ARG), value


def _metadata(predicate: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = _typed(predicate, "metadata", dict) or _typed(_typed(predicate, "runDetails", dict), "metadata", dict)
    return next((found for key in _METADATA if (found := _typed(metadata, key, dict))), {})


def _steps(predicate: Mapping[str, Any], locations: Mapping[str, Any]) -> dict[str, BuildStep]:
    definition = _typed(predicate, "buildDefinition", dict)
    for holder in (
        predicate,
        _typed(definition, "internalParameters", dict),
        _typed(definition, "externalParameters", dict),
    ):
        graph = _typed(_typed(holder, "buildConfig", dict), "llbDefinition", list)
        if graph:
            steps = [step for step in graph[:_MOST_STEPS] if isinstance(step, dict)]
            return {
                _typed(step, "id", str): _step(step, _typed(locations, _typed(step, "id", str), dict)) for step in steps
            }
    return {}


def _step(step: Mapping[str, Any], location: Mapping[str, Any]) -> BuildStep:
    operation = _typed(step, "op", dict)
    operation = _typed(operation, "Op", dict) or operation
    kind = next((name for name in ("exec", "file", "source", "merge") if isinstance(operation.get(name), dict)), "")
    inputs = [one.partition(":")[0] for one in _typed(step, "inputs", list) if isinstance(one, str)]
    taken = dict.fromkeys(_taken(kind, _typed(operation, kind, dict)))
    return BuildStep(
        kind=kind,
        lines=tuple(sorted(set(_lines(location)))),
        sources=tuple(inputs[place] for place in taken if 0 <= place < len(inputs)),
        identifier=_typed(_typed(operation, kind, dict), "identifier", str),
    )


def _taken(kind: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """The places, among a step's inputs, of those that it copies from or mounts beside its root."""
    if kind == "file":
        for action in _typed(operation, "actions", list):
            copied = isinstance(action, dict) and "copy" in (_typed(action, "Action", dict) or action)
            place = action.get("secondaryInput") if copied else None
            if isinstance(place, int):
                yield place
    elif kind == "exec":
        for mount in _typed(operation, "mounts", list):
            place = mount.get("input") if isinstance(mount, dict) and _typed(mount, "dest", str) != "/" else None
            if isinstance(place, int):
                yield place


def _lines(location: Mapping[str, Any]) -> Iterator[int]:
    """The first line of each range."""
    for one in _typed(location, "locations", list):
        for part in _typed(one, "ranges", list) if isinstance(one, dict) else ():
            line = _typed(part, "start", dict).get("line") if isinstance(part, dict) else None
            if isinstance(line, int) and line > 0:
                yield line


def _chains(layers: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Each step with the digests of the layers of its result, lowest first; one for each compression."""
    found = []
    for output, variants in layers.items():
        for variant in variants if isinstance(variants, list) else ():
            chain = (
                tuple(_typed(one, "digest", str) for one in variant if isinstance(one, dict))
                if isinstance(variant, list)
                else ()
            )
            if chain:
                found.append((output.partition(":")[0], chain))
    return found[:_MOST_STEPS]


def _layer_steps(
    image: Image, steps: Mapping[str, BuildStep], chains: Sequence[tuple[str, tuple[str, ...]]]
) -> dict[int, str]:
    """The step that made each layer: the one whose result ends with it, except merges."""
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
    """How many layers are those of an image that the build read and that this one is built on, and its name."""
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


def _typed(value: Mapping[str, Any], key: str, kind: type[_Kind]) -> _Kind:
    found = value.get(key)
    return found if isinstance(found, kind) else kind()
