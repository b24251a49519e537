"""An existing ``.dive-ci`` stands for limits of ours; what cannot be read is refused by its line."""

import pytest

from layerscope.analysis.dive_ci import dive_limits
from layerscope.errors import UsageError

DEFAULTS: dict[str, object] = {"min_efficiency": "90%", "highest_user_wasted_percent": "10%"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.20\n",
            {"min_efficiency": "95%", "highest_wasted_bytes": "20000000", "highest_user_wasted_percent": "20%"},
            id="all three",
        ),
        pytest.param("rules:\n", DEFAULTS, id="silent: the other tool's defaults"),
        pytest.param("", DEFAULTS, id="empty"),
        pytest.param(
            "rules:\n  lowestEfficiency: disabled\n  highestUserWastedPercent: 'off'\n", {}, id="everything is off"
        ),
        pytest.param(
            "---\nplugins:\n  - plugin1\n\nrules:\n  # a comment\n\n  lowestEfficiency: 0.5 # half\n"
            "  plugin1/rule1: error\n",
            {"min_efficiency": "50%", "highest_user_wasted_percent": "10%"},
            id="comments, blank lines, plugins and their rules",
        ),
        pytest.param(
            'rules:\n    highestWastedBytes: "19Mb"\n',
            {"min_efficiency": "90%", "highest_wasted_bytes": "19000000", "highest_user_wasted_percent": "10%"},
            id="quoted, other indentation, case of the unit",
        ),
        pytest.param("rules:\n  lowestEfficiency:\n", DEFAULTS, id="null keeps the default"),
        pytest.param("rules:\n  lowestEfficiency: # none\n", DEFAULTS, id="a comment alone keeps the default"),
        pytest.param(
            "rules: # ours\n  lowestEfficiency: disabled\n  highestUserWastedPercent: off\n", {}, id="a comment"
        ),
        pytest.param(
            "\ufeffrules:\n  lowestEfficiency: 0.5\n", {**DEFAULTS, "min_efficiency": "50%"}, id="a byte order mark"
        ),
        pytest.param("  lowestEfficiency: 7\n- x\nother:\n", DEFAULTS, id="below nothing"),
        pytest.param("rules:\n  lowestEfficiency: ~\n", DEFAULTS, id="tilde keeps the default"),
        pytest.param("rules:\r\n  lowestEfficiency: 0.5\r\n", {**DEFAULTS, "min_efficiency": "50%"}, id="CRLF"),
        pytest.param(
            "rules:\n  highestWastedBytes: 1GiB\nother:\n  highestWastedBytes: 5\n",
            {"min_efficiency": "90%", "highest_wasted_bytes": "1073741824", "highest_user_wasted_percent": "10%"},
            id="the same key elsewhere",
        ),
        pytest.param(
            "plugins:\n- name: x\n  lowestEfficiency: 7\nother:\n  lowestEfficiency: 7\n",
            DEFAULTS,
            id="the same key in a list, and below another key",
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: 0.5\n- name: x\n  lowestEfficiency: 7\n",
            {**DEFAULTS, "min_efficiency": "50%"},
            id="the same key in a list behind the rules",
        ),
    ],
)
def test_the_rules_become_limits(text: str, expected: dict[str, object]) -> None:
    assert dive_limits(text, ".dive-ci") == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("rules: {lowestEfficiency: 0.9}\n", "line 1", id="flow mapping"),
        pytest.param('{"rules": {"lowestEfficiency": 0.9}}\n', "line 1", id="JSON"),
        pytest.param('"rules":\n  lowestEfficiency: 0.9\n', "line 1", id="quoted key"),
        pytest.param("rules:\n\tlowestEfficiency: 0.9\n", "line 2", id="tab"),
        pytest.param("rules:\n  - lowestEfficiency: 0.9\n", "line 2", id="list"),
        pytest.param(
            "rules:\n  lowestEfficiency: 0.9\n    highestWastedBytes: 1\n", "line 3: not a rule that", id="nested"
        ),
        pytest.param("rules:\n  " + "x" * 99 + ": 1\n", f"unknown rule {'x' * 60}", id="a long name"),
        pytest.param("rules:\n  lowestEfficiency: &a 0.9\n", "line 2", id="anchor"),
        pytest.param("rules:\n  lowestEfficiency: 95\n", "lowestEfficiency", id="percent for a part of one"),
        pytest.param("rules:\n  highestWastedBytes: 20%\n", "highestWastedBytes", id="percent for bytes"),
        pytest.param("rules:\n  highestWastedBytes: many\n", "highestWastedBytes", id="no number"),
        pytest.param("rules:\n\n  lowestEfficency: 0.99\n", "line 3: unknown rule lowestEfficency", id="misspelt"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(text: str, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        dive_limits(text, ".dive-ci")
    assert line in caught.value.message and ".dive-ci" in caught.value.message
    assert "x" * 61 not in caught.value.message


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("lowestEfficency", "did you mean lowestEfficiency?"),
        ("more", "the rules are lowestEfficiency, highestWastedBytes, highestUserWastedPercent"),
    ],
)
def test_the_rule_that_was_meant_is_offered(rule: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        dive_limits(f"rules:\n  {rule}: 1\n", ".dive-ci")
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "rules:\n  - lowestEfficiency: 0.9\n",
            ".dive-ci, line 2: not a rule that layerscope can read",
            "write each rule on a line of its own below rules:, as in lowestEfficiency: 0.95",
            id="no rule",
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: &a 0.9\n", ".dive-ci, line 2: not a plain value: &a 0.9", "", id="no value"
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: 95\n",
            ".dive-ci: lowestEfficiency 95: not between 0 and 1, or 0% and 100%",
            "write 0.95 or 95%",
            id="efficiency",
        ),
        pytest.param(
            "rules:\n  highestUserWastedPercent: 20\n",
            ".dive-ci: highestUserWastedPercent 20: not between 0 and 1, or 0% and 100%",
            "write 0.95 or 95%",
            id="wasted part",
        ),
        pytest.param(
            "rules:\n  highestWastedBytes: many\n",
            ".dive-ci: highestWastedBytes many: not an amount",
            "write bytes as in 50MB or 1.5GiB",
            id="wasted bytes",
        ),
    ],
)
def test_the_message_names_the_file_the_place_and_the_remedy(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        dive_limits(text, ".dive-ci")
    assert (caught.value.message, caught.value.hint) == (message, hint)
