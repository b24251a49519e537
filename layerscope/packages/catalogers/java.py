"""Java archives: each owns itself; what lies inside is listed, and its bytes are not split.

Sources: the JAR File Specification of the JDK; maven.apache.org, "Apache Maven Archiver" (pom.properties).
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from layerscope.errors import Damaged
from layerscope.model.limits import KIB, MIB
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, ReadRange, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import A_LINE, Context, Record, word
from layerscope.packages.formats.ranges import part_of, ranges_in
from layerscope.packages.formats.zip import ZipMember, member_content, member_place, zip_members

_SUFFIXES = (".jar", ".war", ".ear", ".rar", ".hpi", ".jpi", ".par", ".sar")
_READ = (b"/pom.properties", b"META-INF/MANIFEST.MF", *(suffix.encode() for suffix in _SUFFIXES))
_MOST_MANIFEST, _MOST_POM = MIB, 64 * KIB
_MOST_NESTED = 1_000
_MOST_DEFLATED = 4 * MIB
_DEEPEST = 3
_PROPERTY = pattern(r"^[ \t\f]*(groupId|artifactId|version)[ \t\f]*=(.*)", re.MULTILINE)
_VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version")
_TITLES = ("Implementation-Title", "Bundle-SymbolicName", "Bundle-Name", "Automatic-Module-Name")
_GROUPS = ("Bundle-SymbolicName", "Automatic-Module-Name")
_VENDOR = "Implementation-Vendor-Id"
_FIELD = pattern(rf"^({'|'.join((*_VERSIONS, *_TITLES, _VENDOR))}): (.*)", re.MULTILINE)
_GROUP = pattern(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*+")
_ROOTS = frozenset({"com", "org", "net", "io", "edu", "gov", "dev", "app", "info", "biz", "software", "tech", "cloud"})
"""The first parts of names that begin with a domain, besides those of countries, which have two letters."""
_QUALIFIERS = ("alpha", "beta", "rc", "cr", "m", "b", "ga", "final", "release", "snapshot", "sp", "jre", "build", "pre")


class _Artifact(Struct, frozen=True, kw_only=True):
    """Maven's coordinates, as far as they are known."""

    group: str = ""
    name: str
    version: str


class _Inside(Struct, frozen=True, kw_only=True):
    """What an archive holds, whatever its own name is."""

    manifest: dict[str, str]
    poms: list[_Artifact]
    nested: list[_Artifact]


class _Budget(Struct):
    """How many nested archives of one archive of a file system are still listed."""

    nested: int = _MOST_NESTED


class _Archive(Struct, frozen=True, kw_only=True):
    """An archive to look into; ``where`` is its path, with those of the archives around it."""

    read: ReadRange
    length: int
    where: str
    depth: int = 0

    @property
    def stem(self) -> str:
        return self.where.rpartition("/")[2].rpartition(".")[0]


def _catalog(context: Context) -> Iterator[Claim]:
    by_carrier: dict[int, _Inside] = {}  # An archive may have 100,000 names, and is read once.
    for record in context.live_records():
        carrier = context.filesystem.carrier(record.number)
        file = context.ranged(record.number)
        inside = by_carrier.get(carrier) or _contents(file)
        if carrier in context.filesystem.hardlinks:
            by_carrier[carrier] = inside
        artifact, others = _artifacts(_outermost(file), inside)
        context.spend(A_LINE * len(others))
        yield from _claims(record, artifact, others)


def _outermost(file: RangedFile) -> _Archive:
    return _Archive(read=file.read, length=file.length, where=file.path)


def _contents(file: RangedFile) -> _Inside:
    """Read what an archive that is a file holds."""
    return _inside(file, _outermost(file), _Budget())


def _claims(record: Record, artifact: _Artifact, inside: list[_Artifact]) -> Iterator[Claim]:
    """The claim of an archive that is a file, then those of the archives and artifacts inside."""
    yield _claim(artifact, record, versions=(record.number,))
    for other in dict.fromkeys(inside):
        if other != artifact:
            yield _claim(other, record, parent=artifact.name)


def _claim(artifact: _Artifact, record: Record, *, versions: tuple[int, ...] = (), parent: str = "") -> Claim:
    return Claim(
        type="maven",
        namespace=artifact.group,
        name=artifact.name,
        version=artifact.version,
        versions=versions,
        layer=record.layer,
        location=record.path,
        parent=parent,
    )


def _artifacts(archive: _Archive, inside: _Inside) -> tuple[_Artifact, list[_Artifact]]:
    """What an archive is, and what lies inside of it; by its file name where nothing of it can be read."""
    artifact, others = _chosen(archive, inside.manifest, inside.poms)
    if not artifact.version:
        version = next((inside.manifest[key] for key in _VERSIONS if inside.manifest.get(key)), "")
        artifact = _Artifact(group=artifact.group, name=artifact.name, version=version)
    if not artifact.group:
        group = _group(artifact.name, inside.manifest)
        artifact = _Artifact(group=group, name=artifact.name, version=artifact.version)
    return artifact, [*others, *inside.nested]


def _inside(file: RangedFile, archive: _Archive, budget: _Budget) -> _Inside:
    """Read what an archive holds; nothing where it is damaged."""
    try:
        members = zip_members(archive.read, archive.length, archive.where, _READ) or []
    except Damaged as problem:
        file.warn(problem.message)
        members = []
    poms = [_coordinates(file, archive, member) for member in members if member.name.endswith("/pom.properties")]
    manifest = _manifest(file, archive, members)
    nested: list[_Artifact] = []
    for member in members:
        if member.name.endswith(_SUFFIXES) and budget.nested:
            budget.nested -= 1
            nested += _nested(file, archive, member, budget)
            if not budget.nested:
                file.warn(f"{archive.where}: only the first {_MOST_NESTED:,} archives inside are listed")
    return _Inside(manifest=manifest, poms=[pom for pom in poms if pom is not None], nested=nested)


def _nested(file: RangedFile, outer: _Archive, member: ZipMember, budget: _Budget) -> list[_Artifact]:
    """An archive inside of another, and what lies inside of it in turn."""
    where = f"{outer.where}/{member.name}"
    place = member_place(outer.read, member) if member.is_stored else None
    inner: _Archive | None = None
    if place is not None and outer.depth < _DEEPEST:
        read = part_of(outer.read, place, member.content_bytes)
        inner = _Archive(read=read, length=member.content_bytes, where=where, depth=outer.depth + 1)
    elif outer.depth < _DEEPEST:
        data = member_content(outer.read, member, _MOST_DEFLATED, file.spend)
        if data is not None:
            inner = _Archive(read=ranges_in(data), length=len(data), where=where, depth=outer.depth + 1)
    if inner is None:
        return [_by_name(member.name)]
    artifact, others = _artifacts(inner, _inside(file, inner, budget))
    return [artifact, *others]


def _chosen(archive: _Archive, manifest: dict[str, str], poms: list[_Artifact]) -> tuple[_Artifact, list[_Artifact]]:
    """Which of the coordinates in an archive are its own: those that its file name or its manifest names.

    The others are of artifacts that were unpacked into it ("shaded"). A name such as ``app.jar`` says nothing; then
    the only coordinates are its own unless the manifest names something else.
    """
    named = _by_name(archive.where)
    titles = [_letters(manifest[key]) for key in _TITLES if manifest.get(key)]
    fitting = [pom for pom in poms if archive.stem.startswith(pom.name)] or [
        pom for pom in poms if any(_letters(pom.name) in title for title in titles)
    ]
    own = max(fitting, key=lambda pom: len(pom.name), default=poms[0] if len(poms) == 1 and not titles else None)
    if own is None:
        return named, poms
    version = _version(own, named.version if named.name == own.name else "", manifest)
    chosen = _Artifact(group=own.group, name=own.name, version=version)
    return chosen, [pom for pom in poms if pom is not own]


def _group(name: str, manifest: dict[str, str]) -> str:
    """The group by the manifest alone; empty where it does not say.

    Maven's archiver writes the group as Implementation-Vendor-Id. A bundle is called by its group and its name, without
    what the two have in common: ``org.apache.maven`` and ``maven-core`` are ``org.apache.maven.core``.
    """
    vendor = manifest.get(_VENDOR, "")
    if _GROUP.fullmatch(vendor):
        return vendor
    for key in _GROUPS:
        label = manifest.get(key, "").partition(";")[0].strip()
        parts = label.split(".")
        if len(parts) == 1 or not (parts[0] in _ROOTS or len(parts[0]) == 2) or not _GROUP.fullmatch(label):
            continue
        if len(parts) == 2:
            return label
        ends = (length for length in range(2, len(parts)) if f"{parts[length - 1]}-{'-'.join(parts[length:])}" == name)
        return ".".join(parts[: next(ends, -1)])
    return ""


def _version(own: _Artifact, of_name: str, manifest: dict[str, str]) -> str:
    """The manifest's version where the coordinates have another one: an archive that is built anew keeps those.

    Where the name of the file agrees with the coordinates they stay, and a Bundle-Version is written in another way.
    """
    stated = manifest.get(_VERSIONS[0], "")
    if own.version and own.version != of_name and stated[:1].isdigit():
        return stated
    return own.version or of_name


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _by_name(path: str) -> _Artifact:
    """``name-1.2.jar`` split where the version begins: at a digit after which only qualifiers and digits follow."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    parts = stem.split("-")
    begin = 0
    for index in range(len(parts) - 1, 0, -1):
        if parts[index][:1].isdigit():
            begin = index
        elif begin and not parts[index].lower().rstrip("0123456789.").startswith(_QUALIFIERS):
            break
    if not begin:
        return _Artifact(name=word(stem), version="")
    return _Artifact(name=word("-".join(parts[:begin])), version=word("-".join(parts[begin:])))


def _coordinates(file: RangedFile, archive: _Archive, member: ZipMember) -> _Artifact | None:
    """A pom.properties; if only its path is known, the path gives the group and the name."""
    *above, group, name, _ = ("", "", *member.name.split("/"))
    data = member_content(archive.read, member, _MOST_POM, file.spend) or b""
    values = {"groupId": group, "artifactId": name, "version": ""} if above[-1:] == ["maven"] else {}
    values.update(_PROPERTY.findall(data.decode("utf-8", "surrogateescape")))
    name = word(values.get("artifactId"))
    if not name:
        return None
    return _Artifact(group=word(values.get("groupId")), name=name, version=word(values.get("version")))


def _manifest(file: RangedFile, archive: _Archive, members: list[ZipMember]) -> dict[str, str]:
    """The main section of the manifest; empty where there is none."""
    member = next((member for member in members if member.name == "META-INF/MANIFEST.MF"), None)
    spend = file.spend
    data = member_content(archive.read, member, _MOST_MANIFEST, spend) or b"" if member is not None else b""
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").partition("\n\n")[0].replace("\n ", "")
    return {key: word(value) for key, value in _FIELD.findall(text)}


JAVA = Cataloger(
    name="maven",
    wanted=Wanted(paths=PathSet(suffixes=_SUFFIXES), head=0, ranges=RangeReader(_contents)),
    catalog=_catalog,
)
