"""Names and values of variables, and passwords in URLs."""

import pytest

from layerscope.secrets.names import is_secret, url_credentials
from tests.rules.forged import characters, hexadecimal


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("DB_PASSWORD", "fake-password", id="password"),
        pytest.param("MYSQL_ROOT_PASSWORD", "hunter2", id="short password"),
        pytest.param("DB_PASS", "hunter2", id="pass at the end"),
        pytest.param("API_TOKEN", "fake-0123456789abcdef", id="token"),
        pytest.param("clientSecret", characters(20), id="camel case"),
        pytest.param("AWS_SECRET_ACCESS_KEY", characters(40), id="secret access key"),
        pytest.param("STRIPE_API_KEY", hexadecimal(32), id="key with a random value"),
        pytest.param("NPM_AUTHTOKEN", hexadecimal(36), id="one word"),
        pytest.param("SECRET_KEY_BASE", hexadecimal(64), id="secret in the middle"),
        pytest.param("com.example.api-token", hexadecimal(20), id="label"),
        pytest.param("DB_PASSWORD", "abcde", id="five characters"),
        pytest.param("API_TOKEN", "abcdef12", id="eight characters of a token"),
        pytest.param("API_TOKEN", "abcdefghijklmnopqrst", id="twenty letters"),
        pytest.param("API_KEY", "abcdefgh12345678", id="sixteen characters of a key"),
        pytest.param("PASSWORD_SALT", "abcdefgh12345678", id="salt"),
        pytest.param("DB_PASSWORD", "/Hunter2abc", id="slash at the start"),
        pytest.param("DB_PASSWORD", "/Hunter2/abc!", id="no path"),
        pytest.param("API_TOKEN", "/aB3dE5f/7hI9jK1lM3nO", id="base64 with slashes"),
        pytest.param("DB_PASSWORD", "correct h0rse", id="several words"),
    ],
)
def test_a_secret_is_told_by_name_and_value(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568", id="fingerprint"),
        pytest.param("SIGNING_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568", id="fingerprint without gpg"),
        pytest.param("recv-keys", "b42f6819007f00f88e364fd4036a9c25bf357dd4", id="option of apt-key"),
        pytest.param("TOKEN_SHA256", hexadecimal(64), id="checksum"),
        pytest.param("SECRET_VERSION", "1.22.333-rc4", id="version"),
        pytest.param("DB_PASSWORD_FILE", "/run/secrets/db", id="file"),
        pytest.param("DB_PASSWORD", "/run/secrets/db", id="path as a value"),
        pytest.param("TOKEN_URL", "https://auth.example.org/token1", id="url"),
        pytest.param("AUTH_TOKEN", "https://auth.example.org/token1", id="url as a value"),
        pytest.param("JWT_PUBLIC_KEY", characters(60), id="public key"),
        pytest.param("DB_PASSWORD", "", id="empty"),
        pytest.param("DB_PASSWORD", "db_password", id="its own name"),
        pytest.param("DB_PASSWORD", "always", id="switch"),
        pytest.param("DB_PASSWORD", "abcd", id="four characters"),
        pytest.param("API_TOKEN", "abcdef1", id="seven characters of a token"),
        pytest.param("API_TOKEN", "abcdefghijklmnopqrs", id="nineteen letters"),
        pytest.param("API_KEY", "abcdefgh1234567", id="fifteen characters of a key"),
        pytest.param("API_KEY", "ababababab121212", id="few different characters of a key"),
        pytest.param("API_KEY", "abcdefghijklmnop", id="letters of a key"),
        pytest.param("API_KEY", "1234567890123456", id="digits of a key"),
        pytest.param("DB_PASSWORD", "~/Secrets/Pw1", id="path in the home"),
        pytest.param("DB_PASSWORD", "/A1/b2C3", id="short path"),
        pytest.param("DB_PASSWORD", "./Secrets/Pw1", id="path from here"),
        pytest.param("DB_PASSWORD", "/opt/Sec1/pw", id="path with a capital and a digit"),
        pytest.param("DB_PASSWORD", "C:\\Secrets\\one", id="path of Windows"),
        pytest.param("DB_PASSWORD", "password=.*1", id="expression"),
        pytest.param("DB_PASSWORD", "the password is 1234", id="sentence with a number"),
        pytest.param("API_KEY", "key of the 1st2nd3rd door", id="sentence about a key"),
        pytest.param("DB_PASSWORD", "${DB_PASSWORD}", id="placeholder"),
        pytest.param("POSTGRES_PASSWORD", "postgres", id="known default"),
        pytest.param("ALLOW_EMPTY_PASSWORD", "yes", id="switch"),
        pytest.param("TOKEN_TTL", "86400000", id="duration"),
        pytest.param("MAX_TOKENS", "4096", id="count"),
        pytest.param("TOKENIZERS_PARALLELISM", "false", id="only begins so"),
        pytest.param("PWD", "/srv/app", id="working directory"),
        pytest.param("KEYBOARD_LAYOUT", "de-latin1-nodeadkeys", id="keyboard"),
        pytest.param("HTTP_PROXY", "proxy.example.org:3128", id="proxy"),
        pytest.param("SSH_KEY_NAME", "deploy-2024-production", id="name of a key"),
        pytest.param("PASSWORD_PROMPT", "Enter the password", id="sentence"),
    ],
)
def test_what_only_sounds_like_a_secret_is_none(name: str, value: str) -> None:
    assert not is_secret(name, value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "git clone https://bob:hunter2@git.example.org/x", [("hunter2", "git.example.org")], id="password"
        ),
        pytest.param("https://" + hexadecimal(40) + "@host/x", [(hexadecimal(40), "host")], id="token as the user"),
        pytest.param("postgres://a:s3'\"cr@db/x", [("s3'\"cr", "db")], id="quotes in a value that is all URL"),
        pytest.param("postgres://a:s3cret1@db:5432/x", [("s3cret1", "db")], id="database"),
        pytest.param(f"https://{hexadecimal(32)}@o1.ingest.sentry.io/42", [], id="DSN, whose key is public"),
        pytest.param(f"https://{hexadecimal(32)}@sentry.io:9000/errors/42 x", [], id="DSN of a server of one's own"),
        pytest.param(
            f"https://{hexadecimal(32)}:{hexadecimal(32, 'b')}@sentry.io/42",
            [(hexadecimal(32, "b"), "sentry.io")],
            id="DSN with a secret key",
        ),
        pytest.param(
            f"https://{hexadecimal(32)}@host/42/x.git", [(hexadecimal(32), "host")], id="token of the length of a DSN's"
        ),
        pytest.param("https://bob@git.example.org/x", [], id="user alone"),
        pytest.param("git@github.com:owner/repository.git", [], id="ssh"),
        pytest.param("https://user:$TOKEN@host", [], id="variable"),
        pytest.param("https://user:password@host", [], id="example"),
        pytest.param("amqp://guest:guest@queue", [], id="known default"),
        pytest.param("http://host:8080/a@b", [], id="port"),
        pytest.param("https://example.org/@scope/package:1@2", [], id="path"),
    ],
)
def test_passwords_of_urls_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.value, one.host) for one in url_credentials(text)] == found
