"""A build instruction, as the history or a Dockerfile tells it."""

from msgspec import Struct


class Instruction(Struct, frozen=True, kw_only=True):
    """One step of a build, in the order of the build.

    ``kind`` is the Dockerfile keyword (``RUN``, ``COPY``, ``ENV``, ...), or ``BUILDPACK``, ``BAZEL``, ``JIB``,
    ``KO``, ``NIX``, ``IMPORT``, ``COMMIT`` for what other tools write, and empty where nothing is known.
    ``text`` is what a person would have written after the keyword. ``layer`` is the index of the layer that
    the step made, None for a step that made none. ``build_args`` are the ``NAME=value`` pairs that
    the builder recorded before a RUN. ``copy_from`` is the stage or image of ``--from``
    where the history kept it. ``joined`` are the indexes of the steps whose work lies in the same layer, below its own.
    ``shown`` is what may be quoted of it where it repeats a secret of the image, else it is empty.
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
