"""The layers and the history of an image as rows."""

from msgspec.structs import replace

from layerscope.analysis.redact import cleaner
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import image_instructions
from layerscope.model.image import Image
from layerscope.model.rows import Column, Rows, row
from layerscope.rules.families.secrets_config import secret_values

_LAYERS = (
    Column(name="index", header="#", kind="number"),
    Column(name="docker_size", header="SIZE", kind="bytes"),
    Column(name="content_bytes", kind="bytes", shown=False),
    Column(name="hidden_bytes", header="HIDDEN", kind="bytes"),
    Column(name="stored_bytes", header="STORED", kind="bytes", rank=1),
    Column(name="tar_bytes", kind="bytes", shown=False),
    Column(name="entries", header="ENTRIES", kind="number", rank=2),
    Column(name="compression", header="COMPRESSION", rank=3),
    Column(name="verified", header="VERIFIED", rank=3),
    Column(name="diff_id", shown=False),
    Column(name="digest", shown=False),
    Column(name="media_type", shown=False),
    Column(name="instruction", header="INSTRUCTION"),
    Column(name="problem", header="LEFT OUT", shown=False),
    Column(name="partial", header="INCOMPLETE", shown=False),
)
_HISTORY = (
    Column(name="index", header="#", kind="number"),
    Column(name="layer", header="LAYER", kind="number"),
    Column(name="docker_size", header="SIZE", kind="bytes"),
    Column(name="created", shown=False),
    Column(name="kind", header="KIND"),
    Column(name="text", header="TEXT"),
    Column(name="build_args", shown=False),
    Column(name="comment", shown=False),
    Column(name="created_by", shown=False),
)


def layer_rows(image: Image) -> Rows:
    """Return one row for each layer, lowest first, with its instruction; secrets are masked."""
    steps, _ = image_instructions(image)
    clean = cleaner(secret_values(image, steps))
    by_layer = {step.layer: clean(str(step)) for step in steps}
    filesystem = Filesystem(image.layers)
    image = filesystem.marked(image)
    rows = tuple(
        row(
            _LAYERS,
            layer,
            docker_size=docker_size,
            hidden_bytes=filesystem.hidden_bytes(layer.index),
            entries=len(layer.changeset),
            compression=layer.compression or "none",
            diff_id=str(layer.diff_id or ""),
            digest=str(layer.digest or ""),
            instruction=by_layer.get(layer.index, ""),
        )
        for layer, docker_size in zip(image.layers, image.docker_sizes, strict=True)
    )
    *columns, problem, partial = _LAYERS
    columns.append(replace(problem, shown=not image.complete))
    columns.append(replace(partial, shown=any(layer.partial for layer in image.layers)))
    return Rows(columns=tuple(columns), rows=rows)


def history_rows(image: Image) -> tuple[Rows, tuple[str, ...]]:
    """Return one row for each step of the build in order, with secrets masked, and warnings."""
    steps, warnings = image_instructions(image)
    clean = cleaner(secret_values(image, steps))
    sizes = image.docker_sizes
    rows = tuple(
        row(
            _HISTORY,
            step,
            docker_size=sizes[step.layer] if step.layer is not None else 0,
            created=image.config.history[step.index].created,
            text=clean(step.text),
            build_args=tuple(clean(f"{name}={value}") for name, value in step.build_args),
            comment=clean(step.comment),
            created_by=clean(step.created_by),
        )
        for step in steps
    )
    return Rows(columns=_HISTORY, rows=rows), warnings
