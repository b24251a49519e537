import json

import pytest

from layerscope.errors import LimitExceeded
from layerscope.packages.budget import Budget
from layerscope.packages.java import JAVA
from layerscope.packages.php import PHP
from tests.builder import file, hardlink
from tests.packages.images import catalogued
from tests.packages.zips import pom, zipped


def test_what_is_spent_is_gone() -> None:
    budget = Budget(read_bytes=10, visits=2)
    budget.read(10)
    budget.visit(2)
    with pytest.raises(LimitExceeded, match="to read"):
        budget.read(1)
    with pytest.raises(LimitExceeded, match="again and again"):
        budget.visit(1)


def test_records_that_all_name_one_large_directory_are_refused() -> None:
    packages = [{"name": f"a/x{number}", "install-path": "../big"} for number in range(400)]
    listing = file("srv/vendor/composer/installed.json", json.dumps({"packages": packages}).encode())
    with pytest.raises(LimitExceeded):
        catalogued(PHP, [listing, *(file(f"srv/vendor/big/{number}") for number in range(500))])


def test_an_honest_image_stays_far_within_the_budget() -> None:
    archive = zipped(pom("a", "x", "1"))
    links = [hardlink(f"opt/link-{number}.jar", "opt/x.jar") for number in range(500)]
    assert len(catalogued(JAVA, [file("opt/x.jar", archive), *links]).claims) == 501
