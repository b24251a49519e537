"""From findings to steps: each strategy in turn takes what it can resolve, and a byte is in one step only."""

from collections.abc import Container, Iterable, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct
from msgspec.structs import replace

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles, Change, applied, edits
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.registry import STRATEGIES
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.errors import LayerscopeError, MissingExtra
from layerscope.model.finding import FindingKind, FoundPath
from layerscope.model.step import Edit, Safety, Step

LEAST_BYTES = 4096
"""A step that saves less is not worth a reader's time, unless it keeps a secret out of the image."""
OUTDATED = "the Dockerfile was edited after it built this image: build the image again first"
_Key = tuple[int, int, str]
"""A version of a finding: its place among the findings, the layer and the path."""


class Advice(Struct, frozen=True, kw_only=True):
    """A step, and the changes that ``layerscope fix`` makes to follow it.

    The changes of several steps are applied by ascending ``order``: a strategy may rely on those before it.
    ``problem`` says why they cannot be made in the user's files. ``resolved`` are the findings, by their places, with
    the bytes of each that the step saves.
    """

    step: Step
    order: int
    changes: tuple[Change, ...] = ()
    problem: LayerscopeError | None = None
    resolved: tuple[tuple[int, int], ...] = ()


def advise(
    context: AdviceContext, files: BuildFiles | None = None, strategies: Sequence[Strategy] = STRATEGIES
) -> tuple[Advice, ...]:
    """Return all steps, the one that saves most first.

    ``files`` are the user's Dockerfile and .dockerignore as they are on disk. A step whose change cannot be made in
    them without a guess has no edits, and stays for review.
    """
    found: list[Advice] = []
    left = {_key(portion, piece) for portion in (*context.left, *context.trades) for piece in portion.pieces}
    for strategy in strategies:
        changed: set[int] = set()
        for proposal in tuple(strategy.propose(context)):
            taken = _taken(proposal, left)
            if taken is not None:
                found.append(_advice(context, strategy, taken, files, order=len(found)))
                changed.update(portion.finding for portion in taken.portions)
        if changed:
            context.left = _still_left(context.left, left, changed)
            context.trades = _still_left(context.trades, left, changed)
    return in_order(found)


def in_order(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """The steps as reports list them: the one that saves most first."""
    return tuple(sorted(advice, key=lambda one: (-one.step.saves_bytes, one.step.dockerfile_line or 0)))


def _taken(proposal: Proposal, left: set[_Key]) -> Proposal | None:
    """The proposal with what is still left of its portions, which are taken away; None where little is."""
    taken: set[_Key] = set()
    portions: list[Portion] = []
    for portion in proposal.portions:
        part = _kept(portion, left, but=taken)
        taken.update(_key(part, piece) for piece in part.pieces)
        portions.append(part)
    whole = replace(proposal, portions=tuple(portion for portion in portions if portion.pieces))
    has_secret = any(portion.kind == FindingKind.SECRET for portion in whole.portions)
    if _saves(whole) < LEAST_BYTES and not has_secret:
        return None
    left -= taken
    return whole


def _saves(proposal: Proposal) -> int:
    """The bytes that a step saves: not more than its portions count, so that no byte is in two steps."""
    counted = sum(portion.content_bytes for portion in proposal.portions)
    return counted if proposal.saves_bytes is None else min(proposal.saves_bytes, counted)


def _still_left(portions: Iterable[Portion], left: AbstractSet[_Key], changed: Container[int]) -> tuple[Portion, ...]:
    """The portions with what is left of them, where it is less: of the findings that changed."""
    rest = (_kept(portion, left) if portion.finding in changed else portion for portion in portions)
    return tuple(portion for portion in rest if portion.pieces)


def _kept(portion: Portion, keys: AbstractSet[_Key], *, but: AbstractSet[_Key] = frozenset()) -> Portion:
    return portion.only(lambda piece: (key := _key(portion, piece)) in keys and key not in but)


def _key(portion: Portion, piece: Piece) -> _Key:
    return portion.finding, piece.layer, piece.path


def _advice(
    context: AdviceContext, strategy: Strategy, proposal: Proposal, files: BuildFiles | None, *, order: int
) -> Advice:
    saves = _saves(proposal)
    review, changes = proposal.review, proposal.changes
    changed, problem = _edits(proposal, files)
    if files is not None and not changed:
        changes = ()
        # What is not installed here makes no step doubtful.
        if not isinstance(problem, MissingExtra):
            review = review or _obstacle(proposal, problem)
    match = context.placement.match
    if match is not None and match.differing:
        review = "; ".join(filter(None, (review, OUTDATED)))
    resolved: dict[int, int] = {}
    for portion in proposal.portions:
        resolved[portion.finding] = resolved.get(portion.finding, 0) + portion.content_bytes
    trades = {portion.finding for portion in context.trades}
    step = Step(
        strategy=strategy.name,
        safety=Safety.REVIEW if review else Safety.SAFE,
        sentence=proposal.sentence,
        review=review,
        saves_bytes=saves,
        trade_bytes=min(saves, sum(size for place, size in resolved.items() if place in trades)),
        saves_stored_bytes=stored_bytes(context, [piece for one in proposal.portions for piece in one.pieces], saves),
        stage=proposal.site.stage,
        instruction=str(proposal.site),
        dockerfile_line=proposal.site.line,
        findings=tuple(sorted(resolved)),
        edits=changed,
    )
    return Advice(step=step, order=order, changes=changes, problem=problem, resolved=tuple(sorted(resolved.items())))


def _obstacle(proposal: Proposal, problem: LayerscopeError | None) -> str:
    """Why a proposal makes no difference to the files."""
    if problem is not None:
        return f"the change has to be made by hand: {problem.message}"
    if proposal.changes:
        return "the files have this change already: build the image again"
    return "the change has to be made by hand"


def _edits(proposal: Proposal, files: BuildFiles | None) -> tuple[tuple[Edit, ...], LayerscopeError | None]:
    if files is None or not proposal.changes:
        return (), None
    try:
        return edits(files, applied(files, proposal.changes)), None
    except LayerscopeError as error:
        return (), error


def stored_bytes(context: AdviceContext, pieces: Sequence[Piece | FoundPath], saves: int) -> int | None:
    """What a pull saves, estimated: the bytes of each layer, as well compressed as the layer as a whole."""
    layers = context.image.layers
    total = 0.0
    for piece in pieces:
        layer = layers[piece.layer]
        if not layer.compression:
            return None
        total += piece.content_bytes * layer.stored_bytes / max(layer.tar_bytes, 1)
    counted = sum(piece.content_bytes for piece in pieces)
    return round(total * saves / counted) if counted else None
