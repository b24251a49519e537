"""Package managers are told to keep no cache, where they are called in plain sight."""

from pathlib import Path

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
