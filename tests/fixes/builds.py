"""Builds of one scenario: its context, its image and stages, and what two builds of the same files differ in."""

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixes.bases import provide
from tests.fixes.engine import CACHE, Engine, Unavailable
from tests.fixes.scenario import Scenario
from tests.fixes.tree import Differences, Tree, differences, read_tree

CONTEXT = "context"
_IGNORE = "Dockerfile.dockerignore"
_NOT_BUILT = ("truth.", "scenario.toml", "by-hand")


@dataclass(slots=True, kw_only=True)
class Build:
    """One image of a scenario: its archive, its files, and what the report of it is given.

    ``folder`` is the build context with the Dockerfile in it, which is where most people keep it.
    """

    tag: str
    folder: Path
    evidence: list[str | Path]
    archive: Path
    tree: Tree
    seconds: float


@dataclass(slots=True, kw_only=True)
class Workshop:
    """Builds one scenario in one engine; archives are in ``scratch``, which is deleted afterwards."""

    engine: Engine
    scenario: Scenario
    scratch: Path
    seconds: dict[str, float] = field(default_factory=dict)
    base_layers: int = 0

    def bases(self) -> None:
        """Make the base images that are not there yet."""
        with self.timed("bases"):
            for base in self.scenario.bases:
                if base != "scratch":
                    provide(self.engine, base)

    def source(self) -> Path:
        """A folder with the Dockerfile and the context, made once for each state of the scenario's files."""
        scenario = self.scenario
        folder = CACHE / "scenarios" / scenario.name / self._key()
        if (folder / "complete").exists():
            return folder
        shutil.rmtree(folder.parent, ignore_errors=True)
        self.forget()
        shutil.copytree(scenario.folder, folder)
        common = scenario.folder.parent / "common"
        if common.is_dir():
            shutil.copytree(common, folder.parent / "common")
        (folder / CONTEXT).mkdir()
        ours = (scenario.folder / "scenario.toml").exists()  # Other people's scripts may end with any status.
        with self.timed("context"):
            done = subprocess.run(
                ["bash", *(["-e"] if ours else []), "../context.sh"],
                cwd=folder / CONTEXT,
                capture_output=True,
                text=True,
                check=False,
            )
        if (folder / ".dockerignore").exists():
            shutil.copy2(folder / ".dockerignore", folder / CONTEXT)
        if done.returncode and (ours or not any((folder / CONTEXT).iterdir())):
            raise Unavailable(f"context.sh failed: {done.stderr.strip()[-300:]}")
        (folder / "complete").touch()
        return folder

    def _key(self) -> str:
        key = hashlib.sha256()
        for path in sorted((*self.scenario.folder.rglob("*"), *(self.scenario.folder.parent / "common").rglob("*"))):
            if path.is_file() and not path.name.startswith(_NOT_BUILT):
                key.update(path.name.encode() + b"\0" + path.read_bytes())
        for base in self.scenario.bases:
            key.update(self.engine.image_id(base).encode() if base != "scratch" else b"")
        return key.hexdigest()[:16]

    def forget(self, prefix: str = "", but: str = "nothing") -> None:
        """Remove the images whose tags begin with ``prefix``, but not those that begin with ``but``."""
        repository = f"fixes/{self.scenario.name}"
        tags = self.engine.run("images", "--format", "{{.Tag}}", repository).split()
        old = [f"{repository}:{tag}" for tag in tags if tag.startswith(prefix) and not tag.startswith(but)]
        if old:
            self.engine.remove(old)

    def build(self, name: str, source: Path, *, cached: bool = False, evidence: bool = True) -> Build:
        """Build, or take what an earlier run built, and save the image, and for a report its stages and base."""
        folder = self.scratch / name
        folder.mkdir()
        repository = f"fixes/{self.scenario.name}"
        tag = f"{repository}:{name}"
        context = source / CONTEXT
        if (context / _IGNORE).exists():
            shutil.copy2(context / _IGNORE, source / _IGNORE)  # BuildKit looks for it beside the Dockerfile.
        seconds = 0.0
        if not self.engine.has(tag):
            seconds = self.engine.build(
                tag, source / "Dockerfile", context, buildkit=self.scenario.buildkit, cached=cached
            )
        files = self.patched_folder(source, f"{name}-files")
        options: list[str | Path] = ["--dockerfile", "Dockerfile", "--context", "."]
        for stage in self.scenario.stages if evidence else ():
            stage_tag = f"{repository}:{name}-{stage.lower()}"
            if not self.engine.has(stage_tag):
                self.engine.build(
                    stage_tag, source / "Dockerfile", context, buildkit=self.scenario.buildkit, target=stage
                )
            self._save(stage_tag, folder / f"stage-{stage}.tar")
            options += ["--stage", f"{stage}={folder / f'stage-{stage}.tar'}"]
        base = self.scenario.bases[0]
        if base != "scratch":
            archive = CACHE / "bases" / f"{self.engine.image_id(base).removeprefix('sha256:')}.tar"
            if not archive.exists():
                archive.parent.mkdir(exist_ok=True)
                self._save(base, self.scratch / "base.tar")
                shutil.move(self.scratch / "base.tar", archive)
            self.base_layers = int(self.engine.run("image", "inspect", "-f", "{{len .RootFS.Layers}}", base))
            options += ["--base", archive]
        self._save(tag, folder / "image.tar")
        tree = read_tree(folder / "image.tar", self.base_layers)
        return Build(tag=tag, folder=files, evidence=options, archive=folder / "image.tar", tree=tree, seconds=seconds)

    def _save(self, tag: str, archive: Path) -> None:
        with self.timed("save"):
            self.engine.run("save", "-o", archive, tag)

    def unstable(self, before: Build, source: Path) -> tuple[Differences, int]:
        """The paths in which two builds of the same files differ, and by how many bytes their images do.

        They are kept beside the files, for as long as the first image is the same.
        """
        kept = source / f"unstable-{self.engine.image_id(before.tag)[-16:]}.json"
        if kept.exists():
            known = json.loads(kept.read_text())
            return Differences(**{name: frozenset(known[name]) for name in Differences.__slots__}), known["noise"]
        tag = f"fixes/{self.scenario.name}:second"
        if not self.engine.has(tag):
            self.engine.build(
                tag, source / "Dockerfile", source / CONTEXT, buildkit=self.scenario.buildkit, cached=False
            )
        self._save(tag, self.scratch / "second.tar")
        second = read_tree(self.scratch / "second.tar", self.base_layers)
        (self.scratch / "second.tar").unlink()
        noise = abs(second.content_bytes - before.tree.content_bytes)
        found = differences(before.tree, second)
        kept.write_text(json.dumps({name: sorted(getattr(found, name)) for name in found.__slots__} | {"noise": noise}))
        return found, noise

    def smoke(self, tag: str) -> str:
        if self.scenario.smoke is None:
            return ""
        with self.timed("smoke"):
            return self.engine.succeeds(tag, self.scenario.smoke, serves=self.scenario.serves)

    def patched_folder(self, source: Path, name: str) -> Path:
        """A copy of the context with the Dockerfile in it."""
        folder = self.scratch / name
        shutil.copytree(source / CONTEXT, folder, symlinks=True)
        shutil.copy2(source / "Dockerfile", folder / "Dockerfile")
        return folder

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[what] = round(self.seconds.get(what, 0.0) + time.monotonic() - began, 1)
