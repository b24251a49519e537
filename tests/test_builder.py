"""The archives that the other tests are made of say the truth about themselves, as stdlib tarfile reads them."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    TarFormat,
    archive,
    compress,
    containerd,
    contents,
    crane,
    device,
    digest,
    directory,
    docker_legacy,
    docker_save,
    edit,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    helm_chart,
    jib,
    layer,
    nix,
    oci_archive,
    oci_layout_directory,
    opaque,
    pax_header,
    pax_sparse,
    raw,
    rootfs,
    rules_oci,
    skopeo_docker_archive,
    symlink,
    to_json,
    whiteout,
    wrong_checksum,
)

LOWER = layer(directory("bin"), file("bin/tool", b"tool" * 500, mode=0o755))
UPPER = layer(whiteout("bin/tool"), file("etc/config", b"key=value\n"))
SPEC = ImageSpec(
    layers=(LOWER, UPPER, LOWER),
    tags=("app:1", "app:latest"),
    history=({"created_by": "COPY tool /bin/tool # buildkit"}, {"created_by": "RUN rm /bin/tool # buildkit"}),
)
OTHER = ImageSpec(layers=(LOWER,), tags=("other:1",), architecture="arm64", variant="v8")
STATEMENT: Mapping[str, object] = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://p"}

DOCKER_WRITERS = [
    pytest.param(docker_legacy, id="docker_legacy"),
    pytest.param(docker_save, id="docker_save"),
    pytest.param(skopeo_docker_archive, id="skopeo_docker_archive"),
    pytest.param(crane, id="crane"),
    pytest.param(lambda *images: crane(*images, compression="zstd"), id="crane zstd"),
    pytest.param(lambda *images: crane(*images, compression=""), id="crane plain"),
    pytest.param(nix, id="nix"),
    pytest.param(containerd, id="containerd"),
]
OCI_WRITERS = [
    pytest.param(docker_save, id="docker_save"),
    pytest.param(oci_archive, id="oci_archive"),
    pytest.param(lambda *images: oci_archive(*images, compression="zstd-frames"), id="oci_archive zstd frames"),
    pytest.param(lambda *images: oci_archive(*images, compression=("", "gzip")), id="oci_archive mixed"),
    pytest.param(containerd, id="containerd"),
    pytest.param(lambda *images: containerd(*images, nested=True), id="containerd nested"),
    pytest.param(lambda *images: containerd(*images, attestations=(STATEMENT,)), id="containerd attested"),
]
Writer = Callable[..., bytes]


def unpacked(data: bytes) -> bytes:
    """The data as the standard tools decompress it, by its magic bytes."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True)
        return reader.read()
    return data


def read_members(data: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        return tar.getmembers()


def names(data: bytes) -> list[str]:
    return [member.name + "/" * member.isdir() for member in read_members(data)]


def blob(files: Mapping[str, bytes], descriptor: Mapping[str, Any]) -> bytes:
    """The blob of a descriptor, which must have the digest and the length that the descriptor says."""
    data = files["blobs/" + descriptor["digest"].replace(":", "/")]
    assert (digest(data), len(data)) == (descriptor["digest"], descriptor["size"])
    return data


def oci_manifests(files: Mapping[str, bytes], index: bytes) -> list[dict[str, Any]]:
    """All image manifests that an index leads to, those of attestations left out."""
    found = []
    for descriptor in json.loads(index)["manifests"]:
        document = blob(files, descriptor)
        if descriptor["mediaType"].endswith("index.v1+json"):
            found += oci_manifests(files, document)
        elif descriptor.get("platform", {}).get("os") != "unknown":
            found.append(json.loads(document))
    return found


def assert_oci_layers_are(files: Mapping[str, bytes], specs: Sequence[ImageSpec]) -> None:
    seen = {}
    for manifest in oci_manifests(files, files["index.json"]):
        config = json.loads(blob(files, manifest["config"]))
        tars = [unpacked(blob(files, descriptor)) for descriptor in manifest["layers"]]
        assert [digest(tar) for tar in tars] == config["rootfs"]["diff_ids"]
        seen[manifest["config"]["digest"]] = tuple(tars)
    assert seen == {spec.image_id: spec.layers for spec in specs}


@pytest.mark.parametrize("write", DOCKER_WRITERS)
def test_manifest_json_leads_to_the_layers_that_the_config_lists(write: Writer) -> None:
    files = contents(write(SPEC, OTHER))
    documents = json.loads(files["manifest.json"])
    for spec, document in zip((SPEC, OTHER), documents, strict=True):
        config = files[document["Config"]]
        tars = [unpacked(files[name]) for name in document["Layers"]]
        assert digest(config) == spec.image_id
        assert [digest(tar) for tar in tars] == json.loads(config)["rootfs"]["diff_ids"] == list(spec.diff_ids)
        assert document["RepoTags"] == list(spec.tags)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(jib, id="jib"),
        pytest.param(rules_oci, id="rules_oci"),
        pytest.param(lambda image: rules_oci(image, compression="zstd"), id="rules_oci zstd"),
    ],
)
def test_manifest_json_of_one_image_leads_to_its_layers(write: Writer) -> None:
    files = contents(write(SPEC))
    (document,) = json.loads(files["manifest.json"])
    assert files[document["Config"]] == SPEC.config_bytes
    assert tuple(unpacked(files[name]) for name in document["Layers"]) == SPEC.layers


@pytest.mark.parametrize("write", OCI_WRITERS)
def test_index_json_leads_to_the_layers_that_the_config_lists(write: Writer) -> None:
    assert_oci_layers_are(contents(write(SPEC, OTHER)), (SPEC, OTHER))


def test_layout_directory_holds_the_files_of_the_archive(tmp_path: Path) -> None:
    oci_layout_directory(tmp_path, SPEC, compression="zstd")
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == contents(oci_archive(SPEC, compression="zstd"))


@pytest.mark.parametrize(
    ("data", "pattern"),
    [
        pytest.param(
            docker_save(SPEC), ["blobs/", "index.json", "manifest.json", "oci-layout", "repositories"], id="save"
        ),
        pytest.param(containerd(SPEC), ["blobs/", "index.json", "manifest.json", "oci-layout"], id="containerd"),
        pytest.param(containerd(SPEC, manifest_json=False), ["blobs/", "index.json", "oci-layout"], id="ctr"),
        pytest.param(oci_archive(SPEC), ["blobs/", "index.json", "oci-layout"], id="oci-archive"),
    ],
)
def test_layout_archives_are_sorted_and_have_the_indexes_of_their_tool(data: bytes, pattern: list[str]) -> None:
    assert names(data) == sorted(names(data))
    assert [name for name in names(data) if not name.startswith("blobs/sha256/")] == pattern


def test_docker_legacy_stores_a_repeated_layer_once_and_links_to_it() -> None:
    members = [member for member in read_members(docker_legacy(SPEC)) if member.name.endswith("/layer.tar")]
    links = [member.linkname for member in members if member.issym()]
    first = json.loads(contents(docker_legacy(SPEC))["manifest.json"])[0]["Layers"][0]
    assert (len(members), links) == (3, [f"../{first}"])


def test_skopeo_links_each_id_to_its_blob_and_ends_with_the_indexes() -> None:
    data = skopeo_docker_archive(SPEC)
    links = [member.linkname for member in read_members(data) if member.issym()]
    assert links == [f"../{diff_id.partition(':')[2]}.tar" for diff_id in SPEC.diff_ids]
    assert names(data)[-2:] == ["manifest.json", "repositories"]


def test_docker_save_describes_every_layer_source() -> None:
    (document,) = json.loads(contents(docker_save(SPEC))["manifest.json"])
    assert set(document["LayerSources"]) == set(SPEC.diff_ids)


def test_docker_save_can_get_the_order_of_the_oci_manifest_wrong() -> None:
    spec = ImageSpec(layers=(LOWER, UPPER))
    files = contents(docker_save(spec, wrong_order=True))
    (manifest,) = oci_manifests(files, files["index.json"])
    assert [layer_["digest"] for layer_ in manifest["layers"]] == list(reversed(spec.diff_ids))


def test_nested_index_lists_every_platform_and_manifest_json_only_the_first() -> None:
    files = contents(containerd(SPEC, OTHER, nested=True))
    listed = json.loads(blob(files, json.loads(files["index.json"])["manifests"][0]))["manifests"]
    assert [entry["platform"]["architecture"] for entry in listed] == ["amd64", "arm64"]
    assert len(json.loads(files["manifest.json"])) == 1


def test_attestation_manifest_refers_to_its_image_and_holds_the_statement() -> None:
    files = contents(containerd(SPEC, nested=True, attestations=(STATEMENT,)))
    image, attestation = json.loads(blob(files, json.loads(files["index.json"])["manifests"][0]))["manifests"]
    (statement,) = json.loads(blob(files, attestation))["layers"]
    assert attestation["platform"] == {"architecture": "unknown", "os": "unknown"}
    assert attestation["annotations"]["vnd.docker.reference.digest"] == image["digest"]
    assert json.loads(blob(files, statement)) == STATEMENT


def test_untagged_image_has_null_tags_and_no_repositories() -> None:
    files = contents(docker_save(ImageSpec(layers=(LOWER,), tags=())))
    assert json.loads(files["manifest.json"])[0]["RepoTags"] is None
    assert json.loads(files["index.json"])["manifests"] is None
    assert "repositories" not in files


def test_helm_chart_has_a_config_that_is_no_image_config() -> None:
    files = contents(helm_chart())
    (descriptor,) = json.loads(files["index.json"])["manifests"]
    assert json.loads(blob(files, descriptor))["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"


def test_config_extra_lies_over_the_config_and_raw_config_replaces_it() -> None:
    assert json.loads(ImageSpec(config_extra={"rootfs": None}).config_bytes)["rootfs"] is None
    assert ImageSpec(raw_config=b"{").config_bytes == b"{"


def test_history_of_none_leaves_the_key_out() -> None:
    assert "history" not in ImageSpec(history=None).config
    assert ImageSpec(history=()).config["history"] == []


@pytest.mark.parametrize(
    ("compression", "decompress"),
    [
        pytest.param("", lambda data: data, id="plain"),
        pytest.param("gzip", gzip.decompress, id="gzip"),
        pytest.param("gzip-members", gzip.decompress, id="gzip members"),
        pytest.param("zstd", unpacked, id="zstd"),
        pytest.param("zstd-frames", unpacked, id="zstd frames"),
        pytest.param("xz", lzma.decompress, id="xz"),
        pytest.param("bzip2", bz2.decompress, id="bzip2"),
    ],
)
@pytest.mark.parametrize("data", [b"", b"x", LOWER], ids=["empty", "one byte", "a layer"])
def test_compressed_data_decompresses_to_itself(
    compression: Compression, decompress: Callable[[bytes], bytes], data: bytes
) -> None:
    assert decompress(compress(data, compression)) == data


@pytest.mark.parametrize(
    ("compression", "magic"), [("gzip-members", b"\x1f\x8b\x08"), ("zstd-frames", b"\x28\xb5\x2f\xfd")]
)
def test_streams_of_many_parts_have_many_parts(compression: Compression, magic: bytes) -> None:
    assert compress(bytes(4096), compression).count(magic) == 4


@pytest.mark.parametrize("tar_format", ["pax", "gnu", "ustar"])
def test_members_read_back_as_written(tar_format: TarFormat) -> None:
    data = layer(
        directory("a", mode=0o750, uid=5),
        file("a/f", b"abc", mode=0o4755, uid=1000, gid=1001, mtime=1700000000),
        symlink("a/s", "../f"),
        hardlink("a/h", "a/f"),
        fifo("a/p"),
        device("a/null"),
        device("a/disk", block=True, major=8, minor=1),
        whiteout("a/gone"),
        whiteout("gone"),
        opaque("a"),
        opaque(),
        tar_format=tar_format,
    )
    members = read_members(data)
    assert [(m.name, m.type, m.linkname) for m in members] == [
        ("a", tarfile.DIRTYPE, ""),
        ("a/f", tarfile.REGTYPE, ""),
        ("a/s", tarfile.SYMTYPE, "../f"),
        ("a/h", tarfile.LNKTYPE, "a/f"),
        ("a/p", tarfile.FIFOTYPE, ""),
        ("a/null", tarfile.CHRTYPE, ""),
        ("a/disk", tarfile.BLKTYPE, ""),
        ("a/.wh.gone", tarfile.REGTYPE, ""),
        (".wh.gone", tarfile.REGTYPE, ""),
        ("a/.wh..wh..opq", tarfile.REGTYPE, ""),
        (".wh..wh..opq", tarfile.REGTYPE, ""),
    ]
    assert (members[1].mode, members[1].uid, members[1].gid, members[1].mtime) == (0o4755, 1000, 1001, 1700000000)
    assert (members[6].devmajor, members[6].devminor) == (8, 1)
    assert data.endswith(bytes(1024))


@pytest.mark.parametrize(
    ("tar_format", "member"),
    [
        pytest.param("ustar", file("d" * 120 + "/" + "f" * 90, b"x"), id="ustar prefix"),
        pytest.param("gnu", file("d/" * 200 + "f", b"x"), id="gnu long name"),
        pytest.param("gnu", symlink("s", "t/" * 200), id="gnu long link"),
        pytest.param("gnu", file("f", uid=2**40, mtime=-5), id="gnu numbers in base 256"),
        pytest.param("gnu", file("f", b"x", base256=True), id="gnu size in base 256"),
        pytest.param("pax", file("d/" * 200 + "f", b"x"), id="pax path"),
        pytest.param("pax", symlink("s", "t/" * 200), id="pax linkpath"),
        pytest.param("pax", file("caf\u00e9/\u202e", b"x"), id="pax not ASCII"),
        pytest.param("pax", file("f", uid=2**40, mtime=-5), id="pax numbers"),
    ],
)
def test_extremes_read_back_as_written(tar_format: TarFormat, member: Member) -> None:
    (read,) = read_members(layer(member, tar_format=tar_format))
    # Since tarfile takes the slash off the end of names and links from PAX records, it is no part of the comparison.
    assert (read.name, read.linkname.rstrip("/")) == (member.name.decode(), member.link.decode().rstrip("/"))
    assert (read.uid, read.mtime, read.size) == (member.uid, member.mtime, len(member.content))


@pytest.mark.parametrize("path", [b"/abs/x", b"./x", b"../x", b"a\nb\x1b[0m", b"\xff\xfe"])
def test_paths_stand_in_the_tar_as_given(path: bytes) -> None:
    (read,) = read_members(layer(file(path), tar_format="gnu"))
    assert read.name.encode("utf-8", "surrogateescape") == path


@pytest.mark.parametrize(
    ("tar_format", "member"),
    [("ustar", file("f" * 101)), ("ustar", file("f", uid=2**40)), ("gnu", file("f", xattrs={"user.a": b"b"}))],
    ids=["long name", "large uid", "xattrs"],
)
def test_what_a_format_cannot_express_is_refused(tar_format: TarFormat, member: Member) -> None:
    with pytest.raises(ValueError, match=tar_format):
        member.to_bytes(tar_format)


def test_xattrs_are_pax_records() -> None:
    (read,) = read_members(layer(file("f", xattrs={"user.note": b"a=b\n"})))
    assert read.pax_headers == {"SCHILY.xattr.user.note": "a=b\n"}


def test_global_pax_header_is_for_all_that_follow() -> None:
    data = layer(pax_header({"comment": b"hello"}, for_all=True), file("f"), file("g"))
    assert [member.pax_headers for member in read_members(data)] == [{"comment": "hello"}, {"comment": "hello"}]


@pytest.mark.parametrize("pieces", [1, 4, 5, 25, 26])
@pytest.mark.parametrize("sparse", [gnu_sparse, pax_sparse], ids=["gnu", "pax"])
def test_sparse_files_expand_to_pieces_and_holes(sparse: Callable[..., Member], pieces: int) -> None:
    segments = [(index * 1024, b"x" * 512) for index in range(pieces)]
    data = layer(sparse("dir/f", segments, real_bytes=pieces * 1024), file("after", b"y"))
    read = contents(data)
    assert read == {"dir/f": (b"x" * 512 + bytes(512)) * pieces, "after": b"y"}


def test_wrong_checksum_is_not_a_header() -> None:
    with pytest.raises(tarfile.ReadError):
        read_members(layer(wrong_checksum(file("f", b"abc"))))


def test_declared_bytes_and_raw_bytes_are_written_unchecked() -> None:
    assert read_members(layer(file("f", b"", declared_bytes=0o777), raw(b"r" * 1024)))[0].size == 0o777
    assert raw(b"anything").to_bytes() == b"anything"


def test_layer_without_trailer_ends_with_its_last_member() -> None:
    assert layer(file("f", b"abc"), trailer=False) == file("f", b"abc").to_bytes()
    assert len(layer(file("f"), record_bytes=10240)) == 10240


def test_empty_layer_is_the_one_that_the_engines_write() -> None:
    assert digest(layer()) == "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


def test_rootfs_is_the_bare_file_system() -> None:
    assert names(rootfs(directory("bin"), file("bin/sh"))) == ["bin/", "bin/sh"]


def test_archive_orders_and_prefixes_its_entries() -> None:
    entries = [("b", b"1"), ("d/", b""), ("a", b"2")]
    assert names(archive(entries)) == ["b", "d/", "a"]
    assert names(archive(entries, order="sorted", prefix="./")) == ["./a", "./b", "./d/"]
    assert names(archive(entries, order="reversed")) == ["d/", "b", "a"]


def test_edit_replaces_removes_adds_and_reorders() -> None:
    data = docker_legacy(ImageSpec(layers=(LOWER,)))
    edited = edit(
        data,
        replace={"manifest.json": b"[]"},
        remove=["repositories"],
        add=[("extra", b"x")],
        order="sorted",
        prefix="./",
    )
    read = contents(edited)
    assert (read["./manifest.json"], read["./extra"]) == (b"[]", b"x")
    assert "./repositories" not in read
    assert names(edited) == sorted(names(edited))


def test_edit_without_changes_gives_the_same_bytes() -> None:
    assert edit(docker_legacy(SPEC)) == docker_legacy(SPEC)


def test_edit_of_an_absent_name_is_refused() -> None:
    with pytest.raises(KeyError, match="absent"):
        edit(docker_legacy(SPEC), remove=["absent"])


def test_json_is_written_without_spaces_as_go_does() -> None:
    assert to_json({"a": ["\u00e9", None]}) == b'{"a":["\xc3\xa9",null]}'
