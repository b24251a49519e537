"""What comparing a layer with a builder image shows of each file, and what it does not."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from layerscope.provenance.builder_images import shared_layers
from layerscope.provenance.comparison import Comparison, Copied, MapBack, Verdict, compare
from tests.builder import (
    ImageSpec,
    Member,
    directory,
    docker_legacy,
    file,
    hardlink,
    layer,
    oci_archive,
    symlink,
    whiteout,
)
from tests.history.histories import history
from tests.memory import peak_of

Open = Callable[[ImageSpec], Image]
SAME = b"the same content in both of them, of 50 bytes or so"
OTHER = b"not what the other one has, but of the same length."
BASE = layer(file("base", b"base"))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open an image that passed through an archive; compressed where its first layer asks for it."""
    with ExitStack() as stack:

        def run(spec: ImageSpec) -> Image:
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tar"
            path.write_bytes(oci_archive(spec) if spec.tags == ("gzip",) else docker_legacy(spec))
            return stack.enter_context(open_image(str(path), ReadOptions(fingerprint="sha256")))

        yield run


def comparison(
    opened: Open,
    final: Sequence[Member],
    builder: Sequence[Member],
    *,
    map_back: MapBack | None = None,
    destination: str = "/",
    tags: tuple[str, ...] = ("example:1",),
    certain: bool = True,
    context: Sequence[int] = (),
) -> tuple[dict[str, str], Comparison]:
    """The verdict for each path of the only layer above the base, and all that was found."""
    ours = Filesystem(opened(ImageSpec(layers=(BASE, layer(*final)), tags=tags)).layers)
    theirs = Filesystem(opened(ImageSpec(layers=(BASE, layer(*builder)), tags=tags)).layers)
    copied = Copied(layer=1, map_back=map_back, destination=destination, certain=certain)
    result = compare(ours, 1, theirs, 1, [copied], context)
    return {ours.path_of(number): verdict.name for number, verdict in result.verdicts.items()}, result


def compared(
    opened: Open,
    final: Sequence[Member],
    builder: Sequence[Member],
    map_back: MapBack,
    tags: tuple[str, ...] = ("example:1",),
) -> dict[str, str]:
    """The verdicts alone, for a COPY whose source is known."""
    return comparison(opened, final, builder, map_back=map_back, tags=tags)[0]


def same_path(path: str) -> tuple[str, ...]:
    return (path,)


@pytest.mark.parametrize("tags", [("example:1",), ("gzip",)], ids=["plain", "compressed"])
def test_the_same_content_at_the_path_of_the_copy_is_a_match(opened: Open, tags: tuple[str, ...]) -> None:
    found = compared(
        opened,
        [file("app/x", SAME), file("app/y", OTHER)],
        [file("src/x", SAME), file("src/y", SAME)],
        map_back=lambda path: (path.replace("/app", "/src"),),
        tags=tags,
    )
    assert found == {"/app/x": "MATCHED"}


@pytest.mark.parametrize(
    ("final", "builder", "expected"),
    [
        pytest.param(file("a", SAME), file("b", SAME), {"/a": "SAME_CONTENT"}, id="elsewhere"),
        pytest.param(file("a", SAME), file("a", OTHER), {}, id="other content of the same length"),
        pytest.param(file("a", SAME), file("a", SAME + b"!"), {}, id="other length"),
        pytest.param(file("a", b""), file("a", b""), {"/a": "INCONCLUSIVE"}, id="empty"),
        pytest.param(file("a", b"tiny"), file("a", b"tiny"), {"/a": "INCONCLUSIVE"}, id="tiny"),
        pytest.param(file("a", b"tiny"), file("b", b"tiny"), {}, id="tiny, elsewhere"),
        pytest.param(file("a", b"t" * 31), file("a", b"t" * 31), {"/a": "INCONCLUSIVE"}, id="31 bytes"),
        pytest.param(file("a", b"t" * 31), file("b", b"t" * 31), {}, id="31 bytes, elsewhere"),
        pytest.param(file("a", b"t" * 32), file("a", b"t" * 32), {"/a": "MATCHED"}, id="32 bytes"),
        pytest.param(file("a", b"t" * 32), file("b", b"t" * 32), {"/a": "SAME_CONTENT"}, id="32 bytes, elsewhere"),
        pytest.param(
            file("LICENSE.txt", SAME), file("LICENSE.txt", SAME), {"/LICENSE.txt": "INCONCLUSIVE"}, id="licence"
        ),
        pytest.param(file("d/COPYING", SAME), file("e/COPYING", SAME), {}, id="licence, elsewhere"),
        pytest.param(symlink("a", "b"), symlink("a", "b"), {}, id="links have no content"),
    ],
)
def test_verdicts(opened: Open, final: Member, builder: Member, expected: dict[str, str]) -> None:
    assert compared(opened, [final], [builder], map_back=same_path) == expected


def test_a_file_that_the_base_has_as_well_proves_nothing(opened: Open) -> None:
    lower = layer(file("x", SAME))
    ours = Filesystem(opened(ImageSpec(layers=(lower, layer(file("x", SAME))))).layers)
    theirs = Filesystem(opened(ImageSpec(layers=(BASE, layer(file("x", SAME))))).layers)
    result = compare(ours, 1, theirs, 0, [Copied(layer=1, map_back=same_path)])
    assert list(result.verdicts.values()) == [Verdict.INCONCLUSIVE]


def test_a_file_of_the_layers_that_both_stand_on_proves_nothing(opened: Open) -> None:
    lower = layer(file("x", SAME))
    ours = Filesystem(opened(ImageSpec(layers=(lower, layer(file("copy/x", SAME))))).layers)
    theirs = Filesystem(opened(ImageSpec(layers=(lower, layer(file("y", OTHER))))).layers)
    result = compare(ours, 1, theirs, 1, [Copied(layer=1, map_back=lambda path: ("/x",))])
    assert (list(result.verdicts.values()), result.twins) == ([Verdict.INCONCLUSIVE], {})


def test_what_the_builder_deleted_again_was_not_copied_from_it(opened: Open) -> None:
    ours = Filesystem(opened(ImageSpec(layers=(BASE, layer(file("x", SAME))))).layers)
    gone = ImageSpec(layers=(BASE, layer(file("x", SAME)), layer(whiteout("x"))))
    result = compare(ours, 1, Filesystem(opened(gone).layers), 1, [Copied(layer=1, map_back=same_path)])
    assert result.verdicts == {}


def test_a_hardlink_in_the_builder_is_compared_by_what_it_links_to(opened: Open) -> None:
    found = compared(opened, [file("x", SAME)], [file("z", SAME), hardlink("y", "z")], map_back=lambda path: ("/y",))
    assert found == {"/x": "MATCHED"}


def test_a_symlink_on_the_way_is_followed(opened: Open) -> None:
    found = compared(
        opened,
        [file("app/x", SAME)],
        [symlink("current", "releases/7"), file("releases/7/x", SAME)],
        map_back=lambda path: ("/current/x",),
    )
    assert found == {"/app/x": "MATCHED"}


def test_a_symlink_that_the_destination_goes_through_is_followed(opened: Open) -> None:
    final = [symlink("srv", "data/real"), directory("data/real"), file("data/real/app/x", SAME)]
    source = {"map_back": lambda path: (path.replace("/srv/app", "/src"),), "destination": "/srv"}
    found, _ = comparison(opened, final, [file("src/x", SAME)], **source)  # type: ignore[arg-type]
    assert found == {"/data/real/app/x": "MATCHED"}


def test_hidden_files_of_the_layer_are_compared_too(opened: Open) -> None:
    spec = ImageSpec(layers=(BASE, layer(file("x", SAME)), layer(whiteout("x"))))
    theirs = Filesystem(opened(ImageSpec(layers=(BASE, layer(file("x", SAME), file("y", OTHER))))).layers)
    result = compare(Filesystem(opened(spec).layers), 1, theirs, 1, [Copied(layer=1, map_back=same_path)])
    assert list(result.verdicts.values()) == [Verdict.MATCHED]


TREE = [file(f"src/pkg/{name}.py", SAME + name.encode()) for name in "abcdefgh"]


def moved(to: str) -> list[Member]:
    return [file(f"{to}/pkg/{name}.py", SAME + name.encode()) for name in "abcdefgh"]


@pytest.mark.parametrize("destination", ["/app", "/"])
def test_without_a_dockerfile_the_files_tell_where_they_came_from(opened: Open, destination: str) -> None:
    found, result = comparison(opened, moved("app"), TREE, destination=destination)
    assert set(found.values()) == ({"MATCHED"} if destination == "/app" else {"SAME_CONTENT"})
    assert result.confirmed == (frozenset({1}) if destination == "/app" else frozenset())


def test_a_guess_that_leaves_much_open_is_no_match(opened: Open) -> None:
    extra = [file("app/pkg/other.py", OTHER * 3)]
    found, result = comparison(opened, [*moved("app"), *extra], TREE, destination="/app")
    assert set(found.values()) == {"SAME_CONTENT"}
    assert result.confirmed == frozenset()


def test_where_only_the_path_is_recorded_the_whole_layer_has_to_bear_it_out(opened: Open) -> None:
    final = [*moved("app"), file("app/pkg/other.py", OTHER * 3)]
    source = {"map_back": lambda path: (path.replace("/app", "/src"),), "destination": "/app"}
    sure, _ = comparison(opened, final, TREE, **source)  # type: ignore[arg-type]
    guess, _ = comparison(opened, final, TREE, certain=False, **source)  # type: ignore[arg-type]
    assert (set(sure.values()), set(guess.values())) == ({"MATCHED"}, {"SAME_CONTENT"})


def test_both_may_have_copied_the_same_context(opened: Open) -> None:
    found, result = comparison(opened, moved("app"), TREE, destination="/app", certain=False, context=[1])
    assert set(found.values()) == {"INCONCLUSIVE"}
    assert result.confirmed == frozenset()
    known, _ = comparison(opened, moved("app"), TREE, destination="/app", context=[1])
    assert set(known.values()) == {"MATCHED"}


def test_what_a_run_of_the_builder_moved_or_changed_may_still_be_the_context(opened: Open) -> None:
    final = Filesystem(opened(ImageSpec(layers=(BASE, layer(file("etc/app", SAME), file("bin/app", OTHER))))).layers)
    made = layer(file("etc/app", SAME, uid=7), file("bin/app", OTHER))
    builder = Filesystem(opened(ImageSpec(layers=(BASE, layer(file("src/config", SAME)), made))).layers)
    copied = Copied(layer=1, map_back=same_path, certain=False)
    result = compare(final, 1, builder, 1, [copied], [1])
    assert {final.path_of(number): verdict.name for number, verdict in result.verdicts.items()} == {
        "/etc/app": "INCONCLUSIVE",
        "/bin/app": "MATCHED",
    }


def test_a_layer_is_confirmed_by_most_of_its_bytes(opened: Open) -> None:
    most = comparison(opened, [file("x", SAME * 2), file("y", SAME)], [file("x", SAME * 2)], map_back=same_path)[1]
    least = comparison(opened, [file("x", SAME), file("y", SAME * 2)], [file("x", SAME)], map_back=same_path)[1]
    assert (most.confirmed, least.confirmed) == (frozenset({1}), frozenset())
    assert most.bytes_of(Verdict.MATCHED) == 2 * len(SAME)


def test_half_of_the_bytes_are_not_most_of_them(opened: Open) -> None:
    both = [file("x", SAME), file("y", OTHER)]
    assert comparison(opened, both, [file("x", SAME)], map_back=same_path)[1].confirmed == frozenset()
    more = [file("x", SAME + b"!"), file("y", OTHER)]
    assert comparison(opened, more, [file("x", SAME + b"!")], map_back=same_path)[1].confirmed == {1}


@pytest.mark.parametrize(
    ("alike", "length", "other", "borne_out"),
    [
        pytest.param(19, 100, 100, True, id="one of 20, and 5 % of the bytes"),
        pytest.param(19, 100, 101, False, id="one of 20, and more of the bytes"),
        pytest.param(18, 100, 40, False, id="one of 19, and few of the bytes"),
        pytest.param(40, 100, 40, True, id="one of 41, and few of the bytes"),
        pytest.param(40, 100, 900, False, id="one of 41, and a fifth of the bytes"),
    ],
)
def test_a_guess_may_leave_open_5_percent_of_the_files_and_of_the_bytes(
    opened: Open, alike: int, length: int, other: int, borne_out: bool
) -> None:
    names = [f"pkg/{place:02}" for place in range(alike)]
    content = {name: name.encode() * 100 for name in names}
    final = [file(f"app/{name}", content[name][:length]) for name in names] + [file("app/pkg/zz", b"z" * other)]
    builder = [file(f"src/{name}", content[name][:length]) for name in names]
    found, _ = comparison(opened, [*final, file("app/empty"), file("app/empty2")], builder, destination="/app")
    assert set(found.values()) == {"MATCHED" if borne_out else "SAME_CONTENT"}


def test_of_files_of_one_length_in_the_builder_the_equal_one_is_the_twin(opened: Open) -> None:
    builder = [file("a", OTHER), file("b", SAME), file("c", OTHER[:-1] + b"?")]
    found, result = comparison(opened, [file("x", SAME)], builder, map_back=same_path)
    assert found == {"/x": "SAME_CONTENT"}
    assert [result.filesystem.path_of(twin) for twin in result.twins.values()] == ["/b"]
    found, result = comparison(opened, [file("x", SAME)], [builder[0], builder[2]], map_back=same_path)
    assert (found, result.twins, result.differing) == ({}, {}, frozenset())


def test_the_second_place_that_a_copy_may_have_read_counts_too(opened: Open) -> None:
    found, result = comparison(
        opened, [file("x", SAME)], [file("a", OTHER), file("b", SAME)], map_back=lambda path: ("/gone", "/a", "/b")
    )
    assert found == {"/x": "MATCHED"}
    assert [result.filesystem.path_of(number) for number in result.differing] == ["/a"]


def test_a_directory_where_the_copy_takes_a_file_from_is_no_match(opened: Open) -> None:
    found, result = comparison(opened, [file("x", b"")], [directory("x")], map_back=same_path)
    assert (found, result.differing) == ({}, frozenset())


def test_a_file_at_the_right_place_with_other_content_is_told_apart(opened: Open) -> None:
    result = comparison(opened, [file("x", SAME)], [file("x", OTHER), file("y", OTHER * 2)], map_back=same_path)[1]
    assert [result.filesystem.path_of(number) for number in result.differing] == ["/x"]


def test_only_lengths_that_occur_on_both_sides_are_hashed(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    fingerprint = Filesystem.fingerprint

    def counted(self: Filesystem, number: int) -> bytes | None:
        hashed.append(self.path_of(number))
        return fingerprint(self, number)

    monkeypatch.setattr(Filesystem, "fingerprint", counted)
    final = [file("same", SAME), file("other", OTHER * 2), file("long", SAME * 9)]
    comparison(opened, final, [file("same", SAME), file("elsewhere", SAME * 5)], map_back=same_path)
    assert sorted(hashed) == ["/same", "/same"]


def test_shared_layers_have_the_same_content_and_the_same_step(opened: Open) -> None:
    one = opened(ImageSpec(layers=(BASE, layer(file("x", SAME)))))
    other = opened(ImageSpec(layers=(BASE, layer(file("x", SAME)), layer(file("y", SAME)))))
    run, copy = history("ADD / # buildkit", "RUN make # buildkit"), history("ADD / # buildkit", "COPY /x / # buildkit")
    assert shared_layers(one, run, other, run) == 2
    assert shared_layers(one, copy, other, run) == 1
    assert shared_layers(one, (), opened(ImageSpec(layers=(layer(file("z", b"z")),))), ()) == 0


def test_a_file_takes_few_bytes_while_it_is_compared(opened: Open) -> None:
    spec = ImageSpec(layers=(BASE, layer(*(file(f"d/{number}") for number in range(5_000)))))
    ours, theirs = (Filesystem(opened(spec).layers) for _ in range(2))
    copied = Copied(layer=1, map_back=lambda path: (path,))
    assert peak_of(lambda: compare(ours, 1, theirs, 1, [copied], [1])) < 170 * 5_000
