"""Flags and sources of COPY and ADD are edited in place."""

from layerscope.edit.copying import add_exclude, set_flag, with_sources, without_flag
from layerscope.edit.document import Document, EditableInstruction


def copy(source: str) -> EditableInstruction:
    return Document.parse(f"FROM x\n{source}\n", "Dockerfile").instructions[1]


def test_flags_are_set_and_removed() -> None:
    assert set_flag(copy("COPY a b"), "chown", "node:node") == "COPY --chown=node:node a b"
    assert set_flag(copy("COPY --chown=x --link a b"), "chown", "y") == "COPY --chown=y --link a b"
    assert without_flag(copy("COPY --chown=x --link a b"), "chown") == "COPY --link a b"
    assert add_exclude(copy("COPY --link a b"), "**/x") == "COPY --link --exclude=**/x a b"


def test_sources_are_replaced() -> None:
    assert with_sources(copy("COPY a b c/"), ["b", "d"]) == "COPY b d c/"
    assert with_sources(copy('COPY ["a", "b", "c/"]'), ["b", "d e"]) == 'COPY ["b", "d e", "c/"]'
