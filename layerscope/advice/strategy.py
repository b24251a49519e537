"""A strategy: one way to change a build so that bytes do not get into the image."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change
from layerscope.advice.portions import Portion
from layerscope.advice.timeline import Site


class Proposal(Struct, frozen=True, kw_only=True):
    """One step that a strategy proposes.

    ``site`` is the instruction to change. ``portions`` are what the change resolves: whole ones, or parts of them with
    fewer pieces. ``saves_bytes`` is given where it saves something else than what they count. ``changes`` make the
    change, without a Dockerfile none is used. ``review`` says what to make sure of first; empty, it is safe.
    """

    site: Site
    portions: tuple[Portion, ...]
    sentence: str
    review: str = ""
    changes: tuple[Change, ...] = ()
    saves_bytes: int | None = None


class Strategy(Struct, frozen=True, kw_only=True):
    """A strategy of the catalogue; the docstring of ``propose`` documents it.

    ``propose`` looks at what is left of the context (``AdviceContext.left``) and yields steps that can be followed, or
    nothing. It looks at what comes later in the build before it proposes anything.
    """

    name: str
    propose: Callable[[AdviceContext], Iterator[Proposal]]
