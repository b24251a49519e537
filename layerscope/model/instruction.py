"""A build instruction, from the history or a Dockerfile."""

from collections.abc import Sequence

from msgspec import Struct


class Instruction(Struct, frozen=True, kw_only=True):
    """One step of a build, in the order of the build.

    ``kind`` is the Dockerfile keyword (``RUN``, ``COPY``, ``ENV``, ...), ``BUILDPACK``, ``BAZEL``, ``JIB``, ``KO``,
    ``NIX``, ``IMPORT`` or ``COMMIT`` for the steps of other tools, and empty where it is unknown. ``text`` is what
    follows the keyword in a Dockerfile. ``layer`` is the index of the layer that the step made, if any.
    ``build_args`` are the ``NAME=value`` pairs that the builder recorded before a RUN, ``copy_from`` the stage or image
    of ``--from`` where the history kept it. ``joined`` are the indexes of earlier steps whose work is in the same
    layer. ``shown`` is the masked text of a step that repeats a secret of the image, else empty.
    """

    index: int
    kind: str
    text: str
    created_by: str = ""
    layer: int | None = None
    build_args: tuple[tuple[str, str], ...] = ()
    copy_from: str = ""
    comment: str = ""
    joined: tuple[int, ...] = ()
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".strip()


def built_by_buildkit(instructions: Sequence[Instruction], base_layers: int) -> bool:
    """Whether BuildKit built the image's own part: only then ``--mount``, ``--chmod`` and heredocs are known."""
    own = [step for step in instructions if step.layer is not None and step.layer >= base_layers]
    own = own or list(instructions[-1:])
    return bool(own) and all(step.comment.startswith("buildkit.") for step in own)
