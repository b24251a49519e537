"""Images in memory on one base and on another: what the report says of the change.

found = onto(base=(file("usr/bin/tool", ELF, mode=0o755),), own=(copy("/app", file("app/run", b"..")),), other=())
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.onto import Missing, Need, Onto
from layerscope.model.report import Report
from layerscope.rebase.registry import WANTED as FOR_OTHER_BASES
from tests.builder import ImageSpec, Member, docker_save, file, layer, symlink
from tests.packages.elves import linked

LOADER = "/lib64/ld-linux-x86-64.so.2"
GLIBC = (
    file("lib64/ld-linux-x86-64.so.2", linked(), mode=0o755),
    file("lib/x86_64-linux-gnu/libc.so.6", linked(soname="libc.so.6", defines=["GLIBC_2.2.5", "GLIBC_2.34"])),
)
"""The C library of the old base."""
MUSL = (file("lib/ld-musl-x86_64.so.1", linked(), mode=0o755),)
SHELL = file("bin/sh", linked("libc.so.6", interpreter=LOADER), mode=0o755)
PASSWD = file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")


@dataclass(frozen=True, slots=True)
class Step:
    """An own instruction as the history records it, and what its layer holds; no layer where that is None."""

    created_by: str
    members: Sequence[Member] | None = None


def copy(*members: Member) -> Step:
    return Step("COPY /src /dst # buildkit", members)


def run(command: str, *members: Member) -> Step:
    return Step(f"RUN /bin/sh -c {command} # buildkit", members)


def setting(text: str) -> Step:
    return Step(text)


def program(*libraries: str, **fields: object) -> bytes:
    """A program for glibc."""
    return linked(*libraries, **{"interpreter": LOADER, **fields})  # type: ignore[arg-type]


def script(line: str, *commands: str) -> bytes:
    return "\n".join((f"#!{line}", *commands, "")).encode()


def reported(
    folder: Path,
    *,
    base: Sequence[Member] = (),
    own: Sequence[Step] = (),
    other: Sequence[Member] = (),
    other_fields: dict[str, object] | None = None,
    **fields: object,
) -> Report:
    """The report of an image with its own steps on ``base``, and on ``other``; ``fields`` are those of the config."""
    history: list[dict[str, object]] = [{"created_by": "ADD base / # buildkit", "comment": "buildkit.dockerfile.v0"}]
    layers = [layer(*base)]
    for step in own:
        entry = {"created_by": step.created_by, "comment": "buildkit.dockerfile.v0"}
        history.append(entry | ({"empty_layer": True} if step.members is None else {}))
        if step.members is not None:
            layers.append(layer(*step.members))
    below = ImageSpec(layers=(layers[0],), history=tuple(history[:1]))
    image = ImageSpec(layers=tuple(layers), history=tuple(history), **fields)  # type: ignore[arg-type]
    given: dict[str, object] = {"tags": ("other:1",), **(other_fields or {})}
    candidate = ImageSpec(layers=(layer(*other),), history=tuple(history[:1]), **given)  # type: ignore[arg-type]
    with ExitStack() as stack:
        opened = []
        for name, spec in (("base", below), ("image", image), ("other", candidate)):
            path = folder / f"{name}.tar"
            path.write_bytes(docker_save(spec))
            reading = ReadOptions(wanted=(*WANTED, *FOR_OTHER_BASES))
            opened.append(stack.enter_context(open_image(str(path), reading)))
        inputs = AnalysisInputs(base=opened[0].config.diff_ids, onto=(opened[2],), base_steps=1)
        return report(analyse(opened[1], inputs))


def onto(folder: Path, **fields: object) -> Onto:
    """What the report says of the other base."""
    (found,) = reported(folder, **fields).onto  # type: ignore[arg-type]
    return found


def missing(found: Onto, need: Need) -> dict[str, tuple[str, ...]]:
    """What is missing for one need, and what needs it."""
    return {one.what: one.needed_by for one in found.missing if one.need == need}


__all__ = [
    "GLIBC", "LOADER", "MUSL", "PASSWD", "SHELL", "Missing", "Need", "copy", "missing", "onto", "program", "reported",
    "run", "script", "setting", "symlink",
]  # fmt: skip
