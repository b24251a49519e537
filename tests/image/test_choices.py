"""Which candidate a name, a digest, a number and a platform mean, and how those that are there are listed."""

import pytest

from layerscope.errors import AmbiguousImage, ArchiveError, UsageError
from layerscope.image.candidate import Candidate, answering, choose, host
from layerscope.model.image import Digest
from layerscope.model.platform import Platform

HEX = "0123456789abcdef" * 4


def candidate(group: str = "g", platform: str = "", digest: str = "", **fields: object) -> Candidate:
    """A candidate for a platform; ``digest`` is that of its manifest."""
    return Candidate(
        group=group,
        format="oci-archive",
        config=f"config of {group}",
        platform=Platform.parse(platform) if platform else None,
        manifest_digest=digest and f"sha256:{digest}",
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("tag", "asked", "is_meant"),
    [
        ("app:1", "app:1", True),
        ("app:1", "app", True),
        ("app:1", "app:latest", False),
        ("app:1", "ap", False),
        ("app:latest", "app", True),
        ("app", "app", True),
        ("docker.io/library/app:1", "app:1", True),
        ("docker.io/library/app:1", "library/app:1", True),
        ("docker.io/library/app:1", "docker.io/library/app", True),
        ("docker.io/me/app:1", "me/app", True),
        ("docker.io/me/app:1", "app", False),
        ("localhost/app:1", "app", True),
        ("localhost:5000/app:1", "localhost:5000/app", True),
        ("localhost:5000/app:1", "app", False),
        ("quay.io/app:1", "app", False),
        ("quay.io/app:1", "quay.io/app", True),
    ],
)
def test_a_tag_is_meant_with_and_without_the_usual_registries(tag: str, asked: str, is_meant: bool) -> None:
    one, other = candidate(tags=("other:2", tag)), candidate(platform="arm64")
    assert answering([one, other], asked) == ([one, other] if is_meant else [])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (f"sha256:{HEX}", [0]),
        (HEX, [0]),
        (HEX[:6], [0]),
        (HEX[:5], []),
        (f"sha256:{HEX[:6]}", [0]),
        (f"sha256:{HEX[:5]}", []),
        ("f" * 6, [1]),
        ("f" * 64, [1]),
        ("e" * 12, [2]),
        (HEX[1:9], []),
    ],
)
def test_a_digest_means_those_of_whose_config_manifest_or_id_it_is_the_beginning(asked: str, found: list[int]) -> None:
    group = [
        candidate(digest=HEX),
        candidate(config_digest=Digest("sha256", "f" * 64)),
        candidate(image_id="e" * 64),
        candidate(),
    ]
    assert answering(group, asked) == [group[index] for index in found]


def test_a_number_is_that_of_an_image_as_long_as_there_are_so_many() -> None:
    one, other = candidate("one"), candidate("other", tags=("2:1",))
    assert choose([one, other], "0", None) is one
    assert choose([one, other], "1", None) is other
    assert choose([one, other], "2", None) is other  # Its name.
    for asked in ("3", "-1", "²"):
        with pytest.raises(UsageError, match=f"no image in the archive is called '{asked}'; it holds:"):
            choose([one, other], asked, None)


def test_a_name_of_two_images_is_none() -> None:
    with pytest.raises(UsageError) as caught:
        choose([candidate("one", tags=("a:1",)), candidate("other", tags=("a:2",))], "a", None)
    assert caught.value.message == "more than one image in the archive is called 'a'; it holds:"
    assert caught.value.listing == ("0  a:1  config of one", "1  a:2  config of other")


def test_images_are_listed_with_names_digest_and_platforms() -> None:
    known = Digest("sha256", HEX)
    group = [
        candidate("one", "arm64", tags=("a:1", "b:1"), config_digest=known),
        candidate("one", tags=("b:1", "c:1")),
        candidate("one", "linux/arm/v6"),
    ]
    others = [candidate("two", image_id=HEX), candidate("three")]
    with pytest.raises(AmbiguousImage) as caught:
        choose([*group, *others], "", None)
    assert (caught.value.message, caught.value.choices) == ("the archive holds 3 images:", ("0", "1", "2"))
    assert caught.value.listing == (
        f"0  a:1, b:1, c:1  {HEX[:12]} (linux/arm64, linux/arm/v6)",
        f"1  without a name  {HEX[:12]}",
        "2  without a name  config of three",
    )


def test_what_cannot_be_read_is_no_choice_unless_nothing_else_is_there() -> None:
    lost, half, whole = (
        candidate("lost", missing="its config is gone"),
        [candidate("half", missing="its config is gone"), candidate("half", "s390x")],
        candidate("whole"),
    )
    assert choose([lost, whole], "", None) is whole
    assert choose([lost, *half], "", None) is half[1]
    with pytest.raises(AmbiguousImage) as caught:
        choose([lost, *half, whole], "", None)
    assert caught.value.message == "the archive holds 3 images:" and caught.value.choices == ("1", "2")
    with pytest.raises(ArchiveError, match="^the image cannot be read: its config is gone$"):
        choose([lost], "", None)
    with pytest.raises(AmbiguousImage):
        choose([lost, candidate("lost too", missing="its config is gone, too")], "", None)


AMD, ARM6, ARM7, UNNAMED = (candidate(platform=one) for one in ("amd64", "linux/arm/v6", "linux/arm/v7", ""))


@pytest.mark.parametrize(
    ("group", "asked", "best"),
    [
        ([AMD, ARM6, ARM7], "arm", ARM7),
        ([AMD, ARM7, ARM6], "linux/arm/v6", ARM6),
        ([ARM6, ARM6], "arm", ARM6),
        ([UNNAMED, AMD], "amd64", AMD),
        ([UNNAMED, AMD], "s390x", UNNAMED),
        ([UNNAMED], "s390x", UNNAMED),
    ],
)
def test_the_best_platform_is_taken_else_the_one_without_a_name(
    group: list[Candidate], asked: str, best: Candidate
) -> None:
    assert choose(group, "", Platform.parse(asked)) is best


def test_a_platform_that_none_has_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(UsageError) as caught:
        choose([AMD, ARM6], "", Platform.parse("s390x"))
    assert caught.value.message == "the archive holds no image for linux/s390x; there is linux/amd64, linux/arm/v6"


def test_without_a_choice_the_machine_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "armv6l")
    assert host() == Platform(os="linux", architecture="arm", variant="v6")
    assert choose([AMD, ARM7, ARM6], "", None) is ARM6
    assert choose([AMD], "", None) is AMD
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    group = [candidate(platform="amd64", digest=HEX), candidate(digest="f" * 64)]
    with pytest.raises(AmbiguousImage) as caught:
        choose(group, "", None)
    assert caught.value.message == "the image is for 2 platforms:"
    assert caught.value.listing == (f"{HEX[:12]}  linux/amd64", f"{'f' * 12}  an unnamed platform")
    assert caught.value.choices == (f"sha256:{HEX}", f"sha256:{'f' * 64}")
