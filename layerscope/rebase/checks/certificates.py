"""The certificates and the time zones that programs look for at well-known places."""

from layerscope.model.onto import Need
from layerscope.rebase.context import Check, Context, Found, Result

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""The files in which Go, OpenSSL and curl look for authorities."""
_ZONES = "/usr/share/zoneinfo"
_SAMPLE = f"{_ZONES}/Europe/London"


def _run(context: Context) -> Result:
    found, count = list[Found](), 0
    bundles = [path for path in _BUNDLES if context.old.file(path) is not None]
    if bundles:
        count += 1
        if all(context.new.file(path) is None for path in _BUNDLES):
            found.append(_found("CA certificates", "programs that verify TLS servers", f"{bundles[0]} today"))
    zone = context.new.environment.get("TZ", "").removeprefix(":")
    asked = [("time zones", _SAMPLE, "programs that show local times", f"{_ZONES} today")]
    asked += [(f"time zone {zone}", f"{_ZONES}/{zone}", f"TZ={zone}", "")] if zone else []
    for what, path, by, detail in asked:
        if context.old.file(path) is not None:
            count += 1
            found += [_found(what, by, detail)] if context.new.file(path) is None else []
    return Result(count=count, found=tuple(found))


def _found(what: str, by: str, detail: str) -> Found:
    return Found(what=what, by=by, need=Need.OTHER, detail=detail)


CERTIFICATES = Check(name="certificates", title="certificates and time zones", run=_run)
