"""Dockerfiles made at random, beside the history that a builder would have left of them."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from layerscope.history.match import match
from tests.history.histories import built, history

SUM = "0123456789abcdef" * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instruction as written, and as the legacy builder and BuildKit leave it; ``-`` marks a step without layer."""

    written: str
    legacy: str
    buildkit: str


def _run(word: str) -> Line:
    return Line(
        written=f"RUN make \\\n  {word}", legacy=f"/bin/sh -c make   {word}", buildkit=f"RUN /bin/sh -c make   {word} # buildkit"
    )  # fmt: skip


def _copy(word: str) -> Line:
    return Line(
        written=f"COPY {word} /{word}/",
        legacy=f"/bin/sh -c #(nop) COPY dir:{SUM} in /{word}/ ",
        buildkit=f"COPY {word} /{word}/ # buildkit",
    )


def _env(word: str) -> Line:
    return Line(
        written=f"ENV {word} $HOME/{word}",
        legacy=f"-/bin/sh -c #(nop)  ENV {word}=/root/{word}",
        buildkit=f"-ENV {word}=/root/{word}",
    )


def _directory(word: str) -> Line:
    return Line(written=f"WORKDIR /{word}", legacy=f"-/bin/sh -c #(nop) WORKDIR /{word}", buildkit=f"WORKDIR /{word}")


def _command(word: str) -> Line:
    told = f'CMD ["{word}"]'
    return Line(written=f'CMD ["{word}"]', legacy=f"-/bin/sh -c #(nop)  {told}", buildkit=f"-{told}")


WORD = st.sampled_from(["a", "b", "all", "x1"])
LINES = st.lists(
    st.one_of(*(WORD.map(make) for make in (_run, _copy, _env, _directory, _command))), min_size=1, max_size=12
)


@given(LINES, LINES, st.booleans())
def test_every_line_finds_its_step_whatever_lies_below(below: list[Line], lines: list[Line], legacy: bool) -> None:
    told = [line.legacy if legacy else line.buildkit for line in (*below, *lines)]
    found = match(built("FROM x\n" + "\n".join(line.written for line in lines)), history(*told))
    assert (found.score, found.first_mismatch) == (1.0, "")
    assert list(found.steps) == list(range(len(below), len(told)))


@given(LINES, LINES)
def test_a_step_that_was_added_later_is_never_given_a_line(lines: list[Line], later: list[Line]) -> None:
    told = [line.buildkit for line in lines]
    strange = [f"RUN /bin/sh -c strange {number} # buildkit" for number, _ in enumerate(later)]
    score = len(lines)
    if len(strange) * 4 <= sum(not line.startswith("-") for line in told):
        found = match(built("FROM x\n" + "\n".join(line.written for line in lines)), history(*told, *strange))
        assert set(found.steps) == set(range(score))
