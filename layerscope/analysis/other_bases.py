"""The image on each of the other bases that the user names."""

from collections.abc import Sequence

from layerscope.advice.context import AdviceContext
from layerscope.model.image import Image
from layerscope.model.onto import Onto


def on_other_bases(context: AdviceContext, candidates: Sequence[Image], base_steps: int | None) -> tuple[Onto, ...]:
    """What the image would be on each candidate; ``base_steps`` counts the instructions of a base that was given."""
    if not candidates:
        return ()
    # Most runs name no other base.
    from layerscope.rebase.onto import Known, onto
    from layerscope.rebase.rebased import as_it_is

    origins, layers = context.placement.origins, context.base.layers
    written = {index: origin.instruction for index, origin in origins.items() if origin.instruction is not None}
    known = Known(
        image=context.image,
        rebased=as_it_is(context.image, context.filesystem, context.instructions, layers, base_steps),
        catalog=context.catalog,
        findings=tuple(context.findings),
        lines={index: origin.line for index, origin in origins.items() if origin.line is not None},
        owners={index: text.text for index, one in written.items() for name, text in one.flags if name == "chown"},
    )
    return tuple(onto(known, candidate) for candidate in candidates)
