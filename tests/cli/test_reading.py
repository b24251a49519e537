"""``--limit NAME=N``: what cannot be is told by what is wrong with it."""

import pytest

from layerscope.cli.reading import limits
from layerscope.errors import UsageError
from layerscope.model.limits import Limits


def test_what_is_not_named_stays_as_it_is() -> None:
    assert limits(("entries=5", "layers=0")) == Limits(entries=5, layers=0)


@pytest.mark.parametrize(
    ("setting", "told", "hint"),
    [
        pytest.param("entres=3", "unknown limit entres", "did you mean entries?", id="misspelt"),
        pytest.param("foo=3", "unknown limit foo", "limits are captured_bytes, ", id="unknown"),
        pytest.param("entries=-1", "expected a non-negative integer", "", id="negative"),
        pytest.param("entries=many", "expected a non-negative integer", "", id="no number"),
        pytest.param("entries", "expected a non-negative integer", "", id="no value"),
        pytest.param(
            "entries=\N{SUPERSCRIPT TWO}", "expected a non-negative integer", "", id="a digit that is no number"
        ),
    ],
)
def test_a_mistake_is_told(setting: str, told: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        limits((setting,))
    assert caught.value.message.startswith(f"--limit {setting}: ") and told in caught.value.message
    assert caught.value.hint.startswith(hint) and bool(caught.value.hint) == bool(hint)
