"""A token in a member of the config that is no variable: found, and masked in every format."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli.app import load
from layerscope.cli.run import run
from tests.builder import ImageSpec, docker_save, file, layer
from tests.rules.forged import characters, with_checksum

SHAPED = with_checksum("gh" + "p_")
NAMED = "q" + characters(30)
MEMBERS = [
    pytest.param("OnBuild", lambda token: ["RUN make", f"ENV API_TOKEN={token}"], id="OnBuild"),
    pytest.param("OnBuild", lambda token: [f"RUN git clone https://bob:{token}@host/x"], id="URL in OnBuild"),
    pytest.param("User", lambda token: f"--token={token}", id="User"),
    pytest.param("Shell", lambda token: ["/bin/sh", f"--token={token}", "-c"], id="Shell"),
    pytest.param("Shell", lambda token: ["/bin/sh", "--password", token, "-c"], id="words of Shell"),
    pytest.param("Entrypoint", lambda token: ["app", f"--api-token={token}"], id="Entrypoint"),
    pytest.param("Entrypoint", lambda token: ["sh", "-c", f"API_TOKEN={token} app && x"], id="script of Entrypoint"),
]
KEYWORDS = {"OnBuild": "ONBUILD", "User": "USER", "Shell": "SHELL", "Entrypoint": "ENTRYPOINT"}
FORMATS = {
    command: next(one.type.choices for one in load(command).params if "--format" in one.opts)
    for command in ("report", "findings")
}


def _printed(
    path: Path, command: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setattr("sys.argv", ["layerscope", command, str(path), "-f", form])
    assert run([]) == 0
    done = capsys.readouterr()
    return done.out + done.err


@pytest.mark.parametrize("token", [pytest.param(SHAPED, id="known shape"), pytest.param(NAMED, id="by its name")])
@pytest.mark.parametrize(("member", "setting"), MEMBERS)
def test_a_token_is_found_and_masked_in_every_format(
    member: str,
    setting: Callable[[str], object],
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = setting(token)
    masked = f"{token[:2]}***{token[-2:]}"
    path = tmp_path / "image.tar"
    path.write_bytes(
        docker_save(ImageSpec(layers=(layer(file("app", b"x")),), config_extra={"config": {member: value}}))
    )
    for command, forms in FORMATS.items():
        for form in forms:
            text = _printed(path, command, form, monkeypatch, capsys)
            assert not any(token[start : start + 6] in text for start in range(len(token) - 5)), (command, form)
    report = json.loads(_printed(path, "report", "json", monkeypatch, capsys))
    (found,) = report["findings"]
    assert found["rule"] == "config-secret"
    assert found["detail"].startswith(f"{KEYWORDS[member]} ") and found["detail"].endswith(masked)
    assert report["image"]["config"][member] == json.loads(json.dumps(value).replace(token, masked))
