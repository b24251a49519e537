"""PHP packages of Composer: ``vendor/composer/installed.json``.

Source: getcomposer.org, "Composer: Installed Versions" and composer/src/Composer/Repository/FilesystemRepository.php.
"""

from collections.abc import Iterator
from posixpath import normpath
from typing import Any

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, within, word

_MOST = 32 * MIB
_MOST_PROGRAMS = 1000


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        if record.directory.endswith("/composer"):
            document = _document(context, record)
            for position, package in enumerate(document):
                if isinstance(package, dict) and word(package.get("name")):
                    yield _claim(context, record, package)
                else:
                    context.warn(f"{record.path}: packages[{position}] has no name")


def _document(context: Context, record: Record) -> list[Any]:
    """The list of packages; Composer 1 wrote it bare, Composer 2 as ``packages`` of an object."""
    document = context.read_json(record.number, _MOST)
    packages = document.get("packages") if isinstance(document, dict) else document
    if not isinstance(packages, list):
        if document is not None:
            context.warn(f"{record.path}: packages is not a list")
        return []
    return packages


def _claim(context: Context, record: Record, package: dict[str, Any]) -> Claim:
    vendor, _, name = word(package["name"]).rpartition("/")
    directory = _place(context, record, package, f"{vendor}/{name}")
    versions = (*context.in_tree(directory), *_programs(context, record, package)) if directory else ()
    return Claim.of(record, "composer", name, word(package.get("version")), versions, namespace=vendor)


def _programs(context: Context, record: Record, package: dict[str, Any]) -> tuple[int, ...]:
    """The package's programs in ``vendor/bin``: links, or scripts that start it."""
    listed = package.get("bin")
    names = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    vendor = record.directory.removesuffix("/composer")
    paths = [f"{vendor}/bin/{name.rpartition('/')[2]}" for name in names[:_MOST_PROGRAMS] if isinstance(name, str)]
    return context.locator.find_all(paths)


def _place(context: Context, record: Record, package: dict[str, Any], name: str) -> str:
    """Where a package lies, empty for nowhere: a metapackage, or a path outside of the project."""
    vendor = record.directory.removesuffix("/composer")
    project = vendor.rpartition("/")[0]
    stated = package.get("install-path", f"../{name}")
    if not isinstance(stated, str):
        return ""
    directory = normpath(stated if stated.startswith("/") else f"{record.directory}/{stated}")
    # A project in the root of the file system would own everything else.
    if not within(directory, project or vendor) or within(record.path, directory):
        context.warn(f"{record.path}: {name} is said to lie in {directory}, outside of the project's packages")
        return ""
    return directory


PHP = Cataloger(name="composer", wanted=Wanted(paths=PathSet(names=("installed.json",)), head=_MOST), catalog=_catalog)
