"""Erlang and Elixir applications: ``<name>[-<version>]/ebin/<name>.app``.

Source: Erlang/OTP, Kernel Reference Manual, "app", and Design Principles, "Applications".
"""

from collections.abc import Iterator

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word

_MOST = MIB
_SUFFIX = ".app"
_APPLICATION = pattern(r"\{\s{0,99}application\s{0,99},\s{0,99}'?(\w{1,100})")
_VERSION = pattern(r"\{\s{0,99}vsn\s{0,99},\s{0,99}\"([^\"\n]{0,100})\"")


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        above, ebin, rest = record.directory.rpartition("/ebin")
        if not ebin or rest:
            continue
        text = context.read_text(record.number, _MOST) or ""
        application, version = _APPLICATION.search(text), _VERSION.search(text)
        if application is None:
            context.warn(f"{record.path}: it describes no application")
            continue
        name = application[1]
        is_own = above.rpartition("/")[2].partition("-")[0] == name
        versions = context.in_tree(above if is_own else record.directory)
        yield Claim.of(record, "otp", name, word(version[1]) if version else "", versions)


ERLANG = Cataloger(name="otp", wanted=Wanted(paths=PathSet(suffixes=(_SUFFIX,)), head=_MOST), catalog=_catalog)
