"""Package managers that can do without a cache: tell them to."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import adding_words
from layerscope.advice.portions import Portion
from layerscope.advice.runs import calls, script_of
from layerscope.advice.strategy import Proposal, Strategy

_FLAGS = {
    "pip-cache": (
        ("pip install", "--no-cache-dir"), ("pip3 install", "--no-cache-dir"), ("pip wheel", "--no-cache-dir"),
        ("pip3 wheel", "--no-cache-dir"), ("uv pip install", "--no-cache"), ("uv sync", "--no-cache"),
    ),
    "apk-index": (("apk add", "--no-cache"),),
}  # fmt: skip
"""By rule: commands that fill the cache, and the option that keeps it empty."""
_OTHERS = {"pip-cache": ("pipenv", "poetry", "virtualenv"), "apk-index": ("apk update", "apk upgrade")}
"""What fills the same cache and has no such option."""


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Install with ``--no-cache-dir`` (pip), ``--no-cache`` (uv, apk), where the RUN calls the tool itself."""
    for portion in context.of(*_FLAGS):
        script = script_of(portion.site)
        found = [(command, flag) for command, flag in _FLAGS[portion.rule] if calls(script, command)]
        if portion.site.kind == "RUN" and not portion.stage and found and not calls(script, *_OTHERS[portion.rule]):
            yield _proposal(portion, found)


def _proposal(portion: Portion, found: list[tuple[str, str]]) -> Proposal:
    command, flag = found[0]
    return Proposal(
        site=portion.site,
        portions=(portion,),
        sentence=f"install with `{command} {flag}`",
        changes=tuple(adding_words(portion.site, one, option) for one, option in found),
    )


CACHE_FLAGS = Strategy(name="cache-flags", propose=_propose)
