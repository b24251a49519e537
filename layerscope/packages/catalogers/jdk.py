"""Java runtimes and development kits from archives: a ``release`` file beside ``bin/java``.

Source: OpenJDK, make/ReleaseFile.gmk.
"""

from collections.abc import Iterator

from layerscope.model.limits import KIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word

_MOST = 64 * KIB
# Either of them is in every runtime since Java 6, and nowhere else.
_LIBRARIES = ("lib/modules", "jre/lib/rt.jar", "lib/rt.jar")


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        home = record.directory
        if not any(context.record_at(f"{home}/{library}") for library in _LIBRARIES):
            continue
        text = context.read_text(record.number, _MOST) or ""
        lines = (line.partition("=") for line in text.splitlines())
        values = {key: word(value.strip().strip('"')) for key, _, value in lines}
        version = values.get("JAVA_RUNTIME_VERSION") or values.get("JAVA_VERSION", "")
        if not version:
            context.warn(f"{record.path}: it names no version")
        name = "jre" if values.get("IMAGE_TYPE") == "JRE" else "jdk"
        yield Claim.of(record, "generic", name, version, context.in_tree(home))


JDK = Cataloger(name="jdk", wanted=Wanted(paths=PathSet(names=("release",)), head=_MOST), catalog=_catalog)
