"""Image archives of every dialect, made in memory, with the same bytes each time.

A test writes members into layers, layers into an ``ImageSpec``, and that into the archive of a tool:

    lower = layer(file("bin/tool", b"abc"), directory("etc"))
    upper = layer(whiteout("bin/tool"))
    data = docker_legacy(ImageSpec(layers=(lower, upper), tags=("app:1",)))

What no writer makes is made by hand: ``raw``, ``header`` and ``pax_header`` for single tar headers, ``edit`` for an
archive with other, fewer or reordered entries, ``compress`` for what is around or inside it.
"""

from tests.building.compression import Compression, compress, skippable_frame
from tests.building.docker import crane, docker_before_1_10, docker_legacy, jib, nix, rules_oci, skopeo_docker_archive
from tests.building.header import header
from tests.building.image import ImageSpec, digest, to_json
from tests.building.member import Member, TarFormat, pax_header, raw
from tests.building.oci import (
    containerd,
    docker_save,
    helm_chart,
    oci_archive,
    oci_layout_directory,
    skopeo_dir,
    with_document,
)
from tests.building.outer import archive, contents, edit, without_holes
from tests.building.tar import (
    device,
    directory,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    layer,
    opaque,
    pax_sparse,
    rootfs,
    symlink,
    whiteout,
    wrong_checksum,
)

__all__ = [
    "Compression",
    "ImageSpec",
    "Member",
    "TarFormat",
    "archive",
    "compress",
    "containerd",
    "contents",
    "crane",
    "device",
    "digest",
    "directory",
    "docker_before_1_10",
    "docker_legacy",
    "docker_save",
    "edit",
    "fifo",
    "file",
    "gnu_sparse",
    "hardlink",
    "header",
    "helm_chart",
    "jib",
    "layer",
    "nix",
    "oci_archive",
    "oci_layout_directory",
    "opaque",
    "pax_header",
    "pax_sparse",
    "raw",
    "rootfs",
    "rules_oci",
    "skippable_frame",
    "skopeo_dir",
    "skopeo_docker_archive",
    "symlink",
    "to_json",
    "whiteout",
    "with_document",
    "without_holes",
    "wrong_checksum",
]
