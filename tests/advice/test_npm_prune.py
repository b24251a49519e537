"""Node's development packages are removed after the build that needs them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from layerscope.advice.files import BuildFiles, inserting
from layerscope.advice.timeline import Site
from layerscope.edit.document import Document
from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.advice.projects import node_modules, node_project
from tests.builder import Member, file


def staged(
    directory: Path, *after: str, install: str = "RUN npm ci", copy: str = "COPY --from=b /app /app", **project: object
) -> Advised:
    lines = ["FROM node AS b", "WORKDIR /app", "COPY . .", install, "RUN npm run build", *after, "FROM node", copy]
    files = (*node_project(), *node_modules())
    if project:
        files = (*node_project(**project), *node_modules())  # type: ignore[arg-type]
    layers = {3: files[:2], 4: node_modules(), len(lines): files}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers).advise(directory)


def lines(advised: Advised) -> list[str]:
    return advised.patched("npm-prune").dockerfile.text.split("\n")


def test_at_the_end_of_the_stage(tmp_path: Path) -> None:
    advised = staged(tmp_path)
    step = advised.of("npm-prune")
    assert step.safety == Safety.SAFE and step.dockerfile_line == 4 and advised.names == ["npm-prune"]
    assert lines(advised)[4:6] == ["RUN npm run build", "RUN npm prune --omit=dev"]


def test_in_the_directory_of_the_project(tmp_path: Path) -> None:
    assert lines(staged(tmp_path, "WORKDIR /srv"))[6] == "RUN cd /app && npm prune --omit=dev"


def test_of_a_workspace_in_its_root(tmp_path: Path) -> None:
    assert "RUN npm prune --omit=dev" in lines(staged(tmp_path, workspaces=["packages/*"]))


@pytest.mark.parametrize(
    ("install", "command", "safety"),
    [
        ("RUN pnpm i --frozen-lockfile", "RUN CI=true pnpm prune --prod --ignore-scripts", Safety.SAFE),
        (
            "RUN yarn --frozen-lockfile",
            "RUN yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline",
            Safety.REVIEW,
        ),
    ],
)
def test_by_the_manager_that_installed(tmp_path: Path, install: str, command: str, safety: Safety) -> None:
    advised = staged(tmp_path, install=install)
    assert advised.of("npm-prune").safety == safety and command in lines(advised)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"packageManager": "yarn@4.1.0"}, id="another Yarn"),
        pytest.param({"workspaces": ["packages/*"]}, id="members"),
    ],
)
def test_no_command_of_yarn_is_known_for(tmp_path: Path, fields: dict[str, object]) -> None:
    assert "npm-prune" not in staged(tmp_path, install="RUN yarn install", **fields).names  # type: ignore[arg-type]


def test_not_as_a_user_who_may_not_delete(tmp_path: Path) -> None:
    assert "npm-prune" not in staged(tmp_path, "USER node").names


def test_not_where_another_stage_copies_the_packages(tmp_path: Path) -> None:
    tests = ("FROM node AS test", "COPY --from=b /app/node_modules /app/node_modules", "RUN npm test")
    advised = staged(tmp_path, *tests)
    assert "npm-prune" not in advised.names and not any(step.edits for step in advised.steps)


def test_not_in_a_workspace_of_pnpm_whose_packages_lose_theirs(tmp_path: Path) -> None:
    text = "FROM node AS b\nWORKDIR /app\nCOPY . .\nRUN pnpm install\nRUN pnpm -r build\nFROM node\nCOPY --from=b /app /app\n"
    project, modules = node_project(), node_modules()
    plain = Build(dockerfile=text, layers={3: project, 4: modules, 7: (*project, *modules)}).advise(tmp_path)
    assert "pnpm prune --prod" in plain.of("npm-prune").sentence
    project = (*project, file("app/pnpm-workspace.yaml", b"packages:\n  - 'packages/*'\n"))
    advised = Build(dockerfile=text, layers={3: project, 4: modules, 7: (*project, *modules)}).advise(tmp_path)
    assert "npm-prune" not in advised.names


def single(directory: Path, *instructions: str, source: Sequence[Member] = (), **project: object) -> Advised:
    text = "\n".join(("FROM node", "WORKDIR /app", "COPY package*.json ./", *instructions, ""))
    files = node_project(**project)  # type: ignore[arg-type]
    copies = [3 + at for at, line in enumerate(instructions, 1) if line.startswith("COPY")]
    layers = {3: files, 4: node_modules(), **{line: source or (file("app/src/a.ts", b"1"),) for line in copies}}
    return Build(dockerfile=text, layers=layers).advise(directory)


def test_in_the_final_stage_the_installation_moves_to_the_build(tmp_path: Path) -> None:
    advised = single(tmp_path, "RUN npm ci", "COPY . .", "RUN npm run build", "CMD node dist/index.js")
    step = advised.of("npm-prune")
    assert step.safety == Safety.REVIEW and step.saves_bytes == advised.findings[0].content_bytes
    text = advised.patched("npm-prune").dockerfile.text
    assert "COPY . .\nRUN npm ci" in text and "RUN npm ci\nCOPY" not in text
    script = " ".join(text.partition("RUN ")[2].partition("CMD")[0].replace("\\\n", " ").split())
    assert script == "npm ci && npm run build && npm prune --omit=dev"


def test_scripts_of_the_installation_itself_have_run_by_the_end_of_the_run(tmp_path: Path) -> None:
    advised = single(tmp_path, "RUN npm ci", "COPY . .", "CMD node index.js", scripts={"prepare": "husky"})
    step = advised.of("npm-prune")
    assert step.safety == Safety.SAFE
    text = " ".join(advised.patched("npm-prune").dockerfile.text.replace("\\\n", " ").split())
    assert "RUN npm ci && npm prune --omit=dev COPY . ." in text


@pytest.mark.parametrize(
    ("between", "source"),
    [
        pytest.param("ENV NODE_ENV=production", (), id="a variable would hold earlier"),
        pytest.param("COPY . .", (file("app/node_modules/x/index.js", b"1"),), id="packages of the host"),
        pytest.param("USER node", (), id="another user"),
        pytest.param("WORKDIR /app/client", (), id="another directory"),
    ],
)
def test_nothing_moves_past(tmp_path: Path, between: str, source: Sequence[Member]) -> None:
    advised = single(tmp_path, "RUN npm ci", between, "RUN npm run build", source=source)
    assert "npm-prune" not in advised.names


def test_an_old_npm_has_another_option(tmp_path: Path) -> None:
    text = "FROM node:14-slim AS b\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nFROM node:14-slim\n"
    text += "COPY --from=b /app /app\n"
    files = (*node_project(), *node_modules())
    advised = Build(dockerfile=text, layers={3: node_project(), 4: node_modules(), 7: files}).advise(tmp_path)
    assert "RUN npm prune --production" in lines(advised)


def test_a_stage_that_prunes_already_gets_no_second_prune(tmp_path: Path) -> None:

    text = "FROM node AS a\nRUN npm ci\nRUN npm prune --omit=dev\nFROM node\nRUN npm prune --omit=dev\n"
    files = BuildFiles(dockerfile=Document.parse(text, "Dockerfile"))
    site = Site(stage="a", position=0, kind="RUN", text="npm ci", line=2)
    assert inserting("RUN npm prune --omit=dev", after=site)(files).dockerfile.text == text
    assert inserting("RUN npm test", after=site)(files).dockerfile.text.count("RUN npm test") == 1
