"""A fix names only what the image's builder understands."""

import re
from pathlib import Path

import pytest

from layerscope.model.instruction import Instruction, built_by_buildkit
from layerscope.rules.phrases import for_builder
from layerscope.rules.registry import RULES
from layerscope.rules.rule import Rule
from tests.builder import ImageSpec, file, layer
from tests.rules.conftest import Find, found_in, of_rule, step

BUILDKIT = re.compile(r"--mount|--chmod|--exclude|--link|<<|\[\[|\]\]")
FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_advises_the_legacy_builder_to_do_what_it_cannot(rule: Rule) -> None:
    for text in (rule.fix, rule.copied_fix, rule.ignored_fix):
        assert not BUILDKIT.search(for_builder(text, is_buildkit=False))
        assert "[[" not in for_builder(text, is_buildkit=True)
    assert ("need BuildKit" in rule.advice) == bool(BUILDKIT.search(rule.advice.replace("(--mount, --chmod", "")))


@pytest.mark.parametrize(
    ("comment", "deleted", "changed"),
    [
        pytest.param("buildkit.dockerfile.v0", "RUN --mount=type=bind", "`COPY --chmod`", id="BuildKit"),
        pytest.param("", "copy /src/big into a build stage only", "before it is copied", id="legacy"),
    ],
)
def test_what_is_found_depends_on_the_builder_of_the_image(
    find: Find, comment: str, deleted: str, changed: str
) -> None:
    layers = (
        layer(file("src/big", b"x" * 9999), file("app", b"y" * 9999)),
        layer(file("src/.wh.big", b""), file("app", b"y" * 9999, mode=0o755)),
    )
    history = (step("COPY dir:" + "0" * 64 + " in /") | {"comment": comment}, step("RUN make") | {"comment": comment})
    found = find(ImageSpec(layers=layers, history=history))
    assert deleted in of_rule(found, "deleted-later")[0].fix
    assert changed in of_rule(found, "copied-up")[0].fix


@pytest.mark.parametrize("name", ["tiny-legacy.tar", "notes-v1.tar.zst"])
def test_an_image_of_the_legacy_builder_gets_no_advice_for_buildkit(name: str) -> None:
    found = found_in(str(FIXTURES / name)).findings
    assert found and not [one.fix for one in found if BUILDKIT.search(one.fix)]


def test_an_image_of_buildkit_still_gets_it() -> None:
    assert any("--mount" in one.fix for one in found_in(str(FIXTURES / "tiny-buildkit.tar")).findings)


def test_the_layers_above_the_base_say_which_builder_it_was() -> None:
    base = Instruction(index=0, kind="ADD", text="rootfs.tar /", layer=0)
    own = Instruction(index=1, kind="RUN", text="make", layer=1, comment="buildkit.dockerfile.v0")
    assert built_by_buildkit((base, own), 1)
    assert not built_by_buildkit((base, own), 0)
    assert not built_by_buildkit((), 0)
    assert built_by_buildkit((base, Instruction(index=1, kind="ENV", text="A=1", comment="buildkit.exporter")), 1)
