"""Package managers are told to keep no cache, where they are called in plain sight."""

from pathlib import Path

import pytest

from tests.advice.builds import Build
from tests.builder import file

WHEELS = file("root/.cache/pip/http/a/b", b"w" * 50_000)


def test_pip_keeps_no_cache(tmp_path: Path) -> None:
    text = "FROM python\nCOPY r.txt /\nRUN pip install -r r.txt \\\n    && python -m pip install x\n"
    advised = Build(dockerfile=text, layers={3: (WHEELS,)}).advise(tmp_path)
    assert advised.of("cache-flags").saves_bytes == 50_000
    patched = advised.patched("cache-flags").dockerfile.text
    assert "pip install --no-cache-dir -r r.txt \\\n    && python -m pip install --no-cache-dir x\n" in patched


def test_apk_keeps_no_index(tmp_path: Path) -> None:
    index = file("var/cache/apk/APKINDEX.1.tar.gz", b"i" * 50_000)
    text = "FROM alpine\nRUN apk add curl\n"
    advised = Build(dockerfile=text, layers={2: (index,)}).advise(tmp_path)
    assert advised.patched("cache-flags").dockerfile.text == "FROM alpine\nRUN apk add --no-cache curl\n"


def test_an_index_that_was_updated_on_purpose_is_deleted_instead(tmp_path: Path) -> None:
    index = file("var/cache/apk/APKINDEX.1.tar.gz", b"i" * 50_000)
    text = "FROM alpine\nRUN apk update && apk add curl\n"
    advised = Build(dockerfile=text, layers={2: (index,)}).advise(tmp_path)
    assert advised.names == ["clean-in-run"]
    assert "rm -rf /var/cache/apk/*" in advised.patched().dockerfile.text


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("pip3.11 --quiet install x", "pip3.11 --quiet install --no-cache-dir x"),
        ("/opt/venv/bin/pip wheel -w /w x", "/opt/venv/bin/pip wheel --no-cache-dir -w /w x"),
        ("uv pip install --system x", "uv pip install --no-cache --system x"),
        ("uv sync --frozen", "uv sync --no-cache --frozen"),
        ("pip install --no-cache-dir a && pip install b", "pip install --no-cache-dir a && pip install --no-cache-dir b"),
        ("python3 -m venv /v && /v/bin/pip install x", "python3 -m venv /v && /v/bin/pip install --no-cache-dir x"),
    ],
)  # fmt: skip
def test_however_pip_is_called(tmp_path: Path, run: str, expected: str) -> None:
    advised = Build(dockerfile=f"FROM python\nRUN {run}\n", layers={2: (WHEELS,)}).advise(tmp_path)
    assert advised.patched("cache-flags").dockerfile.text == f"FROM python\nRUN {expected}\n"


@pytest.mark.parametrize("run", ["pipenv install --system", "pip install poetry && poetry install", "make install"])
def test_what_has_no_such_option_is_not_told_to(tmp_path: Path, run: str) -> None:
    advised = Build(dockerfile=f"FROM python\nRUN {run}\n", layers={2: (WHEELS,)}).advise(tmp_path)
    assert advised.names == ["clean-in-run"]


@pytest.mark.parametrize("options", ["-U", "--update"])
def test_apk_with_an_option_before_the_verb(tmp_path: Path, options: str) -> None:
    index = file("var/cache/apk/APKINDEX.1.tar.gz", b"i" * 50_000)
    advised = Build(dockerfile=f"FROM alpine\nRUN apk {options} add curl\n", layers={2: (index,)}).advise(tmp_path)
    assert f"RUN apk {options} add --no-cache curl\n" in advised.patched("cache-flags").dockerfile.text
