"""The mapping of a COPY against a copy that is really done, file by file, on a tree in memory."""

from fnmatch import fnmatchcase

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.copying import CopyMapping, copy_mapping
from layerscope.dockerfile.glob import PathPattern
from layerscope.dockerfile.parse import parse_dockerfile

NAMES = st.sampled_from(["a", "b", "ab"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))
PATTERNS = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "?"]), min_size=1, max_size=2).map(
    lambda names: "/" + "/".join(names)
)


def parents(path: str) -> list[str]:
    names = path.split("/")[1:-1]
    return ["/" + "/".join(names[:count]) for count in range(1, len(names) + 1)]


def matched(pattern: str, tree: set[str]) -> list[str]:
    wanted = pattern.split("/")
    everything = tree | {parent for path in tree for parent in parents(path)}
    return sorted(
        path
        for path in everything
        if len(path.split("/")) == len(wanted) and all(map(fnmatchcase, path.split("/"), wanted))
    )


def copy(tree: set[str], sources: list[str], destination: str, directories: set[str]) -> dict[str, str]:
    """What BuildKit does: from the path in the image to the path in the source."""
    image: dict[str, str] = {}
    directories = set(directories)
    target = destination.rstrip("/")
    if destination.endswith("/"):
        directories.add(target)
    for source in (path for pattern in sources for path in matched(pattern, tree)):
        if source in tree:
            into = target in directories
            new = {f"{target}/{source.rpartition('/')[2]}" if into else target: source}
        else:
            directories.add(target)
            new = {target + path[len(source) :]: path for path in tree if path.startswith(source + "/")}
        image |= new
        directories |= {parent for path in new for parent in parents(path)}
    assume(not directories & image.keys())
    return image


@settings(deadline=None)
@given(
    st.sets(PATHS, min_size=1, max_size=5),
    st.lists(st.one_of(PATHS, PATTERNS), min_size=1, max_size=3),
    st.sampled_from(["/d", "/d/", "/d/e", "/d/e/"]),
    st.sampled_from([set(), {"/d"}, {"/d", "/d/e"}]),
)
def test_every_copied_file_is_traced_to_its_source(
    tree: set[str], sources: list[str], destination: str, directories: set[str]
) -> None:
    assume(not any(parent in tree for path in tree for parent in parents(path)))
    image = copy(tree, sources, destination, directories)
    mapping = mapping_of(sources, destination)
    for path, source in image.items():
        patterns = [PathPattern.parse(pattern) for pattern in mapping.map_back_patterns(path)]
        assert source in mapping.map_back(path) or any(pattern.matches(source) for pattern in patterns)


def mapping_of(sources: list[str], destination: str) -> CopyMapping:
    content = f"FROM scratch\nCOPY {' '.join(sources)} {destination}"
    return copy_mapping(Build.of(parse_dockerfile(content)).flatten()[-1])


def test_files_by_their_name_come_before_the_contents_of_directories() -> None:
    assert mapping_of(["/a/f", "/b"], "/srv/").map_back("/srv/f") == ("/a/f", "/b/f", "/a/f/f")
