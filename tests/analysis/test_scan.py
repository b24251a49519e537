"""Many images side by side: shared layers are counted once, and nothing is called needless that one image shows."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.scan import Scanned, ScannedLayer, scan_rows, sums
from layerscope.model.report import ImageSummary, Totals

LAYERS = st.builds(
    lambda name, can_go: ScannedLayer(identity=name, content_bytes=400, reclaimable_bytes=can_go),
    st.sampled_from("abcdef"),
    st.none() | st.integers(0, 400),
)


def image(name: str, *layers: ScannedLayer) -> Scanned:
    return Scanned(
        source=f"{name}.tar",
        image=ImageSummary(source=f"{name}.tar", format="docker-archive", name=name, platform="linux/amd64"),
        totals=Totals(
            content_bytes=sum(layer.content_bytes for layer in layers),
            reclaimable_bytes=sum(layer.reclaimable_bytes or 0 for layer in layers),
        ),
        critical=0,
        high=0,
        complete=True,
        layers=layers,
    )


def layer(identity: str, size: int, can_go: int | None = 0) -> ScannedLayer:
    return ScannedLayer(identity=identity, content_bytes=size, reclaimable_bytes=can_go)


BASE = layer("base", 1000)
APP, WORKER = image("app", BASE, layer("app", 300, 50)), image("worker", BASE, layer("worker", 70, 60))


def listed(images: list[Scanned], sort: str, top: int = 0) -> list[tuple[object, object, object]]:
    rows = scan_rows(images, sort=sort, top=top)
    names = [column.name for column in rows.columns]
    wanted = [names.index(name) for name in ("name", "shared_bytes", "reclaimable_bytes")]
    return [(row[wanted[0]], row[wanted[1]], row[wanted[2]]) for row in rows.rows]


def test_shared_bytes_are_those_of_layers_that_another_image_has_too() -> None:
    alone = image("alone", layer("x", 5), layer("x", 5))
    assert listed([APP, WORKER, alone], "name") == [("alone", 0, 0), ("app", 1000, 50), ("worker", 1000, 60)]


def test_the_order_is_what_was_asked_for() -> None:
    assert [row[0] for row in listed([APP, WORKER], "can-go")] == ["worker", "app"]
    assert [row[0] for row in listed([WORKER, APP], "size")] == ["app", "worker"]
    assert [row[0] for row in listed([WORKER, APP], "name", top=1)] == ["app"]


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
