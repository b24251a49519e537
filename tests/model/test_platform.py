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
        pytest.param("linux/arm64", "linux/amd64", False, id="another architecture"),
        pytest.param("windows/amd64", "linux/amd64", False, id="another system"),
    ],
)
def test_a_request_accepts_what_it_names(asked: str, offered: str, accepted: bool) -> None:
    assert Platform.parse(asked).accepts(Platform.parse(offered)) is accepted


def test_nothing_known_is_said_so() -> None:
    assert str(Platform()) == "unknown"
