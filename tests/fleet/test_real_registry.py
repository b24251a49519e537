"""A registry that was pushed to, stopped and scanned: each row is that of ``report`` on the image as skopeo pulls it."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from tests.conftest import FIXTURES, real_image

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not shutil.which("docker-registry"), reason="docker-registry is not installed"),
    pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed"),
]
_ELSEWHERE = ("source", "format", "name", "tags", "manifest_digest")
"""What a copy of an image in a directory has otherwise."""
_SUMS = ("content_bytes", "stored_bytes", "live_bytes", "hidden_bytes", "base_bytes", "reclaimable_bytes")


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """A registry on the loopback address for as long as the context lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = root.parent / "registry.json"
    storage = {"filesystem": {"rootdirectory": str(root)}}
    configuration.write_text(json.dumps({"version": "0.1", "storage": storage, "http": {"addr": address}}))
    command = ["docker-registry", "serve", str(configuration)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            host, _, port = address.partition(":")
            for _ in range(100):
                with socket.socket() as client:
                    if not client.connect_ex((host, int(port))):
                        break
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def copied(source: str, target: str) -> None:
    command = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", source, target]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The storage of the stopped registry, and each image by its first name as skopeo pulls it."""
    place = tmp_path_factory.mktemp("real")
    archives = {
        "mini:v1": real_image("mini-v1.tar"),
        "team/mini-build:1": real_image("mini-build1.tar"),
        "waste:v1": real_image("waste-v1.tar"),
        "tiny:1": FIXTURES / "tiny-legacy.tar",
        "tiny:builder": FIXTURES / "tiny-builder.tar",
    }
    pulled = {}
    with serving(place / "registry") as address:
        for name, archive in archives.items():
            copied(f"docker-archive:{archive}", f"docker://{address}/{name}")
            pulled[name] = place / name.replace("/", "-").replace(":", "-")
            copied(f"docker://{address}/{name}", f"dir:{pulled[name]}")
        copied(f"docker://{address}/tiny:1", f"docker://{address}/tiny:latest")
        copied(f"oci:{FIXTURES / 'skopeo-oci-layout'}", f"docker://{address}/oci:1")
    return place / "registry", pulled


def document(place: Path) -> dict[str, Any]:
    done = call("report", place, "-f", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rows_and_sums_are_those_of_report(jobs: str, pushed: tuple[Path, dict[str, Path]], tmp_path: Path) -> None:
    storage, pulled = pushed
    done = call("scan", storage, "--jobs", jobs, "--state", tmp_path, "-f", "json")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in json.loads(done.out)}
    assert rows.keys() == {*pulled, "oci:1"} and rows["tiny:1"]["names"] == ["tiny:1", "tiny:latest"]
    reports = {name: document(place) for name, place in pulled.items()}
    for name, report in reports.items():
        row = rows[name]
        assert {key: row[key] for key in _SUMS} == {key: report["totals"][key] for key in _SUMS}
        assert row["docker_size"] == report["image"]["docker_size"] and row["layers"] == len(report["layers"])
        assert row["image_id"] == report["image"]["image_id"] and row["complete"] == report["complete"]
    distinct = {one["digest"] for report in reports.values() for one in report["layers"]}
    summary = done.err.splitlines()[-1]
    oci = json.loads(call("layers", FIXTURES / "skopeo-oci-layout", "-f", "json").out)
    distinct |= {one["digest"] for one in oci}
    assert f"6 images of {len(distinct)} layers in " in summary and f": read {len(distinct)} (" in summary
    again = call("scan", storage, "--jobs", jobs, "--state", tmp_path, "-f", "json")
    assert again.out == done.out and ": read 0 (" in again.err


def test_the_reports_are_equal_to_the_last_finding(pushed: tuple[Path, dict[str, Path]]) -> None:
    from msgspec import to_builtins

    import layerscope
    from layerscope.cli.image_scan import ImageScan
    from layerscope.cli.options import ReadArguments

    storage, pulled = pushed
    errors: list[Exception] = []
    for image in ImageScan(ReadArguments(quiet=True), (), errors.append).images([str(storage)]):
        name = str(image.names[0])
        if name in pulled:
            found, expected = to_builtins(image.report), to_builtins(layerscope.analyze(pulled[name]))
            for one in (found, expected):
                for key in _ELSEWHERE:
                    del one["image"][key]
            assert found == expected
    assert not errors
