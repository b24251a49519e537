"""How each installer is told to leave development packages out, in the forms in which Dockerfiles call it."""

from collections.abc import Mapping

import pytest

from layerscope.advice.files import BuildFiles, editing_words
from layerscope.advice.other_installs import NodeProject, composer_plan, node_manager, node_plans
from layerscope.advice.python_installs import PythonProject, group_names, is_python_install, python_plans
from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import Plan, WordEdit, Words, plain
from layerscope.edit.document import Document
from layerscope.errors import EditError


def plan_of(*plans: Plan) -> Plan:
    def plan(words: Words) -> WordEdit | None:
        return next((edit for one in plans if (edit := one(words)) is not None), None)

    return plan


def edited(command: str, plan: Plan) -> str:
    """The script of a RUN after the change; empty where the RUN goes, the same where no change is planned."""
    if plan(plain(command.split())) is None:
        return command
    files = BuildFiles(dockerfile=Document.parse(f"FROM a\nRUN {command}\n"))
    site = Site(stage="", position=0, kind="RUN", text=command, line=2)
    return editing_words(site, plan)(files).dockerfile.text.removeprefix("FROM a\n").removeprefix("RUN ").strip()


FILES: Mapping[str, str] = {
    "requirements-dev.txt": "pytest\n",
    "dev-with-all.txt": "-r requirements.txt\npytest\n",
    "requirements/dev.txt": "-r base.txt\n-r test.txt\nblack\n",
    "requirements/test.txt": "pytest\n",
    "app/requirements-dev.txt": "pytest\n",
    "tests/requirements.txt": "pytest\n",
}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install -r requirements.txt -r requirements-dev.txt", "pip install -r requirements.txt"),
        ("pip3 install --no-cache-dir -rrequirements-dev.txt flask", "pip3 install --no-cache-dir flask"),
        ("python -m pip install -r a.txt --requirement=requirements-dev.txt", "python -m pip install -r a.txt"),
        ("/venv/bin/pip install -r a.txt -r tests/requirements.txt", "/venv/bin/pip install -r a.txt"),
        ("pip install -r dev-with-all.txt", "pip install -r requirements.txt"),
        ("pip install -r dev-with-all.txt -r requirements.txt", "pip install -r requirements.txt"),
        ("pip install -U -r requirements/dev.txt", "pip install -U -r requirements/base.txt"),
        ("pip install -r requirements-dev.txt && true", "true"),
        ("pip install -r requirements-dev.txt", ""),
        ("pip install '.[dev]'", "pip install ."),
        ("pip install -e .[dev,postgres]", "pip install -e '.[postgres]'"),
        ("pip install --no-deps ./api[test]", "pip install --no-deps ./api"),
        ("pip install . --group dev", "pip install ."),
        ("uv pip install --system -r requirements.txt -r requirements-dev.txt", "uv pip install --system -r requirements.txt"),
        ("pip wheel -w /wheels -r a.txt -r requirements-dev.txt", "pip wheel -w /wheels -r a.txt"),
        ("pipenv install -d --system --ignore-pipfile", "pipenv install --system --ignore-pipfile"),
        ("pipenv sync --dev", "pipenv sync"),
        ("pipenv requirements --dev > requirements.txt", "pipenv requirements > requirements.txt"),
        ("pdm install --frozen-lockfile", "pdm install --prod --frozen-lockfile"),
        ("pdm sync -d --no-editable", "pdm sync --prod --no-editable"),
    ],
)  # fmt: skip
def test_pip_pipenv_and_pdm(command: str, expected: str) -> None:
    assert edited(command, plan_of(*python_plans(PythonProject(requirements=FILES)))) == expected


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("pip install -r requirements.txt", id="nothing of development"),
        pytest.param("pip install -r requirements/prod.txt -c constraints-dev.txt", id="constraints install nothing"),
        pytest.param("pip install -r requirements-$STAGE-dev.txt", id="a variable may be anything"),
        pytest.param("pip install -r unknown-dev.txt", id="what it includes is not known"),
        pytest.param("pip install coverage[toml]", id="an extra of a package"),
        pytest.param("pip uninstall -y -r requirements-dev.txt", id="another command"),
        pytest.param("pipenv install --dev pytest", id="a package by its name"),
        pytest.param("pipenv install --system --deploy", id="without development already"),
        pytest.param("pipenv requirements --dev-only", id="nothing else is wanted"),
        pytest.param("poetry install --no-dev", id="an old option"),
        pytest.param("poetry install --only main", id="main alone"),
        pytest.param("poetry install --without dev", id="without the group"),
        pytest.param("uv sync --frozen --no-dev", id="uv without the group"),
        pytest.param("uv sync --no-default-groups", id="uv without any group"),
        pytest.param("pdm install --prod", id="production already"),
        pytest.param("pdm install -G dev", id="groups by name"),
        pytest.param("echo pip install -r x", id="not that"),
    ],
)
def test_what_is_left_alone(command: str) -> None:
    assert edited(command, plan_of(*python_plans(PythonProject(requirements=FILES)))) == command


def test_a_file_that_is_not_at_hand_is_for_review() -> None:
    plan = plan_of(*python_plans(PythonProject(requirements=FILES)))
    edit = plan(["pip", "install", "-r", "requirements.txt", "-r", "unknown-dev.txt"])
    assert edit is not None and edit.doubt == "make sure that unknown-dev.txt asks for nothing that production needs"


@pytest.mark.parametrize(
    ("command", "groups", "expected"),
    [
        ("poetry install --no-root", ["dev"], "poetry install --only main --no-root"),
        ("poetry install --with dev,test", ["dev", "test"], "poetry install --only main"),
        ("poetry install --with=dev --with prod", ["dev"], "poetry install --only main,prod"),
        ("poetry install", ["dev", "worker"], "poetry install --without dev"),
        ("poetry install --without docs", ["dev", "docs", "worker"], "poetry install --without dev,docs"),
        ("poetry install --only main,dev", ["dev"], "poetry install --only main"),
        ("poetry sync --all-groups", ["dev", "worker"], "poetry sync --only main,worker"),
        ("poetry -C /app install", [], "poetry -C /app install --only main"),
        ("uv sync --frozen", ["dev"], "uv sync --no-dev --frozen"),
        ("uv sync --all-groups", ["dev", "worker"], "uv sync --no-dev --group worker"),
        ("uv sync --group test --locked", ["test"], "uv sync --no-dev --locked"),
        ("uv sync --extra dev --extra api", [], "uv sync --no-dev --extra api"),
        ("uv sync --no-dev --group=lint", ["lint"], "uv sync --no-dev"),
    ],
)
def test_poetry_and_uv(command: str, groups: list[str], expected: str) -> None:
    project = PythonProject(requirements=FILES, groups=frozenset(groups))
    assert edited(command, plan_of(*python_plans(project))) == expected


def test_other_groups_may_be_for_production_where_no_pyproject_is_at_hand() -> None:
    plan = plan_of(*python_plans(PythonProject(requirements=FILES)))
    edit = plan(["poetry", "install"])
    assert edit is not None and edit.doubt == "make sure that production needs no dependencies of other groups"
    assert edited("poetry install", plan) == "poetry install --only main"


def test_poetry_before_groups_has_another_option() -> None:
    project = PythonProject(requirements=FILES, poetry="1.1")
    assert edited("poetry install", plan_of(*python_plans(project))) == "poetry install --no-dev"
    project = PythonProject(requirements=FILES, poetry="1.10")
    assert edited("poetry install", plan_of(*python_plans(project))) == "poetry install --only main"


def test_the_groups_of_pyproject() -> None:
    poetry: dict[str, object] = {"tool": {"poetry": {"dev-dependencies": {}, "group": {"docs": {}}}}}
    assert group_names(poetry) == (frozenset({"dev", "docs"}), frozenset({"dev"}))
    uv: dict[str, object] = {
        "dependency-groups": {"dev": [], "lint": []},
        "tool": {"uv": {"default-groups": ["dev", "lint"]}},
    }
    assert group_names(uv) == (frozenset({"dev", "lint"}),) * 2
    assert group_names({"dependency-groups": 1, "tool": {"uv": {"default-groups": "all"}}}) == (
        frozenset(),
        frozenset(),
    )
    project = PythonProject(requirements=FILES, groups=frozenset(), default_groups=frozenset({"dev", "lint"}))
    assert edited("uv sync", plan_of(*python_plans(project))) == "uv sync --no-dev --no-group lint"


def test_installs_of_python() -> None:
    for command in ("pip install x", "uv sync", "uv pip install x", "python3 -m pip install .", "poetry install"):
        assert is_python_install(command.split())
    for command in ("pytest", "poetry run pytest", "uv run pytest", "pipenv run x", "pip list", "uv"):
        assert not is_python_install(command.split())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm ci", "npm ci --omit=dev"),
        ("npm --prefix client install --no-audit", "npm --prefix client install --omit=dev --no-audit"),
        ("npm ci --include=dev", "npm ci --omit=dev"),
        ("npm ci --include dev --no-fund", "npm ci --omit=dev --no-fund"),
        ("npm install --production=false", "npm install --omit=dev"),
        ("yarn", "yarn --production"),
        ("yarn --frozen-lockfile", "yarn --production --frozen-lockfile"),
        ("yarn install --network-timeout 100000", "yarn install --production --network-timeout 100000"),
        ("pnpm i --frozen-lockfile", "pnpm i --prod --frozen-lockfile"),
        ("pnpm install --prod=false", "pnpm install --prod"),
    ],
)
def test_node(command: str, expected: str) -> None:
    assert edited(command, plan_of(*node_plans(NodeProject()))) == expected


@pytest.mark.parametrize(
    "command",
    [
        "npm ci --omit=dev", "npm ci --only=production", "npm install --production", "npm ci --omit dev",
        "npm install express", "npm install -g pnpm", "npm run build", "npm --version", "yarn --version",
        "yarn build", "yarn add ms", "yarn install --production", "yarn install --immutable", "yarn global add x",
        "pnpm install -P", "pnpm add ms", "pnpm run build", "pnpm --filter api build",
    ],
)  # fmt: skip
def test_what_is_left_alone_of_node(command: str) -> None:
    assert edited(command, plan_of(*node_plans(NodeProject()))) == command


def test_other_versions_of_npm_and_yarn() -> None:
    assert edited("npm ci", plan_of(*node_plans(NodeProject(is_old_npm=True)))) == "npm ci --production"
    assert edited("yarn", plan_of(*node_plans(NodeProject(is_berry=True)))) == "yarn"
    assert [node_manager(one.split()) for one in ("npm ci", "yarn", "pnpm i", "npx x")] == ["npm", "yarn", "pnpm", ""]


def test_composer() -> None:
    expected = "composer install --no-dev -o"
    assert (
        edited("composer install -o", composer_plan) == edited("composer install --dev -o", composer_plan) == expected
    )
    assert edited("php composer.phar install", composer_plan) == "php composer.phar install --no-dev"
    for command in ("composer install --no-dev", "composer require x", "composer dump-autoload"):
        assert edited(command, composer_plan) == command


def test_a_command_that_is_not_understood_is_not_edited() -> None:
    files = BuildFiles(dockerfile=Document.parse("FROM a\nRUN sh -c 'npm ci'\n"))
    site = Site(stage="", position=0, kind="RUN", text="sh -c 'npm ci'", line=2)
    with pytest.raises(EditError, match="in a way that is not understood"):
        editing_words(site, plan_of(*node_plans(NodeProject())))(files)
