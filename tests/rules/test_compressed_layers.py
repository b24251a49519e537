"""What is found in a layer that is read once, in a stream, is what is found where contents are read by position."""

from pathlib import Path

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.rules.families.modes import MODES
from layerscope.rules.families.secrets_files import SECRET_FILES
from layerscope.rules.families.secrets_tokens import TOKENS
from layerscope.rules.families.traces import TRACES
from layerscope.rules.rule import RuleContext, RuleMatch
from tests.builder import Compression, ImageSpec, compress, docker_legacy, file, layer
from tests.rules.conftest import no_packages
from tests.rules.forged import characters, openssh, with_checksum

RULES = (*SECRET_FILES, *TOKENS, *TRACES, *MODES)
SPEC = ImageSpec(
    layers=(
        layer(
            file("root/.ssh/id_rsa", openssh()),
            file("root/.npmrc", f"_authToken={characters(36)}".encode()),
            file("app/.env", b"DB_PASSWORD=hunter2\n"),
            file("app/config.yml", f"token: {with_checksum('gh' + 'p_')}\n".encode()),
            file("app/notes.txt", f"\ufefftoken: {with_checksum('gh' + 'p_')}\r\n".encode("utf-16-le")),
            file("app/.git/HEAD", b"ref: x\n"),
            file("app/.git/config", f"url = https://bob:{characters(20)}@host/x\n".encode()),
            file("app/java.hprof", b"JAVA PROFILE 1.0.2\0"),
        ),
    )
)


def _matches(path: Path) -> list[list[RuleMatch]]:
    with open_image(str(path), ReadOptions(wanted=tuple(rule.wanted for rule in RULES))) as image:
        filesystem = Filesystem(image.layers)
        context = RuleContext(image, filesystem, no_packages(filesystem))
        selected = filesystem.select([rule.wanted.paths for rule in RULES])
        found = []
        for rule, matches in zip(RULES, selected, strict=True):
            context.matches = tuple(matches)
            found.append(list(rule.check(context)))
        return found


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compressed_archive_has_the_same_findings(tmp_path: Path, compression: Compression) -> None:
    plain, packed = tmp_path / "plain.tar", tmp_path / "packed.tar"
    plain.write_bytes(docker_legacy(SPEC))
    packed.write_bytes(compress(docker_legacy(SPEC), compression))
    found = _matches(packed)
    assert found == _matches(plain)
    assert all(found[:5])
    (tokens,) = (matches for rule, matches in zip(RULES, found, strict=True) if rule.name == "token-pattern")
    assert {match.place for match in tokens} >= {"/app/config.yml", "/app/notes.txt"}
