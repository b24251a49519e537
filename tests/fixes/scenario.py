"""The scenarios: a Dockerfile, the script that makes its build context, and the truth about the image."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
OWN = _HERE / "scenarios"
_OTHERS = _HERE / "others.toml"
_ARG = re.compile(r"^ARG\s+(\w+)=(\S+)$", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(r"^FROM[ \t]+(?:--\S+[ \t]+)?(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``bases`` are the images that FROM names, the final stage's first; ``stages`` are those to save beside the image.

    ``smoke`` is the command that shows that the application runs: None where nobody gave one, empty for the image's own.
    """

    name: str
    folder: Path
    buildkit: bool
    bases: tuple[str, ...]
    stages: tuple[str, ...]
    smoke: tuple[str, ...] | None
    serves: bool
    covers: tuple[str, ...] = ()

    @property
    def truth(self) -> Path:
        own = self.folder / "truth.tsv"
        return own if own.exists() else self.folder / "truth.md"


def scenarios() -> tuple[Scenario, ...]:
    """Our own, and those of the folders in LAYERSCOPE_SCENARIOS; ONLY="a b" chooses."""
    found = [_scenario(folder, folder.name, _table(folder)) for folder in sorted(OWN.glob("*/")) if _is_one(folder)]
    others = tomllib.loads(_OTHERS.read_text("utf-8"))
    for place in filter(None, os.environ.get("LAYERSCOPE_SCENARIOS", "").split(os.pathsep)):
        for folder in sorted(Path(place).glob("*/")):
            if _is_one(folder):
                table = _table(folder) or others.get(folder.name, {})
                found.append(_scenario(folder, f"{Path(place).name}-{folder.name}", table))
    only = os.environ.get("ONLY", "").split()
    return tuple(scenario for scenario in found if not only or scenario.name in only)


def _is_one(folder: Path) -> bool:
    return (folder / "Dockerfile").exists() and (folder / "context.sh").exists()


def _table(folder: Path) -> dict[str, Any]:
    path = folder / "scenario.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def _scenario(folder: Path, name: str, table: dict[str, Any]) -> Scenario:
    bases, stages = _read_dockerfile((folder / "Dockerfile").read_text("utf-8"))
    return Scenario(
        name=name,
        folder=folder,
        buildkit=table.get("builder", "legacy") == "buildkit",
        bases=tuple(table.get("bases", bases)),
        stages=tuple(table.get("stages", stages)),
        smoke=tuple(table["smoke"]) if "smoke" in table else None,
        serves=table.get("serves", False),
        covers=tuple(table.get("covers", ())),
    )


def _read_dockerfile(text: str) -> tuple[list[str], list[str]]:
    """The base images, the final stage's first, and the names of the other stages."""
    defaults = dict(_ARG.findall(text))
    images: dict[str, str] = {}
    names = []
    last = "scratch"
    for reference, name in _FROM.findall(text):
        image = re.sub(r"\$\{?(\w+)\}?", lambda match: defaults.get(match[1], ""), reference)
        last = images.get(image, image)
        images[name or f"{len(images)}"] = last
        names.append(name)
    bases = dict.fromkeys([last, *images.values()])
    return [base for base in bases if base != "scratch" or base == last], [name for name in names[:-1] if name]
