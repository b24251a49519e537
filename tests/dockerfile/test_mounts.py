"""Dockerfile reference, "RUN --mount"."""

import pytest

from layerscope.dockerfile.mounts import Mount
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.errors import UsageError


def test_a_bind_mount_is_the_default_and_read_only() -> None:
    mount = Mount.parse("from=build,source=/out,target=/in")
    assert (mount.type, mount.from_name, mount.source, mount.target) == ("bind", "build", "/out", "/in")
    assert mount.read_only


@pytest.mark.parametrize(
    ("text", "read_only"),
    [
        pytest.param("type=cache,target=/c", False, id="cache"),
        pytest.param("type=tmpfs,target=/c", False, id="tmpfs"),
        pytest.param("type=secret,id=x", True, id="secret"),
        pytest.param("type=bind,target=/c,rw", False, id="rw"),
        pytest.param("type=bind,target=/c,readwrite=false", True, id="readwrite=false"),
        pytest.param("type=cache,target=/c,ro", True, id="ro"),
        pytest.param("type=cache,target=/c,readonly=0", False, id="readonly=0"),
    ],
)
def test_read_only(text: str, read_only: bool) -> None:
    assert Mount.parse(text).read_only is read_only


def test_aliases_and_case() -> None:
    mount = Mount.parse("TYPE=Bind,src=a,dst=b")
    assert (mount.type, mount.source, mount.target) == ("bind", "a", "b")
    assert mount.options == (("type", "Bind"), ("source", "a"), ("target", "b"))


def test_quoted_fields_hold_commas() -> None:
    assert Mount.parse('"target=/a,b",type=cache').target == "/a,b"


def test_required() -> None:
    assert Mount.parse("type=secret,id=x,required").required
    assert not Mount.parse("type=secret,id=x,required=false").required


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("type=disk", "unsupported mount type 'disk'", id="type"),
        pytest.param("form=a", "unexpected key 'form' in --mount", id="key"),
        pytest.param("target", "--mount option 'target' must be a key=value pair", id="no value"),
    ],
)
def test_bad_mounts(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Mount.parse(text)
    assert caught.value.message == message


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(UsageError):
        Mount.parse('"target=/a')


def test_run_lists_its_mounts_in_order() -> None:
    parsed = parse_dockerfile("FROM a\nRUN --mount=target=/x --network=none --mount=type=tmpfs,target=/y a")
    assert [mount.target for mount in parsed.stages[0].instructions[0].mounts] == ["/x", "/y"]
