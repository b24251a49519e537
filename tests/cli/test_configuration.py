"""Settings from files: which file counts, what is refused, and what comes before what."""

from datetime import date
from pathlib import Path

import pytest

from layerscope.analysis.ignore import Ignore
from layerscope.cli.configuration import discovered, read_file
from layerscope.errors import UsageError


@pytest.fixture(autouse=True)
def no_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own settings take part."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home" / "config"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The root of a repository with a directory below it."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "below").mkdir()
    return root


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_settings_are_the_values_of_options(tmp_path: Path) -> None:
    path = written(
        tmp_path / ".layerscope.toml",
        'units = "iec"\ntop = 7\nverify = true\ndockerfile = "docker/Dockerfile"\n'
        "[limits]\nentries = 5\njson-bytes = 9\n"
        '[check]\nmax-size = "1GB"\nmax_hidden = ["1MB", "5%"]\nmin-efficiency = 0.9\nfail-on = "high"\n'
        'fail-on-rule = "vcs-metadata"\nallow-incomplete = true\nbaseline = "last.json"\n',
    )
    found = read_file(path)
    assert found.settings == {
        "units": "iec",
        "top": 7,
        "verify": True,
        "dockerfile": str(tmp_path / "docker/Dockerfile"),
        "limit": ["entries=5", "json_bytes=9"],
    }
    assert found.check == {
        "max_size": "1GB",
        "max_hidden": ["1MB", "5%"],
        "min_efficiency": "0.9",
        "fail_on": "high",
        "fail_on_rule": ["vcs-metadata"],
        "allow_incomplete": True,
        "baseline": str(tmp_path / "last.json"),
    }


def test_ignores_have_a_rule_a_reason_and_maybe_a_path_and_a_day(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.toml",
        '[[ignore]]\nrule = "tests"\npath = "/app/*"\nreason = "small"\nexpires = 2030-01-31\n'
        '[[ignore]]\nrule = "*"\npath = "*/demo"\nreason = "demo"\nexpires = "2030-02-01"\n',
    )
    assert read_file(path).ignores == (
        Ignore(rule="tests", path="/app/*", reason="small", expires=date(2030, 1, 31)),
        Ignore(rule="*", path="*/demo", reason="demo", expires=date(2030, 2, 1)),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("uints = 'si'", "unknown setting uints", id="unknown key"),
        pytest.param("[check]\nmax-siz = 1", "unknown setting check.max-siz", id="unknown limit"),
        pytest.param(
            "[[ignore]]\nrule='tests'\nreson='x'", "unknown setting ignore[0].reson", id="unknown key of an ignore"
        ),
        pytest.param("units = 'metric'", "units: expected si, iec or bytes", id="unknown units"),
        pytest.param("top = -1", "top: expected `int` >= 0", id="negative"),
        pytest.param("top = 1.5", "top: expected `int`, got `float`", id="a part of one"),
        pytest.param("[limits]\nentres = 3", "unknown setting limits.entres", id="unknown guard"),
        pytest.param("top = true", "top: expected `int`, got `bool`", id="a flag for a number"),
        pytest.param("verify = 1", "verify: expected `bool`, got `int`", id="a number for a flag"),
        pytest.param("limits = 5", "limits: expected `object`, got `int`", id="no table"),
        pytest.param("[limits]\nentries = '5'", "limits.entries: expected `int`, got `str`", id="text for a limit"),
        pytest.param("check = []", "check: expected `object`, got `array`", id="check is no table"),
        pytest.param("[check]\nmax-size = '5%'", "check.max-size 5%", id="percent for a size"),
        pytest.param("[check]\nmax-size = true", "check.max-size: expected", id="flag for an amount"),
        pytest.param("[check]\nmin-efficiency = 95", "check.min-efficiency 95", id="efficiency above one"),
        pytest.param("[check]\nfail-on = 'awful'", "check.fail-on: expected critical, high", id="unknown severity"),
        pytest.param("[check]\nfail-on-rule = ['testz']", "no rule testz", id="unknown rule"),
        pytest.param("ignore = 3", "ignore: expected a list of tables", id="ignore is no list"),
        pytest.param("[[ignore]]\nrule='tests'", "ignore[0].reason: missing", id="ignore without a reason"),
        pytest.param("[[ignore]]\nreason='x'", "ignore[0].rule: missing", id="ignore without a rule"),
        pytest.param("[[ignore]]\nrule='tset'\nreason='x'", "no rule tset", id="ignore of an unknown rule"),
        pytest.param(
            "[[ignore]]\nrule='tests'\nreason='x'\npath='app'",
            "ignore[0].path: expected an absolute",
            id="relative path",
        ),
        pytest.param(
            "[[ignore]]\nrule='tests'\nreason='x'\nexpires='soon'", "ignore[0].expires: expected a date", id="no date"
        ),
        pytest.param("units = ", "is not TOML", id="no TOML"),
        pytest.param("units = '\x00'", "is not TOML", id="control characters"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_key(text: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path / ".layerscope.toml", text)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    assert told in caught.value.message and str(path) in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("uints = 'si'", "did you mean units?"),
        ("[check]\nmax-recliamable = 1", "did you mean check.max-reclaimable?"),
        ("[check]\nmax_sise = 1", "did you mean check.max-size?"),
        ("[[ignore]]\nrule='x'\nwhy='y'", "settings are rule, path, reason, expires"),
        ("[[ignore]]\nrule='x'\nreasn='y'", "did you mean ignore[0].reason?"),
        ("[limits]\nentres = 3", "did you mean limits.entries?"),
        ("[limits]\njson-byte = 3", "did you mean limits.json_bytes?"),
        ("[check]\nfail-on-rule = 'vcs-metadta'", "did you mean vcs-metadata?"),
    ],
)
def test_the_nearest_known_name_is_offered(text: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_file(written(tmp_path / "x.toml", text))
    assert caught.value.hint.startswith(hint)


def test_the_nearest_file_counts_as_far_as_the_repository_goes(repository: Path) -> None:
    written(repository.parent / ".layerscope.toml", "top = 1")
    assert discovered(repository / "below").settings == {}
    written(repository / ".layerscope.toml", "top = 2")
    assert discovered(repository / "below").settings == {"top": 2}
    written(repository / "below" / ".layerscope.toml", "top = 3")
    assert discovered(repository / "below").settings == {"top": 3}


def test_outside_of_a_repository_only_the_directory_itself_counts(tmp_path: Path) -> None:
    written(tmp_path / ".layerscope.toml", "top = 1")
    (tmp_path / "below").mkdir()
    assert discovered(tmp_path).settings == {"top": 1}
    assert discovered(tmp_path / "below").settings == {}


def test_a_table_in_pyproject_counts_where_there_is_no_file_of_our_own(repository: Path) -> None:
    written(
        repository / "pyproject.toml",
        '[project]\nname = "x"\n[tool.layerscope]\nunits = "iec"\n[tool.layerscope.check]\nmax-size = 5\n'
        '[[tool.layerscope.ignore]]\nrule = "tests"\nreason = "r"\n',
    )
    found = discovered(repository)
    assert (found.settings, found.check, len(found.ignores)) == ({"units": "iec"}, {"max_size": "5"}, 1)
    written(repository / ".layerscope.toml", "top = 1")
    assert discovered(repository).settings == {"top": 1}


def test_a_pyproject_of_others_is_passed_by(repository: Path) -> None:
    written(repository / ".layerscope.toml", "top = 1")
    written(repository / "below" / "pyproject.toml", '[project]\nname = "layerscope-plugin"\n')
    assert discovered(repository / "below").settings == {"top": 1}


def test_the_project_comes_before_the_user(repository: Path, tmp_path: Path) -> None:
    user = (
        'top = 1\nunits = "iec"\n[check]\nmax-size = 1\nmax-growth = 2\n[[ignore]]\nrule = "tests"\nreason = "mine"\n'
    )
    written(tmp_path / "home" / "config" / "layerscope" / "config.toml", user)
    written(repository / ".layerscope.toml", "top = 2\n[check]\nmax-size = 9\n")
    found = discovered(repository)
    assert found.settings == {"top": 2, "units": "iec"}
    assert found.check == {"max_size": "9", "max_growth": "2"}
    assert [one.reason for one in found.ignores] == ["mine"]


def test_limits_of_an_existing_dive_ci_count_where_the_project_has_none(repository: Path) -> None:
    written(repository / ".dive-ci", "rules:\n  lowestEfficiency: 0.8\n  highestUserWastedPercent: disabled\n")
    written(repository / ".layerscope.toml", "top = 2\n")
    assert discovered(repository / "below").check == {"min_efficiency": "80%"}
    written(repository / ".layerscope.toml", "[check]\nmax-size = 9\n")
    assert discovered(repository / "below").check == {"max_size": "9"}


def test_a_file_that_is_far_too_long_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is larger than"):
        read_file(written(tmp_path / "x.toml", "#" * (2 << 20)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_file(tmp_path / "none.toml")
