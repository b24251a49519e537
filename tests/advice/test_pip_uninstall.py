"""Python's development packages and managers are uninstalled at the end of their stage."""

from pathlib import Path

from tests.advice.builds import Advised, Build
from tests.advice.projects import python_package
from tests.builder import Member, file

FILES = (file("app/requirements.txt", b"flask\n"), file("app/requirements-dev.txt", b"pytest\n"))
INSTALLED = (*python_package("flask"), *python_package("pytest", big=True), file("app/.venv/bin/python", b"x"))
PIP = (file("app/.venv/bin/pip", b"x"), *python_package("pip", big=True))


def advise(directory: Path, *later: str, tools: tuple[Member, ...] = PIP, final: tuple[str, ...] = ()) -> Advised:
    lines = ["FROM python AS b", "WORKDIR /app", "COPY . .", "RUN make install", "RUN make test", *later]
    lines += ["FROM python", "COPY --from=b /app/.venv /app/.venv", *final]
    packages = (*INSTALLED, *(one for one in tools if one.name.startswith(b"app/")))
    copied = 7 + len(later)
    text = "\n".join((*lines, ""))
    return Build(dockerfile=text, layers={3: FILES, 4: (*INSTALLED, *tools), copied: packages}).advise(directory)


def test_pip_goes_last(tmp_path: Path) -> None:
    advised = advise(tmp_path)
    command = "RUN /app/.venv/bin/python -m pip uninstall -y pytest pip"
    assert advised.names == ["pip-uninstall"]
    assert f"RUN make test\n{command}\n" in advised.patched().dockerfile.text


def test_pip_stays_where_the_final_stage_calls_it(tmp_path: Path) -> None:
    advised = advise(tmp_path, final=("RUN /app/.venv/bin/pip install x",))
    assert "pip uninstall -y pytest\n" in advised.patched("pip-uninstall").dockerfile.text


def test_uv_uninstalls_where_there_is_no_pip(tmp_path: Path) -> None:
    advised = advise(tmp_path, tools=(file("usr/local/bin/uv", b"x"),))
    command = "RUN /usr/local/bin/uv pip uninstall --python /app/.venv/bin/python pytest\n"
    assert command in advised.patched().dockerfile.text


def test_nothing_can_uninstall(tmp_path: Path) -> None:
    assert not advise(tmp_path, tools=()).names


def test_a_python_of_the_system_is_left_alone(tmp_path: Path) -> None:
    managed = file("app/.venv/lib/python3.11/EXTERNALLY-MANAGED", b"[externally-managed]\n")
    assert "pip-uninstall" not in advise(tmp_path, tools=(*PIP, managed)).names


def test_another_stage_may_need_them(tmp_path: Path) -> None:
    stage = ("FROM python AS test", "COPY --from=b /app/.venv /app/.venv")
    assert "pip-uninstall" not in advise(tmp_path, *stage).names


def test_another_user_may_not_delete_them(tmp_path: Path) -> None:
    assert "pip-uninstall" not in advise(tmp_path, "USER node").names
