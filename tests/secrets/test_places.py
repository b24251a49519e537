"""Every place that prints a text of an image, and a marked secret in each text of one: none of them comes out.

Commands, formats, and the members of a report are taken from the program's own tables: what is new is tested, too.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.inspect import StructType, type_info

from layerscope.analysis.analyse import AnalysisInputs
from layerscope.analysis.redact import TEXTS
from layerscope.cli.app import COMMANDS, load
from layerscope.cli.run import run as run_command
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.explore.app import Explorer
from layerscope.model.report import Report
from layerscope.provenance.origins import BuildInputs
from layerscope.render.json import lines as lines_of
from layerscope.render.units import RenderOptions, si
from tests.analysis.test_browse import browsing
from tests.builder import ImageSpec, docker_save, file, layer
from tests.building.oci import buildkit
from tests.conftest import Run
from tests.rules.forged import characters

IMAGE, BUILDER, BASE, SAVED, DOCKERFILE = "{image}", "{builder}", "{base}", "{saved}", "{dockerfile}"
BUILD = ("--dockerfile", DOCKERFILE, "--stage", f"builder={BUILDER}", "--base", BASE)
CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "report": ((IMAGE, "-v", *BUILD), (IMAGE,), (SAVED,)),
    "explore": (),
    "findings": ((IMAGE, "-v", *BUILD), (IMAGE, "--all"), (SAVED,)),
    "leaks": ((IMAGE, "-v"),),
    "fix": ((IMAGE,), (IMAGE, "-v", *BUILD), (IMAGE, *BUILD, "--include-review"), (SAVED,)),
    "packages": ((IMAGE, "-v"), (SAVED,)),
    "layers": ((IMAGE, "-v"),),
    "history": ((IMAGE, "-v"), (BUILDER,)),
    "files": ((IMAGE, "-v"), (IMAGE, "--hidden")),
    "inspect": (),
    "diff": ((BASE, IMAGE, "-v"), (IMAGE, BUILDER), (SAVED, BASE)),
    "scan": ((IMAGE, BUILDER, "-v"),),
    "check": ((IMAGE, "--fail-on", "low", "-v", *BUILD), (SAVED, "--baseline", BASE, "--max-growth", "1%")),
    "cat": ((IMAGE, "/absent", "-v"),),
    "extract": ((IMAGE, "/absent", "out", "-v"),),
    "rules": ((), ("config-secret",)),
    "schema": ((),),
}
"""How each command is called on the image. Three print an image's own bytes: what ``inspect`` and ``cat`` say of it,
and what ``extract`` writes, is what it holds; ``explore`` has a test of its own."""
NAMES = {
    "source", "format", "name", "tags", "image_id", "manifest_digest", "platform", "diff_id", "digest", "media_type",
    "compression", "origin", "verified", "kind", "evidence", "rule", "severity", "layers", "instruction", "packages",
    "paths", "not_copied", "ignored", "schema_version", "directories", "strategy", "file", "hidden", "unowned", "totals", "complete", "certain",
    "check", "checked", "not_checked", "reference", "inherited",
}  # fmt: skip
"""Members of a report that quote no document: numbers, digests, words of our own, and names of files and packages."""


def secret(number: int) -> str:
    return "q" + characters(22, seed=f"secret {number}")


SECRETS = {
    name: secret(number)
    for number, name in enumerate((
        "env", "quoted", "label", "health", "trigger", "user", "shell", "volume", "unknown", "container", "author",
        "argument", "default", "comment", "step author", "url", "positional", "dockerfile", "builder", "base",
        "annotation", "parameter", "npmrc", "dotenv", "git",
    ))
}  # fmt: skip
OF_FILES = {"npmrc", "dotenv", "git"}
S = SECRETS
COMMAND = f"apt-get update {'x' * 40} {S['positional']}"
"""Is cut within the secret where it is quoted in a sentence; that it is one is told by another step."""


def image() -> ImageSpec:
    """An image with a secret in each place that there is."""
    settings = {
        "Env": ["PATH=/bin", f"DB_PASSWORD={S['env']}", f"OTHER_PASSWORD=a b&{S['quoted']}"],
        "Labels": {"api.token": S["label"], "org.opencontainers.image.base.name": f"https://u:{S['url']}@host/x"},
        "Healthcheck": {"Test": ["CMD-SHELL", f"curl -H 'Authorization: Bearer {S['health']}' x"]},
        "OnBuild": [f"ENV API_TOKEN={S['trigger']}"],
        "User": f"--token={S['user']}",
        "Shell": ["/bin/sh", "--password", S["shell"]],
        "Volumes": {f"/x?token={S['volume']}": {}},
        "Unknown": {"deep": [{"password": S["unknown"]}]},
    }
    history = (
        {"created_by": f"ARG DB_PASSWORD=x y&{S['default']}", "empty_layer": True},
        {
            "created_by": f"|1 API_TOKEN=x&{S['argument']} /bin/sh -c {COMMAND}",
            "comment": f"made with --token={S['comment']}",
            "author": f"me --password={S['step author']}",
        },
        {"created_by": f"ENV MY_PASSWORD={S['positional']}", "empty_layer": True},
        {"created_by": "COPY /app /app # buildkit", "comment": f"buildkit.dockerfile.v0 https://u:{S['url']}@host"},
        {"created_by": "RUN rm -r /old # buildkit"},
    )
    layers = (
        layer(file("var/lib/apt/lists/x_Packages", b"x" * 9000), file("old/x", b"y" * 9000)),
        layer(
            file("app/.env", f"DB_PASSWORD={S['dotenv']}\n".encode()),
            file("root/.npmrc", f"//r.example/:_authToken={S['npmrc']}\n".encode()),
            file("app/.git/HEAD", b"ref: x\n"),
            file("app/.git/config", f"\turl = https://u:{S['git']}@host/x\n".encode()),
            file("app/tool", b"t" * 5000),
        ),
        layer(file("app/tool", b"t" * 5001)),
    )
    extra = {
        "config": settings,
        "author": f"me --token={S['author']}",
        "container_config": {"Cmd": ["x", f"--password={S['container']}"]},
    }
    return ImageSpec(layers=layers, history=history, tags=("app:1",), config_extra=extra)


def attested(spec: ImageSpec) -> bytes:
    """The image as an OCI archive, with annotations and a provenance."""
    arguments = {"args": {"build-arg:API_TOKEN": S["parameter"]}}
    statement = {
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "predicate": {"invocation": {"parameters": arguments}},
    }
    return buildkit(spec, statements=(statement,), annotations={"deploy": f"--token={S['annotation']}"})


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files that the calls name."""
    folder = tmp_path_factory.mktemp("places")
    spec = image()
    tool = layer(file("app/tool", b"t" * 5000))
    history = ({"created_by": f"RUN make --password={S['builder']} # buildkit"},)
    base = ImageSpec(layers=spec.layers[:1], env=(f"BASE_PASSWORD={S['base']}",))
    lines = f"FROM x AS builder\nRUN make --token='{S['dockerfile']}&x'\nFROM y\nRUN {COMMAND}\nCOPY --from=builder /app /app\nRUN rm -r /old\n"
    files = {
        "image": attested(spec),
        "builder": docker_save(ImageSpec(layers=(tool,), history=history, tags=("builder:1",))),
        "base": docker_save(base),
        "dockerfile": lines.encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with browsing(folder / "image") as (_, made, _):
        (folder / "saved").write_text(lines_of(made), "utf-8")
    return {name: str(folder / name) for name in (*files, "saved")}


PATCHED = {"dockerfile", "positional"}
"""What the lines of the Dockerfile hold, which a patch shows as they are: a mask in one would not apply."""


def formats(command: str) -> tuple[tuple[str, ...], ...]:
    """The options that ask for each format of a command, by the command's own declaration."""
    options = [one for one in load(command).params if "--format" in one.opts]
    return tuple(("-f", choice) for one in options for choice in getattr(one.type, "choices", ())) or ((),)


def shows(text: str, names: set[str] | None = None) -> set[str]:
    """The secrets of which six characters in a row are in a text."""
    return {
        name
        for name, value in SECRETS.items()
        if (names is None or name in names) and any(value[start : start + 6] in text for start in range(len(value) - 5))
    }


def test_every_command_is_called() -> None:
    assert CALLS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", [name for name, calls in CALLS.items() if calls])
def test_no_command_prints_a_secret_in_any_format(
    places: dict[str, str],
    command: str,
    cache_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in CALLS[command]:
        for form in formats(command):
            # In this process, as a new one for each would take longer than all the rest.
            arguments = (command, *(word.format(**places) for word in call), *form)
            monkeypatch.setattr("sys.argv", ["layerscope", *arguments])
            assert run_command([]) in range(4)
            done = capsys.readouterr()
            allowed = PATCHED if command == "fix" and DOCKERFILE in call else set()
            assert not shows(done.out) - allowed and not shows(done.err), arguments
    # Files are kept as they are, for the next run; SECURITY.md says so.
    kept = b"".join(path.read_bytes() for path in cache_directory.rglob("*") if path.is_file())
    assert not shows(kept.decode("latin-1"), set(SECRETS) - OF_FILES)
    assert not shows(" ".join(map(str, cache_directory.rglob("*"))))


def test_a_mask_stands_for_each_secret_of_the_image(run: Run, places: dict[str, str]) -> None:
    text = "".join(run(command, places["image"], "-f", "json").stdout for command in ("report", "history"))
    masks = {name: f"{value[:2]}***{value[-2:]}" for name, value in SECRETS.items()}
    masks |= {"quoted": "OTHER_PASSWORD=***", "default": "DB_PASSWORD=***", "argument": f"x&***{S['argument'][-2:]}"}
    not_printed = {"dockerfile", "builder", "base", "annotation", "author", "step author", "container", "parameter"}
    assert {name for name, shown in masks.items() if shown not in text} <= not_printed
    found = run("findings", places["image"], "-f", "json").stdout
    assert all(masks[name] in found for name in ("annotation", "author", "container", "parameter"))


@pytest.mark.parametrize(
    ("keys", "each"),
    [
        pytest.param(("1",), ("D", "escape"), id="layers"),
        pytest.param(("1", "c", "tab", "E", "E"), ("v", "v", "escape", "enter", "escape"), id="files"),
        pytest.param(("2",), ("enter", "escape", "D", "escape"), id="steps"),
        pytest.param(("3",), ("D", "escape"), id="findings"),
        pytest.param(("4",), (), id="packages"),
        pytest.param(("5",), ("D", "escape"), id="stages"),
        pytest.param(("i",), (), id="image"),
    ],
)
def test_no_screen_shows_a_secret(places: dict[str, str], keys: tuple[str, ...], each: tuple[str, ...]) -> None:
    async def screens() -> str:
        known = BuildInputs(dockerfile=parse_dockerfile(Path(places["dockerfile"]).read_bytes(), name="Dockerfile"))
        with browsing(Path(places["image"]), AnalysisInputs(known=known)) as (browser, report, _):
            app = Explorer(report, browser, RenderOptions(units=si))
            seen = []
            async with app.run_test(size=(400, 60)) as pilot:
                await pilot.press(*keys)
                for _row in range(14):
                    for key in (*each, "down"):
                        await pilot.pause()
                        seen += [strip.text for strip in app.screen._compositor.render_strips()]
                        await pilot.press(key)
                        await app.workers.wait_for_complete()
            return "\n".join(seen)

    assert not shows(asyncio.run(screens()))


@pytest.mark.parametrize("template", ["", "{{json .}}", "{{.Config.Env}}"])
def test_inspect_prints_what_the_engine_does(run: Run, places: dict[str, str], template: str) -> None:
    done = run("inspect", places["image"], "-f", template)
    assert S["env"] in done.stdout
    assert not shows(done.stderr)


def test_an_error_masks_what_it_quotes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(docker_save(ImageSpec(tags=(f"a?token={S['url']}",)), ImageSpec(tags=("b",))))
    done = run("report", "image.tar")
    assert done.returncode == 2 and "a?token=" in done.stderr
    assert not shows(done.stderr)


def _structs(kind: Any) -> set[type[Struct]]:
    """The structs that a type is made of, and those in its fields."""
    found = {kind.cls} if isinstance(kind, StructType) else set()
    parts = [getattr(kind, name) for name in ("item_type", "key_type", "value_type") if hasattr(kind, name)]
    parts += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    parts += [one.type for one in getattr(kind, "fields", ())]
    return found.union(*map(_structs, parts))


def test_every_member_of_a_report_is_masked_or_a_name() -> None:
    for kind in _structs(type_info(Report)):
        texts = set(TEXTS.get(kind, ()))
        assert texts <= set(kind.__struct_fields__)
        if kind in TEXTS:
            left = {one for one in kind.__struct_fields__ if one not in texts and _holds_text(kind, one)}
            assert left <= NAMES, (kind, left - NAMES)


def _holds_text(kind: type[Struct], name: str) -> bool:
    (member,) = (one for one in type_info(kind).fields if one.name == name)  # type: ignore[attr-defined]
    return "StrType" in str(member.type) or bool(_structs(member.type))
