"""Ruby gems: a specification, the directory of its name, and what was compiled for it.

Sources: RubyGems Guides, "Specification Reference"; rubygems, lib/rubygems/basic_specification.rb.
"""

import re
from collections.abc import Iterator
from posixpath import normpath

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, within, word

_MOST = MIB
_SUFFIX = ".gemspec"
_STUB = pattern(r"^# stub: (\S{1,200}) (\S{1,100}) (\S{1,100}) ", re.MULTILINE)
_NAME = pattern(r"^\s{0,20}\w{1,30}\.name\s{0,5}=\s{0,5}[\"']([^\"'\n]{1,200})[\"']", re.MULTILINE)
_VERSION = pattern(
    r"^\s{0,20}\w{1,30}\.version\s{0,5}=\s{0,5}(?:Gem::Version\.new\()?\s{0,5}[\"']([^\"'\n]{1,100})[\"']",
    re.MULTILINE,
)
_FILES = pattern(r"^\s{0,20}\w{1,30}\.files\s{0,5}=\s{0,5}\[([^\]]*)\]", re.MULTILINE)
_PROGRAMS = pattern(r"^\s{0,20}\w{1,30}\.executables\s{0,5}=\s{0,5}\[([^\]]*)\]", re.MULTILINE)
_QUOTED = pattern(r"[\"']([^\"'\n]{1,1000})[\"']")


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        home, specifications, rest = record.directory.rpartition("/specifications")
        if specifications and rest in ("", "/default"):
            yield _specified(context, record, home, is_default=bool(rest))
        elif record.directory.rpartition("/")[0].endswith("/bundler/gems"):
            yield _checked_out(context, record)


def _specified(context: Context, record: Record, home: str, *, is_default: bool) -> Claim:
    """An installed gem: its specification, tree, extensions and the archive that it was installed from."""
    text = context.read_text(record.number, _MOST) or ""
    full_name = record.name.removesuffix(_SUFFIX)
    name, version, platform = _described(text, full_name)
    if not version:
        context.warn(f"{record.path}: it names no version")
    versions = [record.number, *context.in_tree(f"{home}/gems/{full_name}")]
    for directory in _extensions(context, home):
        versions += context.in_tree(f"{directory}/{full_name}")
    beside = (f"{home}/cache/{full_name}.gem", f"{home}/build_info/{full_name}.info")
    versions += context.locator.find_all(
        (*beside, *_programs(text, home), *(_library(text, home) if is_default else ()))
    )
    versions += context.in_tree(f"{home}/doc/{full_name}")
    qualifiers = (("platform", platform),) if platform not in ("", "ruby") else ()
    return Claim.of(record, "gem", name, version, dict.fromkeys(versions), qualifiers=qualifiers)


def _described(text: str, full_name: str) -> tuple[str, str, str]:
    """Name, version and platform by the stub line that RubyGems writes, else by the assignments, else by the name."""
    stub = _STUB.search(text)
    if stub:
        return stub[1], stub[2], stub[3]
    name, version = _NAME.search(text), _VERSION.search(text)
    if name and version:
        return name[1], version[1], ""
    label, _, number = full_name.rpartition("-")
    return word(label or full_name), word(number if label and number[:1].isdigit() else ""), ""


def _extensions(context: Context, home: str) -> Iterator[str]:
    """The directories of compiled extensions: ``extensions/<platform>/<ABI>``."""
    for platform in context.subdirectories(f"{home}/extensions"):
        yield from context.subdirectories(platform)


def _programs(text: str, home: str) -> Iterator[str]:
    """Where the wrappers of a gem's programs lie: beside the gems, or among those of the Ruby that they are for."""
    listed = _PROGRAMS.search(text)
    prefix = home.rpartition("/lib/ruby/gems/")[0]
    for name in _QUOTED.findall(listed[1]) if listed is not None else ():
        if "/" not in name:
            yield f"{home}/bin/{name}"
            if prefix:
                yield f"{prefix}/bin/{name}"


def _library(text: str, home: str) -> list[str]:
    """Where a default gem's files lie: in the standard library of the Ruby that brings it, not in ``gems``."""
    listed = _FILES.search(text)
    above, gems, interface = home.rpartition("/gems/")
    if listed is None or not gems:
        return []
    library = f"{above}/{interface}"
    paths = [normpath(f"{library}/{path.removeprefix('lib/')}") for path in _QUOTED.findall(listed[1])]
    return [path for path in paths if within(path, library)]


def _checked_out(context: Context, record: Record) -> Claim:
    """A gem that Bundler took from a repository; its version may be an expression of Ruby, which is not run."""
    text = context.read_text(record.number, _MOST) or ""
    name, version, _ = _described(text, record.name.removesuffix(_SUFFIX))
    return Claim.of(record, "gem", name, version, context.in_tree(record.directory))


RUBY = Cataloger(name="gem", wanted=Wanted(paths=PathSet(suffixes=(_SUFFIX,)), head=_MOST), catalog=_catalog)
