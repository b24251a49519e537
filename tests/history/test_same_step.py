"""Each row: a Dockerfile, and what a builder may have left in the history of its last instruction."""

import pytest

from layerscope.errors import UsageError
from layerscope.history.match import match
from tests.history.histories import built, history

SUM = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("dockerfile", "told"),
    [
        pytest.param("RUN make  \\\n  all", "/bin/sh -c make    all", id="continuation line"),
        pytest.param("RUN make \\\n# why\n all", "RUN /bin/sh -c make  all # buildkit", id="comment inside"),
        pytest.param('RUN ["make", "all"]', "make all", id="exec form"),
        pytest.param('RUN ["/bin/make"]', "/bin/make", id="exec form, legacy"),
        pytest.param("RUN <<EOF\nmake\nmake test\nEOF", "RUN /bin/sh -c make\nmake test\n # buildkit", id="heredoc"),
        pytest.param(
            "RUN --mount=type=cache,target=/c make", "RUN /bin/sh -c make # buildkit", id="flags that BuildKit drops"
        ),
        pytest.param(
            "RUN --mount=type=cache,target=/c make",
            "/bin/sh -c --mount=type=cache,target=/c make",
            id="flags that are kept",
        ),
        pytest.param("ARG V=1\nRUN make $V", "RUN |1 V=1 /bin/sh -c make $V # buildkit", id="build argument"),
        pytest.param('SHELL ["/bin/bash", "-c"]\nRUN make', "/bin/bash -c make", id="another shell"),
        pytest.param("COPY a b /c/", f"/bin/sh -c #(nop) COPY multi:{SUM} in /c/ ", id="several sources, legacy"),
        pytest.param("COPY a /c/", f"/bin/sh -c #(nop) COPY file:{SUM} in /c ", id="slash at the end"),
        pytest.param("WORKDIR /w\nCOPY a .", f"/bin/sh -c #(nop) COPY file:{SUM} in . ", id="destination as written"),
        pytest.param("WORKDIR /w\nCOPY a b", f"/bin/sh -c #(nop) COPY file:{SUM} in /w/b ", id="destination in full"),
        pytest.param("COPY a $D/b", f"/bin/sh -c #(nop) COPY file:{SUM} in /d/b ", id="destination in a variable"),
        pytest.param("COPY a $D/b", "COPY a /b # buildkit", id="a variable that is empty"),
        pytest.param("COPY --from=0 --link /a /b", "COPY /a /b # buildkit", id="stage is dropped"),
        pytest.param("COPY --from=0 /a /b", "COPY --from=0 /a /b", id="stage is kept"),
        pytest.param("COPY --chown=1:1 a /b", "COPY --chown=1:1 a /b # buildkit", id="owner is kept"),
        pytest.param(
            "COPY --chown=1:1 a /b", f"/bin/sh -c #(nop) COPY --chown=1:1 file:{SUM} in /b ", id="owner, with a blank"
        ),
        pytest.param(
            "COPY --chown=1:1 a /b", f"/bin/sh -c #(nop) COPY --chown=1:1dir:{SUM} in /b ", id="owner, legacy"
        ),
        pytest.param(
            'RUN ["/bin/bash", "-c", "source /e; x"]', "RUN /bin/bash -c source /e; x # buildkit", id="own shell"
        ),
        pytest.param('RUN ["/bin/sh", "-c", "x y"]', "/bin/sh -c x y", id="own shell, legacy"),
        pytest.param('COPY ["a b", "/c"]', "COPY a b /c # buildkit", id="JSON form"),
        pytest.param("COPY a $HOME/", "COPY a /root/ # buildkit", id="variable of the base"),
        pytest.param("ADD https://x/y.tgz /y", "ADD https://x/y.tgz /y # buildkit", id="remote"),
        pytest.param("WORKDIR a", "WORKDIR /w/a", id="directory of the base"),
        pytest.param("WORKDIR /a/../b/", "WORKDIR /b", id="normal directory"),
    ],
)
def test_what_makes_a_layer(dockerfile: str, told: str) -> None:
    above = [line for line in dockerfile.split("\n")[:-1] if line.startswith(("WORKDIR", "SHELL"))]
    before = [f"-/bin/sh -c #(nop) {line}" for line in above]
    found = match(built(f"FROM x AS s\nFROM y\n{dockerfile}"), history("/bin/sh -c base", *before, told))
    assert found.first_mismatch == "" and len(before) + 1 in found.steps


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ENV A=1 B=two", "ENV A=1 B=two"),
        ("ENV A one two", "ENV A=one two"),
        ('ENV A="x y"', "ENV A=x y"),
        ("ENV PATH=/a:$PATH", "ENV PATH=/a:/usr/bin:/bin"),
        ("ENV A=${B:-c}", "ENV A=anything"),
        ("ARG A=1", "ARG A=2"),
        ("ARG A", "ARG A"),
        ("LABEL a=b c=d", "LABEL a=b c=d"),
        ("EXPOSE 80 90/udp", "EXPOSE map[80/tcp:{} 90/udp:{}]"),
        ("EXPOSE 90/udp 80", "EXPOSE map[80/tcp:{} 90/udp:{}]"),
        ("EXPOSE 90/udp 80", "EXPOSE [80/tcp 90/udp]"),
        ("EXPOSE 80", "/bin/sh -c #(nop)  EXPOSE 80"),
        ("CMD make all", '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "make all"]'),
        ('CMD ["a", "b"]', 'CMD ["a" "b"]'),
        ("ENTRYPOINT []", "ENTRYPOINT []"),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ("USER 1000", "USER 1000"),
        ("STOPSIGNAL SIGINT", "STOPSIGNAL SIGINT"),
        ("HEALTHCHECK --interval=5s CMD x", 'HEALTHCHECK &{["CMD-SHELL" "x"] "5s" "0s" "0s" \'\\x00\'}'),
        ("ONBUILD RUN x", "/bin/sh -c #(nop)  ONBUILD RUN x"),
        ("MAINTAINER me", "/bin/sh -c #(nop)  MAINTAINER me"),
    ],
)
def test_what_sets_the_config(line: str, told: str) -> None:
    found = match(built(f"FROM y\n{line}\nRUN make"), history("/bin/sh -c base", f"-{told}", "/bin/sh -c make"))
    assert set(found.steps) == {1, 2}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ENV A=1", "ENV A=2"),
        ("ENV PATH=/a:$PATH", "ENV PATH=/b:/usr/bin:/bin"),
        ("ARG A=1", "ARG B=1"),
        ("LABEL a=b", "LABEL a=c"),
        ("EXPOSE 80", "EXPOSE map[81/tcp:{}]"),
        ("EXPOSE 80/udp", "EXPOSE map[80/tcp:{}]"),
        ('CMD ["a b"]', 'CMD ["a" "b"]'),
        ('CMD ["a", "b"]', 'CMD ["b" "a"]'),
        ("VOLUME /a /b", "VOLUME [/a /c]"),
        ("USER 1000", "USER 1001"),
        ("HEALTHCHECK NONE", "ONBUILD RUN x"),
        ("STOPSIGNAL SIGINT", "STOPSIGNAL SIGTERM"),
    ],
)
def test_a_step_that_sets_something_else_is_another(line: str, told: str) -> None:
    found = match(built(f"FROM y\n{line}\nRUN make"), history("/bin/sh -c base", f"-{told}", "/bin/sh -c make"))
    assert set(found.steps) == {2}


@pytest.mark.parametrize(
    ("dockerfile", "told"),
    [
        ("RUN make", "/bin/sh -c make all"),
        ("RUN make $A", "/bin/sh -c make b"),
        ("COPY a /b", f"/bin/sh -c #(nop) ADD file:{SUM} in /b "),
        ("COPY a /b", f"/bin/sh -c #(nop) COPY file:{SUM} in /c "),
        ("COPY a /b", "COPY c /b # buildkit"),
        ("COPY a $D/b", f"/bin/sh -c #(nop) COPY file:{SUM} in /d/c "),
        ("COPY a $D", "COPY b /d # buildkit"),
        ("WORKDIR a", "WORKDIR /w/b"),
    ],
)
def test_what_does_not_fit(dockerfile: str, told: str) -> None:
    with pytest.raises(UsageError, match="did not build this image"):
        match(built(f"FROM y\n{dockerfile}"), history("/bin/sh -c base", told))
