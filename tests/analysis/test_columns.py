"""Which columns a table of each list shows, and which go first where it is too wide; data formats have all of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.analysis.listings.files import FileQuery, file_rows
from layerscope.analysis.listings.findings import FindingQuery, finding_rows
from layerscope.analysis.listings.layers import history_rows, layer_rows
from layerscope.analysis.listings.packages import PackageQuery, package_rows
from layerscope.analysis.listings.scan import scan_rows
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.image import Image
from layerscope.model.rows import Rows
from tests.builder import ImageSpec, docker_legacy, file, layer, whiteout

_SECRET = "s3cr3t-" + "Zq8vXw2Lk9Pn"
_SPEC = ImageSpec(
    layers=(layer(file("a", b"12345"), file("b", b"1")), layer(whiteout("a"))),
    history=(
        {"created_by": f"/bin/sh -c #(nop)  ENV DB_PASSWORD={_SECRET}", "empty_layer": True, "comment": _SECRET},
        {"created_by": f"|1 TOKEN={_SECRET} /bin/sh -c curl {_SECRET}", "created": "2024-01-01T00:00:00Z"},
        {"created_by": "/bin/sh -c rm /a"},
    ),
    env=(f"DB_PASSWORD={_SECRET}",),
)


def _of(change: Callable[[Image], Rows]) -> Callable[[Path], Rows]:
    def rows(directory: Path) -> Rows:
        (directory / "image.tar").write_bytes(docker_legacy(_SPEC))
        with open_image(str(directory / "image.tar"), ReadOptions()) as image:
            found = change(image)
            return replace(found, rows=tuple(found.rows))

    return rows


def _with_layer(image: Image, **change: str) -> Image:
    return replace(image, layers=(replace(image.layers[0], **change), image.layers[1]))


def _finding(
    *paths: tuple[str, int], source: str = "run", severity: Severity = Severity.LOW, rule: str = "r"
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        kind=FindingKind.INHERITED if source == "base" else FindingKind.WASTE,
        source=source,
        evidence=Evidence.DECLARED,
        title="a title",
        fix="do it",
        detail="a detail",
        content_bytes=sum(size for _, size in paths),
        layers=(0,),
        paths=tuple(
            FoundPath(path=path, layer=index, content_bytes=size, fate="live")
            for index, (path, size) in enumerate(paths)
        ),
        ignored="a reason",
    )


_FOUND = (_finding(("/a/x", 1), ("/b/y", 2)),)


@pytest.mark.parametrize(
    ("rows", "shown", "goes"),
    [
        pytest.param(
            _of(lambda image: layer_rows(image)),
            ["#", "SIZE", "HIDDEN", "STORED", "ENTRIES", "COMPRESSION", "VERIFIED", "INSTRUCTION"],
            ["COMPRESSION", "VERIFIED", "ENTRIES", "STORED"],
            id="layers",
        ),
        pytest.param(
            _of(lambda image: layer_rows(_with_layer(image, problem="absent"))),
            ["#", "SIZE", "HIDDEN", "STORED", "ENTRIES", "COMPRESSION", "VERIFIED", "INSTRUCTION", "LEFT OUT"],
            ["COMPRESSION", "VERIFIED", "ENTRIES", "STORED"],
            id="layers of an incomplete image",
        ),
        pytest.param(
            _of(lambda image: layer_rows(_with_layer(image, partial="cut"))),
            [
                "#",
                "SIZE",
                "HIDDEN",
                "STORED",
                "ENTRIES",
                "COMPRESSION",
                "VERIFIED",
                "INSTRUCTION",
                "LEFT OUT",
                "INCOMPLETE",
            ],
            ["COMPRESSION", "VERIFIED", "ENTRIES", "STORED"],
            id="layers of which one is partial",
        ),
        pytest.param(
            _of(lambda image: history_rows(image)[0]), ["#", "LAYER", "SIZE", "KIND", "TEXT"], [], id="history"
        ),
        pytest.param(
            _of(lambda image: file_rows(image, FileQuery(), depth=0, sort="path", top=0)[0]),
            ["SIZE", "LAYER", "MODE", "FATE", "OWNER", "PATH"],
            ["MODE", "FATE"],
            id="files",
        ),
        pytest.param(
            _of(lambda image: file_rows(image, FileQuery(), depth=1, sort="path", top=0)[0]),
            ["SIZE", "FILES", "PATH"],
            [],
            id="a tree",
        ),
        pytest.param(
            lambda _: package_rows((), PackageQuery(), sort="name", top=0, with_purl=False),
            ["SIZE", "FILES", "LAYER", "REMOVED", "TYPE", "NAME", "VERSION"],
            [],
            id="packages",
        ),
        pytest.param(
            lambda _: scan_rows((), sort="name", top=0),
            ["SIZE", "LAYERS", "BASE", "SHARED", "RECLAIMABLE", "CRITICAL", "HIGH", "IMAGE", "SOURCE"],
            ["SOURCE"],
            id="images",
        ),
        pytest.param(
            lambda _: finding_rows(_FOUND, FindingQuery()),
            ["SEVERITY", "RULE", "KIND", "SIZE", "FILES", "LAYERS", "PATH"],
            ["FILES", "LAYERS", "KIND"],
            id="findings",
        ),
        pytest.param(
            lambda _: finding_rows(_FOUND, FindingQuery(is_brief=True)),
            ["SEVERITY", "RULE", "KIND", "SIZE", "FILES", "LAYERS", "PATH", "PLACES"],
            ["FILES", "LAYERS", "PLACES", "KIND"],
            id="findings in brief",
        ),
        pytest.param(
            lambda _: finding_rows(_FOUND, FindingQuery(every_path=True)),
            ["SEVERITY", "RULE", "KIND", "SIZE", "LAYER", "FATE", "PATH"],
            ["FATE", "LAYER", "KIND"],
            id="paths of findings",
        ),
        pytest.param(
            lambda _: finding_rows((replace(_FOUND[0], dockerfile_line=3),), FindingQuery(with_reasons=True)),
            [
                "SEVERITY",
                "RULE",
                "KIND",
                "EVIDENCE",
                "SIZE",
                "LINE",
                "SOURCE",
                "FILES",
                "LAYERS",
                "PATH",
                "IGNORED BECAUSE",
            ],
            ["EVIDENCE", "FILES", "LAYERS", "KIND", "SOURCE"],
            id="ignored findings with their places",
        ),
        pytest.param(
            lambda _: finding_rows((_finding(source="stage:b"),), FindingQuery(every_path=True)),
            ["SEVERITY", "RULE", "KIND", "EVIDENCE", "SIZE", "LINE", "SOURCE", "LAYER", "FATE", "PATH"],
            ["EVIDENCE", "FATE", "LAYER", "KIND", "SOURCE"],
            id="findings of a stage",
        ),
    ],
)
def test_a_table_shows_what_matters_most(
    rows: Callable[[Path], Rows], shown: list[str], goes: list[str], tmp_path: Path
) -> None:
    columns = [column for column in rows(tmp_path).columns if column.shown]
    assert [column.header for column in columns] == shown
    ranked = sorted((column for column in columns if column.rank), key=lambda column: -column.rank)
    assert [column.header for column in ranked] == goes


def _values(rows: Rows, *names: str) -> list[tuple[object, ...]]:
    places = [[column.name for column in rows.columns].index(name) for name in names]
    return [tuple(row[place] for place in places) for row in rows.rows]


def test_a_layer_has_its_sizes_and_its_instruction_without_secrets(tmp_path: Path) -> None:
    found = _of(layer_rows)(tmp_path)
    assert _values(found, "index", "docker_size", "hidden_bytes", "entries", "compression", "problem", "partial") == [
        (0, 6, 5, 2, "none", "", ""),
        (1, 0, 0, 1, "none", "", ""),
    ]
    assert _values(found, "instruction") == [("RUN curl s3***Pn",), ("RUN rm /a",)]
    (first,), (second,) = _values(found, "diff_id")
    assert str(first).startswith("sha256:") and first != second
    assert _values(found, "digest") == [("",), ("",)]


def test_the_history_has_every_step_without_secrets(tmp_path: Path) -> None:
    found = _of(lambda image: history_rows(image)[0])(tmp_path)
    assert _values(found, "index", "layer", "docker_size", "kind", "text", "build_args", "comment") == [
        (0, None, 0, "ENV", "DB_PASSWORD=s3***Pn", (), "s3***Pn"),
        (1, 0, 6, "RUN", "curl s3***Pn", ("TOKEN=s3***Pn",), ""),
        (2, 1, 0, "RUN", "rm /a", (), ""),
    ]
    assert _SECRET not in str(found.rows)
    assert _values(found, "created")[1] == ("2024-01-01T00:00:00Z",)


def test_files_have_all_that_their_headers_say(tmp_path: Path) -> None:
    found = _of(lambda image: file_rows(image, FileQuery(hidden=True), depth=0, sort="size", top=0)[0])(tmp_path)
    assert found.rows == ((5, 1, 0, "file", "0644", 0, 0, "deleted", 1, "", "/a", ""),)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            FindingQuery(),
            [(1, 2, "/b/y", (1,)), (1, 1, "/a/x", (0,)), (3, 0, "a detail", (0,)), (2, 7, "/c", (0,))],
            id="by directory",
        ),
        pytest.param(
            FindingQuery(is_brief=True),
            [(1, 3, "/b/y", 2), (3, 0, "a detail", None), (2, 7, "/c", 1)],
            id="in brief",
        ),
        pytest.param(
            FindingQuery(every_path=True),
            [(1, 1, "/a/x", 0), (1, 2, "/b/y", 1), (3, 0, "a detail", None), (2, 7, "/c", 0)],
            id="every path",
        ),
        pytest.param(
            FindingQuery(severities=frozenset({Severity.HIGH}), is_brief=True),
            [(3, 0, "a detail", None)],
            id="by severity",
        ),
        pytest.param(FindingQuery(rules=frozenset({"x"}), is_brief=True), [(2, 7, "/c", 1)], id="by rule"),
        pytest.param(
            FindingQuery(kinds=frozenset({FindingKind.INHERITED}), is_brief=True), [(2, 7, "/c", 1)], id="by kind"
        ),
        pytest.param(
            FindingQuery(kinds=frozenset({FindingKind.WASTE}), rules=frozenset({"x"})), [], id="by rule and kind"
        ),
    ],
)
def test_what_is_inherited_comes_last_and_keeps_its_number(
    query: FindingQuery, expected: list[tuple[object, ...]]
) -> None:
    found = finding_rows(
        (*_FOUND, _finding(("/c", 7), source="base", rule="x"), _finding(severity=Severity.HIGH)), query
    )
    last = "layer" if query.every_path else "places" if query.is_brief else "layers"
    assert _values(found, "finding", "content_bytes", "path", last) == expected


@pytest.mark.parametrize(
    ("query", "nothing"),
    [
        (FindingQuery(), "no findings"),
        (FindingQuery(with_reasons=True, rules=frozenset({"x"})), "no ignored findings"),
        (FindingQuery(rules=frozenset({"x"})), "no findings match"),
        (FindingQuery(severities=frozenset({Severity.LOW})), "no findings match"),
        (FindingQuery(kinds=frozenset({FindingKind.SECRET})), "no secrets found"),
        (FindingQuery(kinds=frozenset({FindingKind.LEAK})), "no leaks found"),
        (FindingQuery(kinds=frozenset({FindingKind.WASTE})), "no waste found"),
        (FindingQuery(kinds=frozenset({FindingKind.INHERITED})), "no findings in the base image"),
        (FindingQuery(kinds=frozenset({FindingKind.LEAK, FindingKind.WASTE})), "no findings match"),
    ],
)
def test_an_empty_list_says_what_was_not_found(query: FindingQuery, nothing: str) -> None:
    assert finding_rows((), query).nothing == nothing
