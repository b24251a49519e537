import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.history.alignment import instructions
from layerscope.model.image import HistoryEntry


def history(*lines: str) -> tuple[HistoryEntry, ...]:
    """Entries from their ``created_by``; a ``-`` before it marks an empty layer."""
    return tuple(HistoryEntry(created_by=line.removeprefix("-"), empty_layer=line.startswith("-")) for line in lines)


def layers(entries: tuple[HistoryEntry, ...], layer_count: int) -> list[int | None]:
    return [step.layer for step in instructions(entries, layer_count)[0]]


FITTING = history("-ARG A", "COPY a /a # buildkit", "-ENV A=b", "RUN x", '-CMD ["x"]')


def test_entries_that_are_not_empty_made_the_layers_in_order() -> None:
    assert layers(FITTING, 2) == [None, 0, None, 1, None]
    assert instructions(FITTING, 2)[1] == ()


def test_indexes_are_places_in_the_history() -> None:
    assert [step.index for step in instructions(FITTING, 2)[0]] == [0, 1, 2, 3, 4]


def test_layers_beyond_the_history_are_the_lowest() -> None:
    assert layers(FITTING, 5) == [None, 3, None, 4, None]
    assert instructions(FITTING, 5)[1] == (
        "number of layers: 2 in the history, 5 in the image; aligned from the top, layers without an instruction: 3",
    )


def test_entries_beyond_the_layers_are_the_lowest() -> None:
    assert layers(FITTING, 1) == [None, None, None, 0, None]
    assert instructions(FITTING, 1)[1] == (
        "number of layers: 2 in the history, 1 in the image; aligned from the top, instructions without a layer: 1",
    )


@pytest.mark.parametrize("count", [1, 3])
def test_a_missing_history_is_said_once(count: int) -> None:
    assert instructions((), count) == (
        (),
        (f"the image has no history: its layers have no instructions (layers: {count})",),
    )


def test_no_layers_need_no_history() -> None:
    assert instructions((), 0) == ((), ())


def test_one_layer_of_one_step_is_no_squash() -> None:
    assert instructions(history('/bin/sh -c #(nop) CMD ["x"]'), 1)[1] == ()


def test_a_squashed_image_is_accepted_and_named() -> None:
    squashed = history("-/bin/sh -c #(nop) COPY a in /a", "-/bin/sh -c make", '/bin/sh -c #(nop) CMD ["x"]')
    assert layers(squashed, 1) == [None, None, 0]
    assert instructions(squashed, 1)[1] == (
        "the image was squashed: its one layer holds the work of all 3 instructions",
    )


def joined(entries: tuple[HistoryEntry, ...]) -> list[tuple[int, ...]]:
    steps, _ = instructions(entries, sum(not entry.empty_layer for entry in entries))
    return [step.joined for step in steps if step.layer is not None]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(history("ADD x /", "-RUN a", "-COPY b /b", "-ENV A=b", "COPY c /c"), [(), (1, 2)], id="a COPY"),
        pytest.param(history("ADD x /", "-/bin/sh -c a", "/bin/sh -c b"), [(), ()], id="a RUN that changed nothing"),
        pytest.param(history("ADD x /", "-/bin/sh -c a", '/bin/sh -c #(nop) CMD ["x"]'), [(), (1,)], id="below a CMD"),
        pytest.param(history("ADD x /", "-/bin/sh -c a", ""), [(), (1,)], id="below the merge of a squash"),
        pytest.param(history("-ENV A=b", "-WORKDIR /x", "COPY c /c"), [()], id="metadata"),
        pytest.param(history("COPY a /a", "-RUN b"), [()], id="nothing above"),
    ],
)
def test_steps_that_share_the_layer_of_one_above_are_known(
    entries: tuple[HistoryEntry, ...], expected: list[tuple[int, ...]]
) -> None:
    assert joined(entries) == expected


def test_buildah_puts_all_steps_of_a_stage_into_one_layer() -> None:
    last = HistoryEntry(created_by="/bin/sh -c #(nop) COPY dir:1 in /b ", comment="FROM localhost/debian")
    assert joined((*history("ADD x /", "-/bin/sh -c make"), last)) == [(), (1,)]


def test_an_image_of_one_copy_is_not_squashed() -> None:
    assert instructions(history("-ENV A=b", "COPY a /a # buildkit"), 1)[1] == ()


def test_the_shell_in_force_is_taken_off_later_commands() -> None:
    steps, _ = instructions(
        history(
            "-/bin/sh -c #(nop)  SHELL [conda run -n env /bin/bash -c]",
            "conda run -n env /bin/bash -c pip list",
            "-conda run -n env /bin/bash -c #(nop)  ENV A=b",
        ),
        1,
    )
    assert [str(step) for step in steps[1:]] == ["RUN pip list", "ENV A=b"]


def test_a_shell_in_json_is_in_force_too() -> None:
    steps, _ = instructions(history('-/bin/sh -c #(nop) SHELL ["fish", "-c"]', "fish -c echo"), 1)
    assert str(steps[1]) == "RUN echo"


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        pytest.param("nginx -g daemon off;", "COMMIT nginx -g daemon off;", id="unchanged default command"),
        pytest.param("nginx -t", "RUN nginx -t", id="another command"),
        pytest.param("/bin/sh -c nginx -g daemon off;", "RUN nginx -g daemon off;", id="in a shell"),
    ],
)
def test_the_default_command_without_a_shell_is_a_committed_container(top: str, expected: str) -> None:
    steps, _ = instructions(history("ADD a / # buildkit", '-CMD ["nginx" "-g" "daemon off;"]', top), 2)
    assert str(steps[2]) == expected


@given(st.lists(st.booleans(), max_size=30), st.integers(min_value=0, max_value=30))
def test_each_layer_has_at_most_one_instruction_and_the_order_is_kept(empty: list[bool], layer_count: int) -> None:
    entries = tuple(HistoryEntry(created_by="x", empty_layer=flag) for flag in empty)
    given_layers = [layer for layer in layers(entries, layer_count) if layer is not None]
    told = min(empty.count(False), layer_count)
    assert given_layers == list(range(layer_count - told, layer_count))


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(min_value=0, max_value=30))
def test_a_history_that_does_not_fit_is_always_said(empty: list[bool], layer_count: int) -> None:
    entries = tuple(HistoryEntry(created_by="RUN x", empty_layer=flag) for flag in empty)
    assert bool(instructions(entries, layer_count)[1]) == (empty.count(False) != layer_count)
