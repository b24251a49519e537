"""Package managers that can do without a cache: tell them to."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import editing_words
from layerscope.advice.python_installs import pip_verb
from layerscope.advice.runs import calls, plain_commands, script_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.word_edit import WordEdit, Words, verb

_APK_VALUED = ("-X", "--repository", "-p", "--root", "--arch", "--repositories-file", "--keys-dir", "--cache-dir")
_OTHERS = {"pip-cache": ("pipenv", "poetry", "virtualenv", "pdm", "hatch"), "apk-index": ("apk update", "apk upgrade")}
"""What fills the same cache and has no such option."""
_KEEP = ("--no-cache-dir", "--no-cache", "--cache-dir", "-n")
"""Options that say something of the cache already."""


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Install with ``--no-cache-dir`` (pip), ``--no-cache`` (uv, apk), where the RUN calls the tool itself.

    Not proposed where something else in the RUN fills the same cache: deleting it is left to another step.
    """
    for portion in context.of(*_OTHERS):
        site = portion.site
        if site.kind == "RUN" and not portion.stage and not calls(script_of(site), *_OTHERS[portion.rule]):
            plan = partial(_without_cache, portion.rule)
            edits = ((words, edit) for words in plain_commands(site) if (edit := plan(words)) is not None)
            for words, edit in islice(edits, 1):
                at, added = next(iter(edit.add.items()))
                yield Proposal(
                    site=site,
                    portions=(portion,),
                    sentence=f"install with `{' '.join((*words[: at + 1], *added))}`",
                    changes=(editing_words(site, plan),),
                )


def _without_cache(rule: str, words: Words) -> WordEdit | None:
    """The option behind the word that says to install; what is said already stays."""
    if any(word.partition("=")[0] in _KEEP for word in words):
        return None
    if rule == "apk-index":
        at = verb(words, ("apk",), ("add",), valued=_APK_VALUED)
        return WordEdit(add={at: ("--no-cache",)}) if at >= 0 else None
    at = verb(words, ("uv",), ("sync",))
    if at < 0:
        at = pip_verb(words)
    option = "--no-cache" if any(word.rpartition("/")[2] == "uv" for word in words[: at + 1]) else "--no-cache-dir"
    return WordEdit(add={at: (option,)}) if at >= 0 else None


CACHE_FLAGS = Strategy(name="cache-flags", propose=_propose)
