"""The proof of ``--onto``: report, then build on the other base and start.

    python -m tests.onto.proof [NAME]...

prints what each pair shows. The report decides before anything is built on the other base or started there. What was
found is kept as JSON in ``~/.cache/layerscope-fixes/onto``, of which ``python -m tests.onto.page`` makes the table.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.builder import ImageSpec, docker_save
from tests.fixes.engine import CACHE, BuildFailed, Engine, Unavailable, engine
from tests.onto.bases import provide
from tests.onto.pairs import PAIRS, Pair

_ROOT = Path(__file__).parent.parent.parent
FOLDER = CACHE / "onto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one pair showed.

    ``before`` and ``after`` are the words of the container where it did not start on the old and on the other base,
    empty where it did; ``missing`` is what the report said to be missing at start or at build. ``predicted`` are the
    bytes of the layers that COPY made, by the report, ``actual`` those of the image that was built. ``content_bytes``
    is the size that the report predicted, and ``actual_bytes`` that of the image, 0 where none was built.
    """

    name: str
    missing: tuple[str, ...]
    elsewhere: tuple[str, ...]
    before: str
    after: str
    predicted: tuple[int, ...]
    actual: tuple[int, ...]
    before_bytes: int
    content_bytes: int
    actual_bytes: int


def prove(running: Engine, pair: Pair) -> Outcome:
    """Build and save the image, report, then build it on the other base and start both."""
    for tag in (pair.base, pair.candidate):
        provide(running, tag)
    with tempfile.TemporaryDirectory(prefix="layerscope-onto-") as scratch:
        folder, context = Path(scratch), Path(scratch) / "context"
        context.mkdir()
        _make(pair, context)
        before, after = f"onto/{pair.name}:before", f"onto/{pair.name}:after"
        try:
            _build(running, pair, before, pair.base, folder)
            archives = {"image": before, "base": pair.base, "other": pair.candidate}
            for name, tag in archives.items():
                _save(running, tag, folder / f"{name}.tar")
            document = _report(folder)
            (onto,) = document["onto"]
            missing = [one["what"] for one in onto["missing"] if one["need"] in ("start", "build")]
            elsewhere = [one["what"] for one in onto["missing"] if one["need"] == "other"]
            copied = _predicted(document)
            started = running.succeeds(before, (), serves=pair.serves)
            actual: tuple[int, ...] = ()
            actual_bytes = 0
            try:
                _build(running, pair, after, pair.candidate, folder)
                _save(running, after, folder / "after.tar")
                actual = _copied(folder / "after.tar", below=len(_sizes(folder / "other.tar")))
                actual_bytes = sum(_sizes(folder / "after.tar"))
                words = running.succeeds(after, (), serves=pair.serves)
            except BuildFailed as error:
                words = f"not built: {error}"
            return Outcome(
                name=pair.name,
                missing=tuple(missing),
                elsewhere=tuple(elsewhere),
                before=started,
                after=words,
                predicted=copied,
                actual=actual,
                before_bytes=document["totals"]["content_bytes"],
                content_bytes=onto["content_bytes"],
                actual_bytes=actual_bytes,
            )
        finally:
            running.remove([before, after])


def _make(pair: Pair, context: Path) -> None:
    images = os.environ.get("LAYERSCOPE_IMAGES", str(Path("~/.cache/layerscope-images").expanduser()))
    done = subprocess.run(
        ["bash", "-e", "-c", pair.context],
        cwd=context,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(_ROOT), "IMAGES": images},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"the build context cannot be made: {done.stderr.strip()[-300:]}")


def _build(running: Engine, pair: Pair, tag: str, base: str, folder: Path) -> None:
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(pair.dockerfile.replace("{base}", base))
    running.build(tag, dockerfile, folder / "context", buildkit=False)


def _save(running: Engine, tag: str, archive: Path) -> None:
    if tag == "scratch":  # It is no image that an engine could save.
        archive.write_bytes(docker_save(ImageSpec(tags=("scratch",))))
        return
    running.run("save", "-o", archive, tag)


def _report(folder: Path) -> dict[str, Any]:
    names = {name: str(folder / f"{name}.tar") for name in ("image", "base", "other")}
    done = subprocess.run(
        [sys.executable, "-m", "layerscope", "report", names["image"], "--base", names["base"]]
        + ["--onto", names["other"], "-f", "json", "-q"],
        env={**os.environ, "PYTHONPATH": str(_ROOT), "LAYERSCOPE_NO_CACHE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _sizes(archive: Path) -> list[int]:
    """The bytes of regular files in each layer, as Python's tarfile adds them up."""
    with tarfile.open(archive) as outer:
        (manifest,) = json.load(_member(outer, "manifest.json"))
        sizes = []
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=_member(outer, name)) as layer:
                sizes.append(sum(member.size for member in layer if member.isreg()))
        return sizes


def _predicted(document: dict[str, Any]) -> tuple[int, ...]:
    """The bytes of each own layer that a COPY made, as the report has them."""
    kinds = {step["layer"]: step["kind"] for step in document["instructions"]}
    own = [layer for layer in document["layers"] if layer["origin"] == "own"]
    return tuple(layer["content_bytes"] for layer in own if kinds.get(layer["index"]) == "COPY")


def _copied(archive: Path, *, below: int) -> tuple[int, ...]:
    """The bytes of each layer that a COPY of the Dockerfile made, above the base's layers."""
    with tarfile.open(archive) as outer:
        (manifest,) = json.load(_member(outer, "manifest.json"))
        history = json.load(_member(outer, manifest["Config"]))["history"]
    made = [entry.get("created_by", "") for entry in history if not entry.get("empty_layer")]
    pairs = list(zip(reversed(made), reversed(_sizes(archive)), strict=False))[::-1]
    return tuple(size for text, size in pairs[below:] if " COPY " in text)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    assert found is not None
    return found


def keep(outcome: Outcome) -> None:
    """Remember what a pair showed, for the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{outcome.name}.json").write_text(json.dumps(asdict(outcome), indent=1))


def main() -> None:
    """Prove the pairs that are named, or all."""
    wanted = sys.argv[1:]
    with engine() as running:
        for pair in PAIRS:
            if wanted and pair.name not in wanted:
                continue
            try:
                outcome = prove(running, pair)
            except (Unavailable, BuildFailed, subprocess.CalledProcessError) as reason:
                print(f"{pair.name}: skipped: {reason}", flush=True)
                continue
            keep(outcome)
            agrees = (not outcome.missing) == (not outcome.after)
            print(f"{pair.name}: {'agrees' if agrees else 'DIFFERS'} missing={outcome.missing}", flush=True)
            print(f"  before: {outcome.before!r} after: {outcome.after[-200:]!r}", flush=True)
            same = outcome.predicted == outcome.actual or not outcome.actual
            print(f"  copied {outcome.predicted} {'=' if same else '!='} {outcome.actual}", flush=True)
            print(
                f"  elsewhere {outcome.elsewhere[:5]}; {outcome.content_bytes:,} / {outcome.actual_bytes:,}", flush=True
            )


if __name__ == "__main__":
    main()
