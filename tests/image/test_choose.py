"""One image of several, and one platform of several, by name or by the machine's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import AmbiguousImage, UsageError
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    containerd,
    contents,
    docker_legacy,
    docker_save,
    edit,
    oci_archive,
    skopeo_docker_archive,
    to_json,
)
from tests.image.opening import error_of, opened
from tests.image.samples import AMD, ARM, COPY, LOWER, OTHER, S390, SPEC, STATEMENT

UNNAMED = ImageSpec(layers=(COPY,), os="", env=("A=1",))
UNLIKE_ANY_MACHINE = (
    ImageSpec(layers=(COPY,), architecture="arm"),
    ImageSpec(layers=(COPY,), architecture="arm", variant="v7"),
    UNNAMED,
    ImageSpec(layers=(COPY,), os="", env=("A=2",)),
)
"""Platforms of which one accepts another, and some without a name."""
MANY = {
    "docker_legacy": docker_legacy,
    "docker_save": docker_save,
    "skopeo_docker_archive": skopeo_docker_archive,
    "oci_archive": oci_archive,
    "containerd": containerd,
}


@pytest.mark.parametrize("dialect", MANY)
@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("app:1", SPEC, id="name"),
        pytest.param("app:latest", SPEC, id="another name"),
        pytest.param("app", SPEC, id="repository"),
        pytest.param("other", OTHER, id="repository of one tag"),
        pytest.param("0", SPEC, id="index"),
        pytest.param("1", OTHER, id="next index"),
        pytest.param(SPEC.image_id, SPEC, id="id"),
        pytest.param(OTHER.image_id[7:19], OTHER, id="start of an id"),
        pytest.param(OTHER.image_id[:16], OTHER, id="start of an id with its algorithm"),
    ],
)
def test_one_of_several_images_can_be_picked(
    dialect: str, outer: Compression, asked: str, found: ImageSpec, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(MANY[dialect](SPEC, OTHER), outer))
    assert opened(path, image=asked)[0].image_id == found.image_id


@pytest.mark.parametrize("dialect", MANY)
def test_several_images_are_listed_when_none_is_picked(dialect: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(MANY[dialect](SPEC, OTHER))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    assert error.message == "the archive holds 2 images:"
    lines = error.listing
    assert [line.split()[0] for line in lines] == ["0", "1"]
    assert "app:1" in lines[0] and SPEC.image_id[7:19] in lines[0]
    assert "other:1" in lines[1] and OTHER.image_id[7:19] in lines[1]
    assert error.hint == "pick one with --image NAME|INDEX"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        pytest.param("third", "no image in the archive is called 'third'; it holds:", id="no such name"),
        pytest.param("7", "no image in the archive is called '7'; it holds:", id="no such index"),
        pytest.param("abc", "no image in the archive is called 'abc'; it holds:", id="too short for an id"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_the_list(asked: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC, OTHER))
    error = error_of(path, image=asked)
    assert isinstance(error, UsageError)
    assert error.message == problem
    assert len(error.listing) == 2


def multi_platform(*specs: ImageSpec) -> dict[str, bytes]:
    return {
        "with manifest.json": containerd(*specs, nested=True, attestations=(STATEMENT,)),
        "without": containerd(*specs, nested=True, attestations=(STATEMENT,), manifest_json=False),
    }


@pytest.mark.parametrize("form", ["with manifest.json", "without"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [("linux/arm64", ARM), ("arm64", ARM), ("linux/arm64/v8", ARM), ("linux/amd64", AMD), ("s390x", S390)],
)
def test_a_platform_can_be_picked(form: str, asked: str, found: ImageSpec, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM, S390)[form])
    image, _ = opened(path, platform=Platform.parse(asked))
    assert image.image_id == found.image_id
    assert image.config.platform.architecture == found.architecture


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "s390x"])
def test_without_a_choice_the_machine_s_platform_is_taken(
    machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM, S390)["without"])
    image, _ = opened(path)
    assert image.config.platform.architecture == {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x"}[machine]


def test_platforms_are_listed_when_none_is_the_machine_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM)["without"])
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    assert (error.message, error.hint) == (
        "the image is for 2 platforms:",
        "pick one with --platform, or with --image DIGEST",
    )
    assert [line.split()[1] for line in error.listing] == ["linux/amd64", "linux/arm64/v8"]


@pytest.mark.parametrize("choice", [lambda digest: digest, lambda digest: digest[7:19]], ids=["digest", "its start"])
def test_the_digest_of_a_manifest_picks_that_one_among_the_platforms(
    choice: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(*UNLIKE_ANY_MACHINE, nested=True, manifest_json=False))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    found = [opened(path, image=choice(digest))[0] for digest in error.choices]
    assert [image.image_id for image in found] == [spec.image_id for spec in UNLIKE_ANY_MACHINE]
    assert [image.manifest_digest for image in found] == list(error.choices)


def test_a_digest_whose_platform_is_not_the_one_asked_for_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM)["without"])
    assert opened(path, image=ARM.image_id, platform=Platform.parse("arm64"))[0].image_id == ARM.image_id
    error = error_of(path, image=ARM.image_id, platform=Platform.parse("amd64"))
    assert error.message == "the archive holds no image for linux/amd64; there is linux/arm64/v8"


def test_a_platform_by_its_name_goes_before_one_without(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(UNNAMED, ARM, nested=True, manifest_json=False))
    assert opened(path, platform=Platform.parse("arm64"))[0].image_id == ARM.image_id


def test_a_manifest_that_is_listed_twice_is_one_choice(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(*UNLIKE_ANY_MACHINE, UNLIKE_ANY_MACHINE[0], nested=True, manifest_json=False))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    assert len(set(error.choices)) == len(error.choices) == len(UNLIKE_ANY_MACHINE)


def test_a_platform_that_is_not_there_is_answered_with_the_list(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM)["without"])
    error = error_of(path, platform=Platform.parse("windows/amd64"))
    assert isinstance(error, UsageError)
    assert error.message == "the archive holds no image for windows/amd64; there is linux/amd64, linux/arm64/v8"


def test_the_only_platform_is_taken_whatever_the_machine_is(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(S390, nested=True, attestations=(STATEMENT,), manifest_json=False))
    image, _ = opened(path)
    assert image.image_id == S390.image_id


def test_attestations_are_kept_and_are_no_platform(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(S390, attestations=(STATEMENT,)))
    image, _ = opened(path)
    assert image.attestations == (STATEMENT,)


def test_attestations_are_kept_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(containerd(S390, attestations=(STATEMENT,)), "gzip"))
    assert opened(path)[0].attestations == (STATEMENT,)


def test_platforms_that_were_left_out_of_the_archive_do_not_count(tmp_path: Path) -> None:
    data = containerd(AMD, ARM, nested=True, manifest_json=False)
    absent = [name for name, content in contents(data).items() if content in (ARM.config_bytes, compress(COPY, "gzip"))]
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, remove=absent))
    assert opened(path)[0].image_id == AMD.image_id


OFFERED = tuple(
    ImageSpec(
        layers=(COPY,), tags=(), architecture=architecture, variant=variant, env=(f"FOR={architecture}{variant}",)
    )
    for architecture, variant in [("amd64", "v3"), ("arm", "v6"), ("arm", "v7"), ("arm64", "v8"), ("amd64", "")]
)
"""Platforms in an order in which the first that fits is seldom the best."""


def offered(form: str, *specs: ImageSpec) -> bytes:
    """An index with descriptors that name their platforms, or do not; nested, or the top one itself."""
    if form == "nested":
        return containerd(*specs, nested=True, manifest_json=False)
    return oci_archive(*specs, platforms=form == "at the top")


@pytest.mark.parametrize("form", ["nested", "at the top", "only in configs"])
@pytest.mark.parametrize(
    ("asked", "best"),
    [
        pytest.param("linux/amd64", 4, id="plain amd64"),
        pytest.param("linux/amd64/v4", 0, id="the newest that runs"),
        pytest.param("linux/amd64/v2", 4, id="an older amd64"),
        pytest.param("linux/arm", 2, id="arm is v7"),
        pytest.param("linux/arm/v6", 1, id="arm v6"),
        pytest.param("linux/arm64/v9", 3, id="an older arm64"),
        pytest.param("", 4, id="the machine's"),
    ],
)
def test_the_best_of_several_platforms_is_taken(
    form: str, asked: str, best: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    path = tmp_path / "image.tar"
    path.write_bytes(offered(form, *OFFERED))
    image, _ = opened(path, platform=Platform.parse(asked) if asked else None)
    assert image.image_id == OFFERED[best].image_id
    assert image.notes == ()


@pytest.mark.parametrize("form", ["nested", "at the top", "only in configs"])
def test_a_platform_that_needs_more_than_was_asked_for_is_refused_with_the_list(form: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(offered(form, *OFFERED[:2]))
    error = error_of(path, platform=Platform.parse("linux/amd64"))
    assert isinstance(error, UsageError)
    assert error.message == "the archive holds no image for linux/amd64; there is linux/amd64/v3, linux/arm/v6"


@pytest.mark.parametrize("form", ["nested", "at the top", "only in configs"])
def test_platforms_are_one_image_wherever_they_are_listed(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    path = tmp_path / "image.tar"
    path.write_bytes(offered(form, *OFFERED))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    assert error.message == "the image is for 5 platforms:"
    assert [opened(path, image=digest)[0].image_id for digest in error.choices] == [one.image_id for one in OFFERED]
    assert opened(path, image="0", platform=Platform.parse("arm"))[0].image_id == OFFERED[2].image_id
    assert error_of(path, image="1").message.startswith("no image in the archive is called '1'")


@pytest.mark.parametrize(
    "specs",
    [
        pytest.param((OFFERED[4], ImageSpec(layers=(LOWER,), tags=())), id="two of one platform"),
        pytest.param((OFFERED[3], ImageSpec(layers=(LOWER,), tags=("app:1",))), id="one of them has a name"),
        pytest.param((OFFERED[3], ImageSpec(layers=(LOWER,), tags=(), os="")), id="one of them has no platform"),
    ],
)
def test_manifests_that_are_not_platforms_of_one_image_are_several(
    specs: tuple[ImageSpec, ...], tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(*specs))
    assert error_of(path).message == "the archive holds 2 images:"


def test_the_only_image_is_taken_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    path = tmp_path / "image.tar"
    path.write_bytes(offered("nested", OFFERED[0]))
    image, _ = opened(path)
    assert (image.image_id, image.warnings) == (OFFERED[0].image_id, ())
    assert image.notes == ("the archive has no image for linux/amd64; this one is for linux/amd64/v3",)
    assert opened(path, platform=Platform.parse("linux/amd64/v3"))[0].notes == ()


def test_a_descriptor_is_believed_where_the_config_has_no_variant(tmp_path: Path) -> None:
    v6, v7 = (ImageSpec(layers=(COPY,), tags=(), architecture="arm", env=(variant,)) for variant in ("v6", "v7"))
    data = oci_archive(v6, v7, platforms=True)
    index = json.loads(contents(data)["index.json"])
    for descriptor, variant in zip(index["manifests"], ("v6", "v7"), strict=True):
        descriptor["platform"]["variant"] = variant
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, replace={"index.json": to_json(index)}))
    assert opened(path, platform=Platform.parse("linux/arm/v6"))[0].image_id == v6.image_id
    assert opened(path, platform=Platform.parse("linux/arm"))[0].image_id == v7.image_id


def test_an_sbom_is_not_read_however_large_it_is(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    sbom = {**STATEMENT, "predicateType": "https://spdx.dev/Document", "predicate": [[]] * Limits().json_values}
    path.write_bytes(containerd(S390, attestations=(sbom, STATEMENT)))
    image = opened(path)[0]
    assert image.attestations == (STATEMENT,) and not image.warnings
