"""Secrets of the config and of the history, and how a text is quoted without them."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import instructions
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Evidence, Severity
from layerscope.rules.families import secrets_config
from layerscope.rules.families.secrets_config import CONFIG_SECRETS, history_secret, secret_values
from layerscope.rules.rule import RuleContext
from layerscope.secrets.text import TextSecret, redacted, secrets_in, secrets_in_value
from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.rules.conftest import Find, no_packages, of_rule, step
from tests.rules.forged import characters, hexadecimal, with_checksum

LAYER = layer(file("app", b"x"))
TOKEN = hexadecimal(32)
MASKED = f"{TOKEN[:2]}***{TOKEN[-2:]}"
GITHUB = with_checksum("gh" + "p_")


@pytest.mark.parametrize(
    ("variable", "severity"),
    [
        pytest.param(f"DB_PASSWORD={TOKEN}", Severity.HIGH, id="password"),
        pytest.param(f"DATABASE_URL=postgres://a:{TOKEN}@db/x", Severity.HIGH, id="URL"),
        pytest.param(f"JAVA_OPTS=-Xmx1g -Ddb.password={TOKEN}", Severity.HIGH, id="option within"),
        pytest.param(f"http_proxy=http://bob:{TOKEN}@proxy:3128", Severity.HIGH, id="proxy with a password"),
    ],
)
def test_a_secret_variable_is_found_and_masked(find: Find, variable: str, severity: Severity) -> None:
    (found,) = find(ImageSpec(layers=(LAYER,), env=("PATH=/bin", variable)), rules=CONFIG_SECRETS).findings
    name = variable.partition("=")[0]
    assert (found.rule, found.severity, found.detail) == ("config-secret", severity, f"ENV {name} {MASKED}")


def test_a_token_of_known_shape_is_critical_whatever_its_name(find: Find) -> None:
    (found,) = find(ImageSpec(layers=(LAYER,), env=(f"GREETING={GITHUB}",)), rules=CONFIG_SECRETS).findings
    assert found.severity == Severity.CRITICAL


def test_labels_and_commands_are_read_too(find: Find) -> None:
    spec = ImageSpec(layers=(LAYER,), labels={"deploy.token": TOKEN}, cmd=("serve", f"--db-password={TOKEN[:-1]}"))
    assert [found.detail.split()[0] for found in find(spec, rules=CONFIG_SECRETS).findings] == ["LABEL", "CMD"]
    assert [found.fix.split()[:5] for found in find(spec, rules=CONFIG_SECRETS).findings] == [
        f"leave it out of {keyword};".split() for keyword in ("LABEL", "CMD")
    ]


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        pytest.param({"Healthcheck": {"Test": ["CMD-SHELL", f"curl -H 'Authorization: Bearer {GITHUB}' x"]}},
                     "HEALTHCHECK token of GitHub", id="health check"),
        pytest.param({"Healthcheck": {"Test": ["CMD", "app", "--password", "kW9v&x;y|z"]}},
                     "HEALTHCHECK password", id="words of a health check"),
        pytest.param({"OnBuild": ["RUN make", f"ENV API_TOKEN={TOKEN}"]}, "ONBUILD API_TOKEN", id="trigger"),
        pytest.param({"User": GITHUB}, "USER User", id="user"),
        pytest.param({"Shell": ["/bin/sh", f"--token={TOKEN}", "-c"]}, "SHELL token", id="shell"),
        pytest.param({"Entrypoint": ["app", "-u", f"https://bob:{TOKEN}@h"]}, "ENTRYPOINT password for h", id="start"),
        pytest.param({"Volumes": {f"/x?token={TOKEN}": {}}}, f"VOLUME {MASKED}", id="key"),
        pytest.param({"Env": [GITHUB]}, f"ENV {GITHUB[:2]}***{GITHUB[-2:]}", id="variable without a value"),
        pytest.param({"Unknown": [{"deep": [{"dbPassword": "kW9v&x;y|z"}]}]}, "Unknown dbPassword", id="unknown member"),
        pytest.param({"Unknown": [{"deep": [{"url": f"https://bob:{TOKEN}@h"}]}]}, "Unknown url", id="unknown URL"),
        pytest.param({"Unknown": [["x", ["--password=kW9v&x;y"]]]}, "Unknown password", id="list in a list"),
        pytest.param({"Env": ["DB_PASSWORD=kW9v & x2345"]}, "ENV DB_PASSWORD", id="blanks"),
        pytest.param({"Env": [f"X_TOKEN=Basic {TOKEN}"]}, "ENV X_TOKEN", id="scheme"),
    ],
)  # fmt: skip
def test_every_member_of_the_config_is_read(find: Find, settings: dict[str, object], detail: str) -> None:
    spec = ImageSpec(layers=(LAYER,), config_extra={"config": settings})
    (found,) = find(spec, rules=CONFIG_SECRETS).findings
    assert found.rule == "config-secret"
    assert found.detail.rpartition(" ")[0] == detail or found.detail.startswith(f"{detail} ")
    assert "***" in found.detail


@pytest.mark.parametrize("name", ["author", "comment", "moby.x", "container_config"])
def test_members_beside_the_config_are_read(find: Find, name: str) -> None:
    extra: object = {"Env": [f"API_TOKEN={TOKEN}"]} if name == "container_config" else f"x --token={TOKEN}"
    (found,) = find(ImageSpec(layers=(LAYER,), config_extra={name: extra}), rules=CONFIG_SECRETS).findings
    assert (found.rule, MASKED in found.detail) == ("config-secret", True)


def test_what_an_old_config_says_twice_is_told_once(find: Find) -> None:
    extra = {"container_config": {"Env": [f"API_TOKEN={TOKEN}"], "Cmd": ["x", f"--token={TOKEN}"]}}
    spec = ImageSpec(layers=(LAYER,), env=(f"API_TOKEN={TOKEN}",), config_extra=extra)
    assert [one.detail for one in find(spec, rules=CONFIG_SECRETS).findings] == [f"ENV API_TOKEN {MASKED}"]


@pytest.mark.parametrize("member", ["comment", "author"])
def test_what_else_the_history_says_is_read(find: Find, member: str) -> None:
    history = ({"created_by": "COPY x / # buildkit", member: f"made with --token={TOKEN}"},)
    (found,) = find(ImageSpec(layers=(LAYER,), history=history), rules=CONFIG_SECRETS).findings
    assert (found.rule, found.detail) == ("history-secret", f"token {MASKED} (in COPY)")


@pytest.mark.parametrize(
    "variable",
    [
        "GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
        f"PYTHON_SHA256={hexadecimal(64)}",
        "PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/0d8570dc44796f4369b652222cf176b3db6ac70e/get-pip.py",
        "PIP_INDEX_URL=http://localhost:18099/simple",
        "POSTGRES_PASSWORD_FILE=/run/secrets/db",
        "http_proxy=http://proxy:3128",
        "DB_PASSWORD=",
        "DB_PASSWORD=${DB_PASSWORD}",
        "SSL_PUBLIC_KEY=" + "MIIBIjANBgkqhkiG9w0",
        "JWT_TOKEN_LIFETIME=3600000",
    ],
)
def test_a_variable_that_only_sounds_secret_is_no_finding(find: Find, variable: str) -> None:
    assert not find(ImageSpec(layers=(LAYER,), env=(variable,)), rules=CONFIG_SECRETS).findings


@pytest.mark.parametrize(
    ("created_by", "detail"),
    [
        pytest.param(f"|1 API_TOKEN={TOKEN} /bin/sh -c make", f"API_TOKEN {MASKED} (in RUN)", id="build argument"),
        pytest.param(f"/bin/sh -c #(nop)  ARG API_TOKEN={TOKEN}", f"API_TOKEN {MASKED} (in ARG)", id="default"),
        pytest.param(f"/bin/sh -c #(nop)  ENV API_TOKEN={TOKEN}", f"API_TOKEN {MASKED} (in ENV)", id="earlier ENV"),
        pytest.param(
            f"RUN /bin/sh -c git clone https://bob:{TOKEN}@git.example.org/x # buildkit",
            f"password for git.example.org {MASKED} (in RUN)",
            id="URL",
        ),
        pytest.param(
            f"RUN /bin/sh -c curl -H 'Authorization: Bearer {TOKEN}' https://x # buildkit",
            f"Authorization {MASKED} (in RUN)",
            id="header",
        ),
        pytest.param(
            f"RUN /bin/sh -c curl -H 'AUTHORIZATİON: Bearer {TOKEN}' https://x # buildkit",
            f"Authorization {MASKED} (in RUN)",
            id="header as another language writes it in capitals",
        ),
        pytest.param(
            f"RUN /bin/sh -c npm config set //registry.example.org/:_authToken={TOKEN} # buildkit",
            f"_authToken {MASKED} (in RUN)",
            id="npm",
        ),
        pytest.param(
            f"RUN /bin/sh -c curl -fu bob:{TOKEN} -u bob:{TOKEN} https://x # buildkit",
            f"password of bob {MASKED} (in RUN)",
            id="curl",
        ),
    ],
)
def test_a_secret_of_the_history_is_found_and_masked(find: Find, created_by: str, detail: str) -> None:
    spec = ImageSpec(layers=(LAYER,), history=(step("COPY x / # buildkit"), step(created_by, empty_layer=True)))
    (found,) = find(spec, rules=CONFIG_SECRETS).findings
    assert (found.rule, found.detail, found.content_bytes) == ("history-secret", detail, 0)


@pytest.mark.parametrize(
    "created_by",
    [
        "|2 HTTP_PROXY=http://proxy:3128 VERSION=1.22.3 /bin/sh -c make",
        "/bin/sh -c #(nop)  ARG API_TOKEN",
        "RUN /bin/sh -c adduser --disabled-password --gecos '' app1 # buildkit",
        "RUN /bin/sh -c adduser --disabled-password app1 # buildkit",
        "RUN /bin/sh -c gpg --recv-keys b42f6819007f00f88e364fd4036a9c25bf357dd4 # buildkit",
        "RUN /bin/sh -c echo $TOKEN | docker login --password-stdin registry1.example.org # buildkit",
        "RUN /bin/sh -c sed -i 's/^password=.*/password=$PW/' /etc/x # buildkit",
        "RUN /bin/sh -c TOKEN=$(cat /run/secrets/token1) make # buildkit",
        "RUN /bin/sh -c echo 'deb [signed-by=/usr/share/keyrings/x.gpg] https://apt.example.org x main' # buildkit",
        "RUN /bin/sh -c git config user.email git@github.com # buildkit",
        "RUN /bin/sh -c export KEY_SHA256=0a1b2c3d4e5f60718293a4b5c6d7e8f9 # buildkit",
    ],
)
def test_a_harmless_step_is_no_finding(find: Find, created_by: str) -> None:
    spec = ImageSpec(layers=(LAYER,), history=(step("COPY x / # buildkit"), step(created_by, empty_layer=True)))
    assert not find(spec, rules=CONFIG_SECRETS).findings


def test_the_raw_text_of_a_step_counts_where_its_words_leave_something_out(find: Find) -> None:
    raw = f"/bin/sh -c #(nop) COPY file:{hexadecimal(64)} in --token={TOKEN} /x "
    (found,) = find(ImageSpec(layers=(LAYER,), history=(step(raw),)), rules=CONFIG_SECRETS).findings
    assert MASKED in found.detail


def test_one_secret_in_many_steps_is_one_finding(find: Find) -> None:
    ran = step(f"|1 API_TOKEN={TOKEN} /bin/sh -c make")
    spec = ImageSpec(
        layers=(LAYER, LAYER), history=(step(f"/bin/sh -c #(nop)  ARG API_TOKEN={TOKEN}", empty_layer=True), ran, ran)
    )
    (found,) = find(spec, rules=CONFIG_SECRETS).findings
    assert found.detail == f"API_TOKEN {MASKED} (in ARG, 2 RUN)"


def test_what_the_config_still_holds_is_told_once(find: Find) -> None:
    history = (step("COPY x / # buildkit"), step(f"ENV API_TOKEN={TOKEN}", empty_layer=True))
    found = find(ImageSpec(layers=(LAYER,), env=(f"API_TOKEN={TOKEN}",), history=history), rules=CONFIG_SECRETS)
    assert [finding.rule for finding in found.findings] == ["config-secret"]


def test_the_bases_secrets_are_not_blamed_on_the_user(find: Find) -> None:
    history = (
        step(f"ENV API_TOKEN={TOKEN}", empty_layer=True),
        step("COPY x / # buildkit"),
        step("COPY y / # buildkit"),
    )
    spec = ImageSpec(layers=(LAYER, layer(file("y", b"y"))), env=(f"API_TOKEN={TOKEN}",), history=history)
    assert not find(spec, base_layers=1, rules=CONFIG_SECRETS).findings
    assert of_rule(find(spec, rules=CONFIG_SECRETS), "config-secret")


@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param({"invocation": {"parameters": {"args": {"build-arg:API_TOKEN": TOKEN}}}}, id="SLSA 0.2"),
        pytest.param(
            {"buildDefinition": {"externalParameters": {"request": {"args": {"build-arg:API_TOKEN": TOKEN}}}}},
            id="SLSA 1.0",
        ),
    ],
)
def test_arguments_of_a_provenance_are_read(tmp_path: Path, predicate: object) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LAYER,))))
    with open_image(str(path), ReadOptions()) as image:
        filesystem = Filesystem(image.layers)
        attested = replace(image, attestations=({"predicate": predicate}, {"predicate": []}, {}))
        context = RuleContext(attested, filesystem, no_packages(filesystem))
        (found,) = history_secret.check(context)
    assert found.detail == f"API_TOKEN {MASKED} (in provenance)"
    assert found.evidence == Evidence.ATTESTED


def test_each_label_is_read_once_by_the_rules(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(name: str, value: str) -> tuple[TextSecret, ...]:
        read.append(name)
        return secrets_in_value(name, value)

    monkeypatch.setattr("layerscope.rules.families.secrets_config.secrets_in_value", counted)
    labels = {f"label.{number}": "x" for number in range(100)}
    assert not find(ImageSpec(layers=(LAYER,), labels=labels), rules=CONFIG_SECRETS).findings
    assert sorted(name for name in read if name in labels) == sorted(labels)


def test_a_text_is_quoted_without_its_secrets() -> None:
    text = f"|1 API_TOKEN={TOKEN} /bin/sh -c git clone https://bob:{TOKEN}@host/x && echo done"
    assert redacted(text) == f"|1 API_TOKEN={MASKED} /bin/sh -c git clone https://bob:{MASKED}@host/x && echo done"


def test_secrets_of_a_text_do_not_overlap_and_stand_where_they_say() -> None:
    text = json.dumps({"token": GITHUB, "password": "hunter2", "url": f"https://bob:{TOKEN}@host"})
    found = secrets_in(text)
    assert [text[one.start : one.end] for one in found] == [one.value for one in found] == [GITHUB, "hunter2", TOKEN]


@pytest.mark.parametrize(
    "piece",
    [
        "password=",
        "a://",
        "a:b@",
        "token token ",
        "--secret ",
        "=",
        "a.b-c_",
        characters(30) + " ",
        '\\"token\\":\\"',
        "token='\"",
        "login -p ",
        "token=token=example",
        "\ntoken=",
        "https://a@b.",
        "password='a\\'",
        "curl -u a:",
    ],
)
def test_a_long_text_of_near_misses_ends(piece: str) -> None:
    # Time that grew with the square of the length would be minutes here.
    text = piece * ((1 << 19) // len(piece))
    assert len(redacted(text)) <= len(text)


def test_the_step_that_makes_the_bases_last_layer_is_the_bases(find: Find) -> None:
    history = (step(f"RUN make --token={TOKEN} # buildkit"), step("COPY y / # buildkit"))
    spec = ImageSpec(layers=(LAYER, layer(file("y", b"y"))), history=history)
    assert not find(spec, base_layers=1, rules=CONFIG_SECRETS).findings
    assert find(spec, rules=CONFIG_SECRETS).findings


def test_a_secret_that_only_the_raw_text_of_a_step_holds_is_found(find: Find) -> None:
    history = ({"created_by": f"nix build --token={TOKEN}", "comment": "store paths: ['/nix/store/0a1b-app']"},)
    (found,) = find(ImageSpec(layers=(LAYER,), history=history), rules=CONFIG_SECRETS).findings
    assert (found.detail, found.evidence) == (f"token {MASKED} (in NIX)", Evidence.INFERRED)


def test_one_value_in_several_variables_and_labels_is_told_for_each(find: Find) -> None:
    spec = ImageSpec(
        layers=(LAYER,),
        env=(f"A_TOKEN={TOKEN}", f"B_TOKEN={TOKEN}"),
        labels={"c.token": TOKEN},
        cmd=("x", f"--token={TOKEN}"),
    )
    found = find(spec, rules=CONFIG_SECRETS).findings
    assert sorted(one.detail for one in found) == [
        f"ENV A_TOKEN {MASKED}", f"ENV B_TOKEN {MASKED}", f"LABEL c.token {MASKED}",
    ]  # fmt: skip
    fixes = {one.detail.partition(" ")[0]: one.fix for one in found}
    assert fixes["LABEL"] == f"leave it out of LABEL; {fixes['ENV']}"


def test_the_gravest_of_a_secrets_places_decides(find: Find) -> None:
    history = (step(f"RUN x --token={GITHUB} # buildkit"), step(f"ENV API_TOKEN={GITHUB}", empty_layer=True))
    (found,) = find(ImageSpec(layers=(LAYER,), history=history), rules=CONFIG_SECRETS).findings
    assert found.severity == Severity.CRITICAL
    assert found.detail.endswith("(in RUN, ENV)")


def test_every_secret_of_an_image_is_masked_and_too_many_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [hexadecimal(32, seed=str(number)) for number in range(6)]
    history = (
        {
            "created_by": f"RUN x --token={tokens[0]}",
            "comment": f"--token={tokens[1]}",
            "author": f"--token={tokens[2]}",
        },
        {"created_by": f"nix --token={tokens[3]}", "comment": "store paths: ['/nix/store/0a-x']", "empty_layer": True},
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LAYER,), history=history, env=(f"A_TOKEN={tokens[4]}",))))
    predicate = {"invocation": {"parameters": {"args": {"label:API_TOKEN": tokens[5]}}}}
    with open_image(str(path), ReadOptions()) as image:
        attested = replace(image, attestations=({"predicate": predicate},))
        steps, _ = instructions(image.config.history, 1)
        values = secret_values(attested, steps)
        assert values >= set(tokens)
        monkeypatch.setattr(secrets_config, "MOST_SECRETS", len(values))
        assert secret_values(attested, steps) == values
        monkeypatch.setattr(secrets_config, "MOST_SECRETS", len(values) - 1)
        with pytest.raises(LimitExceeded):
            secret_values(attested, steps)


def test_a_secret_between_the_bases_layers_is_the_bases(find: Find) -> None:
    history = (
        step("COPY x / # buildkit"),
        step(f"ENV API_TOKEN={TOKEN}", empty_layer=True),
        step("COPY y / # buildkit"),
        step("COPY z / # buildkit"),
    )
    layers = (LAYER, layer(file("y", b"y")), layer(file("z", b"z")))
    spec = ImageSpec(layers=layers, env=(f"API_TOKEN={TOKEN}",), history=history)
    assert not find(spec, base_layers=2, rules=CONFIG_SECRETS).findings
    assert find(spec, base_layers=1, rules=CONFIG_SECRETS).findings
