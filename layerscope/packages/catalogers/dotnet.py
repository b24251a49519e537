""".NET packages: the ``*.deps.json`` beside each application and in each shared framework.

Source: dotnet/sdk, documentation/specs/runtime-configuration-file.md.
"""

from collections.abc import Iterator
from typing import Any

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, word

_MOST = 16 * MIB
_SUFFIX = ".deps.json"
_INSTALLED = ("package", "runtimepack")


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        document = context.read_object(record.number, _MOST)
        libraries = _mapping(document.get("libraries"))
        assets = _assets(document)
        for key, library in libraries.items():
            # A project is the application itself, which is not an installed package.
            if _mapping(library).get("type") in _INSTALLED:
                paths = [f"{record.directory}/{path}" for path in assets.get(key, ())]
                yield _claim(key, record, context.locator.find_all(paths))


def _claim(key: str, record: Record, versions: tuple[int, ...]) -> Claim:
    name, _, version = word(key).partition("/")
    return Claim.of(record, "nuget", name.removeprefix("runtimepack."), version, dict.fromkeys(versions))


def _assets(document: dict[str, Any]) -> dict[str, list[str]]:
    """By library the files that it brings, relative to the deps.json, as publishing lays them out."""
    found: dict[str, list[str]] = {}
    for target in _mapping(document.get("targets")).values():
        for key, library in _mapping(target).items():
            found.setdefault(key, []).extend(_laid_out(_mapping(library)))
    return found


def _laid_out(library: dict[str, Any]) -> Iterator[str]:
    """Assets for one runtime lie flat, translations in a directory of their culture, those for many where they say."""
    for kind in ("runtime", "native"):
        yield from (path.rpartition("/")[2] for path in _mapping(library.get(kind)))
    for path, properties in _mapping(library.get("resources")).items():
        culture = word(_mapping(properties).get("locale"))
        yield f"{culture}/{path.rpartition('/')[2]}"
    yield from _mapping(library.get("runtimeTargets"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


DOTNET = Cataloger(name="nuget", wanted=Wanted(paths=PathSet(suffixes=(_SUFFIX,)), head=_MOST), catalog=_catalog)
