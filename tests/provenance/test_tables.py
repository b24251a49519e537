"""Each decision about where content came from on its own: statements, bases, graphs, copies, builders."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.history.alignment import instructions
from layerscope.model.base import Base, FoundBy
from layerscope.model.changeset import Changeset
from layerscope.model.finding import Evidence
from layerscope.model.image import Digest, HistoryEntry, Image, ImageConfig, Layer
from layerscope.model.instruction import Instruction
from layerscope.model.source import Source, Via
from layerscope.provenance import attestation
from layerscope.provenance.attestation import BuildStep, Provenance, read_provenance
from layerscope.provenance.base_image import base_boundary, better_base, contradiction, find_base, same_date_boundary
from layerscope.provenance.builder_images import _copied_from, shared_layers
from layerscope.provenance.comparison import Comparison, Copied, Verdict, compare, same_content
from layerscope.provenance.dockerfile_origins import place
from layerscope.provenance.origins import BuildInputs, Origin, Placement, recorded_arguments, recorded_origins
from layerscope.provenance.trace import Builder, Trace, not_copied, trace
from tests.builder import Member, directory, file, symlink
from tests.filesystem.layers import tree
from tests.history.histories import history

A, B, C, D = (Digest("sha256", letter * 64) for letter in "abcd")


def image(*digests: Digest | None, steps: Sequence[HistoryEntry] = (), **fields: Any) -> Image:
    """An image of layers with these digests."""
    layers = tuple(
        Layer(index=index, diff_id=digest, digest=digest, changeset=Changeset()) for index, digest in enumerate(digests)
    )
    config = ImageConfig(history=tuple(steps), labels=fields.pop("labels", {}))
    return Image(source="x", format="oci-archive", config=config, layers=layers, **fields)


def read(predicate: Mapping[str, Any], *digests: Digest, kind: str = "https://slsa.dev/provenance/v1") -> Provenance:
    """What a statement with this predicate says of an image."""
    found = read_provenance(image(*digests, attestations=({"predicateType": kind, "predicate": predicate},)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        ("https://slsa.dev/provenance/v1", True),
        ("https://slsa.dev/provenance/v0.2", True),
        ("https://slsa.dev/provenance/v0.1", False),
        (None, False),
        (["https://slsa.dev/provenance/v1"], False),
    ],
)
def test_only_provenance_of_known_versions_is_read(kind: object, is_read: bool) -> None:
    statements = ({"predicateType": "other"}, {"predicateType": kind, "predicate": []})
    assert read_provenance(image(attestations=statements)) == (Provenance() if is_read else None)


ARGUMENTS = {"args": {"target": "t", "build-arg:A": "1", "build-arg:B": 2, "label:C": "3", "build-arg:": "4"}}


@pytest.mark.parametrize(
    "predicate",
    [
        {"invocation": {"parameters": ARGUMENTS}},
        {"buildDefinition": {"externalParameters": {"request": ARGUMENTS}}},
        {"buildDefinition": {"externalParameters": {"parameters": ARGUMENTS}}},
        {"buildDefinition": {"externalParameters": {"request": ARGUMENTS, "parameters": {"args": {"target": "u"}}}}},
        {"invocation": {"parameters": ARGUMENTS}, "buildDefinition": {"externalParameters": {"request": {"args": 1}}}},
    ],
)
def test_arguments_are_those_of_either_version(predicate: Mapping[str, Any]) -> None:
    found = read(predicate)
    assert (found.target, found.build_args) == ("t", {"A": "1", "": "4"})


TEXT = base64.b64encode(b"FROM x\n").decode()
V1, V02 = "buildkit_metadata", "https://mobyproject.org/buildkit@v1#metadata"


@pytest.mark.parametrize(
    ("infos", "dockerfile", "filename"),
    [
        ([{"data": TEXT, "filename": "D"}], b"FROM x\n", "D"),
        ([{"data": TEXT}], b"FROM x\n", "Dockerfile"),
        ([{"data": TEXT, "filename": ""}], b"FROM x\n", "Dockerfile"),
        ([7, {"filename": "C"}, {"data": "", "filename": "B"}, {"data": TEXT, "filename": "D"}], b"FROM x\n", "D"),
        ([{"data": TEXT + "!", "filename": "D"}], b"", "D"),
        ([{"data": TEXT[:-1], "filename": "D"}], b"", "D"),
        ([{"filename": "C"}], b"", "Dockerfile"),
        ([], b"", "Dockerfile"),
        ({}, b"", "Dockerfile"),
    ],
)
@pytest.mark.parametrize("form", ["v1", "v0.2", "mixed"])
def test_the_dockerfile_is_the_first_that_has_a_text(
    form: str, infos: object, dockerfile: bytes, filename: str
) -> None:
    metadata = {"source": {"infos": infos}}
    predicate: dict[str, Any] = {"metadata": {V02: metadata}}
    if form != "v0.2":
        predicate = {"runDetails": {"metadata": {V1 if form == "v1" else V02: metadata, "other": {}}}}
    found = read(predicate)
    assert (found.dockerfile, found.filename) == (dockerfile, filename)


@pytest.mark.parametrize("most", [len(TEXT), len(TEXT) - 1])
def test_a_dockerfile_is_decoded_up_to_a_limit(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestation, "_MOST_BYTES", most)
    found = read({"metadata": {V02: {"source": {"infos": [{"data": TEXT}]}}}})
    assert found.dockerfile == (b"FROM x\n" if most == len(TEXT) else b"")


def graph(*steps: object, place: str = "buildConfig") -> dict[str, Any]:
    """A predicate with the graph of a build, in one of the places where it may stand."""
    config = {"buildConfig": {"llbDefinition": list(steps)}}
    return config if place == "buildConfig" else {"buildDefinition": {place: config}}


@pytest.mark.parametrize("where", ["buildConfig", "internalParameters", "externalParameters"])
def test_the_graph_of_the_build_is_in_one_of_three_places(where: str) -> None:
    found = read(graph({"id": "a", "op": {"source": {"identifier": "x"}}}, 7, place=where))
    assert found.steps == {"a": BuildStep(kind="source", identifier="x")}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param({"op": {"Op": {"exec": {}}}}, BuildStep(kind="exec"), id="exec"),
        pytest.param({"op": {"merge": {}}}, BuildStep(kind="merge"), id="merge, without Op"),
        pytest.param({"op": {"Op": {"diff": {}}}}, BuildStep(), id="another"),
        pytest.param({"op": {"exec": 7, "file": {}}}, BuildStep(kind="file"), id="not what is no object"),
        pytest.param({"op": None}, BuildStep(), id="none"),
        pytest.param(
            {"op": {"source": {"identifier": "docker-image://x"}}, "inputs": ["a:0"]},
            BuildStep(kind="source", identifier="docker-image://x"), id="source",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 1, "Action": {"copy": {}}}]}}, "inputs": ["a:0", "b:1"]},
            BuildStep(kind="file", sources=("b",)), id="a copy",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 0, "copy": {}}]}}, "inputs": ["a"]},
            BuildStep(kind="file", sources=("a",)), id="a copy, without Action",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 0, "Action": {"mkdir": {}}}, 7, {"copy": {}}]}}, "inputs": ["a"]},
            BuildStep(kind="file"), id="no copy",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": n, "copy": {}} for n in (1, 0, 1, 2, -1, "0")]}}, "inputs": ["a", "b"]},
            BuildStep(kind="file", sources=("b", "a")), id="each once, in their order, none that is not there",
        ),
        pytest.param(
            {"op": {"exec": {"mounts": [{"input": 0, "dest": "/"}, {"input": 1, "dest": "/m"}, 7, {"input": "0"}]}},
             "inputs": ["a:0", "b:0"]},
            BuildStep(kind="exec", sources=("b",)), id="a mount beside the root",
        ),
        pytest.param(
            {"op": {"merge": {"mounts": [{"input": 0, "dest": "/m"}], "actions": [{"secondaryInput": 0, "copy": {}}]}},
             "inputs": ["a"]},
            BuildStep(kind="merge"), id="a merge takes from none",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 0, "copy": {}}]}}, "inputs": [7, "a:0"]},
            BuildStep(kind="file", sources=("a",)), id="an input that is none",
        ),
    ],
)  # fmt: skip
def test_a_step_of_the_graph(step: Mapping[str, Any], expected: BuildStep) -> None:
    assert read(graph({"id": "s", **step})).steps == {"s": expected}


@pytest.mark.parametrize(
    ("locations", "lines"),
    [
        ([{"ranges": [{"start": {"line": 3}}, {"start": {"line": 1}}]}, {"ranges": [{"start": {"line": 3}}]}], (1, 3)),
        ([{"ranges": [{"start": {"line": 0}}, {"start": {"line": -1}}, {"start": {"line": "2"}}, 7, {}]}], ()),
        ([{"ranges": [{"start": {"line": 1}}]}], (1,)),
        ([7, {"ranges": 7}, {}], ()),
        ({}, ()),
    ],
)
def test_the_lines_of_a_step(locations: object, lines: tuple[int, ...]) -> None:
    predicate = graph({"id": "s"}, {"id": "t"})
    predicate["metadata"] = {V02: {"source": {"locations": {"s": {"locations": locations}}}}}
    assert {name: step.lines for name, step in read(predicate).steps.items()} == {"s": lines, "t": ()}


DEBIAN = "docker.io/library/debian:12"
SOURCE = {"id": "base", "op": {"source": {"identifier": "docker-image://docker.io/library/debian:12@sha256:00"}}}
LOCAL = {"id": "local", "op": {"source": {"identifier": "local://context"}}}
RUN, MERGE, OTHER = (
    {"id": name, "op": {kind: {}}} for name, kind in (("run", "exec"), ("join", "merge"), ("own", "file"))
)


def results(*outputs: tuple[str, object]) -> dict[str, Any]:
    """A predicate with the results of steps, each the digests of their layers."""
    predicate = graph(SOURCE, LOCAL, RUN, MERGE, OTHER)
    predicate["metadata"] = {V02: {"layers": dict(outputs)}}
    return predicate


def chain(*digests: Digest) -> list[dict[str, str]]:
    return [{"digest": str(digest)} for digest in digests]


@pytest.mark.parametrize(
    ("outputs", "made", "base"),
    [
        pytest.param((("base:0", [chain(A)]), ("run:0", [chain(A, B)])), {0: "base", 1: "run"}, (1, DEBIAN), id="a base"),
        pytest.param((("base:0", [chain(A, B)]), ("base:1", [chain(A)])), {0: "base", 1: "base"}, (2, DEBIAN), id="the longest"),
        pytest.param((("base:0", [chain(A)]), ("base:1", [chain(A, B)])), {0: "base", 1: "base"}, (2, DEBIAN), id="wherever it stands"),
        pytest.param((("base:0", [chain(B)]), ("base:1", [chain(A)])), {0: "base", 1: "base"}, (1, DEBIAN), id="another image's base before"),
        pytest.param((("base:0", [chain(A, B, C, D)]),), {}, (None, ""), id="one that is longer than the image"),
        pytest.param((("base:0", [chain(B)]),), {1: "base"}, (None, ""), id="no base of this one"),
        pytest.param((("run:0", [chain(A)]),), {0: "run"}, (None, ""), id="no source"),
        pytest.param((("local:0", [chain(A)]),), {0: "local"}, (1, "local://context"), id="a source of another kind"),
        pytest.param((("join:0", [chain(A, B)]), ("run:0", [chain(B)])), {1: "run"}, (None, ""), id="not the merge"),
        pytest.param((("run:0", [chain(B)]), ("join:0", [chain(A, B)])), {1: "run"}, (None, ""), id="nor a later one"),
        pytest.param((("run:0", [chain(B)]), ("own:0", [chain(A, B)])), {1: "run"}, (None, ""), id="the first of two"),
        pytest.param((("gone:0", [chain(B)]), ("own:0", [chain(B)])), {1: "own"}, (None, ""), id="one of the graph"),
        pytest.param((("gone:0", [chain(B)]),), {}, (None, ""), id="none that is not in the graph"),
        pytest.param((("run:0", [chain(D), chain(B)]),), {1: "run"}, (None, ""), id="each compression"),
        pytest.param((("run:0", [[7, *chain(B)], [], 7]), ("own", 7)), {1: "run"}, (None, ""), id="with what is none"),
    ],
)  # fmt: skip
def test_which_step_made_a_layer_and_where_the_base_ends(
    outputs: tuple[tuple[str, object], ...], made: dict[int, str], base: tuple[int | None, str]
) -> None:
    found = read(results(*outputs), A, B, C)
    assert found.layer_steps == made
    assert (found.base_layers, found.base_name) == base


def entry(created_by: str, comment: str = "", created: str = "", *, empty: bool = False) -> HistoryEntry:
    return HistoryEntry(created_by=created_by, comment=comment, created=created, empty_layer=empty)


LIFECYCLE, NAME = "io.buildpacks.lifecycle.metadata", "org.opencontainers.image.base.name"


@pytest.mark.parametrize(
    ("run_image", "expected"),
    [
        ({"topLayer": str(B), "reference": "run"}, Base(found_by=FoundBy.LABEL, layers=2, name="run", certain=True)),
        ({"topLayer": str(A)}, Base(found_by=FoundBy.LABEL, layers=1, name="", certain=True)),
        ({"topLayer": str(C), "reference": 7}, Base(found_by=FoundBy.LABEL, layers=3, name="", certain=True)),
        ({"topLayer": str(D), "reference": "run"}, Base(name="named")),
        ({"reference": "run"}, Base(name="named")),
    ],
)
def test_the_base_of_buildpacks(run_image: Mapping[str, object], expected: Base) -> None:
    labels = {LIFECYCLE: json.dumps({"runImage": run_image}), NAME: "named"}
    assert find_base(image(A, B, C, labels=labels), (), None) == expected


def test_a_base_that_was_given_is_certain_and_named_by_the_image() -> None:
    found = image(A, B, labels={NAME: "by label"})
    assert find_base(found, (), (A,)) == Base(found_by=FoundBy.GIVEN, layers=1, name="by label", certain=True)
    assert find_base(found, (), ()) == Base(found_by=FoundBy.GIVEN, layers=0, name="by label", certain=True)
    annotated = image(A, B, labels={NAME: "by label"}, annotations={NAME: "by annotation"})
    assert find_base(annotated, (), (A, B)).name == "by annotation"


def test_a_base_of_all_layers_is_one_and_one_of_more_is_none() -> None:
    steps = (entry("ADD x /"), entry("RUN b", comment="FROM debian"))
    whole = image(A, B, steps=steps)
    aligned, _ = instructions(whole.config.history, 2)
    assert find_base(whole, aligned, None) == Base(found_by=FoundBy.HISTORY, layers=1, name="debian")
    first = image(A, steps=(entry("RUN b", comment="FROM debian"),))
    assert find_base(first, instructions(first.config.history, 1)[0], None) == Base()


@pytest.mark.parametrize(
    ("found", "declared", "better", "said"),
    [
        (Base(layers=1, name="a"), None, Base(layers=1, name="a"), ""),
        (Base(layers=1, name="a"), Base(layers=2), Base(layers=2, name="a"), ""),
        (Base(layers=1, name="a"), Base(layers=2, name="b"), Base(layers=2, name="b"), ""),
        (Base(layers=1, certain=True), Base(layers=2, name="b"), Base(layers=1, name="b", certain=True), "Dockerfile"),
        (Base(layers=2, certain=True), Base(layers=2, name="b"), Base(layers=2, name="b", certain=True), ""),
        (Base(layers=1, certain=True), None, Base(layers=1, certain=True), ""),
        (
            Base(layers=1, certain=True), Base(found_by=FoundBy.ATTESTATION, layers=2),
            Base(layers=1, certain=True), "attestation",
        ),
    ],
)  # fmt: skip
def test_a_certain_base_is_better_than_a_declared_one(
    found: Base, declared: Base | None, better: Base, said: str
) -> None:
    assert better_base(found, declared) == better
    warning = f"the base image has 1 layers, but according to the {said} it has 2"
    assert contradiction(found, declared) == ((warning,) if said else ())


BUILDKIT = "buildkit.dockerfile.v0"


@pytest.mark.parametrize(
    ("entries", "layers"),
    [
        pytest.param((entry("RUN a", BUILDKIT), entry("RUN b", BUILDKIT)), None, id="one builder"),
        pytest.param((entry("/bin/sh -c a"), entry("RUN b", BUILDKIT)), 1, id="another builder"),
        pytest.param((entry("jib"), entry("/bin/sh -c a")), 1, id="another tool"),
        pytest.param((entry("jib"), entry("jib")), None, id="one tool"),
        pytest.param((entry(""), entry("/bin/sh -c a")), 1, id="a step of which nothing is known"),
        pytest.param((entry("/bin/sh -c a"), entry('CMD ["x"]', empty=True), entry("/bin/sh -c b")), 1, id="a CMD"),
        pytest.param((entry("/bin/sh -c a"), entry('CMD ["x"]', empty=True)), None, id="a CMD at the end"),
        pytest.param(
            (entry("/bin/sh -c a"), entry('CMD ["x"]', empty=True), entry("WORKDIR /x")), None, id="and a WORKDIR"
        ),
        pytest.param(
            (entry("/bin/sh -c a"), entry("RUN b", BUILDKIT), entry('CMD ["x"]', BUILDKIT, empty=True),
             entry("RUN c", BUILDKIT)), 2, id="the higher of the two",
        ),
        pytest.param(
            (entry("/bin/sh -c a"), entry('CMD ["x"]', empty=True), entry("/bin/sh -c b"), entry("RUN c", BUILDKIT)), 2,
            id="the higher, if it is the builder",
        ),
        pytest.param((), None, id="no history"),
    ],
)  # fmt: skip
def test_a_base_ends_with_its_start_or_its_builder(entries: tuple[HistoryEntry, ...], layers: int | None) -> None:
    steps, _ = instructions(entries, sum(not one.empty_layer for one in entries))
    assert base_boundary(steps) == layers


@pytest.mark.parametrize(
    ("dates", "layers"),
    [
        ("aab", 2), ("aabb", 2), ("aba", 0), ("abb", 0), ("aaa", 0), ("abbc", 3), ("aabbc", 4), ("abc", 0), ("", 0),
        ("a", 0), ("aabca", 0), ("bbacca", 5),
    ],
)  # fmt: skip
def test_layers_of_one_date_are_a_base_where_another_follows(dates: str, layers: int) -> None:
    entries = tuple(entry(f"RUN {number}", created=date) for number, date in enumerate(dates))
    assert same_date_boundary(entries, instructions(entries, len(entries))[0]) == layers
    undated = tuple(entry(f"RUN {number}") for number, _ in enumerate(dates))
    assert same_date_boundary(undated, instructions(undated, len(undated))[0]) == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "steps", "other_steps", "shared"),
    [
        ((A, B), (A, B, C), "ab", "abc", 2),
        ((A, B), (A, C), "ab", "ab", 1),
        ((A, B), (A, B), "ab", "ax", 1),
        ((A, B), (A, B), "", "ab", 2),
        ((A, B), (A, B), "ab", "", 2),
        ((A, B), (A, B), "a", "ab", 2),
        ((None, B), (None, B), "ab", "ab", 0),
        ((A,), (B,), "a", "a", 0),
        ((), (A,), "", "a", 0),
    ],
)
def test_layers_are_shared_where_content_and_step_are_the_same(
    ours: tuple[Digest | None, ...], theirs: tuple[Digest | None, ...], steps: str, other_steps: str, shared: int
) -> None:
    one, other = (history(*(f"RUN {step}" for step in each)) for each in (steps, other_steps))
    assert shared_layers(image(*ours), one, image(*theirs), other) == shared


LONG = b"the same content in both of them, of 50 bytes or so"


def verdicts(final: Sequence[str | Member], builder: Sequence[str | Member], copied: Copied) -> dict[str, str]:
    ours, theirs = tree(["base"], final), tree(["base"], builder)
    found = compare(ours, 1, theirs, 1, [copied])
    return {ours.path_in_layer(number): verdict.name for number, verdict in found.verdicts.items()}


@pytest.mark.parametrize(
    ("final", "builder", "destination", "expected"),
    [
        pytest.param(
            [file(f"app/{n}", LONG + n.encode()) for n in "abcd"], [file(f"src/{n}", LONG + n.encode()) for n in "abcd"],
            "/app", {f"/app/{n}": "MATCHED" for n in "abcd"}, id="another folder",
        ),
        pytest.param(
            [file(f"app/{n}", LONG + n.encode()) for n in "ab"],
            [file(f"{to}/{n}", LONG + n.encode()) for n in "ab" for to in ("app", "zzz")],
            "/app", {f"/app/{n}": "MATCHED" for n in "ab"}, id="of equal guesses the same path",
        ),
        pytest.param(
            [file("apple/a", LONG + b"1"), file("apple/b", LONG + b"2")],
            [file("x/apple/a", LONG + b"1"), file("x/apple/b", LONG + b"2")],
            "/app", {"/apple/a": "MATCHED", "/apple/b": "MATCHED"}, id="what only begins like the destination",
        ),
        pytest.param(
            [file("app/a", LONG)], [file("b", LONG)], "/app", {"/app/a": "SAME_CONTENT"}, id="no file of that name"
        ),
        pytest.param(
            [file("app/a", LONG)], [file("src/a", LONG + b"!"), file("q", LONG)], "/app", {"/app/a": "SAME_CONTENT"},
            id="of that name, but of another length",
        ),
        pytest.param(
            [file("app/x/a", LONG)], [file("src/y/a", LONG)], "/app", {"/app/x/a": "SAME_CONTENT"},
            id="of that name, but in another folder",
        ),
    ],
)  # fmt: skip
def test_the_source_of_a_copy_is_guessed_from_its_files(
    final: list[Member], builder: list[Member], destination: str, expected: dict[str, str]
) -> None:
    assert verdicts(final, builder, Copied(layer=1, destination=destination)) == expected


@pytest.mark.parametrize(
    ("may_be", "expected"),
    [(True, {"/app/x": "MATCHED"}), (False, {"/app/x": "SAME_CONTENT"})],
)
def test_a_wildcard_may_have_brought_a_file_of_that_length(may_be: bool, expected: dict[str, str]) -> None:
    copied = Copied(
        layer=1, map_back=lambda path: ("/none",), may_be=lambda path, source: may_be and source == "/src/y"
    )
    assert verdicts([file("app/x", LONG)], [file("src/y", LONG)], copied) == expected


def test_a_destination_behind_a_symlink_is_the_path_of_the_copy() -> None:
    final = [directory("real"), symlink("app", "real"), file("real/x", LONG), file("really/x", LONG + b"!")]
    copied = Copied(layer=1, map_back=lambda path: (path,), destination="/app")
    assert verdicts(final, [file("app/x", LONG), file("really/x", LONG + b"!")], copied) == {
        "/real/x": "MATCHED", "/really/x": "MATCHED"
    }  # fmt: skip


def test_the_same_content_has_the_same_length_and_a_fingerprint() -> None:
    one, other = tree([file("a", LONG), file("b", LONG + b"!")]), tree([file("c", LONG), directory("d")])
    assert same_content(one, 0, other, 0)
    assert not same_content(one, 1, other, 0)
    assert not same_content(tree(["d/"]), 0, tree(["d/"]), 0)


def builder(name: str, comparison: Comparison) -> Builder:
    return Builder(name=name, image=image(A), instructions=(), comparison=comparison)


@pytest.mark.parametrize(
    ("origin", "matched", "expected"),
    [
        pytest.param(None, False, None, id="nothing known"),
        pytest.param(Origin(evidence=Evidence.DECLARED, line=3), False, None, id="no source"),
        pytest.param(
            Origin(evidence=Evidence.DECLARED, line=3, sources=("b", "c")), False,
            Source(stage="b, c", evidence=Evidence.DECLARED, dockerfile_line=3), id="declared",
        ),
        pytest.param(
            Origin(evidence=Evidence.ATTESTED, sources=("b",)), False, Source(stage="b", evidence=Evidence.ATTESTED),
            id="attested, without a line",
        ),
        pytest.param(Origin(evidence=Evidence.DECLARED, sources=("b",), via=Via.MOUNT), False, None, id="a mount"),
        pytest.param(None, True, Source(stage="m", evidence=Evidence.MATCHED), id="matched alone"),
        pytest.param(
            Origin(evidence=Evidence.DECLARED, line=3, sources=("b",)), True,
            Source(stage="m", evidence=Evidence.MATCHED, dockerfile_line=3), id="matched and declared",
        ),
        pytest.param(
            Origin(evidence=Evidence.ATTESTED, line=3, sources=("b",)), True,
            Source(stage="m", evidence=Evidence.ATTESTED, dockerfile_line=3), id="matched and attested",
        ),
        pytest.param(
            Origin(evidence=Evidence.ATTESTED, line=3, via=Via.MOUNT), True,
            Source(stage="m", evidence=Evidence.MATCHED, dockerfile_line=3), id="matched, and a mount is attested",
        ),
    ],
)  # fmt: skip
def test_the_stage_of_a_version_is_by_the_best_evidence(
    origin: Origin | None, matched: bool, expected: Source | None
) -> None:
    filesystem = tree(["a"], ["b", "c", "h = b"])
    comparison = Comparison(
        filesystem=tree([]), shared_layers=0, own_from=0, verdicts={1: Verdict.MATCHED, 2: Verdict.SAME_CONTENT}
    )
    found = Trace(
        filesystem=filesystem,
        base_layers=0,
        layers={1: origin} if origin else {},
        matched={1: builder("m", comparison)} if matched else {},
    )
    assert found.stage_of(1) == found.stage_of(3) == expected
    assert found.stage_of(0) is None
    unmatched = Trace(filesystem=filesystem, base_layers=0, layers=found.layers).stage_of(2)
    assert found.stage_of(2) == unmatched
    assert [found.number_of(1, path) for path in ("/b", "/c", "/h", "/a")] == [1, 2, 3, None]
    assert found.number_of(0, "/a") == 0


@pytest.mark.parametrize(("confirmed", "copies", "both"), [({1}, {1}, True), ({1}, {0}, False), ({0}, {1}, False)])
def test_most_of_a_copy_stands_for_all_of_it(confirmed: set[int], copies: set[int], both: bool) -> None:
    comparison = Comparison(filesystem=tree([]), shared_layers=0, own_from=0, confirmed=frozenset(confirmed))
    found = Trace(
        filesystem=tree(["a"], ["b"]), base_layers=0, copies=frozenset(copies), matched={1: builder("m", comparison)}
    )
    assert (found.stage_of(1) is not None) == both


def test_the_trace_of_an_image_leaves_out_the_base_and_what_several_steps_made() -> None:
    steps = [
        Instruction(index=0, kind="COPY", text="a", created_by="", layer=0),
        Instruction(index=1, kind="COPY", text="b", created_by="", layer=1),
        Instruction(index=2, kind="RUN", text="c", created_by="", layer=2),
        Instruction(index=3, kind="COPY", text="d", created_by="", layer=3, joined=(1, 2)),
        Instruction(index=4, kind="", text="e", created_by="", layer=4),
        Instruction(index=5, kind="ENV", text="f", created_by=""),
        Instruction(index=6, kind="ADD", text="g", created_by="", layer=5),
    ]
    origins = {index: Origin(evidence=Evidence.DECLARED, line=index) for index in range(7)}
    placement = Placement(origins=origins, warnings=("known",))
    found = trace(tree([]), image(A, A, A, A, A, A, A), steps, placement, 1)
    assert {layer: origin.line for layer, origin in found.layers.items()} == {1: 1, 2: 2, 4: 4, 5: 6}
    assert found.copies == {0, 1, 4, 5, 6}
    said = "layer 3 holds the work of 3 instructions: which of them made a file is not known"
    assert (found.base_layers, found.warnings) == (1, ("known", said))
    assert trace(tree([]), image(A), steps, placement, 4).warnings == ("known",)


def test_what_a_builder_has_and_the_image_has_not() -> None:
    ours = tree(["base", "same:1234", "gone:1"], [file("app/x", LONG)])
    theirs = tree(
        ["base"], [file("same", b"1234"), file("gone", b"12"), file("src/x", LONG), file("only", b"y"), "l -> x", "d/"]
    )
    comparison = Comparison(filesystem=theirs, shared_layers=1, own_from=1, twins={3: 3}, differing=frozenset({2}))
    found = Trace(filesystem=ours, base_layers=0)
    assert [theirs.paths[number] for number in not_copied(found, builder("b", comparison))] == ["/only"]
    comparison = Comparison(filesystem=theirs, shared_layers=0, own_from=0)
    names = [theirs.paths[number] for number in not_copied(found, builder("b", comparison))]
    assert names == ["/gone", "/src/x", "/only"]


def test_what_a_history_records_itself() -> None:
    steps = history(
        "COPY --from=b /a /b", "RUN |1 A=1 /bin/sh -c x # buildkit", "RUN |2 A=2 B=3 /bin/sh -c y # buildkit"
    )
    assert recorded_arguments(steps) == {"A": "2", "B": "3"}
    assert recorded_origins(steps) == {0: Origin(evidence=Evidence.DECLARED, sources=("b",))}


def test_without_a_dockerfile_or_an_attestation_the_history_alone_speaks() -> None:
    found = place(image(A), history("COPY --from=b /a /b"), BuildInputs())
    assert (found.match, found.base, found.warnings, found.evidence) == (None, None, (), Evidence.DECLARED)
    assert set(found.origins) == {0}


@pytest.mark.parametrize(
    ("dockerfile", "base"),
    [
        ("FROM debian:12\nRUN make\n", Base(found_by=FoundBy.DOCKERFILE, layers=1, name="debian:12")),
        ("ARG V\nFROM debian:$V\nRUN make\n", Base(found_by=FoundBy.DOCKERFILE, layers=1, name="")),
        ("ARG V=12\nFROM debian:$V\nRUN make\n", Base(found_by=FoundBy.DOCKERFILE, layers=1, name="debian:12")),
        ("FROM scratch\nRUN make\n", Base(found_by=FoundBy.DOCKERFILE, layers=1, name="")),
        ("FROM debian AS x\nRUN base\nFROM x\nRUN make\n", Base(found_by=FoundBy.DOCKERFILE, layers=0, name="debian")),
    ],
)
def test_the_base_of_a_dockerfile_is_where_its_first_instruction_begins(dockerfile: str, base: Base) -> None:
    steps = history("/bin/sh -c base", "/bin/sh -c make")
    found = place(image(A, B), steps, BuildInputs(dockerfile=parse_dockerfile(dockerfile)))
    assert (found.base, found.evidence, found.warnings) == (base, Evidence.DECLARED, ())


@pytest.mark.parametrize(
    ("vertex", "lines", "sources", "origin"),
    [
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 0, "copy": {}}]}}}, {"own": 3, "base": 1}, ["base:0", "gone:0"],
            Origin(evidence=Evidence.ATTESTED, line=3, via=Via.COPY), id="a COPY of a stage that no Dockerfile names",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": n, "copy": {}} for n in (1, 0)]}}}, {"own": 3}, ["base:0", "gone:0"],
            Origin(evidence=Evidence.ATTESTED, line=3, sources=(f"image {DEBIAN}",), via=Via.COPY),
            id="of an image, and of a step that is not there",
        ),
        pytest.param(
            {"op": {"exec": {"mounts": [{"input": 0, "dest": "/m"}]}}}, {"own": 3}, ["base:0"],
            Origin(evidence=Evidence.ATTESTED, line=3, sources=(f"image {DEBIAN}",), via=Via.MOUNT), id="a mount",
        ),
        pytest.param(
            {"op": {"file": {"actions": [{"secondaryInput": 0, "copy": {}}]}}}, {"own": 3}, ["local:0"],
            Origin(evidence=Evidence.ATTESTED, line=3, via=Via.COPY), id="of the context",
        ),
        pytest.param({"op": {"file": {}}}, {}, [], None, id="on no line"),
        pytest.param({"op": {"merge": {}}}, {"own": 3}, [], None, id="a merge"),
    ],
)  # fmt: skip
def test_the_graph_of_a_build_names_line_and_source(
    vertex: Mapping[str, Any], lines: Mapping[str, int], sources: list[str], origin: Origin | None
) -> None:
    predicate = graph(SOURCE, LOCAL, {"id": "own", "inputs": sources, **vertex})
    locations = {name: {"locations": [{"ranges": [{"start": {"line": line}}]}]} for name, line in lines.items()}
    predicate["metadata"] = {V02: {"layers": {"own:0": [chain(A)]}, "source": {"locations": locations}}}
    statement = {"predicateType": "https://slsa.dev/provenance/v0.2", "predicate": predicate}
    found = place(image(A, attestations=(statement,)), history("COPY a /b # buildkit"), BuildInputs())
    assert found.origins == ({0: origin} if origin else {})


@pytest.mark.parametrize(
    ("kind", "sources", "name", "compared"),
    [
        ("COPY", ("b",), "b", (True, "/d")), ("COPY", ("b",), "c", None), ("COPY", (), "b", (False, "/d")),
        ("ADD", ("b",), "b", (True, "/d")), ("ADD", (), "b", None), ("RUN", (), "b", None), ("RUN", ("b",), "b", (True, "/")),
        ("", (), "b", (False, "/")),
    ],
)  # fmt: skip
def test_which_layers_are_compared_with_a_stage(
    kind: str, sources: tuple[str, ...], name: str, compared: tuple[bool, str] | None
) -> None:
    step = Instruction(index=0, kind=kind, text="a /d/", created_by="", layer=0)
    found = _copied_from(name, range(1), {0: Origin(evidence=Evidence.DECLARED, sources=sources)}, [step], Placement())
    assert [(one.certain, one.destination) for one in found] == ([compared] if compared else [])
    assert [one.layer for one in found] == ([0] if compared else [])


@pytest.mark.parametrize(("name", "option"), [("Dockerfile", ""), ("my file", " -f 'my file'")])
@pytest.mark.parametrize(("others", "more"), [(1, ""), (3, ""), (4, " and 1 more")])
def test_an_edited_dockerfile_is_said_with_the_command_that_helps(
    name: str, option: str, others: int, more: str
) -> None:
    lines = ["RUN one", "RUN two", "RUN three", "RUN four", "COPY a /a", *(f"RUN new {n}" for n in range(others - 1))]
    steps = history(
        "/bin/sh -c base", *(f"/bin/sh -c {word}" for word in ("one", "two", "three", "four")), "COPY b /b # buildkit"
    )
    file = parse_dockerfile("FROM x\n" + "\n".join(lines), name=name)
    found = place(image(A, A, A, A, A, A, tags=("app:1",)), steps, BuildInputs(dockerfile=file))
    assert found.match is not None
    differing = [f"line {6 + n} `{line}`" for n, line in enumerate(lines[4:])] + ["`COPY b /b` of the image"]
    assert found.warnings == (
        f"{name} was edited after it built this image, or did not build it (4 of {5 + others} instructions match). "
        f"Build the image again for steps that fit: docker build -t app:1{option} . Without a counterpart: "
        f"{', '.join(differing[:4])}{more}",
    )
