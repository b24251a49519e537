"""What each kind of configuration file holds: exactly these credentials, and none of what lies beside them."""

import json

import pytest

from layerscope.rules.families import credentials
from layerscope.rules.families.credentials import CREDENTIAL_FILES, pairs
from tests.rules.forged import characters

A, B, C, D = (characters(24, seed=seed) for seed in "abcd")
PARSERS = {kind.tail: kind.parse for kind in CREDENTIAL_FILES}


def _nested(depth: int, inner: object) -> object:
    for _ in range(depth):
        inner = {"x": inner}
    return inner


@pytest.mark.parametrize(
    ("tail", "text", "found"),
    [
        pytest.param(".pypirc", f"[a]\npassword: {A}\nOTHER_PASSWORD = '{B}'\nname = x\n", [A, B], id="keys"),
        pytest.param(".pypirc", f"# password = {A}\n; password = {A}\n[password = {A}\npassword\n=password {A}\n", [],
                     id="comments, sections, and lines without a value"),
        pytest.param(".pypirc", f"password = ~/{A}\npassword = ./{A}\npassword = /{A}\n", [], id="paths"),
        pytest.param(".npmrc", f"//r/:_authToken={A}\n//r/:_auth = x\n//r/:_password={B}\n", [A, B], id="npm"),
        pytest.param(".npmrc", f'"//r/:_authToken" "{A}"\n# //r/:_authToken={B}\n ; _auth={B}\n_authTokens{B}\n', [A],
                     id="Yarn, and comments"),
        pytest.param(".yarnrc.yml", f'npmAuthToken: "{A}"\n  - npmAuthIdent: {B}\nnpmAuthTokens: {C}\n', [A, B], id="YAML"),
        pytest.param(".yarnrc.yml", f"npmAuthToken={A}\n", [], id="no YAML"),
        pytest.param(".netrc", f"machine h\nlogin password\npassword {A} machine i password {B}", [A, B], id="netrc"),
        pytest.param(".vault-token", f" {A}\n", [A], id="a whole file"),
        pytest.param(".vault-token", f"{A} {B}", [], id="two words"),
        pytest.param(".vault-token", A[:16], [A[:16]], id="a token of sixteen"),
        pytest.param(".vault-token", A[:15], [], id="a token of fifteen"),
        pytest.param(".vault-token", A * 170 + A[:16], [A * 170 + A[:16]], id="a token of 4096"),
        pytest.param(".vault-token", A * 170 + A[:17], [], id="a longer one"),
        pytest.param(".pgpass", f"h:5432:*:u:{A}\nh\\:x:1:d:u:{B}\n#h:1:d:u:{C}\nh:1:u:{C}\nh:1:d:u:x:{C}\n", [A, B], id="pgpass"),
        pytest.param(".m2/settings.xml", f"<password>{A}</password><token>{B}</token><id>{C}</id>", [A, B], id="Maven"),
        pytest.param("NuGet.Config", f'<add key="password"  value="{A}"/><add key="PasswordX" value="{B}"/>', [A], id="NuGet"),
        pytest.param(
            ".docker/config.json",
            json.dumps({"auths": {"r": {"auth": A, "password": B, "email": C}, "s": C, "t": {"auth": "x:yz1"}, "u": {"auth": 7}}}),
            [A, B, "x:yz1"],
            id="Docker",
        ),
        pytest.param(".docker/config.json", json.dumps({"auths": {"t": {"auth": "x:yz"}}}), [], id="too short to be one"),
        pytest.param(".docker/config.json", json.dumps({"auths": [A]}), [], id="a list"),
        pytest.param(".dockercfg", json.dumps({"r": {"identitytoken": A, "registrytoken": B}}), [A, B], id="Docker before"),
        pytest.param("adc.json", json.dumps({"type": "authorized_user", "refresh_token": A, "client_secret": B, "x": C}),
                     [A, B], id="a user of Google"),
        pytest.param("adc.json", json.dumps({"type": "service_account", "private_key": 7}), [], id="no text"),
        pytest.param("adc.json", json.dumps({"type": "other", "private_key": A}), [], id="another type"),
        pytest.param(
            "auth.json",
            json.dumps({"http-basic": {"h": {"username": A, "password": B, "user": A}}, "bearer": {"h": C}, "other": D}),
            [B, C],
            id="Composer",
        ),
        pytest.param("sftp.json", json.dumps({"password": A, "port": 22, "list": [B]}), [A], id="SFTP"),
        pytest.param("sftp.json", json.dumps(_nested(11, {"password": A})), [A], id="twelve levels"),
        pytest.param("sftp.json", json.dumps(_nested(12, {"password": A})), [], id="thirteen levels"),
        pytest.param(".bashrc", f"export API_TOKEN={A}\nNAME={B}\nDB_PASSWORD=hunter22\n", [A, "hunter22"], id="a shell"),
        pytest.param(
            "settings.py",
            f"SECRET_KEY = '{A}'\n    \"password\": \"{B}\",\nTOKEN = f('{C}')\nKEY = '{C}' + x\nPASSWORD = {C}\nNAME = '{D}'\n",
            [A, B],
            id="literals of a program",
        ),
        pytest.param("wp-config.php", f"define('DB_PASSWORD', '{A}');\ndefine(\"DB_NAME\",\"{B}\");\n", [A], id="WordPress"),
    ],
)  # fmt: skip
def test_these_credentials_are_in_the_file(tail: str, text: str, found: list[str]) -> None:
    assert [one.value for one in PARSERS[tail](text)] == found


@pytest.mark.parametrize(
    ("tail", "text", "names"),
    [
        pytest.param(".docker/config.json", json.dumps({"auths": {"r": {"auth": A}}}), ["auth for r"], id="Docker"),
        pytest.param(".docker/config.json", json.dumps({"auths": {"r" * 200: {"auth": A}}}), ["auth for " + "r" * 111],
                     id="a registry of a long name"),
        pytest.param("auth.json", json.dumps({"bearer": {"h": A}}), ["token"], id="a key that only a parent names"),
        pytest.param("sftp.json", json.dumps({"a": {"passphrase": A}}), ["passphrase"], id="a key"),
        pytest.param(".git-credentials", f"https://bob:{A}@github.com\n", ["password for github.com"], id="a URL"),
        pytest.param(".bashrc", f"export API_TOKEN={A}\n", ["API_TOKEN"], id="a variable"),
        pytest.param(".yarnrc.yml", f"- 'npmAuthToken': {A}\n", ["npmAuthToken"], id="an element of a list"),
        pytest.param(".npmrc", f"//r/:_auth={A}\n", ["_auth"], id="npm"),
    ],
)  # fmt: skip
def test_a_credential_is_called_by_these_names(tail: str, text: str, names: list[str]) -> None:
    assert [one.name for one in PARSERS[tail](text)] == names


def test_a_line_is_split_at_its_first_separator_and_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_LONGEST", 10)
    lines = ' "a" = b:c \na:b=c\n#a=b\n[a=b\n;a=b\n=a\n:a=b\n12345678=9\n123456789=0\n1234567890=1\n'
    assert list(pairs(lines)) == [("a", "b:c"), ("a", "b=c"), (":a", "b"), ("12345678", "9"), ("123456789", "")]
    assert list(pairs("a:b=c\nd:e", "=")) == [("a:b", "c")]
    assert [one.value for one in PARSERS[".npmrc"]("_auth=kW9v2x\n")] == ["kW9v"]
