"""What is read from a provenance attestation, in the form that BuildKit documents, and from a damaged one."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.history.alignment import instructions
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from layerscope.provenance.attestation import BuildStep, Provenance, read_provenance
from layerscope.provenance.dockerfile_origins import place
from layerscope.provenance.origins import BuildInputs
from tests.builder import ImageSpec, containerd, file, layer
from tests.provenance.scenes import Scene, Step, image, one, provenance, stage, step_of

DOCKERFILE = "FROM debian AS b\nRUN make\nFROM debian\nCOPY --link --from=b /app /app\nRUN chmod 755 /app/x\n"
BASE, COPY, CHMOD = (
    layer(file("base", b"base")),
    layer(file("app/x", b"x" * 99)),
    layer(file("app/x", b"x" * 99, mode=0o755)),
)
GRAPH: tuple[Mapping[str, object], ...] = (
    {"id": "step0", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/debian@sha256:00"}}}},
    {"id": "step1", "op": {"Op": {"exec": {"mounts": [{"input": 0, "dest": "/"}]}}}, "inputs": ["step0:0"]},
    {
        "id": "step2",
        "op": {"Op": {"file": {"actions": [{"input": -1, "secondaryInput": 0, "Action": {"copy": {"src": "/app"}}}]}}},
        "inputs": ["step1:0"],
    },
    {"id": "step3", "op": {"Op": {"merge": {"inputs": [{}, {"input": 1}]}}}, "inputs": ["step0:0", "step2:0"]},
    {"id": "step4", "op": {"Op": {"exec": {"mounts": [{"input": 0, "dest": "/"}]}}}, "inputs": ["step3:0"]},
    {"id": "step5", "op": {"Op": None}, "inputs": ["step4:0"]},
)  # fmt: skip
LOCATIONS = {"step0": 1, "step1": 2, "step2": 4, "step3": 4, "step4": 5}
RESULTS = {"step0": [BASE], "step2": [COPY], "step3": [BASE, COPY], "step4": [BASE, COPY, CHMOD]}
FINAL = image(
    Step(created_by="ADD rootfs.tar / # buildkit", layer=BASE),
    Step(created_by="COPY /app /app # buildkit", layer=COPY),
    Step(created_by="RUN /bin/sh -c chmod 755 /app/x # buildkit", layer=CHMOD),
)


def full(version: str, dockerfile: str = DOCKERFILE, **build_args: str) -> dict[str, object]:
    return provenance(
        dockerfile, graph=GRAPH, locations=LOCATIONS, layers=RESULTS, version=version, build_args=build_args
    )


def read(tmp_path: Path, *statements: Mapping[str, object]) -> Provenance | None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(FINAL, attestations=statements))
    with open_image(str(path), ReadOptions()) as opened:
        return read_provenance(opened)


@pytest.mark.parametrize("version", ["v1", "v0.2"])
def test_both_versions_tell_the_same(tmp_path: Path, version: str) -> None:
    found = read(tmp_path, full(version, V="1"))
    assert found is not None
    assert found.dockerfile == DOCKERFILE.encode()
    assert found.build_args == {"V": "1"}
    assert found.steps["step2"] == BuildStep(kind="file", lines=(4,), sources=("step1",))
    assert found.steps["step0"].identifier == "docker-image://docker.io/library/debian@sha256:00"
    assert (found.base_layers, found.base_name) == (1, "docker.io/library/debian")


def test_a_layer_was_made_by_the_step_whose_result_ends_with_it_and_not_by_a_merge(tmp_path: Path) -> None:
    found = read(tmp_path, full("v1"))
    assert found is not None
    assert found.layer_steps == {0: "step0", 1: "step2", 2: "step4"}


def test_other_attestations_are_passed_over(tmp_path: Path) -> None:
    sbom = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "predicate": {}}
    assert read(tmp_path, sbom) is None
    assert read(tmp_path, sbom, full("v1")) is not None


@pytest.mark.parametrize("version", ["v1", "v0.2"])
def test_the_report_names_line_and_stage_as_attested(tmp_path: Path, version: str) -> None:
    scene = Scene(final=FINAL, dockerfile=DOCKERFILE, statements=[full(version)])
    made = scene.report(tmp_path, "attested")
    copy, chmod = step_of(made, 1), step_of(made, 2)
    assert (copy.dockerfile_line, copy.source, copy.evidence) == (4, "stage:b", "attested")
    assert (chmod.dockerfile_line, chmod.source) == (5, "run")
    assert stage(made, "b").evidence == "attested"
    assert made.dockerfile is not None and made.dockerfile.evidence == "attested"


def test_the_graph_knows_line_and_stage_where_the_text_does_not_fit(tmp_path: Path) -> None:
    scene = Scene(final=FINAL, dockerfile=DOCKERFILE, statements=[full("v1", "FROM debian\nRUN something else\n")])
    made = scene.report(tmp_path, "attested")
    assert step_of(made, 1).dockerfile_line == 4
    assert made.dockerfile is None
    assert any("the attested Dockerfile is not used" in warning for warning in made.warnings)


def test_a_layer_whose_step_is_lost_is_passed_over(tmp_path: Path) -> None:
    history = ({"created_by": "RUN /bin/sh -c chmod 755 /app/x # buildkit", "comment": "buildkit.dockerfile.v0"},)
    final = ImageSpec(layers=(BASE, COPY, CHMOD), history=history)
    made = Scene(final=final, dockerfile=DOCKERFILE, statements=[full("v1", "FROM debian\nRUN z\n")]).report(
        tmp_path, "attested"
    )
    assert [(step.layer, step.dockerfile_line) for step in made.instructions] == [(2, 5)]


def test_a_step_without_a_line_says_nothing(tmp_path: Path) -> None:
    lines = {name: line for name, line in LOCATIONS.items() if name != "step2"}
    statement = provenance("FROM debian\nRUN z\n", graph=GRAPH, locations=lines, layers=RESULTS)
    made = Scene(final=FINAL, dockerfile=DOCKERFILE, statements=[statement]).report(tmp_path, "attested")
    assert [step.dockerfile_line for step in made.instructions] == [None, None, 5]


def test_a_copy_of_an_image_is_no_stage(tmp_path: Path) -> None:
    graph = [
        {"id": "step0", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/tool:1@sha256:00"}}}},
        {
            "id": "step1",
            "op": {"Op": {"file": {"actions": [{"input": -1, "secondaryInput": 0, "Action": {"copy": {}}}]}}},
            "inputs": ["step0:0"],
        },
    ]
    dockerfile = "FROM scratch\nCOPY --from=tool:1 /app /app\n"
    statement = provenance(dockerfile, graph=graph, locations={"step1": 2}, layers={"step1": [COPY]})
    final = image(Step(created_by="COPY /app /app # buildkit", layer=COPY))
    made = Scene(final=final, dockerfile=dockerfile, statements=[statement]).report(tmp_path, "attested")
    assert step_of(made, 0).source == "image:docker.io/library/tool:1"


def test_a_vertex_on_the_line_of_the_copy_itself_is_no_stage(tmp_path: Path) -> None:
    """The copy of b goes through a vertex of its own, whose line lies in the final stage; the Dockerfile names b."""
    copy = {"file": {"actions": [{"input": -1, "secondaryInput": 0, "Action": {"copy": {}}}]}}
    graph = [
        {"id": "step0", "op": {"Op": copy}, "inputs": ["other:0"]},
        {"id": "step1", "op": {"Op": copy}, "inputs": ["step0:0"]},
    ]
    dockerfile = "FROM tool:1 AS b\nFROM scratch AS last\nCOPY --from=b /app /app\n"
    final = image(Step(created_by="COPY /app /app # buildkit", layer=COPY))
    for text, source in ((dockerfile, "stage:b"), (dockerfile.replace("--from=b ", ""), "context")):
        statement = provenance(text, graph=graph, locations={"step0": 3, "step1": 3}, layers={"step1": [COPY]})
        made = Scene(final=final, dockerfile=text, statements=[statement]).report(tmp_path, "attested")
        assert (step_of(made, 0).dockerfile_line, step_of(made, 0).source) == (3, source)


def test_an_image_that_a_from_names_is_a_stage(tmp_path: Path) -> None:
    graph = [
        {"id": "step0", "op": {"Op": {"source": {"identifier": "docker-image://docker.io/library/tool:1@sha256:00"}}}},
        {
            "id": "step1",
            "op": {"Op": {"file": {"actions": [{"input": -1, "secondaryInput": 0, "Action": {"copy": {}}}]}}},
            "inputs": ["step0:0"],
        },
    ]
    dockerfile = "FROM tool:1 AS b\nFROM scratch\nCOPY --from=b /app /app\n"
    statement = provenance(dockerfile, graph=graph, locations={"step0": 1, "step1": 3}, layers={"step1": [COPY]})
    final = image(Step(created_by="COPY /app /app # buildkit", layer=COPY))
    made = Scene(final=final, dockerfile=dockerfile, statements=[statement]).report(tmp_path, "attested")
    assert step_of(made, 0).source == "stage:b"


def test_a_secret_argument_is_masked_and_as_attested(tmp_path: Path) -> None:
    value = "s3cr3t-Zx81Qw77Lp20Rt55"
    scene = Scene(final=FINAL, dockerfile=DOCKERFILE, statements=[full("v0.2", API_TOKEN=value)])
    made = scene.report(tmp_path, "attested")
    assert one(made, "history-secret").evidence == "attested"
    assert value not in str(made)


@pytest.mark.parametrize(
    "data",
    ["not base64!", "AAAA" * (2 << 20), base64.b64encode(b"\xff\xfe\0").decode(), 7, None, ["x"], {"a": 1}],
    ids=["no base64", "very long", "no text", "a number", "null", "a list", "an object"],
)
def test_a_damaged_dockerfile_is_left_aside(tmp_path: Path, data: object) -> None:
    statement: Any = full("v1")
    statement["predicate"]["runDetails"]["metadata"]["buildkit_metadata"]["source"]["infos"][0]["data"] = data
    made = Scene(final=FINAL, dockerfile=DOCKERFILE, statements=[statement]).report(tmp_path, "attested")
    assert made.dockerfile is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A statement in which something is replaced by something else."""
    statement: Any = json.loads(json.dumps(full(draw(st.sampled_from(["v1", "v0.2"])))))
    place = statement
    for _ in range(draw(st.integers(0, 9))):
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or draw(st.integers(0, 4)) == 0:
            place[key] = draw(JSON)
            break
        place = place[key]
    return statement


@pytest.fixture(scope="module")
def final(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    path = tmp_path_factory.mktemp("final") / "image.tar"
    path.write_bytes(containerd(FINAL))
    with open_image(str(path), ReadOptions()) as opened:
        yield opened


@given(statement=damaged())
def test_nothing_in_a_statement_makes_it_fail(final: Image, statement: Any) -> None:
    attested = replace(final, attestations=(statement,))
    steps, _ = instructions(final.config.history, len(final.layers))
    placement = place(attested, steps, BuildInputs())
    assert set(placement.origins) <= {step.index for step in steps}
    assert placement.base is None or 0 <= placement.base.layers <= len(final.layers)
