"""The name that was meant."""

import pytest

from layerscope.model.nearest import nearest

KNOWN = ("dev-traces", "vcs-metadata", "rootfs-copy", "pip-cache", "npm-cache", "cache")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("vcs-metadta", "vcs-metadata", id="misspelt"),
        pytest.param("vcs", "vcs-metadata", id="the beginning"),
        pytest.param("metadata", "vcs-metadata", id="the end"),
        pytest.param("cach", "cache", id="the beginning of one before a part of others"),
        pytest.param("foo", "", id="none is near"),
        pytest.param("a", "", id="a letter says nothing"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_part_or_a_slip_is_recognised(name: str, meant: str) -> None:
    assert nearest(name, KNOWN) == meant
