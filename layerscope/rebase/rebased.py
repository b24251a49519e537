"""The image that own layers make on another base: its layers, its config and its history, without a build."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import image_instructions
from layerscope.model.entry import Kind
from layerscope.model.image import Image, ImageConfig
from layerscope.model.instruction import Instruction

_SETTINGS = ("ENTRYPOINT", "CMD", "USER", "WORKDIR", "HEALTHCHECK")
_OTHER_TOOLS = frozenset({"APKO", "BAZEL", "BUILDPACK", "COMMIT", "IMPORT", "JIB", "KO", "NIX", ""})
_PATH = "PATH"


class Rebased(Struct, frozen=True, kw_only=True):
    """An image on another base.

    ``base_layers`` are those of the candidate, ``instructions`` those of the candidate and then the own ones, from the
    index ``own_from`` on. ``own_first`` is the number of the first own version in ``filesystem``.
    """

    image: Image
    filesystem: Filesystem
    instructions: tuple[Instruction, ...]
    base_layers: int
    own_from: int

    @property
    def own_first(self) -> int:
        layers = len(self.filesystem.layers)
        return self.filesystem.numbers(self.base_layers).start if self.base_layers < layers else len(self.filesystem)

    @property
    def own_instructions(self) -> tuple[Instruction, ...]:
        return self.instructions[self.own_from :]

    def is_of_base(self, number: int) -> bool:
        return number < self.own_first

    def versions_at(self, path: str) -> Iterator[int]:
        """The regular files that the layers have at a path, lowest layer first."""
        for layer in self.filesystem.layers:
            paths = layer.changeset.paths
            index = paths.index(path) if path in paths else None
            if index is not None and layer.changeset.kinds[index] == Kind.FILE:
                yield self.filesystem.numbers(layer.index).start + index


def as_it_is(
    image: Image,
    filesystem: Filesystem,
    steps: tuple[Instruction, ...],
    base_layers: int,
    base_steps: int | None = None,
) -> Rebased:
    """The image on its own base; ``base_steps`` is the number of instructions of a base whose archive was given."""
    first = own_from(steps, base_layers) if base_steps is None else min(base_steps, len(steps))
    return Rebased(image=image, filesystem=filesystem, instructions=steps, base_layers=base_layers, own_from=first)


def rebased(image: Image, old: Rebased, candidate: Image) -> Rebased:
    """The own layers of an image on the candidate."""
    below, first = len(candidate.layers), old.own_from
    own = [replace(layer, index=below + place) for place, layer in enumerate(image.layers[old.base_layers :])]
    layers = (*candidate.layers, *own)
    candidate_steps, _ = image_instructions(candidate)
    moved = [_moved(step, len(candidate_steps) - first, below - old.base_layers) for step in old.own_instructions]
    config = _config(image, old, candidate)
    return Rebased(
        image=replace(image, layers=layers, config=config),
        filesystem=Filesystem(layers),
        instructions=(*candidate_steps, *moved),
        base_layers=below,
        own_from=len(candidate_steps),
    )


def _moved(step: Instruction, steps: int, layers: int) -> Instruction:
    """An own instruction that so many more instructions, and layers, stand before than before."""
    return replace(
        step,
        index=step.index + steps,
        layer=None if step.layer is None else step.layer + layers,
        joined=tuple(index + steps for index in step.joined),
    )


def own_from(steps: Sequence[Instruction], base_layers: int) -> int:
    """The index of the first own instruction: behind the base's last layer and the CMD or ENTRYPOINT that ends it."""
    behind = max((step.index + 1 for step in steps if step.layer is not None and step.layer < base_layers), default=0)
    if not base_layers:
        return 0
    above = (step.index for step in steps if step.layer is not None and step.layer >= base_layers)
    first_own = next(above, len(steps))
    ends = [step.index + 1 for step in steps[behind:first_own] if step.kind in ("CMD", "ENTRYPOINT")]
    # Where no own layer follows, the settings behind the base's last layer may all be own ones.
    return ends[-1] if ends and first_own < len(steps) else behind


def _config(image: Image, old: Rebased, candidate: Image) -> ImageConfig:
    """The config of a build on the candidate: what own instructions set, and all else from the candidate."""
    own, base, steps = image.config, candidate.config, old.own_instructions
    kinds, names = {step.kind for step in steps}, _set_names(steps)
    if not steps or not kinds.isdisjoint(_OTHER_TOOLS):
        # Other tools record no instructions for what they set.
        kinds, names = kinds.union(_SETTINGS), frozenset(_pair(text)[0] for text in own.env)
    starts = bool(kinds & {"CMD", "ENTRYPOINT"})  # Builders drop the base's CMD along with its ENTRYPOINT.
    return replace(
        base,
        env=_environment(own, base, names, _path_of(old.instructions[: old.own_from])),
        entrypoint=own.entrypoint if "ENTRYPOINT" in kinds else base.entrypoint,
        cmd=own.cmd if starts else base.cmd,
        user=own.user if "USER" in kinds else base.user,
        working_dir=own.working_dir if "WORKDIR" in kinds else base.working_dir,
        document=own.document if "HEALTHCHECK" in kinds else base.document,
        history=(*base.history, *own.history[old.own_from :]),
        labels={**base.labels, **own.labels},
    )


def _set_names(steps: Sequence[Instruction]) -> frozenset[str]:
    """The variables that instructions set."""
    words = (word for step in steps if step.kind == "ENV" for word in step.text.split())
    return frozenset(word.partition("=")[0] for word in words)


def _path_of(steps: Sequence[Instruction]) -> str:
    """The PATH that the old base set last, as its history has it."""
    found = ""
    for step in steps:
        if step.kind == "ENV" and step.text.startswith(f"{_PATH}="):
            found = step.text.partition("=")[2].strip()
    return found


def _environment(own: ImageConfig, base: ImageConfig, names: frozenset[str], old_path: str) -> tuple[str, ...]:
    """The variables of the candidate with those that own instructions set; a PATH that goes on keeps its own part."""
    values = dict(_pair(text) for text in base.env)
    candidate_path = values.get(_PATH, "")
    for name, value in map(_pair, own.env):
        if name in names:
            is_extended = name == _PATH and old_path and candidate_path and old_path in value
            values[name] = value.replace(old_path, candidate_path, 1) if is_extended else value
    return tuple(f"{name}={value}" for name, value in values.items())


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
