"""Files that are secrets, or exist to hold them: private keys, credentials of tools, environment files."""

import re
from collections.abc import Iterator

from layerscope.model.finding import FindingKind, Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.families.credentials import CREDENTIAL_FILES, Credential, pairs
from layerscope.rules.ownership import by_path, is_buried, is_of_test, is_snakeoil, users_files
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule
from layerscope.secrets.encoding import as_utf8
from layerscope.secrets.keys import key_in_file
from layerscope.secrets.masks import is_placeholder, mask
from layerscope.secrets.names import is_secret, url_credentials

HEAD = 64 << 10
"""As much as is read of a file that may hold a secret."""
KEY_FIX = (
    "[[mount it for the one RUN that needs it (RUN --mount=type=secret or type=ssh)|use it in a build stage only]], or "
    "at run time"
)
_KEYS = PathSet(
    names=("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", "identity",
           "ssh_host_rsa_key", "ssh_host_dsa_key", "ssh_host_ecdsa_key", "ssh_host_ed25519_key"),
    suffixes=(".pem", ".key", ".ppk", ".p12", ".pfx", ".jks", ".keystore", ".p8", ".pk8", ".pkcs8", ".pkcs12", ".der",
              ".asc", ".rsa", ".crt", ".priv"),
    trees=(".ssh", ".gnupg/private-keys-v1.d", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt"),
)  # fmt: skip
_ENV_NAMES = (
    ".env", ".envrc", ".env.local", ".env.production", ".env.prod", ".env.development", ".env.dev", ".env.test",
    ".env.staging", ".env.docker", ".env.production.local", ".env.development.local", ".env.test.local",
    "env.production", "env.local",
)  # fmt: skip
_EXAMPLE = pattern(r"example|sample|template|\bdist\b|default", re.IGNORECASE)
_SHOWN = 5


@rule(
    "private-key",
    severity=Severity.CRITICAL,
    kind=FindingKind.SECRET,
    title="a private key: {path}",
    fix=KEY_FIX,
    wanted=Wanted(paths=_KEYS, head=HEAD),
)
def private_key(context: RuleContext) -> Iterator[RuleMatch]:
    """A file holds a private key: PEM, OpenSSH, PuTTY, GnuPG, PKCS #12 or a Java key store.

    Anyone who pulls the image can read it, also where a later layer deletes it. The content decides; the name only
    selects the files to read. Public keys, certificates, CA bundles, source code that mentions a PEM header, test keys
    of packages and Debian's snakeoil key are not reported. A key with a passphrase is less severe, a deleted key more
    severe (nobody expects it there), and a key in a folder of tests the least.
    """
    yield from by_path(context, _private_keys(context))


def _private_keys(context: RuleContext) -> Iterator[tuple[int, RuleMatch]]:
    for number, path in users_files(context):
        name = path.rpartition("/")[2]
        data = context.filesystem.read(number, 0, HEAD)
        key = key_in_file(as_utf8(data)) if data and not is_snakeoil(path) else None
        if key is None:
            continue
        detail = f"{key.form}, {'under a passphrase' if key.protected else 'not encrypted'}"
        severity = Severity.MEDIUM if key.protected else Severity.CRITICAL
        if name.startswith("ssh_host_"):
            detail += "; every container has the same host key"
        if is_of_test(path):
            severity, detail = Severity.LOW, f"{detail}, among tests or examples"
        yield (
            number,
            _buried(context, number, RuleMatch(place=path, detail=detail, severity=severity), "the private key"),
        )


@rule(
    "cred-file",
    severity=Severity.CRITICAL,
    kind=FindingKind.SECRET,
    title="credentials in {path}",
    fix="[[mount it for the RUN that needs it: RUN --mount=type=secret,target={path}|use it in a build stage only]]",
    wanted=Wanted(
        paths=PathSet(
            names=tuple(kind.tail for kind in CREDENTIAL_FILES if "/" not in kind.tail),
            trees=tuple(kind.tail for kind in CREDENTIAL_FILES if "/" in kind.tail),
        ),
        head=HEAD,
    ),
)
def cred_file(context: RuleContext) -> Iterator[RuleMatch]:
    """A tool's configuration file holds a literal password or token.

    Anyone who pulls the image can read it, also where a later layer deletes it. The files of npm, Yarn, PyPI, pip,
    Poetry, netrc, Docker, Podman, AWS, Kubernetes, git, the GitHub and GitLab command lines, Maven, Gradle, NuGet,
    Google Cloud, Azure, Terraform, Vault, Cargo, RubyGems, Composer, PostgreSQL, MySQL, rclone, SFTP, Rails, Django
    and WordPress are read, and the start-up files of shells. Files that name a credential helper, values that a
    program computes, and placeholders such as `${TOKEN}` are not reported.
    """
    yield from by_path(context, _credential_files(context))


def _credential_files(context: RuleContext) -> Iterator[tuple[int, RuleMatch]]:
    for number, path in users_files(context):
        kind = next((kind for kind in CREDENTIAL_FILES if path.endswith("/" + kind.tail)), None)
        if kind is None or is_of_test(path):
            continue
        data = context.filesystem.read(number, 0, HEAD) or b""
        found = dict.fromkeys(kind.parse(as_utf8(data).decode("utf-8", "replace")))
        if found:
            match = RuleMatch(place=path, detail=f"{kind.tool}: {_listed(tuple(found))}", severity=Severity.CRITICAL)
            yield number, _buried(context, number, match, "credentials in")


@rule(
    "env-file",
    severity=Severity.HIGH,
    kind=FindingKind.SECRET,
    title="an environment file with secrets: {path}",
    fix="name it in .dockerignore, and give the values when the container starts (--env-file)",
    wanted=Wanted(paths=PathSet(names=_ENV_NAMES, suffixes=(".env",)), head=HEAD),
)
def env_file(context: RuleContext) -> Iterator[RuleMatch]:
    """A `.env` file with real values is in the image, usually copied with the build context.

    It is most severe where a name says that its value is a secret or a value is a URL with a password, and low
    otherwise. Templates (`.env.example`), placeholders and empty values are not reported.
    """
    yield from by_path(context, _env_files(context))


def _env_files(context: RuleContext) -> Iterator[tuple[int, RuleMatch]]:
    for number, path in users_files(context):
        data = as_utf8(context.filesystem.read(number, 0, HEAD) or b"")
        if b"\0" in data or _EXAMPLE.search(path.rpartition("/")[2]) or is_of_test(path):
            continue
        lines = pairs(data.decode("utf-8", "replace"), "=")
        values = [(name.removeprefix("export "), value) for name, value in lines if not is_placeholder(value)]
        secrets = [Credential(name, value.strip("\"'")) for name, value in values if is_secret(name, value)]
        secrets += [Credential(name, url.value) for name, value in values for url in url_credentials(value)]
        if secrets:
            match = RuleMatch(place=path, detail=_listed(tuple(dict.fromkeys(secrets))), severity=Severity.HIGH)
            yield number, _buried(context, number, match, "the environment file")
        elif values:
            title = "an environment file: {path}"
            detail = f"{len(values)} values, none named like a secret"
            yield number, RuleMatch(place=path, detail=detail, severity=Severity.LOW, title=title)


def _listed(found: tuple[Credential, ...]) -> str:
    """The names of secrets with their masks, the first few of them."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(f"{secret.name} {mask(secret.value)}" for secret in found[:_SHOWN]) + more


def _buried(context: RuleContext, number: int, match: RuleMatch, what: str) -> RuleMatch:
    """The match, with a higher severity where a later layer hides the file and so makes it look gone."""
    if not is_buried(context, number) or match.severity == Severity.LOW:
        return match
    return RuleMatch(
        place=match.place,
        detail=match.detail,
        severity=Severity.HIGH if match.severity == Severity.MEDIUM else Severity.CRITICAL,
        title=f"deleted, but still shipped: {what} {{path}}",
    )


SECRET_FILES: tuple[Rule, ...] = (private_key, cred_file, env_file)
