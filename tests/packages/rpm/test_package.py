from fractions import Fraction

import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm.header import Type
from layerscope.packages.formats.rpm.package import FileState, RpmFile, Tag, parse_package
from tests.packages.rpm.header_builder import NEVR, Item, blob, one_file


def test_a_package_needs_no_more_than_name_version_and_release() -> None:
    package = parse_package(blob(NEVR), where="db")
    assert (package.name, package.version, package.release) == ("made", "1", "2")
    assert (package.epoch, package.arch, package.source_rpm, package.files) == (None, "", "", ())


@pytest.mark.parametrize("absent", range(3), ids=["name", "version", "release"])
def test_a_package_without_one_of_them_is_damaged(absent: int) -> None:
    with pytest.raises(Damaged, match="without name, version or release"):
        parse_package(blob(item for position, item in enumerate(NEVR) if position != absent), where="db")


def test_an_epoch_of_zero_is_an_epoch() -> None:
    package = parse_package(blob((*NEVR, (Tag.EPOCH, Type.INT32, [0]))), where="db")
    assert package.epoch == 0


def test_old_packages_spell_out_their_paths() -> None:
    items: tuple[Item, ...] = (
        *NEVR,
        (Tag.OLDFILENAMES, Type.STRING_ARRAY, ["/bin/old", "/etc/old"]),
        (Tag.FILEMODES, Type.INT16, [0o100755, 0o100644]),
    )
    files = parse_package(blob(items), where="db").files
    assert [(file.path, file.mode) for file in files] == [("/bin/old", 0o100755), ("/etc/old", 0o100644)]


@pytest.mark.parametrize(
    ("state", "installed"),
    [
        (FileState.NORMAL, True),
        (FileState.REPLACED, False),
        (FileState.NOT_INSTALLED, False),
        (FileState.NET_SHARED, True),
        (FileState.WRONG_COLOR, False),
        (FileState.MISSING, True),
        (77, False),
    ],
)
def test_a_package_owns_what_rpm_installed(state: int, installed: bool) -> None:
    items = one_file(FILESTATES=(Tag.FILESTATES, Type.CHAR, [state]))
    file = parse_package(blob(items), where="db").files[0]
    assert (file.state, file.is_installed) == (state, installed)


def test_a_file_of_which_nothing_is_recorded_is_installed() -> None:
    [found] = parse_package(blob(one_file()), where="db").files
    assert found == RpmFile(path="/d/f", mode=0, flags=0, state=FileState.MISSING)
    assert (found.is_installed, found.is_ghost) == (True, False)


def test_names_in_directories_win_over_whole_paths() -> None:
    items = one_file(OLD=(Tag.OLDFILENAMES, Type.STRING_ARRAY, ["/x", "/y"]))
    assert [file.path for file in parse_package(blob(items), where="db").files] == ["/d/f"]


@pytest.mark.parametrize("spare", [0, -1])
def test_paths_may_be_some_times_as_long_as_the_header(spare: int, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = blob(one_file(DIRNAMES=(Tag.DIRNAMES, Type.STRING_ARRAY, ["/" + "d" * 15])))
    monkeypatch.setattr(
        "layerscope.packages.formats.rpm.package._PATH_CHARACTERS_PER_BYTE", Fraction(16 + spare, len(raw))
    )
    if not spare:
        assert parse_package(raw, where="db").files[0].path == "/" + "d" * 15 + "f"
    else:
        with pytest.raises(Damaged, match="as long as the header"):
            parse_package(raw, where="db")


@pytest.mark.parametrize(
    "items",
    [
        pytest.param(one_file(DIRINDEXES=(Tag.DIRINDEXES, Type.INT32, [1])), id="directory out of range"),
        pytest.param(one_file(DIRINDEXES=(Tag.DIRINDEXES, Type.INT32, [2**31])), id="directory 2^31"),
        pytest.param(one_file(DIRINDEXES=(Tag.DIRINDEXES, Type.INT32, [0, 0])), id="too many indexes"),
        pytest.param(one_file(DIRNAMES=(Tag.DIRNAMES, Type.STRING_ARRAY, ["d/"])), id="relative path"),
        pytest.param(one_file(FLAGS=(Tag.FILEFLAGS, Type.INT32, [1, 2])), id="too many flags"),
        pytest.param(one_file(FLAGS=(Tag.FILEFLAGS, Type.INT64, [1])), id="flags of the wrong width"),
        pytest.param(one_file(MODES=(Tag.FILEMODES, Type.INT16, [1, 2])), id="too many modes"),
        pytest.param(one_file(STATES=(Tag.FILESTATES, Type.CHAR, [0, 0])), id="too many states"),
        pytest.param((*NEVR, (Tag.BASENAMES, Type.STRING_ARRAY, ["f"])), id="no directories"),
        pytest.param(one_file(DIRNAMES=(1, Type.INT32, [0])), id="indexes of no directories"),
        pytest.param(
            one_file(
                BASENAMES=(Tag.BASENAMES, Type.STRING_ARRAY, ["f", "g"]),
                DIRINDEXES=(Tag.DIRINDEXES, Type.INT32, [0, 1]),
            ),
            id="one directory out of range",
        ),
    ],
)
def test_file_tags_that_disagree_are_damaged(items: tuple[Item, ...]) -> None:
    with pytest.raises(Damaged, match="db"):
        parse_package(blob(items), where="db")


def test_paths_that_outgrow_their_header_are_damaged() -> None:
    files = 5000
    items = one_file(
        DIRNAMES=(Tag.DIRNAMES, Type.STRING_ARRAY, [f"/{'d' * 100_000}/"]),
        BASENAMES=(Tag.BASENAMES, Type.STRING_ARRAY, ["f"] * files),
        DIRINDEXES=(Tag.DIRINDEXES, Type.INT32, [0] * files),
    )
    with pytest.raises(Damaged, match="16 times as long as the header"):
        parse_package(blob(items), where="db")
