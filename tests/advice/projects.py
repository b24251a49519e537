"""Installed packages and the files of projects, as members of layers."""

import json
from collections.abc import Mapping

from tests.builder import Member, file

VENV = "app/.venv/lib/python3.11/site-packages"
BIG = b"#" * 20_000


def python_package(name: str, place: str = VENV, *, big: bool = False, program: bool = False) -> tuple[Member, ...]:
    """A distribution as pip installs it."""
    info = f"{place}/{name}-1.0.dist-info"
    names = [f"{name}/__init__.py", *([f"../../../bin/{name}"] if program else [])]
    record = "".join(f"{one},,\n" for one in (*names, f"{name}-1.0.dist-info/METADATA", f"{name}-1.0.dist-info/RECORD"))
    return (
        file(f"{place}/{name}/__init__.py", BIG if big else b"x = 1\n"),
        file(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n".encode()),
        file(f"{info}/RECORD", record.encode()),
        *((file(f"{place.partition('/lib/')[0]}/bin/{name}", b"#!/usr/bin/python\n"),) if program else ()),
    )


def node_project(directory: str = "app", **fields: object) -> tuple[Member, ...]:
    """package.json and package-lock.json of a project that needs ms, and for development typescript."""
    manifest: Mapping[str, object] = {
        "name": "app", "version": "1.0.0", "dependencies": {"ms": "1.0.0"}, "devDependencies": {"typescript": "1.0.0"},
    } | fields  # fmt: skip
    lock = {"lockfileVersion": 3, "packages": {"": {}, **_LOCKED}}
    return (
        file(f"{directory}/package.json", json.dumps(manifest).encode()),
        file(f"{directory}/package-lock.json", json.dumps(lock).encode()),
    )


_LOCKED = {"node_modules/ms": {"version": "1.0.0"}, "node_modules/typescript": {"version": "1.0.0", "dev": True}}


def node_modules(directory: str = "app") -> tuple[Member, ...]:
    """What npm installs for the project."""
    modules = f"{directory}/node_modules"
    hidden = json.dumps({"lockfileVersion": 3, "packages": _LOCKED}).encode()
    return (
        file(f"{modules}/.package-lock.json", hidden),
        file(f"{modules}/ms/package.json", b'{"name": "ms", "version": "1.0.0"}'),
        file(f"{modules}/ms/index.js", b"module.exports = 1\n"),
        file(f"{modules}/typescript/package.json", b'{"name": "typescript", "version": "1.0.0"}'),
        file(f"{modules}/typescript/lib.js", BIG),
    )
