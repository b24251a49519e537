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
        (" Linux/AMD64 ", "linux/amd64"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_a_platform_is_read_in_the_words_of_people(text: str, platform: str) -> None:
    assert str(Platform.parse(text)) == platform


@pytest.mark.parametrize(
    ("asked", "offered", "accepted"),
    [
        pytest.param("linux/arm64", "linux/arm64/v8", True, id="any variant"),
        pytest.param("linux/arm64/v8", "linux/arm64/v8", True, id="the same"),
        pytest.param("linux/arm/v6", "linux/arm/v7", False, id="another variant"),
        pytest.param("linux/arm64/v8", "linux/arm64", True, id="the variant that goes without saying"),
        pytest.param("linux/arm64/8", "linux/arm64/v8", True, id="a variant without its v"),
        pytest.param("linux/arm64/v9", "linux/arm64", False, id="a variant that does not"),
        pytest.param("linux/amd64/v1", "linux/amd64", True, id="the least amd64"),
        pytest.param("linux/amd64/v2", "linux/amd64", False, id="a later amd64"),
        pytest.param("linux/arm/v7", "linux/arm", True, id="arm alone is v7"),
        pytest.param("linux/arm/v6", "linux/arm", False, id="and no other"),
        pytest.param("linux/arm/7", "linux/arm/v7", True, id="arm without its v"),
        pytest.param("armhf", "linux/arm/v6", False, id="armhf is v7"),
        pytest.param("linux/arm64", "linux/amd64", False, id="another architecture"),
        pytest.param("windows/amd64", "linux/amd64", False, id="another system"),
    ],
)
def test_a_request_accepts_what_it_names(asked: str, offered: str, accepted: bool) -> None:
    assert Platform.parse(asked).accepts(Platform.parse(offered)) is accepted


def test_nothing_known_is_said_so() -> None:
    assert str(Platform()) == "unknown"
