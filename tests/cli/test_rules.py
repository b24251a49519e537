"""``layerscope rules``: the catalogue, and one rule in each format."""

import json

import pytest

from layerscope.rules.registry import RULES
from tests.conftest import Run


def test_the_catalogue_lists_every_rule_in_its_order(run: Run) -> None:
    found = json.loads(run("rules", "-f", "json").stdout)
    assert [row["rule"] for row in found] == [rule.name for rule in RULES]
    assert all(row["summary"].endswith(".") for row in found)


def test_one_rule_is_explained_or_a_row_of_the_catalogue(run: Run) -> None:
    text = run("rules", "vcs-metadata").stdout
    assert text.startswith("vcs-metadata  high\n") and "\nFix: " in text
    (row,) = json.loads(run("rules", "vcs-metadata", "-f", "json").stdout)
    assert row["rule"] == "vcs-metadata" and row["fix"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vcs", "did you mean vcs-metadata? layerscope rules lists them all"),
        ("foo", "layerscope rules lists them all"),
    ],
)
def test_the_rule_that_was_meant_is_offered_if_there_is_one(run: Run, name: str, hint: str) -> None:
    done = run("rules", name)
    assert done.returncode == 2 and done.stderr.endswith(f"\nhint: {hint}\n")
