"""A build in memory: the final image, its builders, its Dockerfile and provenance, asked at each level of evidence."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Finding
from layerscope.model.report import InstructionReport, Report, StageReport
from layerscope.provenance.origins import BuildInputs
from tests.builder import ImageSpec, compress, containerd, digest, docker_save

LEVELS = ("inferred", "declared", "matched", "attested")
"""The archive alone; with the Dockerfile; with that and the builder images; with a provenance and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a history as BuildKit writes it; ``layer`` is None for a step that made none."""

    created_by: str
    layer: bytes | None = None


def image(*steps: Step, **fields: object) -> ImageSpec:
    """An image of these steps."""
    history = tuple(
        {"created_by": step.created_by, "comment": "buildkit.dockerfile.v0"}
        | ({} if step.layer is not None else {"empty_layer": True})
        for step in steps
    )
    layers = tuple(step.layer for step in steps if step.layer is not None)
    return ImageSpec(layers=layers, history=history, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a build left, and what is known of it. ``builders`` are by the name of their stage."""

    final: ImageSpec
    dockerfile: str
    builders: Mapping[str, ImageSpec] = field(default_factory=dict)
    statements: Sequence[Mapping[str, object]] = ()
    lockfiles: tuple[tuple[str, bytes], ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)

    def report(self, directory: Path, level: str, *, builders_alone: bool = False) -> Report:
        """The report with as much evidence as the level has; ``builders_alone`` leaves the Dockerfile out."""
        statements = self.statements or (provenance(self.dockerfile, build_args=self.build_args),)
        attested = containerd(self.final, attestations=statements if level == "attested" else ())
        path = directory / "final.tar"
        path.write_bytes(attested)
        wanted = ReadOptions(wanted=WANTED, fingerprint="sha256")
        with ExitStack() as stack:
            known = BuildInputs(
                dockerfile=parse_dockerfile(self.dockerfile) if level in ("declared", "matched") else None,
                build_args=self.build_args,
            )
            if level == "matched":
                builders = []
                for name, spec in self.builders.items():
                    (directory / f"{name}.tar").write_bytes(docker_save(spec))
                    opened = stack.enter_context(open_image(str(directory / f"{name}.tar"), wanted))
                    builders.append((name, opened))
                dockerfile = None if builders_alone else known.dockerfile
                known = BuildInputs(dockerfile=dockerfile, build_args=self.build_args, builders=tuple(builders))
            final = stack.enter_context(open_image(str(path), wanted))
            return report(analyse(final, AnalysisInputs(known=known, lockfiles=self.lockfiles)))


def provenance(
    dockerfile: str,
    *,
    build_args: Mapping[str, str] | None = None,
    graph: Sequence[Mapping[str, object]] = (),
    locations: Mapping[str, int] | None = None,
    layers: Mapping[str, Sequence[bytes]] | None = None,
    version: str = "v1",
) -> dict[str, object]:
    """A statement as BuildKit's documentation has it for mode=max, in either version.

    ``locations`` maps steps to their line, ``layers`` to the layers of their result, which are stored with gzip.
    """
    args = {"filename": "Dockerfile"} | {f"build-arg:{name}": value for name, value in (build_args or {}).items()}
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    metadata = {
        "source": {
            "locations": {
                step: {"locations": [{"ranges": [{"start": {"line": line}, "end": {"line": line}}]}]}
                for step, line in (locations or {}).items()
            },
            "infos": [{"filename": "Dockerfile", "data": base64.b64encode(dockerfile.encode()).decode()}],
        },
        "layers": {
            f"{step}:0": [[{"mediaType": kind, "digest": digest(compress(one, "gzip")), "size": 1} for one in chain]]
            for step, chain in (layers or {}).items()
        },
    }
    request = {"frontend": "dockerfile.v0", "args": args}
    config = {"llbDefinition": list(graph)}
    predicate: dict[str, object] = {
        "buildDefinition": {
            "externalParameters": {"configSource": {"path": "Dockerfile"}, "request": request},
            "internalParameters": {"buildConfig": config},
        },
        "runDetails": {"metadata": {"buildkit_metadata": metadata}},
    }
    if version == "v0.2":
        predicate = {
            "buildType": "https://mobyproject.org/buildkit@v1",
            "invocation": {"parameters": request},
            "buildConfig": config,
            "metadata": {"https://mobyproject.org/buildkit@v1#metadata": metadata},
        }
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": f"https://slsa.dev/provenance/{version}",
        "subject": [{"name": "x", "digest": {"sha256": "0" * 64}}],
        "predicate": predicate,
    }


def one(made: Report, rule: str) -> Finding:
    """The only finding of a rule."""
    (finding,) = (finding for finding in made.findings if finding.rule == rule)
    return finding


def rules_of(made: Report, kind: str) -> set[str]:
    """The rules with findings of one kind."""
    return {finding.rule for finding in made.findings if finding.kind == kind}


def stage(made: Report, name: str) -> StageReport:
    """The row of one stage."""
    return next(row for row in made.stages if row.name == name)


def step_of(made: Report, layer: int) -> InstructionReport:
    """The instruction that made a layer."""
    return next(step for step in made.instructions if step.layer == layer)
