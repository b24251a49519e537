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
            found.append(
                Found(
                    what="CA certificates", by=bundles[0], need=Need.OTHER, detail="no program can verify a TLS server"
                )
            )
    zone = context.new.environment.get("TZ", "").removeprefix(":")
    for what, path in (("time zones", _SAMPLE), (f"time zone {zone}", f"{_ZONES}/{zone}")):
        if path != f"{_ZONES}/" and context.old.file(path) is not None:
            count += 1
            if context.new.file(path) is None:
                by = f"TZ={zone}" if path != _SAMPLE else _ZONES
                found.append(Found(what=what, by=by, need=Need.OTHER))
    return Result(count=count, found=tuple(found))


CERTIFICATES = Check(name="certificates", title="certificates and time zones", run=_run)
