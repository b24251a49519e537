"""The secrets in the configuration of tools: registries, clouds, forges, databases."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object
from layerscope.secrets.masks import is_placeholder
from layerscope.secrets.names import is_secret, url_credentials


class Credential(NamedTuple):
    """A secret and what it is called where it stands."""

    name: str
    value: str


class CredentialFile(NamedTuple):
    """A kind of file: how its path ends, what it is, how its secrets are found."""

    tail: str
    tool: str
    parse: Callable[[str], Iterator[Credential]]


_XML = pattern(r"<(password|passphrase|privateKeyPassphrase|secretKey|token)>([^<\n]{1,1000})</")
_NUGET = pattern(r"key=\"(ClearTextPassword|Password)\"\s{1,20}value=\"([^\"\n]{1,1000})\"", re.IGNORECASE)
_DEFINE = pattern(r"define\([ \t]{0,8}['\"](\w{1,60})['\"][ \t]{0,8},[ \t]{0,8}['\"]([^'\"\n]{1,200})['\"]")
_DEEPEST = 12
_LONGEST = 4000
"""Characters of a line that are looked at; the certificates of a kubeconfig are longer, but no password is."""


def pairs(text: str, separators: str = "=:") -> Iterator[tuple[str, str]]:
    """Lines ``name = value``, split at the first separator; comments and what has none are left out."""
    for line in text.splitlines():
        line = line[:_LONGEST].strip()
        places = [place for mark in separators if (place := line.find(mark, 1)) > 0]
        if places and line[0] not in "#;[":
            yield line[: min(places)].strip().strip("\"'"), line[min(places) + 1 :].strip()


def _real(name: str, value: str) -> Iterator[Credential]:
    text = value.strip().strip("\"'").strip()
    if text and not is_placeholder(text) and not text.startswith(("/", "~/", "./")):
        yield Credential(name, text)


def _keyed(*names: str) -> Callable[[str], Iterator[Credential]]:
    """Lines ``name = value`` or ``name: value`` for names that end in one of ``names``."""

    def parse(text: str) -> Iterator[Credential]:
        for name, value in pairs(text):
            if name.lower().endswith(names):
                yield from _real(name, value)

    return parse


def _npmrc(text: str) -> Iterator[Credential]:
    """``//registry/:_authToken=...``; Yarn writes a space and quotes in place of the equals sign."""
    for line in text.splitlines():
        for name in ("_authToken", "_auth", "_password"):
            before, found, value = line[:_LONGEST].partition(name)
            if found and value[:1] in ("=", " ", '"') and before.strip()[:1] not in ("#", ";"):
                yield from _real(name, value.lstrip('" ='))


def _yaml(*names: str) -> Callable[[str], Iterator[Credential]]:
    def parse(text: str) -> Iterator[Credential]:
        for name, value in pairs(text, ":"):
            if (name := name.lstrip("- \"'")) in names:
                yield from _real(name, value)

    return parse


def _urls(text: str) -> Iterator[Credential]:
    for found in url_credentials(text):
        yield Credential(f"password for {found.host}", found.value)


def _netrc(text: str) -> Iterator[Credential]:
    words = text.split()
    for name, value in pairwise(words):
        if name == "password":
            yield from _real("password", value)


def _whole(text: str) -> Iterator[Credential]:
    value = text.strip()
    if 16 <= len(value) <= 4096 and not any(map(str.isspace, value)):
        yield from _real("token", value)


def _pgpass(text: str) -> Iterator[Credential]:
    """``host:port:database:user:password`` to a line (PostgreSQL, libpq-pgpass)."""
    for line in text.splitlines():
        fields = line.replace("\\:", "").split(":")
        if len(fields) == 5 and not line.startswith("#"):
            yield from _real("password", fields[4])


def _settings_xml(text: str) -> Iterator[Credential]:
    """What Maven encrypts, with the master password of another file, stands in braces, as placeholders do."""
    for match in _XML.finditer(text):
        yield from _real(match[1], match[2])


def _nuget(text: str) -> Iterator[Credential]:
    for match in _NUGET.finditer(text):
        yield from _real(match[1], match[2])


def _docker(text: str) -> Iterator[Credential]:
    """``auths``: per registry ``auth`` (base64 of user:password), or tokens; a helper's name is not a secret."""
    document = json_object(text)
    auths = document.get("auths", document)
    for registry, entry in auths.items() if isinstance(auths, dict) else ():
        for name in ("auth", "password", "identitytoken", "registrytoken"):
            if isinstance(entry, dict) and isinstance(value := entry.get(name), str) and len(value) > 4:
                yield from _real(f"{name} for {registry}"[:120], value)


def _service_account(text: str) -> Iterator[Credential]:
    """A Google service account's key, or what ``gcloud auth`` keeps of a user."""
    document = json_object(text)
    for name in ("private_key", "refresh_token", "client_secret"):
        if document.get("type") in ("service_account", "authorized_user") and isinstance(document.get(name), str):
            yield from _real(name, document[name])


def _leaves(*names: str) -> Callable[[str], Iterator[Credential]]:
    """Every string of a JSON document whose key, or whose parent's key, is one of ``names``."""

    def walk(value: Any, key: str, inside: bool, depth: int) -> Iterator[Credential]:
        if isinstance(value, dict) and depth < _DEEPEST:
            for name, child in value.items():
                yield from walk(child, name, inside or name in names, depth + 1)
        elif isinstance(value, str) and inside and key not in ("username", "user"):
            yield from _real(key if key in names else "token", value)

    def parse(text: str) -> Iterator[Credential]:
        yield from walk(json_object(text), "", False, 0)

    return parse


def _named(text: str) -> Iterator[Credential]:
    """Lines ``name=value`` whose name speaks of a secret."""
    for name, value in pairs(text):
        name = name.removeprefix("export ")
        if is_secret(name, value):
            yield from _real(name, value)


def _literals(text: str) -> Iterator[Credential]:
    """Assignments in a program, ``SECRET_KEY = "..."`` or ``"password": "..."``; not values that are computed."""
    for name, value in pairs(text):
        value = value.rstrip(",;")
        if value[:1] in ("'", '"') and value.find(value[0], 1) == len(value) - 1 and is_secret(name, value):
            yield from _real(name, value)


def _defines(text: str) -> Iterator[Credential]:
    for match in _DEFINE.finditer(text):
        if is_secret(match[1], match[2]):
            yield Credential(match[1], match[2])


_AWS = _keyed("aws_secret_access_key", "aws_session_token")
_KUBE = _yaml("token", "client-key-data", "password", "id-token", "refresh-token")
_CARGO = _keyed("token")
_LOGIN = _leaves("password", "passphrase")

CREDENTIAL_FILES: tuple[CredentialFile, ...] = tuple(
    CredentialFile(*row)
    for row in (
        (".npmrc", "npm", _npmrc),
        (".yarnrc", "Yarn", _npmrc),
        (".yarnrc.yml", "Yarn", _yaml("npmAuthToken", "npmAuthIdent")),
        (".pypirc", "PyPI", _keyed("password")),
        ("pip.conf", "pip", _urls),
        ("uv.toml", "uv", _urls),
        ("pypoetry/auth.toml", "Poetry", _keyed("password")),
        (".netrc", "netrc", _netrc),
        ("_netrc", "netrc", _netrc),
        ("apt/auth.conf", "apt", _netrc),
        (".docker/config.json", "Docker", _docker),
        (".dockercfg", "Docker", _docker),
        (".dockerconfigjson", "Docker", _docker),
        ("containers/auth.json", "Podman", _docker),
        (".aws/credentials", "AWS", _AWS),
        (".aws/config", "AWS", _AWS),
        (".s3cfg", "s3cmd", _keyed("secret_key")),
        (".boto", "boto", _keyed("secret_access_key", "refresh_token")),
        (".passwd-s3fs", "s3fs", _whole),
        (".kube/config", "Kubernetes", _KUBE),
        ("kubeconfig.yaml", "Kubernetes", _KUBE),
        ("kubeconfig", "Kubernetes", _KUBE),
        ("etc/kubernetes/admin.conf", "Kubernetes", _KUBE),
        ("serviceaccount/token", "Kubernetes", _whole),
        (".git-credentials", "git", _urls),
        ("git/credentials", "git", _urls),
        (".gitconfig", "git", _urls),
        ("gh/hosts.yml", "GitHub", _yaml("oauth_token")),
        (".config/hub", "GitHub", _yaml("oauth_token")),
        ("glab-cli/config.yml", "GitLab", _yaml("token")),
        (".m2/settings.xml", "Maven", _settings_xml),
        (".gradle/gradle.properties", "Gradle", _named),
        ("NuGet.Config", "NuGet", _nuget),
        ("nuget.config", "NuGet", _nuget),
        ("application_default_credentials.json", "Google Cloud", _service_account),
        ("service-account.json", "Google Cloud", _service_account),
        ("service_account.json", "Google Cloud", _service_account),
        ("serviceaccount.json", "Google Cloud", _service_account),
        ("credentials.json", "Google Cloud", _service_account),
        ("adc.json", "Google Cloud", _service_account),
        ("gcp-key.json", "Google Cloud", _service_account),
        (".azure/accessTokens.json", "Azure", _leaves("accessToken", "refreshToken")),
        (".azure/msal_token_cache.json", "Azure", _leaves("secret")),
        (".terraformrc", "Terraform", _keyed("token")),
        (".terraform.d/credentials.tfrc.json", "Terraform", _leaves("token")),
        (".vault-token", "Vault", _whole),
        (".cargo/credentials", "Cargo", _CARGO),
        (".cargo/credentials.toml", "Cargo", _CARGO),
        ("cargo/credentials.toml", "Cargo", _CARGO),
        (".gem/credentials", "RubyGems", _keyed("rubygems_api_key", "_api_key", "github")),
        (".bundle/config", "Bundler", _urls),
        ("auth.json", "Composer", _leaves("github-oauth", "gitlab-token", "gitlab-oauth", "http-basic", "bearer")),
        (".pgpass", "PostgreSQL", _pgpass),
        (".my.cnf", "MySQL", _keyed("password")),
        ("sftp.json", "SFTP", _LOGIN),
        ("sftp-config.json", "SFTP", _LOGIN),
        (".ftpconfig", "FTP", _LOGIN),
        (".bashrc", "shell", _named),
        (".bash_profile", "shell", _named),
        (".profile", "shell", _named),
        (".zshrc", "shell", _named),
        ("etc/environment", "environment", _named),
        ("config/master.key", "Rails", _whole),
        ("config/secrets.yml", "Rails", _named),
        ("settings.py", "Django", _literals),
        ("local_settings.py", "Django", _literals),
        ("wp-config.php", "WordPress", _defines),
        ("rclone.conf", "rclone", _keyed("pass", "secret_access_key", "token", "client_secret")),
        (".huggingface/token", "Hugging Face", _whole),
        ("cache/huggingface/token", "Hugging Face", _whole),
    )
)
