import pytest

from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from tests.builder import Member, file
from tests.packages.images import catalogued

_GO = [file("usr/local/go/bin/go"), file("usr/local/go/src/runtime/proc.go"), file("usr/local/go/pkg/tool/x")]


def test_go_owns_its_root() -> None:
    found = catalogued(TOOLCHAINS, [file("usr/local/go/VERSION", b"go1.22.1\ntime 2024-02-29T18:18:48Z\n"), *_GO])
    assert found.versions == [("go", "1.22.1")]
    assert len(found.paths_of("go")) == 4


def test_rust_owns_its_toolchain() -> None:
    home = "usr/local/rustup/toolchains/1.75.0-x86_64-unknown-linux-gnu"
    found = catalogued(
        TOOLCHAINS, [file(f"{home}/lib/rustlib/components", b"rustc\n"), file(f"{home}/bin/rustc"), file("usr/local/x")]
    )
    assert found.versions == [("rust", "1.75.0")]
    assert len(found.paths_of("rust")) == 2


def test_an_sdk_of_dotnet_owns_its_directory() -> None:
    home = "usr/share/dotnet/sdk/8.0.100"
    found = catalogued(TOOLCHAINS, [file(f"{home}/dotnet.dll", b"MZ"), file(f"{home}/Roslyn/csc.dll"), file("sdk/x")])
    assert found.versions == [("dotnet-sdk", "8.0.100")]
    assert len(found.paths_of("dotnet-sdk")) == 2


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([file("srv/VERSION", b"go1.22.1\n")], id="a file of that name alone"),
        pytest.param([file("usr/local/go/VERSION", b"\xff\0"), *_GO], id="no version"),
        pytest.param([file("app/sdk/tool/dotnet.dll")], id="a file of that name elsewhere"),
        pytest.param([file("VERSION", b"1.0"), file("bin/go"), file("src/runtime/x")], id="in the root"),
        pytest.param([file("lib/rustlib/components", b"rustc\n"), file("bin/rustc")], id="no toolchain of rustup"),
    ],
)
def test_other_files_of_these_names_are_no_toolchains(members: list[Member]) -> None:
    assert catalogued(TOOLCHAINS, members).claims == ()


@pytest.mark.parametrize(
    ("name", "libraries", "version"),
    [
        pytest.param("1.75.0-x86_64", ["libLLVM-rust-1.99.0-stable.so"], "1.75.0", id="its own name"),
        pytest.param("stable-x86_64", ["libLLVM-17-rust-1.75.0-stable.so"], "1.75.0", id="stable"),
        pytest.param("nightly-x86_64", ["libLLVM.so.19-rust-1.77.0-nightly.so"], "1.77.0-nightly", id="nightly"),
        pytest.param("beta", ["libLLVM-17-rust-1.75.0-stable"], "1.75.0", id="no suffix"),
        pytest.param("stable", [], "stable", id="no library"),
        pytest.param(
            "stable", ["libstd-rust-1.0.so", "libLLVM-17-1.0.so", "libLLVM-rust-dev.so"], "stable", id="others"
        ),
    ],
)
def test_the_version_of_a_channel_is_that_of_its_llvm(name: str, libraries: list[str], version: str) -> None:
    home = f"opt/rustup/toolchains/{name}"
    members = [file(f"{home}/lib/rustlib/components"), *(file(f"{home}/lib/{library}") for library in libraries)]
    assert catalogued(TOOLCHAINS, members).versions == [("rust", version)]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("opt/rustup/toolchains/components", id="among the toolchains"),
        pytest.param("opt/tool/8.0.100/dotnet.dll", id="a version that is no SDK's"),
        pytest.param("opt/dotnet/sdk/8/dotnet.dll/x", id="in a directory of that name"),
    ],
)
def test_other_places_hold_no_toolchains(path: str) -> None:
    assert catalogued(TOOLCHAINS, [file(path)]).claims == ()


@pytest.mark.parametrize("members", [_GO[:1], _GO[1:]], ids=["the program alone", "the library alone"])
def test_go_has_its_program_and_its_library(members: list[Member]) -> None:
    assert catalogued(TOOLCHAINS, [file("usr/local/go/VERSION", b"go1.22.1"), *members]).claims == ()


def test_a_version_of_go_that_is_too_long_to_read_is_none() -> None:
    found = catalogued(TOOLCHAINS, [file("usr/local/go/VERSION", b"go1.22.1\n".ljust(65_537)), *_GO])
    assert found.claims == ()
    assert found.warnings == ("/usr/local/go/VERSION: 65,537 bytes exceed the limit of 65,536; not read",)
