"""Dockerfile reference, "RUN --mount": what a mount reads."""

import pytest

from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import Mount
from layerscope.errors import UsageError


def mounts(flags: str) -> tuple[Mount, ...]:
    return parse_dockerfile(f"FROM a\nRUN {flags} x").stages[0].instructions[0].mounts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("from=build,source=/out,target=/in", Mount(from_name="build"), id="bind is the default"),
        pytest.param("target=/in", Mount(), id="of the context"),
        pytest.param("TYPE=Cache,FROM=b,dst=b", Mount(type="cache", from_name="b"), id="case"),
        pytest.param(r"\"target=/a,from=b\",type=cache", Mount(type="cache"), id="quoted fields hold commas"),
        pytest.param("type=secret,id=x,required", Mount(type="secret"), id="option without a value"),
        pytest.param("from=a,from=b", Mount(from_name="b"), id="the last one counts"),
        pytest.param("type=$t,from=b", Mount(type="$t", from_name="b"), id="variable as type"),
        pytest.param("type=cache,later=1", Mount(type="cache"), id="option of a later syntax"),
    ],
)
def test_the_type_and_the_source_of_a_mount(text: str, expected: Mount) -> None:
    assert mounts(f"--mount={text}") == (expected,)


def test_run_lists_its_mounts_in_order() -> None:
    found = mounts("--mount=from=b --network=none --mount=type=tmpfs,target=/y")
    assert found == (Mount(from_name="b"), Mount(type="tmpfs"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("type=disk", "unsupported mount type 'disk'", id="type"),
        pytest.param('\\"target=/a', "bad --mount: ", id="open quote"),
    ],
)
def test_bad_mounts(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        mounts(f"--network=none --mount={text}")
    assert caught.value.message.startswith(f"Dockerfile:2:20: RUN: {message}")
