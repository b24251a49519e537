"""From the options of a check to its thresholds."""

from fractions import Fraction

import pytest

from layerscope.analysis.amounts import Amount
from layerscope.analysis.policy import Policy
from layerscope.cli.commands.check import ThresholdOptions
from layerscope.errors import UsageError
from layerscope.model.finding import Severity


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        (ThresholdOptions(max_size="1kB"), Policy(max_size=1000)),
        (ThresholdOptions(max_reclaimable="5%"), Policy(max_reclaimable=Amount(share=Fraction(1, 20)))),
        (
            ThresholdOptions(max_hidden=["1kB", "5%"]),
            Policy(max_hidden=(Amount(content_bytes=1000), Amount(share=Fraction(1, 20)))),
        ),
        (ThresholdOptions(min_efficiency="95%"), Policy(min_efficiency=Fraction(95, 100))),
        (ThresholdOptions(highest_wasted_bytes="1kB"), Policy(highest_wasted=1000)),
        (ThresholdOptions(highest_user_wasted_percent="0.1"), Policy(highest_user_wasted=Fraction(1, 10))),
        (ThresholdOptions(max_growth="0", baseline="x"), Policy(max_growth=Amount(content_bytes=0))),
        (ThresholdOptions(fail_on=Severity.LOW), Policy(fail_on=Severity.LOW)),
        (ThresholdOptions(fail_on_rule=["private-key"]), Policy(fail_on_rules=("private-key",))),
        (
            ThresholdOptions(max_size="0", include_inherited=True, allow_incomplete=True),
            Policy(max_size=0, include_inherited=True, allow_incomplete=True),
        ),
    ],
)
def test_an_option_is_one_limit_and_no_other(options: ThresholdOptions, policy: Policy) -> None:
    assert options.policy() == policy


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        pytest.param(
            ThresholdOptions(baseline="x", include_inherited=True),
            "no thresholds given",
            "set one, for example --max-growth 5%",
            id="no limit",
        ),
        pytest.param(
            ThresholdOptions(max_growth="5%"),
            "--max-growth needs a baseline",
            "add --baseline REPORT",
            id="growth since nothing",
        ),
        pytest.param(ThresholdOptions(max_size="x"), "--max-size x: not an amount", None, id="size"),
        pytest.param(
            ThresholdOptions(max_reclaimable="x"), "--max-reclaimable x: not an amount", None, id="reclaimable"
        ),
        pytest.param(ThresholdOptions(max_hidden=["x"]), "--max-hidden x: not an amount", None, id="hidden"),
        pytest.param(ThresholdOptions(min_efficiency="x"), "--min-efficiency x: not an amount", None, id="efficiency"),
        pytest.param(ThresholdOptions(max_growth="x"), "--max-growth x: not an amount", None, id="growth"),
        pytest.param(
            ThresholdOptions(highest_wasted_bytes="x"), "--highestWastedBytes x: not an amount", None, id="wasted bytes"
        ),
        pytest.param(
            ThresholdOptions(highest_user_wasted_percent="x"),
            "--highestUserWastedPercent x: not an amount",
            None,
            id="wasted part",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_option(options: ThresholdOptions, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        options.policy()
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


def test_an_unknown_rule_is_told_with_its_option() -> None:
    with pytest.raises(UsageError, match="--fail-on-rule"):
        ThresholdOptions(fail_on_rule=["private-kye"]).policy()
