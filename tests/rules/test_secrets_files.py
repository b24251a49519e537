"""Files that are secrets, in images that pass through the real reader."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families.secrets_files import HEAD, SECRET_FILES
from tests.builder import ImageSpec, file, hardlink, layer, symlink, whiteout
from tests.rules.conftest import Find, copied, of_rule, paths_of, ran
from tests.rules.forged import (
    certificate,
    characters,
    hexadecimal,
    java_store,
    openssh,
    pem,
    pkcs12,
)

TOKEN = characters(36)


def _image(path: str, content: bytes) -> ImageSpec:
    return copied(layer(file(path, content)))


@pytest.mark.parametrize(
    ("path", "content", "severity"),
    [
        pytest.param("root/.ssh/id_rsa", openssh(), Severity.CRITICAL, id="OpenSSH"),
        pytest.param("root/.ssh/deploy", openssh(), Severity.CRITICAL, id="any name in .ssh"),
        pytest.param("root/.ssh/id_ed25519", openssh(b"aes256-ctr"), Severity.MEDIUM, id="under a passphrase"),
        pytest.param("etc/ssh/ssh_host_rsa_key", openssh(), Severity.CRITICAL, id="host key"),
        pytest.param("app/tls/server.key", pem("EC "), Severity.CRITICAL, id="TLS"),
        pytest.param("app/bundle.pem", certificate() + pem(), Severity.CRITICAL, id="certificate and key"),
        pytest.param("app/store.p12", pkcs12(with_key=True), Severity.MEDIUM, id="PKCS 12"),
        pytest.param("app/store.jks", java_store(1), Severity.MEDIUM, id="Java key store"),
        pytest.param("app/tests/server.key", pem(), Severity.LOW, id="key of a test"),
        pytest.param("etc/snakeoil/server.key", pem(), Severity.CRITICAL, id="in a directory called snakeoil"),
    ],
)
def test_a_private_key_is_found(find: Find, path: str, content: bytes, severity: Severity) -> None:
    found = of_rule(find(_image(path, content), rules=SECRET_FILES), "private-key")
    assert [(finding.severity, finding.kind, finding.content_bytes) for finding in found] == [
        (severity, FindingKind.SECRET, len(content))
    ]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("root/.ssh/id_rsa.pub", b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ me@host", id="public key"),
        pytest.param("root/.ssh/authorized_keys", b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ", id="authorized keys"),
        pytest.param("etc/ssl/certs/ca-certificates.crt", certificate() * 3, id="bundle of authorities"),
        pytest.param("app/cacerts.jks", java_store(2, 2), id="trust store"),
        pytest.param("etc/ssl/private/ssl-cert-snakeoil.key", pem(), id="snakeoil"),
        pytest.param("usr/lib/python3/dist-packages/x/tests/key.pem", pem(), id="package's test"),
        pytest.param("app/node_modules/x/server.key", pem(), id="dependency"),
        pytest.param("app/talk.key", b"PK\3\4 slides", id="slides"),
    ],
)
def test_what_is_not_the_users_private_key_is_not_found(find: Find, path: str, content: bytes) -> None:
    assert not of_rule(find(_image(path, content), rules=SECRET_FILES), "private-key")


def test_a_packages_own_key_is_left_alone(find: Find) -> None:
    spec = _image("etc/pki/tls/private/sample.key", pem())
    packages = {"rpm/openssl": ["/etc/pki/tls/private/sample.key"]}
    assert not find(spec, packages=packages, rules=SECRET_FILES).findings


CREDENTIALS = [
    pytest.param("root/.npmrc", f"//registry.example.org/:_authToken={TOKEN}\n", "${{NPM_TOKEN}}", id="npm"),
    pytest.param("root/.yarnrc.yml", f"npmAuthToken: {TOKEN}\n", "${{NPM_TOKEN}}", id="yarn"),
    pytest.param("root/.pypirc", f"[pypi]\nusername = __token__\npassword = {TOKEN}\n", "", id="pypi"),
    pytest.param("etc/pip.conf", f"[global]\nindex-url = https://bob:{TOKEN}@pypi.example.org/\n", "$PASS", id="pip"),
    pytest.param("root/.netrc", f"machine example.org\nlogin bob\npassword {TOKEN}\n", "$PASSWORD", id="netrc"),
    pytest.param("root/.docker/config.json", '{"auths": {"quay.io": {"auth": "' + TOKEN + '"}}}', "", id="docker"),
    pytest.param("run/containers/auth.json", '{"auths": {"quay.io": {"auth": "' + TOKEN + '"}}}', "", id="podman"),
    pytest.param("root/.aws/credentials", f"[default]\naws_secret_access_key = {TOKEN}\n", "<secret>", id="aws"),
    pytest.param("root/.kube/config", f"users:\n- name: me\n  user:\n    token: {TOKEN}\n", "null", id="kubernetes"),
    pytest.param("root/.git-credentials", f"https://bob:{TOKEN}@github.com\n", "$TOKEN", id="git"),
    pytest.param("root/.m2/settings.xml", f"<server><password>{TOKEN}</password></server>", "${{env.PW}}", id="maven"),
    pytest.param("root/.gradle/gradle.properties", f"nexusPassword={TOKEN}\n", "changeme", id="gradle"),
    pytest.param("app/NuGet.Config", f'<add key="ClearTextPassword" value="{TOKEN}" />', "%PW%", id="nuget"),
    pytest.param(
        "app/credentials.json", '{"type": "service_account", "private_key": "' + TOKEN + '"}', "", id="google"
    ),
    pytest.param(
        "root/.azure/msal_token_cache.json", '{"RefreshToken": {"a": {"secret": "' + TOKEN + '"}}}', "", id="azure"
    ),
    pytest.param(
        "root/.terraform.d/credentials.tfrc.json", '{"credentials": {"h": {"token": "' + TOKEN + '"}}}', "", id="tf"
    ),
    pytest.param("root/.vault-token", TOKEN, "", id="vault"),
    pytest.param("root/.cargo/credentials.toml", f'[registry]\ntoken = "{TOKEN}"\n', "", id="cargo"),
    pytest.param("root/.gem/credentials", f"---\n:rubygems_api_key: {TOKEN}\n", "", id="gem"),
    pytest.param(
        "app/auth.json", '{"http-basic": {"h": {"username": "bobby", "password": "' + TOKEN + '"}}}', "", id="composer"
    ),
    pytest.param("root/.pgpass", f"db:5432:*:bob:{TOKEN}\n", "", id="postgresql"),
    pytest.param("root/.my.cnf", f"[client]\npassword={TOKEN}\n", "", id="mysql"),
    pytest.param("root/.bashrc", f"export API_TOKEN={TOKEN}\n", "$(cat /run/secrets/t)", id="shell"),
    pytest.param("app/.vscode/sftp.json", '{"username": "bob", "password": "' + TOKEN + '"}', "", id="sftp"),
    pytest.param("app/config/master.key", TOKEN, "", id="rails"),
    pytest.param("app/site/settings.py", f"SECRET_KEY = '{TOKEN}'\n", "<key>", id="django"),
    pytest.param("srv/wp-config.php", f"define( 'DB_PASSWORD', '{TOKEN}' );\n", "", id="wordpress"),
    pytest.param("root/.config/gh/hosts.yml", f"github.com:\n    oauth_token: {TOKEN}\n", "", id="github"),
]


@pytest.mark.parametrize(("path", "content", "placeholder"), CREDENTIALS)
def test_credentials_of_tools_are_found_and_masked(find: Find, path: str, content: str, placeholder: str) -> None:
    (found,) = find(_image(path, content.encode()), rules=SECRET_FILES).findings
    assert (found.rule, found.severity) == ("cred-file", Severity.CRITICAL)
    assert f"{TOKEN[:2]}***{TOKEN[-2:]}" in found.detail
    assert TOKEN[2:8] not in str(found)


def test_a_credential_is_found_behind_links_vendored_and_packaged_files(find: Find) -> None:
    token = f"//registry.example.org/:_authToken={TOKEN}\n".encode()
    names = ("a/.npmrc", "b/node_modules/x/.npmrc", "c/.npmrc", "z/.npmrc")
    members = (symlink(names[0], "/z/.npmrc"), *(file(name, token) for name in names[1:]), file("0/.npmrc", b""))
    (found,) = find(copied(layer(*members)), rules=SECRET_FILES, packages={"deb/c": ("/c/.npmrc",)}).findings
    assert [one.path for one in found.paths] == ["/z/.npmrc"]


@pytest.mark.parametrize(("path", "content", "placeholder"), CREDENTIALS)
def test_a_placeholder_in_the_same_file_is_no_finding(find: Find, path: str, content: str, placeholder: str) -> None:
    text = content.replace(TOKEN, placeholder.format())
    assert not find(_image(path, text.encode()), rules=SECRET_FILES).findings


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("root/.npmrc", "registry=https://registry.example.org/\nalways-auth=true\n", id="registry alone"),
        pytest.param("root/.docker/config.json", '{"credsStore": "pass", "auths": {"quay.io": {}}}', id="helper"),
        pytest.param("root/.docker/config.json", "{broken", id="broken JSON"),
        pytest.param("root/.docker/config.json", "[" * 50_000, id="deep JSON"),
        pytest.param("root/.m2/settings.xml", "<password>{COQLCE6DU6GtcS5P=}</password>", id="encrypted for Maven"),
        pytest.param(
            "root/.gradle/gradle.properties", f"buildRevision={TOKEN}\n", id="a name that speaks of no secret"
        ),
        pytest.param("root/.gitconfig", "[user]\n\temail = bob@example.org\n", id="git without credentials"),
        pytest.param("root/.kube/config", "users:\n- user:\n    tokenFile: /run/token\n", id="token in a file"),
        pytest.param("usr/lib/node_modules/npm/.npmrc", f"_authToken={TOKEN}", id="dependency"),
        pytest.param("app/settings.py", "SECRET_KEY = read_key('/run/secrets/key1234')\n", id="computed"),
        pytest.param("app/credentials.json", '{"type": "external_account", "token_url": "https://x"}', id="no key"),
    ],
)
def test_configuration_without_a_secret_is_no_finding(find: Find, path: str, content: str) -> None:
    assert not find(_image(path, content.encode()), rules=SECRET_FILES).findings


@pytest.mark.parametrize(
    ("path", "content", "severity"),
    [
        pytest.param("app/.env", "DB_PASSWORD=hunter2\nDEBUG=1\n", Severity.HIGH, id="password"),
        pytest.param("app/.env.production", "export API_KEY='" + hexadecimal(32) + "'\n", Severity.HIGH, id="key"),
        pytest.param("app/prod.env", "DATABASE_URL=postgres://a:s3cret1@db/x\n", Severity.HIGH, id="url"),
        pytest.param("app/.env", "DEBUG=1\nPORT=8080\n", Severity.LOW, id="no secret"),
        pytest.param(
            "app/.env", f"VITE_SENTRY_DSN=https://{hexadecimal(32)}@o1.ingest.sentry.io/42\n", Severity.LOW, id="DSN"
        ),
    ],
)
def test_an_environment_file_is_found(find: Find, path: str, content: str, severity: Severity) -> None:
    (found,) = find(_image(path, content.encode()), rules=SECRET_FILES).findings
    assert (found.rule, found.severity) == ("env-file", severity)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("app/.env.example", "DB_PASSWORD=hunter2\n", id="example"),
        pytest.param("app/sample.env", "DB_PASSWORD=hunter2\n", id="sample"),
        pytest.param("app/.env", "# nothing\nDB_PASSWORD=\nTOKEN=${TOKEN}\n", id="no values"),
        pytest.param("app/node_modules/x/.env", "DB_PASSWORD=hunter2\n", id="dependency"),
        pytest.param("app/.env/bin/python", "DB_PASSWORD=hunter2\n", id="virtual environment"),
    ],
)
def test_an_environment_file_without_values_is_no_finding(find: Find, path: str, content: str) -> None:
    assert not find(_image(path, content.encode()), rules=SECRET_FILES).findings


@pytest.mark.parametrize(
    ("path", "content", "rule"),
    [
        pytest.param("root/.ssh/id_rsa", openssh(), "private-key", id="key"),
        pytest.param("root/.npmrc", f"_authToken={TOKEN}".encode(), "cred-file", id="credentials"),
        pytest.param("app/.env", b"DB_PASSWORD=hunter2\n", "env-file", id="environment"),
    ],
)
def test_a_deleted_secret_is_critical(find: Find, path: str, content: bytes, rule: str) -> None:
    (found,) = find(ran(layer(file(path, content)), layer(whiteout(path))), rules=SECRET_FILES).findings
    assert (found.rule, found.severity, found.content_bytes) == (rule, Severity.CRITICAL, len(content))
    assert found.title == f"deleted, but still shipped: {found.title.partition(': ')[2]}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        pytest.param("srv/tls.key", pem().decode(), "private-key", id="key"),
        pytest.param("app/.env", f"API_TOKEN={hexadecimal(32)}\r\n", "env-file", id="environment"),
        pytest.param("root/.npmrc", f"//r/:_authToken={hexadecimal(32)}\r\n", "cred-file", id="npm"),
    ],
)
def test_a_text_in_utf_16_is_read(find: Find, path: str, text: str, rule: str, encoding: str) -> None:
    (found,) = find(_image(path, text.encode(encoding)), rules=SECRET_FILES).findings
    assert found.rule == rule


def test_every_version_of_a_secret_is_in_one_finding_per_layer(find: Find) -> None:
    spec = ran(layer(file("root/.ssh/id_rsa", openssh())), layer(file("root/.ssh/id_rsa", openssh(), mode=0o600)))
    found = find(spec, rules=SECRET_FILES)
    assert [finding.layers for finding in found.findings] == [(0,), (1,)]
    assert found.claimed_bytes == 2 * len(openssh())


def test_a_secret_with_a_second_name_is_found_all_the_same(find: Find) -> None:
    spec = ran(layer(file("srv/data", openssh()), hardlink("root/.ssh/id_rsa", "srv/data")))
    assert paths_of(find(spec, rules=SECRET_FILES), "private-key") == {"/srv/data", "/root/.ssh/id_rsa"}


def test_the_bases_secrets_are_secrets_but_not_reclaimable(find: Find) -> None:
    spec = ran(layer(file("etc/ssh/ssh_host_rsa_key", openssh())), layer(file("app", b"x")))
    found = find(spec, base_layers=1, rules=SECRET_FILES)
    (key,) = found.findings
    assert (key.kind, key.source) == (FindingKind.SECRET, "base")
    assert (found.reclaimable_bytes, found.inherited_bytes) == (0, len(openssh()))


@pytest.mark.parametrize(
    ("path", "content", "detail"),
    [
        ("root/.ssh/id_rsa", openssh(), "an OpenSSH key, not encrypted"),
        ("root/.ssh/id_rsa", openssh(b"aes256-ctr"), "an OpenSSH key, under a passphrase"),
        ("etc/ssh/ssh_host_rsa_key", openssh(), "an OpenSSH key, not encrypted; every container has the same host key"),
        ("app/tests/id_rsa", openssh(), "an OpenSSH key, not encrypted, among tests or examples"),
    ],
)
def test_what_is_said_of_a_key(find: Find, path: str, content: bytes, detail: str) -> None:
    (found,) = find(_image(path, content), rules=SECRET_FILES).findings
    assert found.detail == detail


@pytest.mark.parametrize(
    ("path", "content", "severity", "title"),
    [
        ("a/id_rsa", openssh(b"aes256-ctr"), Severity.HIGH, "deleted, but still shipped: the private key /a/id_rsa"),
        ("tests/x/tests/id_rsa", openssh(), Severity.LOW, "a private key: /tests/x/tests/id_rsa"),
        ("a/.env", b"PORT=8080\n", Severity.LOW, "an environment file: /a/.env"),
    ],
)
def test_what_weighs_less_weighs_less_also_when_it_is_deleted(
    find: Find, path: str, content: bytes, severity: Severity, title: str
) -> None:
    (found,) = find(ran(layer(file(path, content)), layer(whiteout(path))), rules=SECRET_FILES).findings
    assert (found.severity, found.title) == (severity, title)


def test_the_first_few_secrets_of_a_file_are_named(find: Find) -> None:
    tokens = [hexadecimal(32, seed=str(number)) for number in range(6)]
    for count in (5, 6):
        text = "".join(f"export K{number}_TOKEN='{token}'\n" for number, token in enumerate(tokens[:count]))
        (found,) = find(_image("app/.env", text.encode()), rules=SECRET_FILES).findings
        named = ", ".join(f"K{number}_TOKEN {token[:2]}***{token[-2:]}" for number, token in enumerate(tokens[:5]))
        assert found.detail == named + (" and 1 more" if count == 6 else "")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (f"URL=https://bob:{hexadecimal(32)}@h/x\nPORT=1\n", f"URL {hexadecimal(32)[:2]}***{hexadecimal(32)[-2:]}"),
        ("PORT=8080\nexport NAME=shop\nTOKEN=${T}\n", "2 values, none named like a secret"),
    ],
)
def test_what_is_said_of_an_environment_file(find: Find, text: str, detail: str) -> None:
    (found,) = find(_image("app/.env", text.encode()), rules=SECRET_FILES).findings
    assert found.detail == detail


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app/.env", b"DB_PASSWORD=hunter2\n\0"),
        ("app/tests/.env", b"DB_PASSWORD=hunter2\n"),
        ("app/tests/.npmrc", f"_authToken={TOKEN}".encode()),
        ("root/.config/gh/hosts.yml/x", f"oauth_token: {TOKEN}\n".encode()),
    ],
)
def test_what_is_binary_of_a_test_or_only_below_such_a_name_is_no_finding(
    find: Find, path: str, content: bytes
) -> None:
    assert not find(_image(path, content), rules=SECRET_FILES).findings


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app/.env", b"\nDB_PASSWORD=hunter2"),
        ("root/.npmrc", f"\n_authToken={TOKEN}".encode()),
        ("a/.ssh/k", pem().strip()),
    ],
)
def test_a_secret_is_looked_for_in_the_beginning_of_a_file(find: Find, path: str, content: bytes) -> None:
    for more, found in ((0, 1), (len(content), 0)):
        assert len(find(_image(path, content.rjust(HEAD + more)), rules=SECRET_FILES).findings) == found
