"""What the report says of another base, proven: built there and started (``make test-onto``)."""

from subprocess import CalledProcessError

import pytest

from tests.fixes.engine import BuildFailed, Engine, Unavailable
from tests.onto.pairs import PAIRS, Pair
from tests.onto.proof import Outcome, keep, prove

pytestmark = pytest.mark.fixes


@pytest.fixture(scope="session", params=PAIRS, ids=lambda pair: pair.name)
def proven(request: pytest.FixtureRequest, running: Engine) -> tuple[Pair, Outcome]:
    pair: Pair = request.param
    try:
        outcome = prove(running, pair)
    except (Unavailable, BuildFailed, CalledProcessError) as reason:
        pytest.skip(str(reason))
    keep(outcome)
    return pair, outcome


def test_the_container_starts_on_its_own_base(proven: tuple[Pair, Outcome]) -> None:
    assert proven[1].before == ""


def test_it_starts_on_the_other_base_if_and_only_if_nothing_needed_is_missing(proven: tuple[Pair, Outcome]) -> None:
    pair, outcome = proven
    if pair.limit:
        # What the page says is not followed: it is listed elsewhere, and never called needed.
        assert outcome.after and not outcome.missing and outcome.elsewhere
    else:
        assert (outcome.after == "") is (not outcome.missing), outcome.after


def test_what_copy_brings_has_the_predicted_bytes(proven: tuple[Pair, Outcome]) -> None:
    _, outcome = proven
    assert not outcome.actual or outcome.actual == outcome.predicted
