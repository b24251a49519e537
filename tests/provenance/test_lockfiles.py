"""A lockfile tells what only development needs, wherever it lies: in the image, in a builder, beside the Dockerfile."""

import json
from pathlib import Path

import pytest

from layerscope.model.report import Report
from tests.builder import Member, file, layer
from tests.provenance.scenes import Scene, Step, image, one, rules_of

MODULES = [
    file("app/package.json", b'{"dependencies": {"express": "^4"}, "devDependencies": {"jest": "^29"}}'),
    file("app/node_modules/express/package.json", b'{"name": "express", "version": "4.0.0"}'),
    file("app/node_modules/express/index.js", b"express" * 90),
    file("app/node_modules/jest/package.json", b'{"name": "jest", "version": "29.0.0"}'),
    file("app/node_modules/jest/index.js", b"jest" * 900),
]
NPM = json.dumps(
    {
        "lockfileVersion": 3,
        "packages": {
            "node_modules/express": {"version": "4.0.0"},
            "node_modules/jest": {"version": "29.0.0", "dev": True},
        },
    }
).encode()
OTHER = NPM.replace(b"29.0.0", b"28.0.0")
YARN = b"""# yarn lockfile v1


express@^4:
  version "4.0.0"

jest@^29:
  version "29.0.0"
"""
DOCKERFILE = "FROM node AS b\nRUN npm ci\nFROM node\nCOPY --from=b /app /app\n"


def told(
    directory: Path,
    *,
    inside: Member | None = None,
    builder: Member | None = None,
    beside: tuple[str, bytes] | None = None,
) -> Report:
    """The report of an image whose lockfile lies in one of the three places."""
    root = Step(created_by="ADD rootfs.tar / # buildkit", layer=layer(file("bin/sh", b"#" * 500)))
    final = layer(*MODULES, *([inside] if inside else []))
    made = layer(*MODULES, *([builder] if builder else []))
    scene = Scene(
        dockerfile=DOCKERFILE,
        final=image(root, Step(created_by="COPY /app /app # buildkit", layer=final)),
        builders={"b": image(root, Step(created_by="RUN /bin/sh -c npm ci # buildkit", layer=made))},
        lockfiles=(beside,) if beside else (),
    )
    return scene.report(directory, "matched" if builder else "declared")


@pytest.mark.parametrize(
    ("places", "detail"),
    [
        ({"inside": file("app/package-lock.json", NPM)}, "by /app/package-lock.json: jest"),
        ({"builder": file("app/package-lock.json", NPM)}, "by b:/app/package-lock.json: jest"),
        ({"beside": ("web/package-lock.json", NPM)}, "by web/package-lock.json: jest"),
        ({"inside": file("app/yarn.lock", YARN)}, "by /app/yarn.lock: jest"),
        ({"builder": file("app/yarn.lock", YARN)}, "by b:/app/yarn.lock: jest"),
        ({"beside": ("yarn.lock", YARN)}, "by yarn.lock: jest"),
    ],
    ids=lambda value: value.removeprefix("by ").partition(": ")[0] if isinstance(value, str) else "",
)
def test_node_packages(tmp_path: Path, places: dict[str, object], detail: str) -> None:
    leak = one(told(tmp_path, **places), "node-dev-deps")  # type: ignore[arg-type]
    assert (leak.detail, leak.source) == (detail, "stage:b")
    assert {path.path.rpartition("/")[0] for path in leak.paths} == {"/app/node_modules/jest"}


@pytest.mark.parametrize(
    "beside",
    [("package-lock.json", OTHER), ("package-lock.json", b"{"), ("yarn.lock", b"\xff"), ("README.md", NPM)],
    ids=["of another version", "damaged", "no text", "another name"],
)
def test_what_is_no_lockfile_of_this_project_says_nothing(tmp_path: Path, beside: tuple[str, bytes]) -> None:
    assert "node-dev-deps" not in rules_of(told(tmp_path, beside=beside), "leak")


def test_the_lockfile_in_the_image_knows_best(tmp_path: Path) -> None:
    production = NPM.replace(b', "dev": true', b"")
    made = told(tmp_path, inside=file("app/package-lock.json", production), beside=("package-lock.json", NPM))
    assert "node-dev-deps" not in rules_of(made, "leak")
