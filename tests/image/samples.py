"""Images that the tests of this folder share, and every way to write one down."""

from collections.abc import Callable

from tests.builder import (
    Compression,
    ImageSpec,
    containerd,
    crane,
    directory,
    docker_legacy,
    docker_save,
    edit,
    file,
    hardlink,
    jib,
    layer,
    nix,
    oci_archive,
    opaque,
    rules_oci,
    skopeo_dir,
    skopeo_docker_archive,
    symlink,
    whiteout,
)

LOWER = layer(
    directory("bin"),
    file("bin/tool", b"tool" * 500, mode=0o755),
    hardlink("bin/tool2", "bin/tool"),
    symlink("sh", "bin/tool"),
    directory("cache"),
    file("cache/old", b"o" * 4000),
    file("empty"),
)


UPPER = layer(
    whiteout("bin/tool"), directory("cache"), opaque("cache"), file("cache/new", b"n" * 600), file("etc/key", b"k=v\n")
)


COPY = layer(file("bin/tool2", b"tool" * 500, mode=0o700), file("gone.txt", b"here"))


SPEC = ImageSpec(
    layers=(LOWER, UPPER, COPY),
    tags=("app:1", "app:latest"),
    history=({"created_by": "COPY a / # buildkit"}, {"created_by": "RUN b # buildkit"}, {"created_by": "COPY c /"}),
    env=("A=b",),
    cmd=("run",),
)


OTHER = ImageSpec(layers=(COPY,), tags=("other:1",), architecture="arm64", variant="v8")


STATEMENT = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2"}


DIALECTS: dict[str, Callable[[ImageSpec], bytes]] = {
    "docker_legacy": docker_legacy,
    "docker_save": docker_save,
    "docker_save 25.0.0": lambda spec: docker_save(spec, wrong_order=True),
    "skopeo_docker_archive": skopeo_docker_archive,
    "crane": crane,
    "crane zstd": lambda spec: crane(spec, compression="zstd"),
    "crane plain": lambda spec: crane(spec, compression=""),
    "nix": nix,
    "jib": jib,
    "rules_oci": rules_oci,
    "rules_oci zstd": lambda spec: rules_oci(spec, compression="zstd"),
    "containerd": containerd,
    "containerd mixed": lambda spec: containerd(spec, compression=("", "gzip", "zstd")),
    "containerd nested": lambda spec: containerd(spec, nested=True, attestations=(STATEMENT,)),
    "ctr": lambda spec: containerd(spec, manifest_json=False),
    "oci gzip": oci_archive,
    "oci plain": lambda spec: oci_archive(spec, compression=""),
    "oci zstd": lambda spec: oci_archive(spec, compression="zstd"),
    "oci eStargz": lambda spec: oci_archive(spec, compression="gzip-members"),
    "oci zstd:chunked": lambda spec: oci_archive(spec, compression="zstd-frames"),
    "oci xz and bzip2": lambda spec: oci_archive(spec, compression=("xz", "bzip2")),
    "oci with dots": lambda spec: edit(oci_archive(spec), prefix="./"),
    "oci reversed": lambda spec: edit(oci_archive(spec), order="reversed"),
    "skopeo dir": skopeo_dir,
    "skopeo dir plain": lambda spec: skopeo_dir(spec, compression=""),
    "skopeo dir 1.0": lambda spec: skopeo_dir(spec, suffix=".tar"),
    "docker reversed": lambda spec: edit(docker_legacy(spec), order="reversed"),
}


OUTER: tuple[Compression, ...] = ("", "gzip", "zstd", "xz", "bzip2", "gzip-members", "zstd-frames")


ARM = ImageSpec(layers=(COPY,), tags=("app:1",), architecture="arm64", variant="v8")


S390 = ImageSpec(layers=(LOWER,), tags=("app:1",), architecture="s390x")


AMD = ImageSpec(layers=(UPPER,), tags=("app:1",))
