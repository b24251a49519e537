"""No finding holds five characters of a secret in a row, whatever the secret is and wherever it stands."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from layerscope.model.finding import Finding
from layerscope.rules.families.modes import MODES
from layerscope.rules.families.secrets_config import CONFIG_SECRETS
from layerscope.rules.families.secrets_files import SECRET_FILES
from layerscope.rules.families.secrets_tokens import TOKENS
from layerscope.rules.families.traces import TRACES
from layerscope.secrets.text import redacted
from tests.builder import ImageSpec, file, layer
from tests.rules.conftest import Find, step
from tests.rules.forged import pem

RULES = (*SECRET_FILES, *TOKENS, *CONFIG_SECRETS, *TRACES, *MODES)
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SECRETS = st.text(alphabet=PLAIN + "-_.~!+/=%,", min_size=6, max_size=60)
OTHER = "Zq7" * 9
"""A secret whose findings show what else stands in the sentences."""


def _file(path: str, before: str, after: str = "\n") -> Callable[[str], ImageSpec]:
    return lambda secret: ImageSpec(
        layers=(layer(file(path, f"{before}{secret}{after}".encode()), file("app/.git/HEAD", b"ref: x\n")),)
    )


def _history(before: str, after: str = "") -> Callable[[str], ImageSpec]:
    return lambda secret: ImageSpec(layers=(layer(file("x", b"x")),), history=(step(f"{before}{secret}{after}"),))


PLACES = [
    pytest.param(_file("root/.npmrc", "//registry.example.org/:_authToken="), id="npm"),
    pytest.param(_file("root/.netrc", "machine example.org login bob password "), id="netrc"),
    pytest.param(_file("root/.git-credentials", "https://bob:", "@example.org"), id="git"),
    pytest.param(_file("root/.docker/config.json", '{"auths": {"quay.io": {"auth": "', '"}}}'), id="docker"),
    pytest.param(_file("app/.env", "DB_PASSWORD="), id="environment file"),
    pytest.param(_file("app/.env", "URL=https://bob:", "@db/x"), id="URL in an environment file"),
    pytest.param(_file("app/.git/config", "\turl = https://bob:", "@example.org/x\n"), id="repository"),
    pytest.param(_file("app/.git/config", "\textraheader = AUTHORIZATION: basic "), id="header of a repository"),
    pytest.param(_history("|1 API_TOKEN=", " /bin/sh -c make"), id="build argument"),
    pytest.param(_history("/bin/sh -c #(nop)  ARG DB_PASSWORD="), id="default of an argument"),
    pytest.param(_history("RUN /bin/sh -c git clone https://bob:", "@example.org/x # buildkit"), id="command"),
    pytest.param(lambda secret: ImageSpec(layers=(layer(),), env=(f"DB_PASSWORD={secret}",)), id="variable"),
    pytest.param(lambda secret: ImageSpec(layers=(layer(),), labels={"api.token": secret}), id="label"),
]


def _words(finding: Finding) -> str:
    """All that a finding says, its path apart."""
    return "\n".join((finding.title, finding.fix, finding.detail, finding.source))


def _shows(text: str, secret: str) -> bool:
    return any(secret[start : start + 5] in text for start in range(len(secret) - 4))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(secret=SECRETS)
def test_no_finding_shows_a_secret(find: Find, place: Callable[[str], ImageSpec], secret: str) -> None:
    around = "".join(map(_words, find(place(OTHER), rules=RULES).findings))
    assume(not _shows(around, secret))
    assert not _shows("".join(map(_words, find(place(secret), rules=RULES).findings)), secret)


@pytest.mark.parametrize("place", PLACES)
def test_the_places_of_this_test_are_found(find: Find, place: Callable[[str], ImageSpec]) -> None:
    assert f"{OTHER[:2]}***{OTHER[-2:]}" in "".join(map(_words, find(place(OTHER), rules=RULES).findings))


def test_of_a_private_key_nothing_is_shown(find: Find) -> None:
    key = pem(body=b"\x30\x82" + bytes(range(120, 250)))
    (found,) = find(ImageSpec(layers=(layer(file("app/server.key", key)),)), rules=RULES).findings
    assert not any(_shows(str(found), line) for line in key.decode().splitlines()[1:-1])


@given(secret=st.text(alphabet=PLAIN, min_size=16, max_size=60))
def test_a_quoted_instruction_shows_no_secret(secret: str) -> None:
    text = f"ENV DB_PASSWORD={secret} URL=https://bob:{secret}@host"
    assume(not _shows("ENV DB_PASSWORD= URL=https://bob:@host", secret) and len(set(secret)) > 8)
    assume("your" not in secret.lower() and redacted(text) != text)
    assert not _shows(redacted(text), secret)
