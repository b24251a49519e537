"""Dockerfile reference, "ARG" and "Understand how ARG and FROM interact"."""

from collections.abc import Mapping

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.scope import DEFAULT_PATH, BaseConfig
from layerscope.model.platform import Platform


def users(
    content: str,
    build_args: Mapping[str, str] | None = None,
    platform: Platform | None = None,
    bases: Mapping[str, BaseConfig] | None = None,
) -> list[str]:
    """What the USER instructions of the last stage expand to, ``?`` before what is not resolved."""
    build = Build.of(parse_dockerfile(content), build_args=build_args, platform=platform, bases=bases)
    found = (each.arguments[0] for each in build.flatten() if each.instruction.keyword == "USER")
    return [("" if each.resolved else "?") + each.text for each in found]


@pytest.mark.parametrize(
    ("content", "build_args", "expected"),
    [
        pytest.param("FROM scratch\nARG a=1\nUSER $a", {}, ["1"], id="default"),
        pytest.param("FROM scratch\nARG a=1\nUSER $a", {"a": "2"}, ["2"], id="--build-arg wins"),
        pytest.param("FROM scratch\nUSER ${a:-x}\nARG a\nUSER $a", {"a": "2"}, ["x", "2"], id="from its line on"),
        pytest.param("FROM scratch\nARG a\nUSER ${a:-x}", {}, ["x"], id="without value"),
        pytest.param("FROM scratch\nUSER x$a", {"a": "2"}, ["x"], id="undeclared arguments are not seen"),
        pytest.param("ARG a=1\nFROM scratch\nUSER x$a", {}, ["x"], id="global is not seen in a stage"),
        pytest.param("ARG a=1\nFROM scratch\nARG a\nUSER $a", {}, ["1"], id="global default, declared again"),
        pytest.param("ARG a=1\nFROM scratch\nARG a=2\nUSER $a", {}, ["2"], id="own default before the global one"),
        pytest.param("ARG a=1\nFROM scratch\nARG a=2\nUSER $a", {"a": "3"}, ["3"], id="--build-arg before both"),
        pytest.param("ARG a=1\nARG b=$a$a\nFROM scratch\nARG b\nUSER $b", {}, ["11"], id="globals see each other"),
        pytest.param("FROM scratch\nARG a=1 b=$a\nUSER $b", {}, ["1"], id="arguments of one line see each other"),
        pytest.param("FROM scratch\nARG a='x y'\nUSER $a", {}, ["x y"], id="quotes are taken off"),
        pytest.param("FROM scratch\nARG a\nENV a=1\nUSER $a", {"a": "2"}, ["1"], id="ENV hides ARG"),
        pytest.param("FROM scratch\nARG a\nENV a=${a:-1}\nUSER $a", {"a": "2"}, ["2"], id="ENV of an ARG"),
        pytest.param("FROM scratch\nENV a=1\nARG a=2\nUSER $a", {}, ["2"], id="a later ARG hides ENV, as in BuildKit"),
        pytest.param("FROM scratch AS b\nARG a=1\nFROM b\nUSER $a", {}, ["1"], id="stages on a stage inherit its ARGs"),
        pytest.param("FROM scratch AS b\nARG a=1\nFROM scratch\nUSER x$a", {}, ["x"], id="other stages do not"),
        pytest.param("FROM scratch\nARG HTTP_PROXY\nUSER $HTTP_PROXY", {"HTTP_PROXY": "p"}, ["p"], id="predefined"),
    ],
)
def test_scope_of_arguments(content: str, build_args: dict[str, str], expected: list[str]) -> None:
    assert users(content, build_args) == expected


def test_env_sees_the_values_from_before_its_instruction() -> None:
    content = "FROM scratch\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\nUSER $def:$ghi"
    assert users(content) == ["hello:bye"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("USER $HOME", "?$HOME"),
        ("USER ${HOME:-x}", "?${HOME:-x}"),
        ("ARG a\nUSER $a", "?$a"),
        ("ENV a=$HOME/x\nUSER $a", "?$a"),
        ("ENV a=x\nUSER $a", "x"),
        ("USER $1x", "x"),
    ],
)
def test_the_environment_of_an_unknown_base_is_unknown(line: str, expected: str) -> None:
    assert users("FROM debian\n" + line) == [expected]


def test_a_base_whose_config_is_known_tells_its_environment() -> None:
    bases = {"debian": BaseConfig(env=("a=1", "b=x=y"))}
    assert users("FROM debian\nUSER $a:$b:$c:$PATH", bases=bases) == [f"1:x=y::{DEFAULT_PATH}"]


def test_platform_arguments_are_those_of_the_platform() -> None:
    content = "FROM scratch\nARG TARGETPLATFORM\nARG TARGETARCH TARGETVARIANT\nUSER $TARGETPLATFORM:$TARGETARCH"
    assert users(content, platform=Platform.parse("linux/arm64")) == ["linux/arm64:arm64"]


def test_platform_arguments_are_unknown_without_a_platform() -> None:
    assert users("FROM scratch\nARG TARGETARCH\nUSER $TARGETARCH") == ["?$TARGETARCH"]


def test_platform_arguments_need_a_declaration_in_the_stage() -> None:
    assert users("FROM scratch\nUSER x$TARGETARCH", platform=Platform.parse("linux/arm64")) == ["x"]


def test_the_platform_of_the_build_machine_can_be_given_as_an_argument() -> None:
    assert users("FROM scratch\nARG BUILDARCH\nUSER $BUILDARCH", {"BUILDARCH": "amd64"}) == ["amd64"]


def test_arm64_has_no_variant_as_a_platform_argument() -> None:
    content = "FROM scratch\nARG TARGETPLATFORM TARGETVARIANT\nUSER $TARGETPLATFORM:$TARGETVARIANT"
    assert users(content, platform=Platform.parse("linux/arm64/v8")) == ["linux/arm64:"]
    assert users(content, platform=Platform.parse("linux/arm/v7")) == ["linux/arm/v7:v7"]
