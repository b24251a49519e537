"""Builds of Dockerfiles in memory: each instruction changes the files of a machine, and what it changed is a layer."""

import fnmatch
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from layerscope.dockerfile.build import Build as Resolved
from layerscope.dockerfile.parse import parse_dockerfile
from tests.advice.machine import BuildFailure, Content, Machine
from tests.builder import Member, directory, file, whiteout


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: the layers by the lines of their instructions, and the files of each stage at its end."""

    layers: Mapping[int, tuple[Member, ...]]
    final: Mapping[str, Content]
    content_bytes: int


def build(dockerfile: str, context: Mapping[str, bytes]) -> Built:
    """Run a Dockerfile; raises BuildFailure where an instruction fails. The size is that of the last stage's layers."""
    resolved = Resolved.of(parse_dockerfile(dockerfile))
    layers: dict[int, tuple[Member, ...]] = {}
    machines: dict[str, Machine] = {}
    shipped = 0
    for index, stage in enumerate(resolved.stages):
        machine, shipped = Machine(), 0
        for step in resolved.flatten(index):
            written, before = step.instruction, dict(machine.files)
            machine.directory = step.working_directory.text or "/"
            if written.keyword == "USER":
                machine.user = step.arguments[0].text
            elif written.keyword == "RUN":
                script = "\n".join(one.content for one in written.heredocs) or written.text
                with _mounted(machine, [one.value or "" for one in written.flags], machines, context):
                    machine.run(script)
            elif written.keyword in ("COPY", "ADD"):
                source = machines[written.flag("from")].files if written.flag("from") else context
                _copy(machine, dict(source), [one.text for one in step.arguments], step.destination.text, written)
            changed = _layer(before, machine.files)
            shipped += sum(len(member.content) for member in changed)
            layers[written.line] = changed
        machines[stage.name or str(index)] = machine
    return Built(layers, machines[resolved.stages[-1].name or str(index)].files, shipped)


@contextmanager
def _mounted(
    machine: Machine, flags: list[str], machines: Mapping[str, Machine], context: Mapping[str, bytes]
) -> Iterator[None]:
    """What is mounted into a RUN, while it runs; it cannot be deleted, and is in no layer."""
    mounted: dict[str, Content] = {}
    for flag in (one for one in flags if one.startswith("type=bind")):
        fields = {key: value for key, _, value in (pair.partition("=") for pair in flag.split(","))}
        own = {path: Content(data) for path, data in context.items()}
        source = machines[fields["from"]].files if "from" in fields else own
        root = posixpath.normpath(posixpath.join("/", fields["source"]))
        found = {path: one for path, one in source.items() if path == root or path.startswith(f"{root.rstrip('/')}/")}
        assert found, f"{flag}: nothing is there"
        mounted |= {fields["target"] + path.removeprefix(root): content for path, content in found.items()}
    before = {path: content for path, content in machine.files.items() if path in mounted}
    machine.files.update(mounted)
    yield
    for path in mounted:
        if path not in machine.files:
            raise BuildFailure(f"{path}: device or resource busy")
        del machine.files[path]
    machine.files.update(before)


def _copy(
    machine: Machine, source: Mapping[str, object], arguments: list[str], destination: str, written: object
) -> None:
    flag = written.flag("chown")  # type: ignore[attr-defined]
    user = flag.partition(":")[0] or "root"
    if user not in machine.users:
        raise BuildFailure(f"no such user {user}")
    for name in arguments[:-1]:
        path = posixpath.normpath(posixpath.join("/", name))
        found = [one for one in source if fnmatch.fnmatch(one, path) or one.startswith(f"{path.rstrip('/')}/")]
        if not found:
            raise BuildFailure(f"COPY: {name} not found")
        for one in found:
            content = source[one]
            data = content.data if isinstance(content, Content) else content
            assert isinstance(data, bytes)
            is_directory = one != path and not fnmatch.fnmatch(one, path)
            inner = one.removeprefix(path.rstrip("/")) if is_directory else f"/{posixpath.basename(one)}"
            to_directory = is_directory or destination.endswith("/") or len(found) > 1
            target = destination.rstrip("/") + inner if to_directory else destination
            if written.keyword == "ADD" and one.endswith(".tar.gz"):  # type: ignore[attr-defined]
                target, data = f"{destination.rstrip('/')}/unpacked", data[::-1]
            mode = int(written.flag("chmod") or "644", 8)  # type: ignore[attr-defined]
            machine.files[posixpath.normpath(target)] = Content(data, user, mode)


def _layer(before: Mapping[str, Content], after: Mapping[str, Content]) -> tuple[Member, ...]:
    """What one instruction changed, as a layer."""
    uids = {"root": 0, "node": 1000}
    changed = [
        file(path.lstrip("/"), content.data, uid=uids.get(content.user, 1001), mode=content.mode)
        for path, content in sorted(after.items())
        if before.get(path) != content
    ]
    homes = {
        above: uids.get(content.user, 1001)
        for path, content in after.items()
        if before.get(path) != content and path.startswith("/home/")
        for above in _above(path)
    }
    directories = [directory(path.lstrip("/"), uid=uid) for path, uid in homes.items() if path != "/home"]
    return (*directories, *changed, *(whiteout(path.lstrip("/")) for path in sorted(before.keys() - after.keys())))


def _above(path: str) -> Iterator[str]:
    while (path := posixpath.dirname(path)) != "/":
        yield path
