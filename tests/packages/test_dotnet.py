import json

import pytest

from layerscope.packages.catalogers.dotnet import DOTNET
from tests.builder import file
from tests.packages.images import Found, catalogued

_TARGET = {
    "App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.3"}, "runtime": {"App.dll": {}}},
    "Newtonsoft.Json/13.0.3": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {"assemblyVersion": "13.0.0.0"}}},
    "Humanizer.Core.de/2.14.1": {"resources": {"lib/net6.0/de/Humanizer.resources.dll": {"locale": "de"}}},
    "SQLitePCLRaw.lib/2.1.6": {
        "runtimeTargets": {"runtimes/linux-x64/native/libe_sqlite3.so": {"rid": "linux-x64", "assetType": "native"}}
    },
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {
        "runtime": {"System.Runtime.dll": {}},
        "native": {"libclrjit.so": {"fileVersion": "0.0.0.0"}},
    },
}
_LIBRARIES = {
    key: {"type": "project" if key == "App/1.0.0" else "runtimepack" if key[0] == "r" else "package"} for key in _TARGET
}
_FILES = (
    "App.dll",
    "Newtonsoft.Json.dll",
    "de/Humanizer.resources.dll",
    "runtimes/linux-x64/native/libe_sqlite3.so",
    "System.Runtime.dll",
    "libclrjit.so",
)


def _published(document: object) -> Found:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    files = [file(f"app/{path}", b"MZ") for path in _FILES]
    return catalogued(DOTNET, [file("app/App.deps.json", data), *files, file("etc/shadow")])


def test_the_packages_of_an_application_own_what_was_published_of_them() -> None:
    found = _published({"targets": {".NETCoreApp,Version=v8.0": _TARGET}, "libraries": _LIBRARIES})
    owned = {(claim.name, claim.version): paths for claim, paths in zip(found.claims, found.paths, strict=True)}
    assert owned == {
        ("Newtonsoft.Json", "13.0.3"): ("/app/Newtonsoft.Json.dll",),
        ("Humanizer.Core.de", "2.14.1"): ("/app/de/Humanizer.resources.dll",),
        ("SQLitePCLRaw.lib", "2.1.6"): ("/app/runtimes/linux-x64/native/libe_sqlite3.so",),
        ("Microsoft.NETCore.App.Runtime.linux-x64", "8.0.1"): ("/app/System.Runtime.dll", "/app/libclrjit.so"),
    }
    assert not found.warnings


def test_assets_outside_of_the_application_are_not_a_packages_own() -> None:
    target: dict[str, object] = {
        "X/1": {"runtimeTargets": {"../etc/shadow": {}, "/etc/shadow": {}, "de/../App.dll": {}}}
    }
    found = _published({"targets": {"t": target}, "libraries": {"X/1": {"type": "package"}}})
    assert found.paths == ((),)


@pytest.mark.parametrize(
    ("document", "warned"),
    [
        pytest.param(b"", True, id="empty"),
        pytest.param(b"{" * 50_000, True, id="cut"),
        pytest.param([], True, id="a list"),
        pytest.param({"targets": [], "libraries": 7}, False, id="wrong types"),
        pytest.param(
            {"targets": {"t": {"X/1": 3}}, "libraries": {"X/1": {"type": ["package"]}}}, False, id="odd values"
        ),
    ],
)
def test_a_damaged_document_lists_nothing(document: object, warned: bool) -> None:
    found = _published(document)
    assert found.claims == ()
    assert [warning.partition(": ")[0] for warning in found.warnings] == ["/app/App.deps.json"] * warned
