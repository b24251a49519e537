"""What several strategies ask for is made once in a run."""

from pathlib import Path

import pytest

from layerscope.advice.context import AdviceContext
from layerscope.advice.needs import Needs
from layerscope.advice.viewers import Viewers
from tests.advice.builds import Build
from tests.builder import file


def test_who_sees_and_needs_a_path_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for kind in (Needs, Viewers):

        def counted(self: object, context: AdviceContext, kind: type = kind, begin: object = kind.__init__) -> None:
            made.append(kind.__name__)
            begin(self, context)  # type: ignore[operator]

        monkeypatch.setattr(kind, "__init__", counted)
    git = file("app/.git/objects/a", b"x" * 90_000)
    text = "FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nFROM node\nCOPY --from=build /app /app\n"
    Build(dockerfile=text, layers={3: (git,), 6: (git,)}).advise(tmp_path)
    assert sorted(made) == ["Needs", "Viewers"]
