"""conda packages: ``<prefix>/conda-meta/<name>-<version>-<build>.json`` lists the files relative to the prefix.

CEP 34 ("Contents of conda packages") and conda's PrefixRecord describe the records.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context
from layerscope.packages.database import NAMELESS, Database, Listed, Reader

_DIRECTORY = "/conda-meta/"
_MOST_BYTES = 32 << 20


def _catalog(context: Context) -> Iterator[Claim]:
    return Database(context, "conda").claims(_listings(context))


def _listings(context: Context) -> Iterator[tuple[int, list[Listed]]]:
    for number in context.matches:
        path = context.filesystem.path_of(number)
        prefix, _, name = path.rpartition(_DIRECTORY)
        if "/" in name or not name.endswith(".json"):
            continue
        document = context.read_object(number, _MOST_BYTES)
        texts = {key: value for key, value in document.items() if isinstance(value, str)}
        if texts.get("name") and texts.get("version"):
            yield number, [_listed(texts, document.get("files"), prefix, path)]
        elif document:
            context.warn(f"{path} {NAMELESS}")


def _listed(texts: dict[str, str], files: Any, prefix: str, record: str) -> Listed:
    relative = [path for path in files if isinstance(path, str)] if isinstance(files, list) else []
    qualifiers = (
        ("build", texts.get("build", "")),
        (
            "channel",
            texts.get("channel", "").rstrip("/").removesuffix("/" + texts.get("subdir", "")).rpartition("/")[2],
        ),
        ("subdir", texts.get("subdir", "")),
    )
    return Listed(
        name=texts["name"],
        version=texts["version"],
        place=prefix,
        qualifiers=qualifiers,
        paths=partial(_paths, record, prefix, relative),
    )


def _paths(record: str, prefix: str, relative: list[str], _: Reader) -> Iterator[str]:
    yield record
    yield from (f"{prefix}/{path}" for path in relative)


CONDA = Cataloger(
    name="conda", wanted=Wanted(paths=PathSet(trees=("conda-meta",)), head=_MOST_BYTES), catalog=_catalog, is_os=True
)
