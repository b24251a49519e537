"""Texts made to keep a backtracking expression busy: in the history, the config, and files that rules read."""

import pytest

from tests.builder import file
from tests.hostile.conftest import Command, image, packed

TEXTS = {
    "letters": "a" * 500_000,
    "blanks": " " * 500_000,
    "names": "token" * 100_000,
    "assignments": "password = " * 50_000,
    "dots": "eyJ" + "a." * 250_000,
    "quotes": "\"'" * 250_000,
    "escapes": "\\n" * 250_000,
    "dashes": "-----BEGIN " * 50_000,
    "slashes": "https://" * 60_000,
    "addresses": "https://" + "a:" * 250_000 + "@",
    "options": "--from=a " * 50_000,
    "commands": "RUN apt-get update && " * 25_000,
    "brackets": "$((" * 150_000,
    "base64": "A" * 250_000 + "=" * 250_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_keeps_a_rule_busy(command: Command, text: str) -> None:
    names = ["app/.env", "root/.bashrc", "app/config.yml", "app/package.json", "app/setup.py", "usr/bin/script.sh"]
    names += ["root/.netrc", "root/.npmrc", "root/.aws/credentials", "etc/os-release", "var/lib/dpkg/status"]
    content = text.encode()
    for make in (image, packed):
        data = make(
            [file(name, content, mode=0o755) for name in names],
            history=({"created_by": text}, {"created_by": f"COPY {text} / # buildkit", "comment": text}),
            env=(f"A={text}", text),
            cmd=(text,),
            labels={text: text},
        )
        assert command.report(data)["totals"]["content_bytes"] == len(names) * len(content)
