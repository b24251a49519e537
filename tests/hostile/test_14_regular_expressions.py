"""Texts made to keep a backtracking expression busy: in the history, the config, and files that rules read."""

import pytest

from tests.builder import file
from tests.hostile.conftest import Command, image

TEXTS = {
    "letters": "a" * 300_000,
    "blanks": " " * 300_000,
    "names": "token" * 60_000,
    "assignments": "password = " * 30_000,
    "dots": "eyJ" + "a." * 130_000,
    "quotes": "\"'" * 130_000,
    "escapes": "\\n" * 130_000,
    "dashes": "-----BEGIN " * 30_000,
    "slashes": "https://" * 40_000,
    "addresses": "https://" + "a:" * 130_000 + "@",
    "options": "--from=a " * 30_000,
    "commands": "RUN apt-get update && " * 25_000,
    "brackets": "$((" * 100_000,
    "base64": "A" * 130_000 + "=" * 130_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_keeps_a_rule_busy(command: Command, text: str) -> None:
    names = ["app/.env", "root/.bashrc", "app/config.yml", "app/package.json", "app/setup.py", "usr/bin/script.sh"]
    names += ["root/.netrc", "root/.npmrc", "root/.aws/credentials", "etc/os-release", "var/lib/dpkg/status"]
    content = text.encode()
    data = image(
        [file(name, content, mode=0o755) for name in names],
        history=({"created_by": text}, {"created_by": f"COPY {text} / # buildkit", "comment": text}),
        env=(f"A={text}", text),
        cmd=(text,),
        labels={text: text},
    )
    assert command.report(data)["totals"]["content_bytes"] == len(names) * len(content)
