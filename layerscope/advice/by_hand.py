"""What no strategy resolves: a step in words for each fix that rules name, so that every finding has one."""

from collections import Counter
from collections.abc import Iterator, Sequence

from layerscope.advice.advise import LEAST_BYTES, Advice, in_order, stored_bytes
from layerscope.advice.context import AdviceContext
from layerscope.model.finding import Finding, FindingKind
from layerscope.model.source import BASE
from layerscope.model.step import BY_HAND, Safety, Step

_GONE = "build the image again: the Dockerfile does not have the instruction that brought this"
_REVIEW = "the change has to be made by hand"


def with_by_hand(context: AdviceContext, advice: Sequence[Advice]) -> tuple[Advice, ...]:
    """The steps of strategies, and those that a person has to make for the findings, or bytes of them, that are left.

    What the base brought, trades and secrets have no step.
    """
    resolved: Counter[int] = Counter()
    for one in advice:
        resolved.update(dict(one.resolved))
    groups: dict[str, list[tuple[int, int]]] = {}
    for place, finding in enumerate(context.findings):
        left = finding.content_bytes - resolved[place]
        if _counts(finding) and (place not in resolved or left >= LEAST_BYTES):
            groups.setdefault(finding.fix, []).append((place, left))
    return in_order((*advice, *_steps(context, groups, len(advice))))


def _counts(finding: Finding) -> bool:
    has_no_step = finding.source == BASE or finding.trade or finding.ignored
    return not has_no_step and finding.kind != FindingKind.SECRET


def _steps(context: AdviceContext, groups: dict[str, list[tuple[int, int]]], order: int) -> Iterator[Advice]:
    match = context.placement.match
    for number, (fix, members) in enumerate(groups.items(), order):
        found = [context.findings[place] for place, _ in members]
        made = {id(site): site for one in found for layer in one.layers if (site := context.final.of_layer(layer))}
        site = next(iter(made.values())) if len(made) == 1 else None
        saves = sum(left for _, left in members)
        paths = [path for one in found for path in one.paths]
        is_gone = match is not None and bool(match.differing) and not made and bool(paths)
        step = Step(
            strategy=BY_HAND,
            safety=Safety.REVIEW,
            sentence=_GONE if is_gone else fix,
            review=_REVIEW,
            saves_bytes=saves,
            saves_stored_bytes=stored_bytes(context, paths, saves),
            stage=site.stage if site is not None else "",
            instruction=str(site) if site is not None else "",
            dockerfile_line=site.line if site is not None else None,
            findings=tuple(place for place, _ in members),
        )
        yield Advice(step=step, order=number)
