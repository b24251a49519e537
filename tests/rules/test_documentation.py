"""The rules' own page is made from them and never stale."""

from msgspec.structs import replace

from docs.rules_page import PAGE, markdown
from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families.secrets_files import cred_file
from layerscope.rules.registry import RULES
from layerscope.rules.rule import rule

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
    for one in RULES:
        assert len(one.documentation.split()) >= 8, one.name
        assert one.title and one.fix and not one.fix.endswith("."), one.name


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def test_every_kind_of_waste_has_its_rule() -> None:
    assert {rule.name for rule in RULES} == set(NAMES.split())


NAMING_PACKAGES = """
orphan-build-group node-unused node-dev-deps py-managers py-dev-deps ruby-dev-deps php-dev-deps os-pkg-managers
orphaned-packages
"""


def test_rules_about_packages_list_them_and_no_others() -> None:
    assert {rule.name for rule in RULES if rule.names_packages} == set(NAMING_PACKAGES.split())
    assert {rule.name for rule in RULES if not rule.frees} == {"setid", "world-writable"}


def test_a_rule_in_general_names_no_path() -> None:
    titles = {rule.name: rule.general_title for rule in RULES}
    assert titles["private-key"] == "a private key"
    assert titles["cred-file"] == "credentials in a file"
    assert not any("{" in title for title in titles.values())
    made = rule("x", severity=Severity.LOW, title="t", fix="f {path} {place} {ignore} {step} {other}")(cred_file.check)
    assert made.advice == "f PATH PATH PATTERN the instruction that adds it {other}"
    copied = replace(made, fix="f", copied_fix="c")
    assert copied.advice == "f; where a COPY brought it, c"
    assert replace(copied, ignored_fix="i[[a|b]]").advice == (
        "f; where a COPY brought it, ia (--mount, --chmod and --exclude need BuildKit)"
    )
    assert replace(made, fix="f", kind=FindingKind.SECRET).advice == "f; rotate it: anyone who pulled the image has it"
