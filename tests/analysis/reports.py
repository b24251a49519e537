"""Reports of every shape, for properties."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from layerscope.model.base import Base
from layerscope.model.finding import Finding, FoundPath
from layerscope.model.onto import Onto
from layerscope.model.report import InstructionReport, LayerReport, Report
from layerscope.model.step import Edit, SecretAdvice, Step

# Lone surrogates stand for the bytes of paths that are no UTF-8.
_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from([chr(0xDC80), chr(0xDCFF)]), max_size=8)
_BYTES = st.integers(min_value=0, max_value=1 << 62)
_CONFIG = st.dictionaries(
    st.sampled_from(["Cmd", "Env", "Labels", "x"]), st.none() | _TEXT | st.lists(_TEXT), max_size=3
)


@cache
def reports() -> st.SearchStrategy[Report]:
    """Reports whose indexes lead somewhere."""
    return st.integers(0, 3).flatmap(lambda layers: st.integers(0, 3).flatmap(lambda steps: _report(layers, steps)))


def _report(layers: int, steps: int) -> st.SearchStrategy[Report]:
    layer = st.sampled_from(range(layers)) if layers else st.none()
    step = st.none() | st.sampled_from(range(steps)) if steps else st.none()
    found = st.tuples(*[_builds(FoundPath, layer=layer)] * (1 if layers else 0))
    finding = _builds(Finding, instruction=step, paths=found)
    findings = st.lists(finding, max_size=2).map(tuple)
    return findings.flatmap(lambda found: _report_of(layers, layer, step, finding, found, steps))


def _report_of(
    layers: int,
    layer: st.SearchStrategy[Any],
    step: st.SearchStrategy[Any],
    finding: st.SearchStrategy[Any],
    findings: tuple[Finding, ...],
    steps: int,
) -> st.SearchStrategy[Report]:
    places = st.lists(st.sampled_from(range(len(findings))), max_size=2).map(tuple) if findings else st.just(())
    edits = st.lists(_builds(Edit, line=st.integers(1, 9)), max_size=2).map(tuple)
    advised = _builds(Step, findings=places, edits=edits)
    secret = _builds(SecretAdvice, finding=st.sampled_from(range(len(findings)))) if findings else None
    return _builds(
        Report,
        layers=st.tuples(*(_builds(LayerReport, index=st.just(index), instruction=step) for index in range(layers))),
        instructions=st.tuples(
            *(_builds(InstructionReport, index=st.just(index), layer=st.none() | layer) for index in range(steps))
        ),
        base=_builds(Base),
        findings=st.just(findings),
        steps=st.lists(advised, max_size=2).map(tuple),
        base_step=st.none() | advised,
        onto=st.lists(_builds(Onto), max_size=1).map(tuple),
        secrets=st.just(()) if secret is None else st.lists(secret, max_size=2).map(tuple),
        ignored=st.lists(finding, max_size=1).map(tuple),
        schema_version=st.just("2.0"),
    )


def _builds(kind: Any, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a dataclass, every member by its type."""
    from typing import get_type_hints

    hints = get_type_hints(kind)
    return st.builds(kind, **{name: given[name] if name in given else _of(hint) for name, hint in hints.items()})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the report's members have them."""
    from collections.abc import Mapping
    from enum import Enum
    from types import UnionType
    from typing import Union, get_args, get_origin

    from msgspec import Struct

    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: _TEXT,
        int: _BYTES,
        bool: st.booleans(),
        float: st.floats(0, 1),
        type(None): st.none(),
    }
    if hint in simple:
        return simple[hint]
    arguments = get_args(hint)
    if get_origin(hint) in (UnionType, Union):
        return st.one_of([_of(one) for one in arguments])
    if get_origin(hint) is tuple and arguments[-1] is Ellipsis:
        return st.lists(_of(arguments[0]), max_size=2).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(_of, arguments))
    if get_origin(hint) is Mapping:
        return st.dictionaries(st.integers(0, 99), _BYTES, max_size=2) if arguments[0] is int else _CONFIG
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert issubclass(hint, Struct), hint
    return _builds(hint)
