"""Platforms by the names of the image-spec, and what a request for one accepts."""

import pytest

from layerscope.model.platform import Platform


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("arm64", "linux/arm64"),
        ("aarch64", "linux/arm64"),
        ("linux/x86_64", "linux/amd64"),
        ("armhf", "linux/arm/v7"),
        ("armel", "linux/arm/v6"),
        ("armv7l", "linux/arm/v7"),
        (" Linux/AMD64 ", "linux/amd64"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_a_platform_is_read_in_the_words_of_people(text: str, platform: str) -> None:
    assert str(Platform.parse(text)) == platform


@pytest.mark.parametrize(
    ("asked", "offered", "accepted"),
    [
        pytest.param("linux/arm64", "linux/arm64/v8", True, id="the variant that was not said"),
        pytest.param("linux/arm64/v8", "linux/arm64/v8", True, id="the same"),
        pytest.param("linux/arm/v6", "linux/arm/v7", False, id="another variant"),
        pytest.param("linux/arm64/v8", "linux/arm64", True, id="the variant that goes without saying"),
        pytest.param("linux/arm64/8", "linux/arm64/v8", True, id="a variant without its v"),
        pytest.param("linux/arm64", "linux/arm64/v9", False, id="a variant that needs more"),
        pytest.param("linux/arm64/v9", "linux/arm64", True, id="the variant before it"),
        pytest.param("linux/arm64/v9.1", "linux/arm64/v8.6", True, id="what v9.1 includes"),
        pytest.param("linux/arm64/v9.1", "linux/arm64/v8.7", False, id="what v9.1 does not include"),
        pytest.param("linux/arm64", "linux/arm/v8", True, id="32 bits of arm64"),
        pytest.param("linux/arm64/none", "linux/arm/v7", False, id="an unknown arm64"),
        pytest.param("linux/amd64/v1", "linux/amd64", True, id="the least amd64"),
        pytest.param("linux/amd64/v2", "linux/amd64", True, id="an older amd64"),
        pytest.param("linux/amd64", "linux/amd64/v3", False, id="a newer amd64"),
        pytest.param("linux/amd64", "linux/386", True, id="32 bits of amd64"),
        pytest.param("linux/386", "linux/amd64", False, id="64 bits of 386"),
        pytest.param("linux/arm/v7", "linux/arm", True, id="arm alone is v7"),
        pytest.param("linux/arm/v6", "linux/arm", False, id="and no older one"),
        pytest.param("linux/arm/v8", "linux/arm/v5", True, id="an older arm"),
        pytest.param("linux/arm/7", "linux/arm/v7", True, id="arm without its v"),
        pytest.param("armel", "linux/arm/v7", False, id="armel is v6"),
        pytest.param("linux/arm64", "linux/amd64", False, id="another architecture"),
        pytest.param("windows/amd64", "linux/amd64", False, id="another system"),
    ],
)
def test_a_request_accepts_what_it_names(asked: str, offered: str, accepted: bool) -> None:
    assert Platform.parse(asked).accepts(Platform.parse(offered)) is accepted


def test_nothing_known_is_said_so() -> None:
    assert str(Platform()) == "unknown"


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("linux/amd64", ["amd64", "386"]),
        ("linux/amd64/v3", ["amd64/v3", "amd64/v2", "amd64", "386"]),
        ("linux/arm", ["arm/v7", "arm/v6", "arm/v5"]),
        ("linux/arm64", ["arm64/v8", "arm/v8", "arm/v7", "arm/v6", "arm/v5"]),
        ("linux/arm64/v9", ["arm64/v9", "arm64/v8.5", "arm64/v8", "arm/v8", "arm/v5"]),
    ],
)
def test_the_best_match_comes_first(asked: str, order: list[str]) -> None:
    offered = [Platform.parse(f"linux/{each}") for each in order]
    ranks = [Platform.parse(asked).rank(each) for each in offered]
    assert None not in ranks and ranks == sorted(set(ranks), key=lambda rank: rank or 0)
