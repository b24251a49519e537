"""Development packages are left out where nothing that comes later uses them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.advice.projects import BIG, node_modules, node_project, python_package
from tests.builder import Member, file

FILES = (file("app/requirements.txt", b"flask\n"), file("app/requirements-dev.txt", b"pytest\n"))
FLASK, PYTEST = python_package("flask"), python_package("pytest", big=True, program=True)
TOOLS = (file("app/.venv/bin/python", b"x"), file("app/.venv/bin/pip", b"x"))
INSTALL = "RUN .venv/bin/pip install -r requirements.txt -r requirements-dev.txt"


def python_build(directory: Path, *later: str, final: Sequence[str] = (), **fields: object) -> Advised:
    """A stage that installs in line 4, and a final one that copies all of it."""
    lines = ["FROM python AS builder", "WORKDIR /app", "COPY . .", INSTALL, *later]
    lines += ["FROM python", "COPY --from=builder /app /app", *final]
    installed = (*FLASK, *PYTEST, *TOOLS)
    layers = {3: FILES, 4: installed, 6 + len(later): (*FILES, *installed)}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers, fields=fields).advise(directory)


def test_a_requirements_file_is_dropped(tmp_path: Path) -> None:
    advised = python_build(tmp_path, "RUN chmod -R a+rX .", final=("CMD python",))
    step = advised.of("without-dev")
    assert step.safety == Safety.SAFE and step.stage == "builder" and step.dockerfile_line == 4
    assert step.saves_bytes == sum(finding.content_bytes for finding in advised.findings)
    assert step.sentence == (
        "install without development packages: drop `-r requirements-dev.txt` from "
        "`.venv/bin/pip install -r requirements.txt -r requirements-dev.txt`"
    )
    patched = advised.patched().dockerfile.text
    assert "RUN .venv/bin/pip install -r requirements.txt\n" in patched


@pytest.mark.parametrize("use", ["RUN .venv/bin/pytest", "RUN make check", "RUN ./build.sh", "RUN python -m pytest"])
def test_what_a_later_run_may_use_is_uninstalled_at_the_end(tmp_path: Path, use: str) -> None:
    advised = python_build(tmp_path, use)
    assert advised.names == ["pip-uninstall"]
    assert f"{use}\nRUN /app/.venv/bin/python -m pip uninstall -y pytest\n" in advised.patched().dockerfile.text


def test_the_rest_of_the_same_run_counts_as_later(tmp_path: Path) -> None:
    text = f"FROM python AS builder\nWORKDIR /app\nCOPY . .\n{INSTALL} && .venv/bin/pytest\nFROM python\n"
    text += "COPY --from=builder /app /app\n"
    installed = (*FLASK, *PYTEST, *TOOLS)
    advised = Build(dockerfile=text, layers={3: FILES, 4: installed, 6: (*FILES, *installed)}).advise(tmp_path)
    assert advised.names == ["pip-uninstall"]


def test_a_stage_that_copies_them_may_use_them(tmp_path: Path) -> None:
    lines = ("FROM python AS test", "COPY --from=builder /app /app", "RUN /app/.venv/bin/pytest")
    advised = python_build(tmp_path, *lines)
    assert "pip-uninstall" not in advised.names and not any(step.edits for step in advised.steps)


def test_a_stage_that_is_built_on_it_uses_them(tmp_path: Path) -> None:
    advised = python_build(tmp_path, "FROM builder AS test", 'CMD ["pytest"]')
    step = advised.of("without-dev")
    assert (
        not step.edits
        and 'line 6 (`CMD ["pytest"]`) of stage test does without them, in a stage of its own' in step.review
    )


def test_a_stage_that_copies_from_one_built_on_it_may_use_them(tmp_path: Path) -> None:
    lines = ["FROM python AS install", "WORKDIR /app", "COPY . .", INSTALL, "FROM install AS builder", "RUN true"]
    lines += ["FROM python AS test", "COPY --from=builder /app /app", "RUN /app/.venv/bin/pytest"]
    lines += ["FROM python", "COPY --from=builder /app /app"]
    installed = (*FLASK, *PYTEST, *TOOLS)
    layers = {3: FILES, 4: installed, 8: (*FILES, *installed), 11: (*FILES, *installed)}
    advised = Build(dockerfile="\n".join((*lines, "")), layers=layers).advise(tmp_path)
    assert advised.findings and not any(step.edits for step in advised.steps)


def single(directory: Path, lines: Sequence[str], layers: Mapping[int, Sequence[Member]], **fields: object) -> Advised:
    """A build of one stage."""
    return Build(dockerfile="\n".join(("FROM python", *lines, "")), layers=layers, fields=fields).advise(directory)


def final_build(directory: Path, *later: str, **fields: object) -> Advised:
    lines = ("WORKDIR /app", "COPY . .", INSTALL, *later)
    return single(directory, lines, {3: FILES, 4: (*FLASK, *PYTEST, *TOOLS)}, **fields)


def test_in_the_final_stage_too(tmp_path: Path) -> None:
    advised = final_build(tmp_path, "CMD python")
    assert advised.of("without-dev").safety == Safety.SAFE
    assert advised.names == ["without-dev"]


def test_what_may_use_them_in_the_final_stage_is_for_review(tmp_path: Path) -> None:
    advised = final_build(tmp_path, "RUN python manage.py collectstatic")
    step = advised.of("without-dev")
    assert (
        step.safety == Safety.REVIEW
        and step.review == "make sure that line 5 (`RUN python manage.py collectstatic`) of stage 0 does without them"
    )
    assert step.edits


@pytest.mark.parametrize("use", ["RUN .venv/bin/pytest", "RUN python setup.py build_ext", "RUN make"])
def test_what_uses_them_in_the_final_stage_leaves_words_alone(tmp_path: Path, use: str) -> None:
    step = final_build(tmp_path, use).of("without-dev")
    assert step.safety == Safety.REVIEW and not step.edits and "in a stage of its own" in step.review


def test_without_a_dockerfile_the_step_is_in_words(tmp_path: Path) -> None:
    layers = {2: FILES, 3: (*FLASK, *PYTEST)}
    text = "FROM python\nCOPY . /app\nRUN pip install -r /app/requirements.txt -r /app/requirements-dev.txt\n"
    step = Build(dockerfile=text, layers=layers).advise(tmp_path, with_dockerfile=False).of("without-dev")
    assert not step.edits and "drop `-r /app/requirements-dev.txt`" in step.sentence and step.safety == Safety.SAFE


def test_what_the_patched_build_makes_has_no_step(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    assert not Build(dockerfile=text, layers={3: FILES, 4: FLASK}).advise(tmp_path).names


LOCK = b"""version = 1
[[package]]
name = "app"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "flask" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "flask"
version = "1.0"
[[package]]
name = "pytest"
version = "1.0"
"""
PYPROJECT = b'[project]\nname = "app"\ndependencies = ["flask"]\n[dependency-groups]\ndev = ["pytest"]\n'
UV = (file("app/pyproject.toml", PYPROJECT), file("app/uv.lock", LOCK))


def uv_build(directory: Path, **fields: object) -> Advised:
    lines = ("WORKDIR /app", "COPY pyproject.toml uv.lock .", "RUN uv sync --frozen --no-install-project", "COPY . .",
             "RUN uv sync --frozen")  # fmt: skip
    return single(directory, lines, {3: UV, 4: (*FLASK, *PYTEST)}, **fields)


def test_each_run_that_installs_is_changed(tmp_path: Path) -> None:
    advised = uv_build(tmp_path)
    assert advised.of("without-dev").safety == Safety.SAFE
    patched = advised.patched().dockerfile.text
    assert (
        "uv sync --no-dev --frozen --no-install-project\n" in patched and "RUN uv sync --no-dev --frozen\n" in patched
    )


def test_uv_run_would_install_them_again_when_the_application_starts(tmp_path: Path) -> None:
    step = uv_build(tmp_path, cmd=("uv", "run", "app.py")).of("without-dev")
    assert step.safety == Safety.REVIEW and not step.edits and "uv run --no-dev" in step.review
    assert uv_build(tmp_path, cmd=("uv", "run", "--no-dev", "app.py")).of("without-dev").edits


def node_build(directory: Path, *later: str, **project: object) -> Advised:
    """A stage that installs in line 4, and a final one that copies all of it."""
    lines = ["FROM node AS builder", "WORKDIR /app", "COPY package*.json ./", "RUN npm ci", *later]
    lines += ["FROM node", "COPY --from=builder /app /app"]
    files = node_project(**project)  # type: ignore[arg-type]
    layers = {3: files, 4: node_modules(), 6 + len(later): (*files, *node_modules())}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers).advise(directory)


def test_npm_omits_them(tmp_path: Path) -> None:
    advised = node_build(tmp_path, "COPY . .")
    assert advised.of("without-dev").safety == Safety.SAFE
    assert "RUN npm ci --omit=dev\n" in advised.patched().dockerfile.text


@pytest.mark.parametrize(
    ("later", "project"),
    [
        pytest.param(("RUN npm run build",), {}, id="a build"),
        pytest.param(("RUN npx tsc",), {}, id="a program of theirs"),
        pytest.param((), {"scripts": {"prepare": "husky"}}, id="a script that the installation runs"),
        pytest.param((), {"workspaces": ["packages/*"]}, id="scripts of members"),
    ],
)
def test_what_node_builds_with_is_pruned_afterwards(
    tmp_path: Path, later: tuple[str, ...], project: dict[str, object]
) -> None:
    advised = node_build(tmp_path, *later, **project)
    assert advised.names == ["npm-prune"]
    assert "RUN npm prune --omit=dev\n\nFROM" in advised.patched().dockerfile.text.replace("\nFROM", "\n\nFROM")


def test_a_variable_may_bring_them_back(tmp_path: Path) -> None:
    text = "FROM node AS b\nENV NPM_CONFIG_PRODUCTION=false\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n"
    text += "FROM node\nCOPY --from=b /app /app\n"
    files = (*node_project(), *node_modules())
    advised = Build(dockerfile=text, layers={4: node_project(), 5: node_modules(), 7: files}).advise(tmp_path)
    assert not advised.names and advised.findings


COMPOSER = b"""{"packages": [
{"name": "acme/core", "version": "1.0.0", "version_normalized": "1.0.0.0", "install-path": "../acme/core"},
{"name": "acme/testing", "version": "1.0.0", "version_normalized": "1.0.0.0", "install-path": "../acme/testing"}
], "dev": true, "dev-package-names": ["acme/testing"]}"""


def composer_build(directory: Path, install: str, manifest: bytes = b"{}", *later: str) -> Advised:
    vendor = (
        file("app/vendor/composer/installed.json", COMPOSER),
        file("app/vendor/acme/core/x.php", b"<?php\n"),
        file("app/vendor/acme/testing/x.php", BIG),
    )
    lines = ("FROM composer AS vendor", "WORKDIR /app", "COPY . .", install, *later,
             "FROM php", "COPY --from=vendor /app/vendor /app/vendor")  # fmt: skip
    layers = {3: (file("app/composer.json", manifest),), 4: vendor, 6 + len(later): vendor}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers).advise(directory)


def test_composer_installs_without_them(tmp_path: Path) -> None:
    advised = composer_build(tmp_path, "RUN composer install --no-interaction")
    assert "composer install --no-dev --no-interaction\n" in advised.patched().dockerfile.text


def test_scripts_of_composer_json_are_for_review(tmp_path: Path) -> None:
    scripts = b'{"scripts": {"post-install-cmd": "captainhook install"}}'
    assert composer_build(tmp_path, "RUN composer install", scripts).of("without-dev").safety == Safety.REVIEW


def test_no_scripts_run_that_were_turned_off(tmp_path: Path) -> None:
    scripts = b'{"scripts": {"post-install-cmd": "captainhook install"}}'
    step = composer_build(tmp_path, "RUN composer install --no-scripts", scripts).of("without-dev")
    assert step.safety == Safety.SAFE


def test_tests_in_the_stage_need_them(tmp_path: Path) -> None:
    advised = composer_build(tmp_path, "RUN composer install", b"{}", "RUN vendor/bin/testing run")
    assert not advised.of("without-dev").edits


GEMFILE = b'source "https://rubygems.org"\ngem "router"\ngem "checker", group: [:development, :test]\n'
GEMFILE_LOCK = b"""GEM
  remote: https://rubygems.org/
  specs:
    checker (1.0)
    router (1.0)

PLATFORMS
  ruby

DEPENDENCIES
  checker
  router
"""
GEMS = "usr/local/bundle"


def gem(name: str, content: bytes = b"1\n") -> tuple[Member, ...]:
    specification = f'Gem::Specification.new do |s|\n  s.name = "{name}".freeze\n  s.version = "1.0"\nend\n'
    return (
        file(f"{GEMS}/specifications/{name}-1.0.gemspec", specification.encode()),
        file(f"{GEMS}/gems/{name}-1.0/lib/{name}.rb", content),
    )


def ruby_build(
    directory: Path, install: str = "RUN bundle install", *later: str, more: Sequence[Member] = (), **fields: object
) -> Advised:
    lines = ("FROM ruby AS gems", "WORKDIR /app", "COPY Gemfile* ./", install, *later,
             "FROM ruby", "WORKDIR /app", f"COPY --from=gems /{GEMS} /{GEMS}", "COPY . .")  # fmt: skip
    files = (file("app/Gemfile", GEMFILE), file("app/Gemfile.lock", GEMFILE_LOCK))
    gems = (*gem("router"), *gem("checker", BIG), *more)
    layers = {3: files, 4: gems, 7 + len(later): gems, 8 + len(later): files}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers, fields=fields).advise(directory)


def test_bundler_leaves_groups_out_in_both_stages(tmp_path: Path) -> None:
    advised = ruby_build(tmp_path)
    assert advised.of("without-dev").safety == Safety.SAFE
    setting = "ENV BUNDLE_WITHOUT=development:test"
    text = advised.patched().dockerfile.text
    assert f"{setting}\nRUN bundle install\n" in text and f"{setting}\nCOPY --from=gems" in text


def test_what_bundler_is_told_elsewhere_counts_more(tmp_path: Path) -> None:
    advised = ruby_build(tmp_path, "RUN bundle config set --local without production && bundle install")
    assert "without-dev" not in advised.names


def test_tasks_of_the_application_may_need_a_group(tmp_path: Path) -> None:
    step = ruby_build(tmp_path, "RUN bundle install", "RUN bundle exec rake assets:precompile").of("without-dev")
    assert step.safety == Safety.REVIEW and step.edits and "line 5" in step.review


def test_tests_in_the_stage_need_their_gems(tmp_path: Path) -> None:
    assert not ruby_build(tmp_path, "RUN bundle install", "RUN bundle exec checker").of("without-dev").edits


def test_rails_runs_for_development_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    step = ruby_build(tmp_path, more=gem("railties")).of("without-dev")
    assert step.review == "set RAILS_ENV, and make sure that it is none of development:test"
    assert not ruby_build(tmp_path, more=gem("railties"), env=("RAILS_ENV=production",)).of("without-dev").review
