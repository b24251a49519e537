"""``layerscope check``: exit codes, precedence of limits, ignores."""

import json
from pathlib import Path

import pytest

from tests.builder import (
    ImageSpec,
    digest,
    docker_legacy,
    edit,
    file,
    hardlink,
    layer,
    skopeo_docker_archive,
)
from tests.cli.images import AFTER, BEFORE, written
from tests.conftest import FIXTURES, Run


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return written(tmp_path, "before.tar", BEFORE)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--max-size", "1MB"), 0, id="below the limit"),
        pytest.param(("--max-size", "1kB"), 1, id="above the limit"),
        pytest.param(("--fail-on", "critical"), 0, id="nothing critical"),
        pytest.param(("--fail-on-rule", "vcs-metadata"), 1, id="a rule that found something"),
        pytest.param((), 2, id="no limit at all"),
        pytest.param(("--max-growth", "5%"), 2, id="growth since nothing"),
        pytest.param(("--max-size", "5%"), 2, id="a limit that cannot be read"),
        pytest.param(("--fail-on-rule", "vcs-metadta"), 2, id="an unknown rule"),
        pytest.param(("--max-size", "1MB", "--baseline", "none.json"), 3, id="a baseline that is not there"),
    ],
)
def test_the_exit_code_is_the_verdict(run: Run, image: Path, arguments: tuple[str, ...], code: int) -> None:
    done = run("check", image, *arguments)
    assert done.returncode == code
    assert bool(done.stdout) == (code < 2) and bool(done.stderr) == (code >= 2)


def test_an_image_that_is_not_there_is_told_with_the_option_that_names_it(
    run: Run, image: Path, tmp_path: Path
) -> None:
    missing = str(tmp_path / "none.tar")
    for option, value in (("--base", missing), ("--stage", f"builder={missing}"), ("--baseline", missing)):
        done = run("check", image, "--max-size", "1MB", option, value)
        assert done.returncode == 3 and f"layerscope: {option}: there is no file {missing}\n" in done.stderr
    (tmp_path / ".layerscope.toml").write_text('base = "none.tar"\n')
    assert f"layerscope: --base: there is no file {missing}\n" in run("report", image).stderr


def test_every_rule_has_a_line_with_its_figure_and_limit(run: Run, image: Path) -> None:
    lines = run("check", image, "--max-size", "4kB", "--min-efficiency", "99%").stdout.split("\n")
    assert lines[0] == "FAIL app:before: 1 of 3 checks failed"
    assert [line.split()[:2] for line in lines[3:6]] == [
        ["FAIL", "min-efficiency"],
        ["PASS", "complete"],
        ["PASS", "max-size"],
    ]
    assert lines[6] == "no limit: max-growth, max-reclaimable, max-hidden, fail-on"
    assert f"  next: layerscope files {image} --hidden --flat" in lines


def test_json_holds_figures_and_limits_as_numbers(run: Run, image: Path) -> None:
    document = json.loads(run("check", image, "--max-size", "1kB", "-f", "json").stdout)
    size = next(one for one in document["checks"] if one["rule"] == "max-size")
    assert (document["passed"], size["outcome"], size["value"], size["limit"]) == (False, "FAIL", 3956, 1000)


def test_markdown_is_for_the_summary_of_a_job(run: Run, image: Path) -> None:
    text = run("check", image, "--max-size", "1kB", "-f", "markdown").stdout
    assert text.startswith("### FAIL app:before") and "| FAIL | max-size | 3.96 kB | 1.00 kB |" in text


def test_growth_is_measured_from_a_saved_report_or_an_archive(run: Run, image: Path, tmp_path: Path) -> None:
    after = written(tmp_path, "after.tar", AFTER)
    (tmp_path / "after.json").write_text(run("report", after, "-f", "json").stdout)
    for baseline in ("after.tar", "after.json"):
        assert run("check", image, "--baseline", baseline, "--max-growth", "500").returncode == 0
        assert run("check", image, "--baseline", baseline, "--max-growth", "14%").returncode == 1


def test_the_baseline_may_be_another_image_of_the_same_archive(run: Run) -> None:
    several = FIXTURES / "several.tar"
    arguments = ("check", several, "--image", "tiny:legacy", "--baseline", several, "--max-growth", "20%")
    done = run(*arguments)
    assert done.returncode == 2 and "hint: pick one with --baseline-image NAME|INDEX\n" in done.stderr
    done = run(*arguments, "--baseline-image", "tiny:builder")
    assert done.returncode == 1 and "15,506 of 48,200 bytes" in done.stdout


def test_a_saved_report_can_be_judged(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(run("report", image, "-f", "json").stdout)
    arguments = ("--max-size", "1kB", "--fail-on", "low")
    one, other = (run("check", name, *arguments).stdout.split("\n") for name in ("saved.json", image))
    assert [line for line in one if "next: " not in line] == [line for line in other if "next: " not in line]


def test_what_a_saved_report_cannot_take_is_told(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(run("report", image, "-f", "json").stdout)
    done = run("check", "saved.json", "--max-size", "1MB", "--dockerfile", "none", "--verify", "--image", "x")
    told = "warning: saved.json is a saved report: --image, --verify, --dockerfile ignored\n"
    assert (done.returncode, done.stderr) == (0, told)
    assert run("check", "saved.json", "--max-size", "1MB").stderr == ""


def test_a_flag_comes_before_a_variable_and_that_before_the_file(run: Run, image: Path, tmp_path: Path) -> None:
    assert run("check", image, LAYERSCOPE_MAX_SIZE="1kB").returncode == 1
    (tmp_path / ".layerscope.toml").write_text('[check]\nmax-size = "1kB"\n')
    assert run("check", image).returncode == 1
    assert run("check", image, LAYERSCOPE_MAX_SIZE="1MB").returncode == 0
    assert run("check", image, "--max-size", "1kB", LAYERSCOPE_MAX_SIZE="1MB").returncode == 1


def test_a_variable_holds_several_values_with_blanks_between(run: Run, image: Path) -> None:
    done = run("check", image, LAYERSCOPE_MAX_HIDDEN="1 MB 50%", LAYERSCOPE_FAIL_ON_RULE="private-key vcs-metadata")
    lines = [line.split()[:3] for line in done.stdout.split("\n")]
    rules = [line[:2] for line in lines if line[1:2] == ["max-hidden"]]
    assert rules == [["PASS", "max-hidden"], ["PASS", "max-hidden"]]
    assert ["PASS", "fail-on-rule", "private-key"] in lines and ["FAIL", "fail-on-rule", "vcs-metadata"] in lines


def test_a_file_can_be_named_and_then_counts_alone(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / ".layerscope.toml").write_text('[check]\nmax-size = "1kB"\n')
    (tmp_path / "other.toml").write_text('[check]\nmax-size = "1MB"\n')
    assert run("--config", "other.toml", "check", image).returncode == 0


def test_a_mistake_in_a_file_stops_commands_but_not_their_help(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / ".layerscope.toml").write_text("uints = 'si'\n")
    done = run("check", image, "--max-size", "1MB")
    assert done.returncode == 2 and "hint: did you mean units?" in done.stderr
    assert run("check", "--help").returncode == 0


def test_an_existing_dive_ci_is_a_gate(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 400\n")
    done = run("check", image)
    assert done.returncode == 1
    failed = [line.split()[1] for line in done.stdout.split("\n") if line.startswith("FAIL  ")]
    assert failed == ["min-efficiency", "highestWastedBytes", "highestUserWastedPercent"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--lowestEfficiency", "0.8"), 0, id="met"),
        pytest.param(("--lowestEfficiency", "0.9"), 1, id="not met"),
        pytest.param(("--lowestEfficiency", "95"), 2, id="no part of one"),
        pytest.param(("--lowestEfficiency", "0.8", "--highestWastedBytes", "400"), 1, id="wasted bytes"),
        pytest.param(("--lowestEfficiency", "0.8", "--highestUserWastedPercent", "1%"), 1, id="a wasted part"),
    ],
)
def test_the_rules_of_dive_are_options_too_that_come_before_its_file(
    run: Run, image: Path, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    (tmp_path / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.95\n  highestUserWastedPercent: off\n")
    assert run("check", image, *arguments).returncode == code


def test_what_is_ignored_does_not_close_the_gate_until_its_day(run: Run, image: Path, tmp_path: Path) -> None:
    entry = '[[ignore]]\nrule = "vcs-metadata"\nreason = "the version comes from it"\nexpires = {}\n'
    arguments = ("check", image, "--fail-on-rule", "vcs-metadata")
    (tmp_path / ".layerscope.toml").write_text(entry.format("2999-01-01"))
    assert run(*arguments).returncode == 0
    (tmp_path / ".layerscope.toml").write_text(entry.format("2020-01-01"))
    done = run(*arguments)
    assert done.returncode == 1 and "no longer ignored since 2020-01-01: vcs-metadata" in done.stderr


def test_what_is_ignored_is_counted_and_what_ignores_nothing_is_named_on_request(
    run: Run, image: Path, tmp_path: Path
) -> None:
    (tmp_path / ".layerscope.toml").write_text(
        '[[ignore]]\nrule = "vcs-metadata"\nreason = "wanted"\n'
        '[[ignore]]\nrule = "private-key"\npath = "/etc/key"\nreason = "a dummy"\n'
    )
    done = run("check", image, "--max-size", "1MB")
    assert done.stdout.startswith("PASS app:before: 2 of 2 checks passed; 1 finding ignored\n") and not done.stderr
    assert json.loads(run("check", image, "--max-size", "1MB", "-f", "json").stdout)["ignored"] == 1
    told = "nothing to ignore in app:before: private-key at /etc/key (a dummy)\n"
    for command in (("check", image, "--max-size", "1MB"), ("findings", image), ("report", image)):
        assert run(*command, "-v").stderr.endswith(told)


def test_a_hardlink_without_content_makes_an_image_incomplete(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lower = layer(file("a", b"x"), hardlink("b", "a"), hardlink("self", "self"))
    spec = ImageSpec(layers=(lower, layer(file("c", b"c")), layer(hardlink("d", "a"), hardlink("e", "nothing"))))
    path.write_bytes(docker_legacy(spec))
    done = run("check", path, "--max-size", "1MB", "-f", "json")
    complete = json.loads(done.stdout)["checks"][0]
    assert (done.returncode, complete["rule"], complete["value"]) == (1, "complete", 2)
    assert "warning: 2 hardlinks are broken, such as /self, which links to /self: the content is in no" in done.stderr
    assert run("check", path, "--max-size", "1MB", "--allow-incomplete").returncode == 0
    report = run("report", path).stdout
    assert report.count("INCOMPLETE (1 broken hardlink): ") == 2 and report.count("warning: 2 hardlinks") == 1
    layers = json.loads(run("report", path, "-f", "json").stdout)["layers"]
    assert [one["partial"] for one in layers] == ["1 broken hardlink", "", "1 broken hardlink"]
    assert "1 broken hardlink" in run("layers", path).stdout
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a", b"x"), hardlink("b", "a")),))))
    assert run("check", path, "--max-size", "1MB").returncode == 0
    assert "INCOMPLETE" not in run("layers", path).stdout


def test_an_image_that_could_not_be_read_whole_fails_unless_that_is_allowed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "incomplete.tar"
    lost = digest(BEFORE.layers[1]).removeprefix("sha256:")
    path.write_bytes(edit(skopeo_docker_archive(BEFORE), remove=(f"{lost}.tar",)))
    assert run("check", path, "--max-size", "1MB").returncode == 1
    assert run("check", path, "--max-size", "1MB", "--allow-incomplete").returncode == 0
