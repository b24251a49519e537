"""Where paths lead; links are pairs in a dictionary."""

import pytest

from layerscope.model.paths import follow


@pytest.mark.parametrize(
    ("links", "path", "found"),
    [
        pytest.param({}, "/a/b", "/a/b", id="no links"),
        pytest.param({}, "/", "", id="the root"),
        pytest.param({}, "a//./b/", "/a/b", id="not written as it should be"),
        pytest.param({"/a": "/b"}, "/a/c", "/b/c", id="an absolute link"),
        pytest.param({"/d/a": "b"}, "/d/a", "/d/b", id="a relative link at the end"),
        pytest.param({"/d/a": "../b"}, "/d/a/c", "/b/c", id="up"),
        pytest.param({"/a": "x/y"}, "/a/../z", "/x/z", id="up from behind a link"),
        pytest.param({"/a": "../../b"}, "/../a", "/b", id="the root is its own parent"),
        pytest.param({"/a": "b", "/b": "c", "/c": "d"}, "/a", "/d", id="a chain"),
        pytest.param({"/a": "b", "/b": "a"}, "/a", None, id="a circle"),
        pytest.param({"/a": "a/a/a"}, "/a", None, id="a circle that grows"),
    ],
)
def test_a_path_leads_where_its_links_lead(links: dict[str, str], path: str, found: str | None) -> None:
    assert follow(path, lambda at: links.get(at, "")) == found


def test_as_many_links_are_followed_as_linux_follows() -> None:
    links = {f"/l{n}": f"l{n + 1}" for n in range(50)}
    assert follow("/l10", lambda at: links.get(at, "")) == "/l50"
    assert follow("/l9", lambda at: links.get(at, "")) is None


def test_the_components_of_all_targets_are_bounded() -> None:
    asked = []
    links = {f"/a{n}": f"/a{n + 1}" + "/x" * 9_000 for n in range(10)}

    def target(path: str) -> str:
        asked.append(path)
        return links.get(path, "")

    assert follow("/a0", target) is None
    assert len(asked) < 20_000
    assert follow("/b" * 10_000, target) == "/b" * 10_000
    assert follow("/b" * 10_001, target) is None
