"""Builds the files of a release into dist/, and tries each in an environment of its own: ``make dist``.

Wheels are built from the unpacked source distribution, as by those who have nothing else.
"""

import platform
import shutil
import sys
import sysconfig
import tarfile
import tempfile
import venv
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from tests.smoke import ROOT, compiled, install, run, try_out

DIST = ROOT / "dist"
PYZ = DIST / "layerscope.pyz"

_PREAMBLE = """\
import importlib.machinery, platform, sys
if (importlib.machinery.EXTENSION_SUFFIXES[0], platform.machine()) != {built}:
    print("error: layerscope.pyz is for {name}", file=sys.stderr)
    print("hint: run it with that Python, or install layerscope with pip", file=sys.stderr)
    sys.exit(2)
"""


def preamble(suffix: str, machine: str, name: str) -> str:
    """The script that stops layerscope.pyz elsewhere, where importing what is compiled would end in a traceback."""
    return _PREAMBLE.format(built=(suffix, machine), name=name)


def build_packages(scratch: Path) -> tuple[Path, Path, Path]:
    """Build the source distribution, the compiled wheel and the pure one."""
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    run(*build, DIST, "--sdist", ROOT)
    (sdist,) = DIST.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(scratch, filter="data")
    source = scratch / sdist.name.removesuffix(".tar.gz")
    # Without its hook, hatchling compiles nothing.
    run(*build, DIST, "--wheel", source, HATCH_BUILD_NO_HOOKS="true")
    (pure,) = DIST.glob("*-none-any.whl")
    run(*build, DIST, "--wheel", source)
    wheels = set(DIST.glob("*.whl")) - {pure}
    if not wheels:
        sys.exit("no compiled wheel was built; this needs a C compiler")
    (wheel,) = wheels
    modules = {source.stem for source in (ROOT / "layerscope").rglob("*.c")}
    assert (compiled(wheel), compiled(pure)) == (modules, set()), (compiled(wheel), compiled(pure))
    return sdist, wheel, pure


def build_pyz(wheel: Path, scratch: Path) -> str:
    """Build layerscope.pyz with all extras; return what it runs on, since much of it is compiled."""
    version = "{}.{}".format(*sys.version_info)
    libc = platform.libc_ver()[0]
    name = f"{platform.python_implementation()} {version} on {sysconfig.get_platform()}{libc and f' with {libc}'}"
    script = scratch / "preamble.py"
    script.write_text(preamble(EXTENSION_SUFFIXES[0], platform.machine(), name), encoding="utf-8")
    shiv = (sys.executable, "-m", "shiv", "--compressed", "--reproducible", "--console-script", "layerscope")
    python = ("--python", f"/usr/bin/env python{version}")
    run(*shiv, *python, "--preamble", script, "--output-file", PYZ, f"{wheel}[all]")
    return name


def try_pyz(scratch: Path) -> None:
    """Run layerscope.pyz with a Python that has no packages."""
    environment = scratch / "bare"
    venv.create(environment)
    root = {"SHIV_ROOT": str(scratch / "unpacked")}
    command = (environment / ("Scripts" if sys.platform == "win32" else "bin") / "python", PYZ)
    try_out(*command, **root)
    archive = ROOT / "fixtures" / "notes-v1.tar.zst"
    for form, sign in (("cyclonedx", '"bomFormat"'), ("spdx", '"spdxVersion"')):
        assert sign in run(*command, "report", archive, "-f", form, **root)
    assert "--- a/" in run(*command, "fix", archive, "--dockerfile", ROOT / "fixtures" / "notes" / "Dockerfile", **root)


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        packages = build_packages(scratch)
        run(sys.executable, "-m", "twine", "check", "--strict", *packages)
        print("dist: twine finds nothing to report")
        for number, package in enumerate(packages):
            try_out(install(package, scratch / str(number)) / "layerscope")
            print(f"dist: installs and runs: {package.name}, {package.stat().st_size:,} bytes", flush=True)
        runs_on = build_pyz(packages[1], scratch)
        try_pyz(scratch)
        print(f"dist: runs without any package: {PYZ.name}, {PYZ.stat().st_size:,} bytes, for {runs_on}")


if __name__ == "__main__":
    main()
