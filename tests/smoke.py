"""Builds the wheel, installs it into an environment of its own, and runs it: what a user gets, without our tools."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, **changes: str) -> str:
    """The output of a command; its failure is ours."""
    environment = {**os.environ, **changes}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tempfile.gettempdir(), env=environment
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def compiled(wheel: Path) -> set[str]:
    """The names of the compiled modules; the build goes on without one whose source does not compile."""
    with zipfile.ZipFile(wheel) as archive:
        return {Path(name).name.partition(".")[0] for name in archive.namelist() if name.endswith((".so", ".pyd"))}


def install(package: Path, environment: Path) -> Path:
    """Make an environment with the package; return the folder of its commands."""
    venv.create(environment, with_pip=True)
    folder = environment / ("Scripts" if os.name == "nt" else "bin")
    run(folder / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
    return folder


def try_out(*command: str | Path, **changes: str) -> None:
    """Run the installed command on an archive."""
    assert run(*command, "--version", **changes).startswith("layerscope ")
    assert "report" in run(*command, "--help", **changes)
    report = run(*command, "report", ROOT / "fixtures" / "tiny-legacy.tar", **changes)
    assert "tiny:legacy" in report, report
    page = run(*command, "report", ROOT / "fixtures" / "tiny-legacy.tar", "-f", "html", **changes)
    assert page.count("<style>:root") == page.count("class SizeMap") == 1, page[:2000]
    size = run(*command, "inspect", "-f", "{{.Size}}", ROOT / "fixtures" / "tiny-legacy.tar", **changes)
    assert size == "63706\n", size
    assert json.loads(run(*command, "schema", **changes))["$defs"]["Report"]


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch, ROOT)
        (wheel,) = Path(scratch).glob("*.whl")
        if shutil.which("cc"):
            sources = {source.stem for source in (ROOT / "layerscope").rglob("*.c")}
            assert sources == compiled(wheel), f"the wheel has {compiled(wheel)} of {sources}"
        try_out(install(wheel, Path(scratch) / "environment") / "layerscope")
    print("smoke: the wheel installs into a clean environment and reports an archive")


if __name__ == "__main__":
    main()
