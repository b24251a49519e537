"""What BuildKit records of each instruction in the image's history."""

import pytest

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.history.created_by import parse
from layerscope.history.same_step import recorded_text
from layerscope.model.image import HistoryEntry


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("RUN a \\\n  && $v", "a   && $v"),
        ('RUN ["/a", "b c"]', "/a b c"),
        ("RUN --network=none a", "a"),
        ("RUN <<E\na\n\tb\nE", "a\n\tb\n"),
        ("RUN <<-E\n\ta\nE", "a\n"),
        ("RUN <<E\n#!/bin/x\nE", "/dev/pipes/E"),
        ("RUN cat <<E >f\na\nE", "cat <<E >f\na\nE"),
        ("COPY --from=x --link --chown=$v a b/ .", "--chown=val a b/ ."),
        ("COPY --parents --chmod=7 --exclude=x a /b", "--parents --chmod=7 a /b"),
        ("COPY <<'E' a /b\nE", "a <<E /b"),
        ("ADD $v /x", "val /x"),
        ("ENV a=$v b='x y'", "a=val b=x y"),
        ("ENV a b c", "a=b c"),
        ("ARG a=1 b", "a=1 b"),
        ("WORKDIR $v", "/val"),
        ("CMD a b", '["/bin/sh", "-c", "a b"]'),
        ('SHELL ["/bin/bash", "-c"]\nCMD a', '["/bin/bash", "-c", "a"]'),
        ('ENTRYPOINT ["a", "é"]', '["a", "é"]'),
        ("EXPOSE 80 53/udp", "80/tcp 53/udp"),
        ("USER $v", "val"),
        ("ONBUILD RUN $v", "RUN $v"),
    ],
)
def test_recorded_text(line: str, text: str) -> None:
    step = Build.of(parse_dockerfile(f"FROM scratch\nARG v=val\n{line}")).flatten()[-1]
    assert recorded_text(step) == text


@pytest.mark.parametrize(
    ("line", "created_by"),
    [
        ("RUN a && b", "RUN |1 v=val /bin/sh -c a && b # buildkit"),
        ('RUN ["/bin/op", "rm", "/x"]', "RUN |1 v=val /bin/op rm /x # buildkit"),
        ("COPY --from=0 /out/app /usr/bin/app", "COPY /out/app /usr/bin/app # buildkit"),
        ("COPY --chown=1:1 a .", "COPY --chown=1:1 a . # buildkit"),
        ("WORKDIR sub", "WORKDIR /sub"),
        ("ENV a=$v", "ENV a=val"),
        ("LABEL a='b c'", "LABEL a=b c"),
        ("ARG x=1", "ARG x=1"),
        ("USER $v", "USER val"),
        ("EXPOSE 80", "EXPOSE [80/tcp]"),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ('CMD ["a", "b"]', 'CMD ["a" "b"]'),
        ("ENTRYPOINT a b", 'ENTRYPOINT ["/bin/sh" "-c" "a b"]'),
    ],
)
def test_it_is_what_a_history_unwraps_to(line: str, created_by: str) -> None:
    step = Build.of(parse_dockerfile(f"FROM scratch\nFROM scratch\nARG v=val\n{line}")).flatten()[-1]
    unwrapped = parse(HistoryEntry(created_by=created_by, comment="buildkit.dockerfile.v0"), 0)
    assert (step.instruction.keyword, recorded_text(step)) == (unwrapped.kind, unwrapped.text)
