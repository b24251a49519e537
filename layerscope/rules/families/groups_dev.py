"""Gems and Composer's packages that only development needs."""

from collections.abc import Iterator, Mapping
from itertools import islice

from layerscope.model.finding import Severity
from layerscope.model.package import Package
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.bundler import LOCKFILES, Gems, development_gems
from layerscope.rules.documents import json_object
from layerscope.rules.lockfiles import closure
from layerscope.rules.ownership import by_instruction, owned_by, starts
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, living, texts

_LOCK_BYTES = 16 << 20
_GEMSPEC_BYTES = 1 << 20
_MOST_BUNDLES = 64
_NEEDS = pattern(rb"add_(?:runtime_)?dependency\(?\s{0,5}(?:%q<|['\"])([\w.-]{1,100})")
_DEVELOPMENT = frozenset({"dev", "development", "test", "testing", "local"})
_ENVIRONMENTS = ("RAILS_ENV", "RACK_ENV", "HANAMI_ENV", "APP_ENV")
_GEMFILES = (*LOCKFILES, *LOCKFILES.values())
_INSTALLED, _COMPOSER_LOCK = "/composer/installed.json", "composer.lock"


@rule(
    "ruby-dev-deps",
    severity=Severity.HIGH,
    title="Gems that only development needs",
    fix="set BUNDLE_WITHOUT to the groups of development before `bundle install` where {place} is made",
    names_packages=True,
    wanted=Wanted(paths=PathSet(names=_GEMFILES, suffixes=(".gemspec",)), head=_LOCK_BYTES),
)
def ruby_dev_deps(context: RuleContext) -> Iterator[RuleMatch]:
    """Gems are installed of which Gemfile says that only development or tests need them.

    That is what its groups `development`, `test` and the like ask for, and what that needs by Gemfile.lock, unless
    production or another installed gem needs it too. Both files may also be next to the Dockerfile or in a builder
    image. Only gems in the locked version are reported; none if Env is set for development or tests (`RAILS_ENV`), or
    if the image starts one of them.
    """
    if _is_for_development(context) or calls(context, "rspec", "guard", "cucumber"):
        return
    bundles = list(islice(_bundles(context), _MOST_BUNDLES))
    if not bundles:
        return
    own = [(index, one) for index, one in _own(context, "gem") if "/specifications/default/" not in one.location]
    needs = {one.name: _needs(context, one) for _, one in own}
    production = {name for _, gems in bundles for name in gems.locked - gems.development.keys()}
    for path, gems in bundles:
        found = {i for i, one in own if _is_locked(gems.development.get(one.name, ""), one.version)}
        # What was installed without the lockfile, as by gem install, needs gems too.
        kept = closure(production | (needs.keys() - gems.locked), lambda name: needs.get(name, ()))
        names = {context.catalog.packages[index].name for index in found} - kept
        owned = owned_by(context, sorted(i for i in found if context.catalog.packages[i].name in names))
        if not starts(context, names, owned.values()):
            without = ":".join(gems.groups)
            fix = f"set `BUNDLE_WITHOUT={without}` before `bundle install` where {{place}} is made, and in the image"
            for versions, packages in by_instruction(context, owned):
                yield RuleMatch(versions=versions, detail=f"by {path}: {packages}", fix=fix)


def _bundles(context: RuleContext) -> Iterator[tuple[str, Gems]]:
    found = dict(_texts(context, "ruby-dev-deps", frozenset(_GEMFILES)))
    for path, lockfile in found.items():
        directory, slash, name = path.rpartition("/")
        gemfile = found.get(f"{directory}{slash}{LOCKFILES[name]}") if name in LOCKFILES else None
        if gemfile is not None:
            gems = development_gems(gemfile.decode("utf-8", "replace"), lockfile.decode("utf-8", "replace"))
            if gems.locked:
                yield path.removesuffix(name) + LOCKFILES[name], gems


def _texts(context: RuleContext, rule: str, names: frozenset[str]) -> list[tuple[str, bytes]]:
    """Files of these names in the image, outside of installed packages, then those from outside the image."""
    paths = ((number, context.filesystem.paths[number]) for number in living(context))
    inside = (
        number
        for number, path in paths
        if path.rpartition("/")[2] in names and "/gems/" not in path and "/vendor/" not in path
    )
    outside = [(path, text) for path, text in context.lockfiles if path.rpartition("/")[2] in names]
    return texts(context, rule, inside) + outside


def _is_locked(locked: str, version: str) -> bool:
    """Whether a gem has the locked version, which may end with the platform."""
    return bool(version) and (locked == version or locked.startswith(f"{version}-"))


def _needs(context: RuleContext, gem: Package) -> frozenset[str]:
    """What a gem needs at run time, by its specification."""
    number = context.filesystem.live.get(gem.location)
    data = context.filesystem.read(number, 0, _GEMSPEC_BYTES) if number is not None else None
    return frozenset(name.decode() for name in _NEEDS.findall(data or b""))


@rule(
    "php-dev-deps",
    severity=Severity.HIGH,
    title="Composer packages that only development needs",
    fix="run `composer install --no-dev` where {place} is made",
    names_packages=True,
    wanted=Wanted(paths=PathSet(names=("installed.json", _COMPOSER_LOCK)), head=_LOCK_BYTES),
)
def php_dev_deps(context: RuleContext) -> Iterator[RuleMatch]:
    """Composer installed packages that only development needs (`require-dev`).

    Composer 2 marks them in `vendor/composer/installed.json`; for Composer 1 the `packages-dev` of composer.lock are
    taken, which may also be next to the Dockerfile or in a builder image. None is reported if `APP_ENV` is set for
    development or tests, or if the image starts one of them.
    """
    if _is_for_development(context) or calls(context, "phpunit", "pest"):
        return
    filesystem = context.filesystem
    locks = _texts(context, "php-dev-deps", frozenset({_COMPOSER_LOCK}))
    for number in living(context):
        path = filesystem.paths[number]
        if not path.endswith(_INSTALLED):
            continue
        found = [(index, one) for index, one in _own(context, "composer") if one.location == path]
        document = json_object(filesystem.read(number, 0, _LOCK_BYTES) or b"")
        if "dev-package-names" in document:
            marked, by = _strings(document["dev-package-names"]), path
            chosen = [index for index, one in found if one.full_name in marked]
        else:
            project = path.removesuffix(_INSTALLED).rpartition("/")[0]
            chosen, by = _by_lock(found, [lock for lock in locks if _may_be_of(lock[0], project)])
        owned = owned_by(context, chosen)
        names = [context.catalog.packages[index].name for index in chosen]
        if not starts(context, names, owned.values()):
            for versions, packages in by_instruction(context, owned):
                yield RuleMatch(versions=versions, detail=f"by {by}: {packages}")


def _may_be_of(lock: str, project: str) -> bool:
    """Whether a lockfile lies in the project, or outside of the image."""
    return not lock.startswith("/") or lock.rpartition("/")[0] == project


def _by_lock(found: list[tuple[int, Package]], locks: list[tuple[str, bytes]]) -> tuple[list[int], str]:
    """The packages that a lockfile has for development in the same version; and the lockfile."""
    for path, data in locks:
        document = json_object(data)
        wanted = _versions(document.get("packages"))
        marked = _versions(document.get("packages-dev"))
        versions = {name: version for name, version in marked.items() if version and name not in wanted}
        chosen = [index for index, one in found if versions.get(one.full_name) == one.version]
        if chosen:
            return chosen, path
    return [], ""


def _versions(packages: object) -> Mapping[str, str]:
    listed = packages if isinstance(packages, list) else ()
    tables = (one for one in listed if isinstance(one, dict))
    return {str(one.get("name", "")): str(one.get("version", "")) for one in tables}


def _strings(value: object) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def _is_for_development(context: RuleContext) -> bool:
    """Whether Env says that the image is for development or tests."""
    values = (variable.partition("=") for variable in context.image.config.env)
    return any(name in _ENVIRONMENTS and value.lower() in _DEVELOPMENT for name, _, value in values)


def _own(context: RuleContext, purl_type: str) -> Iterator[tuple[int, Package]]:
    """The packages of a type that the user's own layers installed, with their index."""
    for index, one in enumerate(context.catalog.packages):
        if one.type == purl_type and not one.shared and (one.layer is None or one.layer >= context.base_layers):
            yield index, one


GROUPS_DEV = (ruby_dev_deps, php_dev_deps)
