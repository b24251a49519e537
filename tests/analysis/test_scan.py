"""Many images side by side: shared layers are counted once, and nothing is called needless that one image shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.analysis.listings.scan import Scanned, ScannedLayer, scan_rows, scanned, sums
from layerscope.model.finding import Evidence, Finding, FindingKind, Severity
from layerscope.model.report import ImageSummary, InstructionReport, LayerReport, Report, Totals
from layerscope.model.step import Safety, Step

LAYERS = st.builds(
    lambda name, can_go, is_there: ScannedLayer(
        identity=name, content_bytes=400 if is_there else 0, reclaimable_bytes=can_go if is_there else None
    ),
    st.sampled_from("abcdef"),
    st.none() | st.integers(0, 400),
    st.booleans(),
)


def image(name: str, *layers: ScannedLayer, source: str = "", platform: str = "linux/amd64") -> Scanned:
    return Scanned(
        source=source or f"{name}.tar",
        name=name,
        names=(name,),
        platform=platform,
        image_id="",
        docker_size=0,
        totals=Totals(
            content_bytes=sum(layer.content_bytes for layer in layers),
            reclaimable_bytes=sum(layer.reclaimable_bytes or 0 for layer in layers),
        ),
        critical=0,
        high=0,
        left_out=sum(not layer.content_bytes for layer in layers),
        complete=all(layer.content_bytes for layer in layers),
        layers=layers,
    )


def layer(identity: str, size: int, can_go: int | None = 0) -> ScannedLayer:
    return ScannedLayer(identity=identity, content_bytes=size, reclaimable_bytes=can_go)


BASE = layer("base", 1000)
APP, WORKER = image("app", BASE, layer("app", 300, 50)), image("worker", BASE, layer("worker", 70, 60))


def report(*layers: LayerReport, findings: tuple[Finding, ...] = ()) -> Report:
    summary = ImageSummary(source="app.tar", format="docker-archive", name="app")
    return Report(
        complete=not any(layer.problem for layer in layers),
        image=summary,
        totals=Totals(),
        layers=layers,
        findings=findings,
    )


def finding(kind: FindingKind, severity: Severity) -> Finding:
    return Finding(
        rule="r",
        severity=severity,
        kind=kind,
        source="base" if kind == FindingKind.INHERITED else "run",
        evidence=Evidence.DECLARED,
        title="t",
        fix="f",
        content_bytes=1,
    )


def listed(images: list[Scanned], sort: str, top: int = 0) -> list[tuple[object, object, object]]:
    rows = scan_rows(images, sort=sort, top=top)
    names = [column.name for column in rows.columns]
    wanted = [names.index(name) for name in ("name", "shared_bytes", "reclaimable_bytes")]
    return [(row[wanted[0]], row[wanted[1]], row[wanted[2]]) for row in rows.rows]


def test_shared_bytes_are_those_of_layers_that_another_image_has_too() -> None:
    alone = image("alone", layer("x", 5), layer("x", 5))
    assert listed([APP, WORKER, alone], "name") == [("alone", 0, 0), ("app", 1000, 50), ("worker", 1000, 60)]


def test_the_order_is_what_was_asked_for() -> None:
    assert [row[0] for row in listed([APP, WORKER], "reclaimable")] == ["worker", "app"]
    assert [row[0] for row in listed([WORKER, APP], "size")] == ["app", "worker"]
    assert [row[0] for row in listed([WORKER, APP], "name", top=1)] == ["app"]


@pytest.mark.parametrize("sort", ["reclaimable", "size", "name"])
def test_equal_images_come_by_name_and_source(sort: str) -> None:
    images = [image(name, BASE, source=source) for name, source in [("b", "1"), ("a", "2"), ("a", "1")]]
    rows = scan_rows(images, sort=sort, top=0)
    names = [column.name for column in rows.columns]
    found = [(row[names.index("name")], row[names.index("source")]) for row in rows.rows]
    assert found == [("a", "1"), ("a", "2"), ("b", "1")]


def test_what_the_base_brought_is_not_the_image_s_to_give_back() -> None:
    own = finding(FindingKind.LEAK, Severity.HIGH), finding(FindingKind.WASTE, Severity.CRITICAL)
    inherited = tuple(finding(FindingKind.INHERITED, severity) for severity in (*Severity, Severity.HIGH))
    base = LayerReport(index=0, diff_id="base", content_bytes=9, reclaimable_bytes=8, origin="base")
    one = scanned(report(base, LayerReport(index=1, diff_id="app"), findings=(*own, *inherited)), "app.tar")
    assert (one.critical, one.high) == (1, 1)
    assert sums([one]).reclaimable_bytes == 0


def test_a_layer_that_was_left_out_is_as_big_as_another_image_says() -> None:
    lacking = scanned(
        report(LayerReport(index=0, diff_id="a", problem="absent"), LayerReport(index=1, diff_id="b", content_bytes=5)),
        "lacking.tar",
    )
    whole = image("whole", layer("a", 400, 300), layer("b", 5, 4))
    assert lacking.left_out == 1
    for images in ([lacking, whole], [whole, lacking]):
        found = sums(images)
        assert (found.distinct_bytes, found.reclaimable_bytes, found.incomplete) == (405, 304, 1)
    assert sums([lacking, image("other", layer("a", 400, 7), layer("gone", 0, None))]).reclaimable_bytes == 7


@pytest.mark.parametrize(
    ("other", "told"),
    [
        pytest.param(WORKER, set(), id="whole and for the same platform"),
        pytest.param(image("lacking", layer("gone", 0, None)), {"LEFT OUT"}, id="a layer was left out"),
        pytest.param(image("app", BASE, platform="linux/arm64"), {"PLATFORM"}, id="another platform"),
    ],
)
def test_the_table_tells_what_sets_an_image_apart_even_if_its_row_is_cut(other: Scanned, told: set[str]) -> None:
    columns = scan_rows([APP, other], sort="name", top=1).columns
    assert {column.header for column in columns if column.shown} & {"LEFT OUT", "PLATFORM"} == told


def test_each_layer_counts_once_in_the_sums() -> None:
    found = sums([APP, WORKER])
    assert (found.images, found.content_bytes, found.distinct_bytes, found.reclaimable_bytes) == (2, 2370, 1370, 110)


def test_what_one_image_hides_and_another_shows_is_not_counted_as_needless() -> None:
    hides, shows = image("hides", layer("both", 500, 400)), image("shows", layer("both", 500, 0))
    for images in ([hides, shows], [shows, hides]):
        assert sums(images).reclaimable_bytes == 0


def test_the_image_that_a_layer_is_the_own_one_of_says_what_can_go() -> None:
    base, derived = image("base", layer("both", 500, 400)), image("derived", layer("both", 500, None), layer("x", 9, 4))
    assert sums([base, derived]).reclaimable_bytes == sums([derived, base]).reclaimable_bytes == 404
    assert sums([derived]).reclaimable_bytes == 4


@given(st.lists(st.lists(LAYERS, max_size=4), max_size=4))
def test_the_sums_do_not_hang_on_the_order_and_never_pass_those_of_the_images(stacks: list[list[ScannedLayer]]) -> None:
    images = [image(str(number), *layers) for number, layers in enumerate(stacks)]
    found = sums(images)
    assert found == sums(images[::-1])
    assert found.reclaimable_bytes <= found.distinct_bytes <= found.content_bytes
    assert found.reclaimable_bytes <= sum(one.totals.reclaimable_bytes for one in images)


def test_what_is_kept_of_a_report_is_its_own_and_short() -> None:
    layers = (
        LayerReport(index=0, diff_id="a", content_bytes=9, reclaimable_bytes=8, origin="base", instruction=0),
        LayerReport(index=1, diff_id="b", content_bytes=7, reclaimable_bytes=6, instruction=1),
        LayerReport(index=2, diff_id="c", reclaimable_bytes=5, problem="absent", instruction=2),
        LayerReport(index=3, diff_id="", content_bytes=1),
    )
    steps = (
        InstructionReport(index=0, kind="ADD", text="rootfs  /", layer=0),
        InstructionReport(index=1, kind="RUN", text="x", dockerfile_text="RUN \\\n   make", layer=1),
        InstructionReport(index=2, kind="RUN", text="y" * 300, layer=2),
    )
    advice = tuple(Step(strategy=name, safety=Safety.SAFE, sentence="", saves_bytes=1) for name in "ab")
    made = replace(report(*layers), instructions=steps, steps=advice)
    made = replace(made, image=replace(made.image, image_id="id", platform="linux/arm64", docker_size=5))
    found = scanned(made, "x.tar", ["one", "two"])
    assert (found.source, found.name, found.names, found.platform) == ("x.tar", "app", ("one", "two"), "linux/arm64")
    assert (found.image_id, found.docker_size, found.left_out, found.complete) == ("id", 5, 1, False)
    assert found.step == advice[0] and scanned(replace(made, steps=()), "x.tar").step is None
    assert [(one.content_bytes, one.reclaimable_bytes, one.instruction) for one in found.layers] == [
        (9, None, "ADD rootfs /"),
        (7, 6, "RUN \\ make"),
        (0, None, "RUN " + "y" * 196),
        (1, 0, ""),
    ]
    assert [one.identity for one in found.layers[:3]] == ["a", "b", "c"]
    assert found.layers[3].identity not in ("", scanned(made, "other.tar").layers[3].identity)


def test_a_row_has_all_the_figures_of_its_image() -> None:
    rows = scan_rows([APP, WORKER], sort="size", top=1)
    names = [column.name for column in rows.columns]
    [row] = rows.rows
    found = dict(zip(names, row, strict=True))
    assert (found["layers"], found["content_bytes"], found["shared_bytes"], found["left_out"]) == (2, 1300, 1000, 0)
    assert (rows.left_out, scan_rows([APP], sort="size", top=0).left_out) == (1, 0)


@pytest.mark.parametrize("order", [1, -1])
def test_complete_images_say_what_of_a_layer_is_reclaimable(order: int) -> None:
    lacking = image("lacking", layer("both", 500, 1), layer("gone", 0, None))
    images = [lacking, image("whole", layer("both", 500, 9)), image("other", layer("both", 500, 30))][::order]
    assert sums(images).reclaimable_bytes == 9
    assert sums([lacking]).reclaimable_bytes == 1
