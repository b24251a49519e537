"""Masks hold for every number what a look at each one alone would say."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.entry import both, inverse, negative

_MASKS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)))


@given(_MASKS)
def test_both_and_inverse(pairs: list[tuple[int, int]]) -> None:
    one, other = bytes(a for a, _ in pairs), bytes(b for _, b in pairs)
    assert list(both(one, other)) == [a & b for a, b in pairs]
    assert list(inverse(one)) == [1 - a for a, _ in pairs]


@given(st.sampled_from("hiq"), st.lists(st.integers(-(1 << 15), (1 << 15) - 1)))
def test_negative(typecode: str, numbers: list[int]) -> None:
    assert list(negative(array(typecode, numbers))) == [int(number < 0) for number in numbers]
