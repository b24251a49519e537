"""The rules' own page is made from them and never stale."""

from docs.rules_page import PAGE, markdown
from layerscope.rules.registry import RULES

NAMES = """
native-toolchain lang-toolchain dev-headers static-libs orphan-build-group build-utils objects unstripped-elf
sources project-files foreign-packages tests bytecode source-maps node-unused node-dev-deps py-managers py-dev-deps
wheelhouse ruby-dev-deps php-dev-deps apt-lists apt-archives os-pkg-managers orphaned-packages
apk-index rpm-cache pacman-cache pip-cache node-cache go-cache cargo-cache jvm-cache other-cache vcs-metadata
ci-config container-files editor-os-junk docs-man-locale logs core-dump tmp-leftover archive-extracted
private-key cred-file env-file token-pattern config-secret history-secret dev-traces deleted-later copied-up
overwritten duplicate-content rootfs-copy setid world-writable
"""


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run `make docs`"


def test_every_rule_says_what_it_finds_and_what_to_do() -> None:
    for rule in RULES:
        assert len(rule.documentation.split()) >= 8, rule.name
        assert rule.title and rule.fix and not rule.fix.endswith("."), rule.name


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def test_every_kind_of_waste_has_its_rule() -> None:
    assert {rule.name for rule in RULES} == set(NAMES.split())
