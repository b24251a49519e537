"""Whose file it is: a package's, somebody else's code, a test's, or the user's own."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from layerscope.model.entry import Fate, Kind
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.rule import RuleContext, RuleMatch

OS_PACKAGES = frozenset({"alpm", "apk", "deb", "ebuild", "rpm"})
VENDORED = (
    r"/(?:site-packages|dist-packages|node_modules|bower_components|vendor|third_party|go/pkg/mod|\.cargo/registry"
    r"|\.rustup|\.nvm|\.m2/repository|\.gradle/caches|gems/[^/]{1,80}-\d[^/]{0,40}|ensurepip)/"
    r"|\A/usr/local/go/|\A/usr/lib/go(?:-[0-9.]{1,10})?/|\A(?:/usr(?:/local)?|/opt/[^/]{1,80})?/lib/(?:python|ruby|perl|node)"
    r"|\A/usr/(?:local/)?(?:include|share/(?:doc|man|info|locale|perl|python|i18n|mime))/"
)
"""Found in the path of what others published."""
_VENDORED = pattern(VENDORED)
_TESTS = pattern(
    r"/(?:tests?|__tests__|testdata|test-data|test_data|fixtures?|specs?|examples?|samples?|mocks?)/"
    r"|/test_[^/]{1,100}\Z|[._](?:test|spec)\.[a-z]{1,4}\Z"
)


def is_vendored(path: str) -> bool:
    """Whether a path lies among code that others published: a language's library, a folder of dependencies."""
    return _VENDORED.search(path) is not None


def is_of_test(path: str) -> bool:
    """Whether a path is a test's or lies among tests or examples; /test itself may be an application's home."""
    return _TESTS.search(path.lower(), 1) is not None


def is_snakeoil(path: str) -> bool:
    """Whether a file bears the name of the key for a self-signed certificate that Debian makes on each machine."""
    return "snakeoil" in path.rpartition("/")[2]


def is_packaged(context: RuleContext, number: int) -> bool:
    """Whether an operating system's package owns the version, or, for a hidden one, what lies at its path now."""
    owners = context.catalog.owners
    owner = owners[number] if number < len(owners) else UNOWNED
    if owner == UNOWNED and context.filesystem.fates[number] != Fate.LIVE:
        live = context.filesystem.live.get(context.filesystem.path_of(number))
        owner = owners[live] if live is not None and live < len(owners) else UNOWNED
    return owner != UNOWNED and context.catalog.packages[owner].type in OS_PACKAGES


def users_files(context: RuleContext, *, vendored: bool = False) -> Iterator[tuple[int, str]]:
    """The regular files among the matches, with contents, that neither a package nor others' code brought.

    Gives the version and the path that matched; a hardlink is read as the file that it is a name of. ``vendored`` keeps
    others' code.
    """
    filesystem = context.filesystem
    for number in context.matches:
        kind = filesystem.kind_of(number)
        if kind not in (Kind.FILE, Kind.HARDLINK):
            continue
        path = filesystem.path_of(number)
        if not filesystem.content_bytes(filesystem.carrier(number)) or (not vendored and is_vendored(path)):
            continue
        if not is_packaged(context, number):
            yield number, path


def is_buried(context: RuleContext, number: int) -> bool:
    """Whether a version is gone from the final file system, with its content, but still shipped."""
    return context.filesystem.fates[number] in (Fate.DELETED, Fate.OVERWRITTEN)


def by_path(context: RuleContext, found: Iterable[tuple[int, RuleMatch]]) -> Iterator[RuleMatch]:
    """One match for all versions with the same finding at the same path, with all hardlinks of each.

    The engine drops a file that another name keeps alive, since deleting one name saves nothing; a secret is a secret
    under each of its names.
    """
    groups: dict[RuleMatch, dict[int, None]] = {}
    for number, match in found:
        groups.setdefault(match, {})[number] = None
    names = _names(context, {number for numbers in groups.values() for number in numbers}) if groups else {}
    for match, numbers in groups.items():
        versions = dict.fromkeys(other for number in numbers for other in names.get(number, (number,)))
        yield replace(match, versions=tuple(versions))


def _names(context: RuleContext, numbers: set[int]) -> dict[int, tuple[int, ...]]:
    """For the versions whose file has several names: the version that carries the bytes, then the other names."""
    filesystem = context.filesystem
    links = filesystem.hardlinks
    named = ((number, filesystem.carrier(number)) for number in numbers)
    return {number: (carrier, *links[carrier]) for number, carrier in named if carrier in links}
