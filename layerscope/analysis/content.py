"""The beginning of one version of a file, to be looked at: text or bytes, in which every secret is masked."""

from collections.abc import Iterator

from msgspec import Struct

from layerscope.analysis.analyse import Analysis
from layerscope.analysis.extract import contents
from layerscope.analysis.redact import cleaner
from layerscope.analysis.report import secrets_of
from layerscope.errors import LayerscopeError
from layerscope.model.entry import Kind
from layerscope.model.finding import Finding, FindingKind
from layerscope.model.limits import KIB
from layerscope.rules.families.credentials import CREDENTIAL_FILES, pairs
from layerscope.secrets.encoding import as_utf8
from layerscope.secrets.keys import key_in_file
from layerscope.secrets.names import is_secret
from layerscope.secrets.text import secrets_in

MOST = 256 * KIB
"""As much of a file as is shown."""
_BEYOND = 8 * KIB
"""What is read beyond that, so that a secret at the end is known as one."""
_BINARY_HEAD = 8 * KIB
_STAR = b"*"


class Content(Struct, frozen=True, kw_only=True):
    """What can be shown of a file of ``size`` bytes.

    ``text`` is None for a binary file, ``data`` has the bytes with ``*`` in the place of each secret. ``masked`` counts
    the secrets. ``refused`` says why nothing is shown.
    """

    size: int
    text: str | None = None
    data: bytes = b""
    masked: int = 0
    refused: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the file is longer than what is shown."""
        return not self.refused and self.size > len(self.data)


def content(analysis: Analysis, number: int, findings: tuple[Finding, ...] = ()) -> Content:
    """Return the beginning of a version, or why it cannot be shown.

    ``findings`` are those about the version: of a secret that they name nothing is shown where it is not recognised.
    """
    try:
        return _content(analysis, number, findings)
    except LayerscopeError as error:  # The archive may have been deleted meanwhile, or hold too many secrets to mask.
        return Content(size=0, refused=f"cannot be shown: {error}")


def _content(analysis: Analysis, number: int, findings: tuple[Finding, ...]) -> Content:
    filesystem = analysis.filesystem
    carrier = filesystem.carrier(number)
    kind, size = filesystem.kind_of(carrier), filesystem.sizes[carrier]
    if kind == Kind.SYMLINK:
        return Content(size=0, refused=f"a symlink to {filesystem.version(carrier).link}")
    if kind != Kind.FILE:
        return Content(size=0, refused=f"a {kind.name.lower().replace('_', ' ')}, which has no content")
    whole = b"".join(_head(analysis, carrier))
    recoded = as_utf8(whole)
    if (key := key_in_file(recoded)) is not None:
        return Content(size=size, refused=f"{key.form}: a secret, whose content is not shown")
    found = _secrets(analysis, filesystem.path_in_layer(number), recoded)
    text = recoded.decode("utf-8", "surrogateescape")
    data, masked = _masked(whole, found)
    is_secret_file = any(finding.kind == FindingKind.SECRET for finding in findings)
    if is_secret_file and not masked:
        return Content(size=size, refused="a secret, whose content is not shown")
    if b"\0" in recoded[:_BINARY_HEAD]:
        return Content(size=size, data=data[:MOST], masked=masked)
    shown = text if len(whole) <= MOST else text[: _cut(text, len(text) * MOST // len(whole), found)]
    return Content(size=size, text=cleaner(found)(shown), data=data[:MOST], masked=masked)


def _head(analysis: Analysis, carrier: int) -> Iterator[bytes]:
    """The beginning of a file, with zeros for its holes."""
    left = MOST + _BEYOND
    for _, pieces in contents(analysis.filesystem, (carrier,)):
        for piece in pieces:
            part = bytes(min(piece, left)) if isinstance(piece, int) else bytes(piece[:left])
            left -= len(part)
            yield part
            if left <= 0:
                return


def _cut(text: str, place: int, secrets: frozenset[str]) -> int:
    """Where to cut a text: there, or before a secret that would be cut in two and no longer be recognised."""
    starts = (text.find(secret, max(0, place - len(secret) + 1), place + len(secret)) for secret in secrets)
    return min([place, *(start for start in starts if 0 <= start < place)])


def _secrets(analysis: Analysis, path: str, data: bytes) -> frozenset[str]:
    """The secrets that a file may quote: those of its own text, and those of the image's documents."""
    text = data.decode("utf-8", "replace")
    found = {one.value for one in secrets_in(text)}
    found.update(value for name, value in pairs(text) if is_secret(name, value))
    for kind in CREDENTIAL_FILES:
        if path.endswith("/" + kind.tail):
            found.update(one.value for one in kind.parse(text))
    return frozenset(filter(None, found)) | secrets_of(analysis)


def _masked(data: bytes, secrets: frozenset[str]) -> tuple[bytes, int]:
    """The bytes with a star for each byte of a secret, also where the file is UTF-16; and how many were found."""
    masked = 0
    for secret in sorted(secrets, key=len, reverse=True):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = secret.encode(encoding, "surrogatepass")
            masked += (count := data.count(raw))
            if count:
                data = data.replace(raw, _STAR * len(raw))
    return data, masked
