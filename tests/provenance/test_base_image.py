"""The base image, by the best sign that speaks."""

import json

import pytest
from msgspec.structs import replace

from layerscope.errors import UsageError
from layerscope.history.alignment import instructions
from layerscope.model.base import Base, FoundBy
from layerscope.model.changeset import Changeset
from layerscope.model.image import Digest, HistoryEntry, Image, ImageConfig, Layer
from layerscope.provenance.base_image import find_base

DIGESTS = tuple(Digest("sha256", f"{number:064x}") for number in range(4))
FROM = HistoryEntry(created_by="/bin/sh -c #(nop) ADD file:" + "0" * 64 + " in / ")
CMD = HistoryEntry(created_by='/bin/sh -c #(nop)  CMD ["bash"]', empty_layer=True)
RUN = HistoryEntry(created_by="/bin/sh -c make")
LIFECYCLE = "io.buildpacks.lifecycle.metadata"
NAME = "org.opencontainers.image.base.name"


def _image(*history: HistoryEntry, labels: dict[str, str] | None = None) -> Image:
    count = sum(not entry.empty_layer for entry in history)
    layers = tuple(Layer(index=n, diff_id=DIGESTS[n], changeset=Changeset()) for n in range(count))
    config = ImageConfig(history=history, labels=labels or {})
    return Image(source="x.tar", format="docker-archive", config=config, layers=layers)


def _long(*history: HistoryEntry) -> Image:
    """An image with a digest for each of many layers."""
    count = sum(not entry.empty_layer for entry in history)
    digests = tuple(Digest("sha256", f"{number:064x}") for number in range(count))
    layers = tuple(Layer(index=n, diff_id=digest, changeset=Changeset()) for n, digest in enumerate(digests))
    return Image(source="x.tar", format="docker-archive", config=ImageConfig(history=history), layers=layers)


def _base(image: Image, given: tuple[Digest, ...] | None = None) -> Base:
    steps, _ = instructions(image.config.history, len(image.layers))
    return find_base(image, steps, given)


def test_a_given_base_is_certain() -> None:
    base = _base(_image(FROM, CMD, RUN, RUN), DIGESTS[:2])
    assert (base.layers, base.certain) == (2, True)


@pytest.mark.parametrize(
    ("given", "layer"),
    [
        pytest.param((DIGESTS[0], DIGESTS[3]), "layer 1", id="another layer"),
        pytest.param((DIGESTS[3],), "layer 0", id="another base"),
        pytest.param((*DIGESTS[:3], DIGESTS[3]), "layer 3", id="more layers than the image"),
    ],
)
def test_a_base_that_is_not_below_is_refused_with_the_first_layer_that_differs(
    given: tuple[Digest, ...], layer: str
) -> None:
    with pytest.raises(UsageError, match=layer):
        _base(_image(FROM, RUN, RUN), given)


def test_buildpacks_note_the_top_layer_of_their_run_image() -> None:
    label = json.dumps({"runImage": {"topLayer": str(DIGESTS[1]), "reference": "run:jammy"}})
    base = _base(_image(FROM, RUN, RUN, labels={LIFECYCLE: label}))
    assert (base.layers, base.name) == (2, "run:jammy")


@pytest.mark.parametrize(
    "label", ["", "[1", "[]", '{"runImage": 1}', '{"runImage": {"topLayer": "sha256:0"}}', "[" * 10**5]
)
def test_a_damaged_label_says_nothing(label: str) -> None:
    assert _base(_image(RUN, RUN, labels={LIFECYCLE: label})).layers == 0


def test_buildahs_comment_names_the_base() -> None:
    base = _base(_image(FROM, replace(RUN, comment="FROM docker.io/library/alpine:3"), RUN))
    assert (base.layers, base.name, base.certain) == (1, "docker.io/library/alpine:3", False)


def test_the_history_gives_a_guess_that_is_called_one() -> None:
    base = _base(_image(FROM, CMD, RUN, labels={NAME: "debian:12"}))
    assert (base.layers, base.name, base.certain) == (1, "debian:12", False)
    assert base.found_by == FoundBy.HISTORY_GUESS


def test_without_any_sign_all_layers_are_the_users() -> None:
    assert _base(_image(RUN, RUN)) == Base()


EARLIER = replace(RUN, created="2026-01-02T00:00:00Z")
LATER = (replace(RUN, created="2026-03-01T10:00:00.1Z"), replace(RUN, created="2026-03-01T10:00:07.2Z"))
OLDEST = replace(FROM, created="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("history", "layers"),
    [
        pytest.param((OLDEST, CMD, EARLIER, EARLIER, *LATER), 3, id="a reproducible image that left CMD to its base"),
        pytest.param((OLDEST, OLDEST, EARLIER, EARLIER, *LATER), 4, id="one on another"),
        pytest.param((OLDEST, CMD, EARLIER, EARLIER), 1, id="the image itself is reproducible"),
        pytest.param((OLDEST, CMD, EARLIER, *LATER), 1, id="each step has its own date"),
        pytest.param((OLDEST, CMD, RUN, RUN, *LATER), 1, id="steps without a date"),
        pytest.param((OLDEST, CMD, EARLIER, replace(CMD, created=EARLIER.created), *LATER), 2, id="CMD is later"),
    ],
)
def test_layers_that_were_dated_alike_are_a_base(history: tuple[HistoryEntry, ...], layers: int) -> None:
    base = _base(_long(*history))
    assert (base.layers, base.found_by) == (layers, FoundBy.HISTORY_GUESS)
