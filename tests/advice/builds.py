"""A Dockerfile with what each of its instructions writes, built in memory, and the advice for it.

build = Build("FROM base\nRUN apt-get update\n", {2: (file("var/lib/apt/lists/x", b"..."),)})
advised = build.advise(tmp_path)
advised.patched["Dockerfile"]
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from layerscope.advice.advise import Advice
from layerscope.advice.files import BuildFiles, applied
from layerscope.analysis.analyse import WANTED, Analysis, AnalysisInputs, analyse
from layerscope.analysis.ignore import Ignore
from layerscope.dockerfile.build import Build as Resolved
from layerscope.dockerfile.build import ResolvedInstruction
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.edit.document import Document
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Finding
from layerscope.model.image import Digest
from layerscope.model.step import BY_HAND, Safety, Step
from layerscope.provenance.origins import BuildInputs
from tests.builder import ImageSpec, Member, docker_save, file, layer

PASSWD = file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")
BASE = layer(PASSWD, file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'))
_MAKES_LAYERS = ("RUN", "COPY", "ADD", "WORKDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """What came out: all steps, the findings, and the files after all safe changes, or all changes, in order."""

    advice: tuple[Advice, ...]
    findings: tuple[Finding, ...]
    files: BuildFiles
    analysis: Analysis

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(one.step for one in self.advice)

    def of(self, strategy: str) -> Step:
        """The one step of a strategy."""
        (step,) = (step for step in self.steps if step.strategy == strategy)
        return step

    @property
    def names(self) -> list[str]:
        """The strategies of all steps, the one that saves most first."""
        return [step.strategy for step in self.steps]

    def patched(self, *strategies: str, review: bool = True) -> BuildFiles:
        """The files after the changes of some strategies, or of all."""
        files = self.files
        for one in sorted(self.advice, key=lambda one: one.order):
            wanted = not strategies or one.step.strategy in strategies
            if wanted and (review or one.step.safety == Safety.SAFE):
                files = applied(files, one.changes)
        return files


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """``layers`` maps a line of the Dockerfile to the members of the layer that its instruction makes.

    An instruction that makes layers and is not in the mapping has an empty one. ``fields`` are those of the final
    image's ``ImageSpec``, such as its command. Without ``stages`` no image of a build stage is given.
    """

    dockerfile: str
    layers: Mapping[int, Sequence[Member]]
    base: bytes = BASE
    is_buildkit: bool = False
    stages: bool = True
    ignore: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)

    def advise(
        self, directory: Path, *, with_dockerfile: bool = True, ignores: tuple[Ignore, ...] = (), edited: str = ""
    ) -> Advised:
        """Build all stages in memory, save them, and analyse the last with the others.

        ``edited`` is the Dockerfile as it is now, where it differs from the one that built them.
        """
        dockerfile = parse_dockerfile(self.dockerfile)
        now = edited or self.dockerfile
        resolved = Resolved.of(dockerfile)
        names = [stage.name or str(stage.index) for stage in resolved.stages]
        is_empty = _begins_empty(resolved, len(names) - 1)
        wanted = ReadOptions(wanted=WANTED, fingerprint="sha256")
        files = BuildFiles(dockerfile=Document.parse(now, "Dockerfile"), ignore=self.ignore)
        with ExitStack() as stack:
            images = []
            given = list(enumerate(names)) if self.stages else [(len(names) - 1, names[-1])]
            for index, name in given:
                path = directory / f"{name}.tar"
                path.write_bytes(docker_save(self._image(resolved, index)))
                images.append((name, stack.enter_context(open_image(str(path), wanted))))
            known = BuildInputs(
                dockerfile=parse_dockerfile(now) if with_dockerfile else None,
                builders=tuple(images[:-1]) if self.stages else (),
            )
            base = () if is_empty else (Digest.parse(f"sha256:{hashlib.sha256(self.base).hexdigest()}"),)
            inputs = AnalysisInputs(base=base, known=known, files=files if with_dockerfile else None, ignores=ignores)
            analysis = analyse(images[-1][1], inputs)
        advice = tuple(one for one in analysis.advice if one.step.strategy != BY_HAND)
        return Advised(advice=advice, findings=analysis.findings.findings, files=files, analysis=analysis)

    def _image(self, resolved: Resolved, index: int) -> ImageSpec:
        history: list[dict[str, object]] = [{"created_by": "/bin/sh -c #(nop) ADD file:0 in / "}]
        layers = [self.base]
        if _begins_empty(resolved, index):
            history, layers = [], []
        for step in resolved.flatten(index):
            written = step.instruction
            makes = written.keyword in _MAKES_LAYERS
            entry: dict[str, object] = {"created_by": self._created_by(step)} | ({} if makes else {"empty_layer": True})
            history.append(entry | ({"comment": "buildkit.dockerfile.v0"} if self.is_buildkit else {}))
            if makes:
                layers.append(layer(*self.layers.get(written.line, ())))
        fields: dict[str, object] = dict(self.fields) if index == len(resolved.stages) - 1 else {}
        return ImageSpec(layers=tuple(layers), history=tuple(history), **fields)  # type: ignore[arg-type]

    def _created_by(self, step: ResolvedInstruction) -> str:
        """The instruction as the builder records it."""
        written = step.instruction
        if self.is_buildkit:
            shell = "/bin/sh -c " if written.keyword == "RUN" else ""
            return f"{written.keyword} {shell}{written.text} # buildkit"
        if written.keyword == "RUN":
            return f"/bin/sh -c {written.text}"
        if written.keyword in ("COPY", "ADD"):
            digest = hashlib.sha256(str(written).encode()).hexdigest()
            return f"/bin/sh -c #(nop) {written.keyword} dir:{digest} in {step.destination.text} "
        return f"/bin/sh -c #(nop) {written.keyword} {' '.join(one.text for one in step.arguments) or written.text}"


def _begins_empty(resolved: Resolved, index: int) -> bool:
    return resolved.chain(index)[0].base.image == "scratch"
