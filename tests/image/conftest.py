"""What the tests of this folder share."""

import pytest

from tests.builder import docker_legacy
from tests.image.opening import Told, opened
from tests.image.samples import SPEC


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The facts of SPEC; the first test proves them to be right."""
    path = tmp_path_factory.mktemp("expected") / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    return opened(path)[1]
