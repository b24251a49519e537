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
