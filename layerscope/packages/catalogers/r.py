"""R packages: a ``DESCRIPTION`` in a directory of the package's name, with the note that R made when it was built.

Source: CRAN, "Writing R Extensions", section 1.1.1, and "R Internals" on installed packages.
"""

from collections.abc import Iterator

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word

_MOST = MIB


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        text = context.read_text(record.number, _MOST) or ""
        lines = (line.partition(":") for line in text.splitlines())
        fields = {key: word(value) for key, colon, value in lines if colon}
        name = fields.get("Package", "")
        # A source tree has a DESCRIPTION as well, but nothing was built there.
        if not name or "Built" not in fields or record.directory.rpartition("/")[2] != name:
            continue
        yield Claim.of(record, "cran", name, fields.get("Version", ""), context.in_tree(record.directory))


R = Cataloger(name="cran", wanted=Wanted(paths=PathSet(names=("DESCRIPTION",)), head=_MOST), catalog=_catalog)
