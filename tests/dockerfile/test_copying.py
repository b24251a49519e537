"""Dockerfile reference, "COPY" and "ADD": "Source", "Destination", "Pattern matching", --parents, --exclude."""

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.copying import CopyMapping, copy_mapping
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.stages import Source, SourceKind
from layerscope.errors import UsageError


def mapping(line: str, *before: str, base: str = "scratch") -> CopyMapping:
    """The mapping of the last instruction of a stage on top of an empty one."""
    content = "\n".join((f"FROM {base} AS build", f"FROM {base}", *before, line))
    return copy_mapping(Build.of(parse_dockerfile(content)).flatten()[-1])


@pytest.mark.parametrize(
    ("line", "final_path", "sources"),
    [
        pytest.param("COPY --from=build /out/app /usr/bin/app", "/usr/bin/app", ["/out/app"], id="file to file"),
        pytest.param("COPY --from=build out/app /usr/bin/app", "/usr/bin/app", ["/out/app"], id="from the root"),
        pytest.param(
            "COPY --from=build /out/app /bin/", "/bin/app", ["/out/app", "/out/app/app"], id="file to directory"
        ),
        pytest.param("COPY --from=build /out/ /srv/", "/srv/a/b", ["/out/a/b"], id="contents to directory"),
        pytest.param("COPY --from=build /out /srv", "/srv/a/b", ["/out/a/b"], id="contents without slash"),
        pytest.param("COPY --from=build /out /srv", "/srv", ["/out"], id="the directory itself"),
        pytest.param("COPY --from=build /out /srv/", "/srv", ["/out"], id="the directory itself, with slash"),
        pytest.param(
            "COPY --from=build /out/app /bin", "/bin/app", ["/out/app", "/out/app/app"], id="file to old directory"
        ),
        pytest.param("COPY --from=build / /", "/etc/x", ["/etc/x"], id="root to root"),
        pytest.param("COPY --from=build / /srv", "/srv/x", ["/x"], id="root to directory"),
        pytest.param("COPY --from=build /a /b /srv/", "/srv/x/y", ["/b/x/y", "/a/x/y"], id="the last source wins"),
        pytest.param(
            "COPY --from=build /a/f /b/g /srv/", "/srv/f", ["/a/f", "/b/g/f", "/a/f/f"], id="several, one by name"
        ),
        pytest.param('COPY --from=build ["/a b/c", "/d/"]', "/d/c", ["/a b/c", "/a b/c/c"], id="JSON"),
        pytest.param("COPY --from=build /lib/*.so /l/", "/l/x.so", ["/lib/x.so"], id="wildcard"),
        pytest.param("COPY --from=build /lib/*.so /l/", "/l/x.a", [], id="wildcard that does not match"),
        pytest.param("COPY --from=build /lib/?[!a].so /l/", "/l/ab.so", [], id="exclamation mark is no negation"),
        pytest.param("COPY --from=build /lib/?[^a].so /l/", "/l/ab.so", ["/lib/ab.so"], id="negated class"),
        pytest.param("COPY arr[[]0].txt /d/", "/d/arr[0].txt", ["/arr[0].txt", "/arr[0].txt/arr[0].txt"], id="escaped"),
        pytest.param("COPY --from=build /out /srv", "/srvx", [], id="another path that begins the same"),
        pytest.param("COPY --from=build /out /srv/x", "/srv", [], id="parent that was only created"),
        pytest.param("COPY ../x ./y/ /d/", "/d/x", ["/x", "/y/x", "/x/x"], id="out of the context"),
        pytest.param("ADD a.tar.gz /d/", "/d/x/y", ["/a.tar.gz/x/y", "/a.tar.gz"], id="archive"),
        pytest.param("ADD --unpack=false a.tar /d/", "/d/x", ["/a.tar/x"], id="archive that is not unpacked"),
        pytest.param("COPY a.tar /d/", "/d/x", ["/a.tar/x"], id="COPY never unpacks"),
        pytest.param("COPY <<EOF /d/f\nx\nEOF", "/d/f", [], id="inline file"),
        pytest.param("ADD https://example.org/f /d/", "/d/f", [], id="URL"),
    ],
)
def test_map_back(line: str, final_path: str, sources: list[str]) -> None:
    assert list(mapping(line).map_back(final_path)) == sources


@pytest.mark.parametrize(
    ("line", "final_path", "patterns"),
    [
        pytest.param("COPY --from=build /out/*.so /lib/a.so", "/lib/a.so", ["/out/*.so"], id="one file, renamed"),
        pytest.param(
            "COPY --from=build /out/* /srv/", "/srv/x/y", ["/out/*/x/y"], id="contents of unknown directories"
        ),
        pytest.param("COPY --from=build /*/bin/x /srv/", "/srv/x", ["/*/bin/x", "/*/bin/x/x"], id="parents unknown"),
        pytest.param("COPY --from=build /o/* /srv/", "/srv/a*/b", ["/o/*/a\\*/b"], id="wildcards in names are escaped"),
        pytest.param("COPY --from=build /o /srv/", "/srv/a", [], id="no wildcards"),
        pytest.param("COPY --parents --from=build /*/./b /u", "/u/b/x", ["/*/b/x"], id="unknown pivot"),
    ],
)
def test_map_back_patterns(line: str, final_path: str, patterns: list[str]) -> None:
    assert list(mapping(line).map_back_patterns(final_path)) == patterns


@pytest.mark.parametrize(
    ("line", "final_path", "sources"),
    [
        ("COPY --parents ./x/a.txt ./y/a.txt /p/", "/p/x/a.txt", ["/x/a.txt"]),
        ("COPY --parents ./x/a.txt ./y/a.txt /p/", "/p/a.txt", []),
        ("COPY --parents ./x/a.txt /p/", "/p/x", ["/x"]),
        ("COPY --parents ./x /p/", "/p/x/y/z", ["/x/y/z"]),
        ("COPY --parents ./x/./y/*.txt /p/", "/p/y/a.txt", ["/x/y/a.txt"]),
        ("COPY --parents ./x/./y/*.txt /p/", "/p/y/a.md", []),
        ("COPY --parents ./src/**/*.txt /p/", "/p/src/a.txt", ["/src/a.txt"]),
        ("COPY --parents ./src/**/*.txt /p/", "/p/src/x/y/c.txt", ["/src/x/y/c.txt"]),
        ("COPY --parents --from=build /out/./bin /usr", "/usr/bin/app", ["/out/bin/app"]),
        ("COPY --parents --from=build /*/./bin /usr", "/usr/bin/app", []),
        ("COPY --parents x /p/", "/p", []),
    ],
)
def test_parents(line: str, final_path: str, sources: list[str]) -> None:
    assert list(mapping(line).map_back(final_path)) == sources


@pytest.mark.parametrize(
    ("line", "final_path", "sources"),
    [
        ("COPY --exclude=*.txt hom* /m/", "/m/home.txt", []),
        ("COPY --exclude=*.txt hom* /m/", "/m/home.md", ["/home.md"]),
        ("COPY --exclude=*.txt --exclude=*.md hom* /m/", "/m/home.md", []),
        ("COPY --exclude=*.txt src /m/", "/m/a/x.txt", ["/src/a/x.txt"]),
        ("COPY --exclude=**/*.txt src /m/", "/m/a/x.txt", []),
        ("COPY --exclude=a src /m/", "/m/a/x.txt", []),
        ("COPY --exclude=x.txt x.txt /m", "/m", []),
        ("COPY --exclude=a --exclude=!a/x.txt src /m/", "/m/a/x.txt", ["/src/a/x.txt"]),
    ],
)
def test_excludes(line: str, final_path: str, sources: list[str]) -> None:
    assert list(mapping(line).map_back(final_path)) == sources


@pytest.mark.parametrize(
    ("lines", "destination", "is_directory"),
    [
        (("COPY a /b",), "/b", False),
        (("COPY a /b/",), "/b", True),
        (("COPY a /",), "/", True),
        (("WORKDIR /w", "COPY a ."), "/w", True),
        (("WORKDIR /w", "COPY a /w"), "/w", True),
        (("WORKDIR /w", "COPY a b"), "/w/b", False),
        (("COPY --parents a /b",), "/b", True),
    ],
)
def test_destination(lines: tuple[str, ...], destination: str, is_directory: bool) -> None:
    *before, line = lines
    result = mapping(line, *before)
    assert (result.destination, result.destination_is_directory) == (destination, is_directory)


def test_the_source_stage_is_named() -> None:
    assert mapping("COPY --from=build /a /b").source == Source(kind=SourceKind.STAGE, stage=0)


def test_remote_and_inline_sources_have_no_path() -> None:
    result = mapping("ADD https://example.org/f git@example.org:r.git x <<EOF /d/\nEOF")
    assert [source.path for source in result.sources] == ["/x"]


def test_an_unknown_destination_maps_nothing() -> None:
    result = mapping("COPY a b", base="debian")
    assert (result.resolved, result.map_back("/b"), result.map_back("/")) == (False, (), ())


def test_an_unknown_source_is_left_out() -> None:
    result = mapping("COPY $U b /d/", base="debian")
    assert not result.resolved
    assert result.map_back("/d/b") == ("/b", "/b/b")


def test_other_instructions_copy_nothing() -> None:
    with pytest.raises(UsageError):
        mapping("RUN a")


def test_a_class_that_stays_open_is_an_error() -> None:
    with pytest.raises(UsageError):
        mapping("COPY a[b /d/")
