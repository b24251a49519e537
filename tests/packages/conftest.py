import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: needs images that a real engine built (LAYERSCOPE_IMAGES)")
