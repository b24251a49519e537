"""Why nothing is known to come from a stage, and how it is known where something is."""

from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.analysis.stages import _unmatched, evidence_of
from layerscope.model.finding import Evidence
from layerscope.model.report import Unmatched
from layerscope.model.source import Via
from layerscope.provenance.comparison import Verdict
from layerscope.provenance.origins import Origin
from layerscope.provenance.trace import Builder


def _builder(*verdicts: Verdict, shared: int = 0, layers: int = 2, read: bool = True) -> Builder:
    comparison = SimpleNamespace(
        shared_layers=shared, layers={0: 1} if read else {}, bytes_of=lambda verdict: int(verdict in verdicts)
    )
    return cast(Builder, SimpleNamespace(comparison=comparison, image=SimpleNamespace(layers=(0,) * layers)))


@pytest.mark.parametrize(
    ("builder", "reason"),
    [
        (_builder(*Verdict, shared=2), Unmatched.ANCESTOR),
        (_builder(shared=1), Unmatched.ABSENT),
        (_builder(shared=0, layers=0), Unmatched.ABSENT),
        (_builder(*Verdict, read=False), Unmatched.NOT_READ),
        (_builder(*Verdict), Unmatched.AMBIGUOUS),
        (_builder(Verdict.SAME_CONTENT, Verdict.INCONCLUSIVE), Unmatched.SAME_CONTENT),
        (_builder(Verdict.INCONCLUSIVE), Unmatched.INCONCLUSIVE),
        (_builder(), Unmatched.ABSENT),
    ],
)
def test_the_first_reason_that_holds_is_told(builder: Builder, reason: Unmatched) -> None:
    assert _unmatched(builder) == reason


@pytest.mark.parametrize(
    ("evidence", "via", "compared", "found"),
    [
        (Evidence.ATTESTED, Via.COPY, True, Evidence.ATTESTED),
        (Evidence.ATTESTED, Via.COPY, False, Evidence.ATTESTED),
        (Evidence.ATTESTED, None, True, Evidence.MATCHED),
        (Evidence.DECLARED, Via.COPY, True, Evidence.MATCHED),
        (Evidence.DECLARED, Via.COPY, False, Evidence.DECLARED),
        (None, None, True, Evidence.MATCHED),
        (None, None, False, None),
    ],
)
def test_an_attested_copy_is_better_than_a_match(
    evidence: Evidence | None, via: Via | None, compared: bool, found: Evidence | None
) -> None:
    origin = cast(Origin, SimpleNamespace(evidence=evidence, via=via)) if evidence is not None else None
    assert evidence_of(origin, _builder() if compared else None) == found
