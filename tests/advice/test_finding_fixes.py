"""One voice: a finding's fix is that of the step that resolves it."""

from msgspec.structs import replace

from layerscope.advice.advise import Advice
from layerscope.advice.finding_fixes import with_fixes
from layerscope.model.finding import Finding
from layerscope.model.step import Safety, SecretAdvice, Step
from tests.advice.test_secret_advice import finding

FOUND = replace(finding("apt-lists", "/var/lib/apt/lists/x"), content_bytes=100, fix="the rule's own")


def advice(sentence: str, *resolved: tuple[int, int], line: int | None = 3, stage: str = "") -> Advice:
    step = Step(strategy="s", safety=Safety.SAFE, sentence=sentence, dockerfile_line=line, stage=stage)
    return Advice(step=step, order=0, resolved=resolved)


def fix(found: Finding, *steps: Advice) -> str:
    return with_fixes([found], steps, ())[0].fix


def test_a_step_that_resolves_all_is_the_fix() -> None:
    assert fix(FOUND, advice("delete them", (0, 100), stage="build")) == "line 3, stage build: delete them"
    assert fix(FOUND, advice("delete them", (0, 100), line=None)) == "delete them"
    assert fix(FOUND, advice("delete them", (0, 100), stage="0")) == "line 3: delete them"


def test_several_steps_are_named_and_the_rule_speaks_of_the_rest_alone() -> None:
    assert fix(FOUND, advice("one", (0, 60)), advice("two", (0, 40), line=5)) == "line 3: one; line 5: two"
    assert fix(FOUND, advice("one", (0, 60))) == "line 3: one; for the rest: the rule's own"
    many = [advice(str(number), (0, 10)) for number in range(10)]
    assert fix(FOUND, *many) == "line 3: 0; line 3: 1; line 3: 2; and 7 more steps"


def test_another_finding_keeps_its_own_and_a_secret_is_rotated_whatever_a_step_deletes() -> None:
    assert fix(FOUND) == "the rule's own"
    secret = SecretAdvice(finding=0, severity=FOUND.severity, rotate="rotate it", supply="mount it")
    (found,) = with_fixes([FOUND], [advice("delete it", (0, 100))], [secret])
    assert found.fix == "mount it; rotate it: anyone who pulled the image has it"
