"""Set-id programs and what everybody may write to."""

import pytest

from layerscope.model.finding import FindingKind
from layerscope.rules.families.modes import MODES
from tests.builder import ImageSpec, directory, file, layer, symlink, whiteout
from tests.building.member import Member
from tests.rules.conftest import Find, of_rule, paths_of, ran

EMPTY = layer(file("etc/x", b"x"))


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711])
def test_a_setid_program_is_found_and_wins_nothing_back(find: Find, mode: int) -> None:
    found = find(ran(layer(file("srv/tool", b"abc", mode=mode))), rules=MODES)
    (finding,) = of_rule(found, "setid")
    assert (finding.content_bytes, finding.detail, found.reclaimable_bytes) == (0, f"mode {mode:04o}, owner 0", 0)


@pytest.mark.parametrize(
    ("member", "rule"),
    [
        pytest.param(file("srv/data", b"abc", mode=0o666), "world-writable", id="file"),
        pytest.param(directory("srv/data", mode=0o777), "world-writable", id="directory"),
    ],
)
def test_what_everybody_may_write_to_is_found(find: Find, member: Member, rule: str) -> None:
    assert paths_of(find(ran(layer(member)), rules=MODES), rule) == {"/srv/data"}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ran(layer(directory("tmp", mode=0o1777))), id="sticky directory"),
        pytest.param(ran(layer(symlink("bin", "usr/bin"))), id="link"),
        pytest.param(ran(layer(file("srv/tool", b"abc", mode=0o755))), id="ordinary program"),
        pytest.param(ran(layer(directory("srv", mode=0o2755))), id="directory that hands its group on"),
        pytest.param(ran(layer(file("tool", b"abc", mode=0o4755)), layer(whiteout("tool"))), id="deleted"),
        pytest.param(
            ran(layer(file("tool", b"abc", mode=0o4755)), layer(file("tool", b"abc", mode=0o755))), id="mended later"
        ),
    ],
)
def test_ordinary_modes_are_no_finding(find: Find, spec: ImageSpec) -> None:
    assert not find(spec, rules=MODES).findings


def test_fates_are_those_of_the_versions_themselves(find: Find) -> None:
    lower = layer(file("a", b"a"), file("b", b"b"), file("c", b"c"))
    upper = layer(whiteout("a"), file("c", b"other"), file("d", b"d"), file("tool", b"abc", mode=0o4757))
    found = find(ran(lower, upper), rules=MODES)
    assert paths_of(found, "setid") == paths_of(found, "world-writable") == {"/tool"}
    gone = layer(whiteout("tool"), whiteout("d"))
    assert not find(ran(lower, upper, gone), rules=MODES).findings


def test_programs_of_one_layer_mode_and_owner_are_one_finding(find: Find) -> None:
    tools = layer(
        file("a", b"1", mode=0o4755),
        file("b", b"1", mode=0o4755),
        file("c", b"1", mode=0o2755),
        file("d", b"1", mode=0o4755, uid=7),
    )
    found = of_rule(find(ran(tools, layer(file("e", b"1", mode=0o4755))), rules=MODES), "setid")
    assert sorted((tuple(path.path for path in one.paths), one.detail) for one in found) == [
        (("/a", "/b"), "mode 4755, owner 0"),
        (("/c",), "mode 2755, owner 0"),
        (("/d",), "mode 4755, owner 7"),
        (("/e",), "mode 4755, owner 0"),
    ]


def test_su_of_a_package_and_of_the_base_are_left_alone(find: Find) -> None:
    su = layer(file("bin/su", b"abc", mode=0o4755))
    assert not find(ran(su, EMPTY), base_layers=1, rules=MODES).findings
    assert not find(ran(su), packages={"deb/util-linux": ["/bin/su"]}, rules=MODES).findings


def test_the_kind_is_of_the_instruction(find: Find) -> None:
    (finding,) = find(ran(layer(file("srv/tool", b"abc", mode=0o4755))), rules=MODES).findings
    assert finding.kind == FindingKind.WASTE
