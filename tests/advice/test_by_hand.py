"""Every finding has a step: what no strategy resolves is said in words, and each byte is in one step."""

from pathlib import Path

from layerscope.advice.advise import LEAST_BYTES
from layerscope.model.finding import FindingKind
from layerscope.model.source import BASE
from layerscope.model.step import BY_HAND, Safety, Step
from tests.advice.builds import Advised as Made
from tests.advice.builds import Build
from tests.builder import file, whiteout

BIG = b"x" * (3 * LEAST_BYTES)
DOCKERFILE = "FROM debian\nRUN make\nRUN rm -f /opt/x\nCOPY app /app\n"


def steps(made: Made) -> list[Step]:
    return [one.step for one in made.analysis.advice if one.step.strategy == BY_HAND]


def test_what_no_strategy_resolves_has_a_step_at_the_instruction_that_makes_it(tmp_path: Path) -> None:
    layers = {2: (file("opt/x", BIG), file("opt/y", b"y")), 3: (whiteout("opt/x"), file("opt/z", b"z"))}
    dockerfile = DOCKERFILE.replace("rm -f /opt/x", "./tidy.sh")
    (step,) = steps(Build(dockerfile=dockerfile, layers=layers).advise(tmp_path))
    assert (step.dockerfile_line, step.instruction, step.saves_bytes) == (2, "RUN make", len(BIG))
    assert step.safety == Safety.REVIEW and step.sentence.startswith("delete /opt/x in") and not step.edits


def test_a_temporary_file_that_a_later_run_may_read_is_deleted_on_a_condition(tmp_path: Path) -> None:
    dockerfile = "FROM debian\nWORKDIR /tmp\nRUN pipenv lock\nRUN pipenv install\n"
    (step,) = steps(Build(dockerfile=dockerfile, layers={3: (file("tmp/Pipfile.lock", BIG),)}).advise(tmp_path))
    assert step.sentence.startswith("unless a later instruction reads it, delete /tmp/Pipfile.lock at the end of")


def test_the_sentence_has_the_words_of_the_dockerfile_where_there_is_one(tmp_path: Path) -> None:
    build = Build(dockerfile="FROM debian\nCOPY in /tmp/in\nRUN make\n", layers={2: (file("tmp/in", BIG),)})
    (step,) = steps(build.advise(tmp_path))
    assert step.sentence.endswith(" instead of `COPY in /tmp/in`")
    (step,) = steps(build.advise(tmp_path, with_dockerfile=False))
    assert " instead of `COPY dir:" in step.sentence


def test_what_a_strategy_resolves_and_what_the_base_brought_has_none(tmp_path: Path) -> None:
    made = Build(dockerfile=DOCKERFILE, layers={2: (file("opt/x", BIG),), 3: (whiteout("opt/x"),)}).advise(tmp_path)
    assert made.names == ["delete-where-written"] and not steps(made)
    assert not any(made.findings[place].source == BASE for one in steps(made) for place in one.findings)


def test_trades_and_secrets_are_listed_apart(tmp_path: Path) -> None:
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 64 + b"\n-----END RSA PRIVATE KEY-----\n"
    members = (file("app/id_rsa", key), file("app/x.py", BIG), file("app/__pycache__/x.cpython-311.pyc", BIG))
    made = Build(dockerfile="FROM debian\nRUN make\n", layers={2: members}).advise(tmp_path)
    assert any(one.trade for one in made.findings)
    assert any(one.kind == FindingKind.SECRET for one in made.findings)
    assert not steps(made)


def test_the_steps_of_a_report_save_what_is_reclaimable_and_no_byte_twice(tmp_path: Path) -> None:
    layers = {
        2: (file("opt/x", BIG), file("var/log/dpkg.log", BIG)),
        3: (whiteout("opt/x"),),
        4: (file("app/.git/HEAD", b"ref: x"), file("app/.git/objects/a", BIG)),
    }
    made = Build(dockerfile=DOCKERFILE, layers=layers).advise(tmp_path)
    every = [one.step for one in made.analysis.advice]
    saved = sum(one.saves_bytes - one.trade_bytes for one in every)
    assert saved == sum(one.content_bytes for one in made.findings if not one.trade)


EDITED = "FROM debian\nRUN make\nRUN make install\nCOPY app /app\nCOPY conf /conf\n"


def test_an_image_that_is_older_than_its_dockerfile_has_to_be_built_again(tmp_path: Path) -> None:
    log, junk = file("var/log/dpkg.log", BIG), file("conf/.DS_Store", BIG)
    build = Build(dockerfile=EDITED, layers={2: (log,), 4: (file("app/x", b"x"),), 5: (junk,)})
    now = EDITED.replace("make install", "make all").replace("COPY conf /conf", "COPY conf/my.cnf /etc/")
    made = build.advise(tmp_path, edited=now)
    (warning,) = made.analysis.warnings
    assert "Dockerfile was edited after it built this image" in warning and "docker build -t" in warning
    assert "line 3 `RUN make all`" in warning and "line 5 `COPY conf/my.cnf /etc/`" in warning
    cleaning = made.of("clean-in-run")
    assert cleaning.dockerfile_line == 2 and cleaning.safety == Safety.REVIEW
    assert "build the image again first" in cleaning.review
    assert [one.sentence.partition(":")[0] for one in steps(made)] == ["build the image again"]


def test_steps_for_the_dockerfile_that_built_the_image_stay_safe(tmp_path: Path) -> None:
    build = Build(dockerfile=EDITED, layers={2: (file("var/log/dpkg.log", BIG),), 4: (file("app/x", b"x"),)})
    made = build.advise(tmp_path)
    assert made.of("clean-in-run").safety == Safety.SAFE and not made.analysis.warnings
