import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layerscope.history.created_by import parse
from layerscope.model.image import HistoryEntry
from layerscope.model.instruction import Instruction

DIGITS = "96e6a91de46b311d33b8f45b4492ea09247d486cf928a3aac0e276eb4c0393ab"
BUILDKIT = "buildkit.dockerfile.v0"
EXPORTER = "buildkit.exporter.image.v0"
POWERSHELL = "powershell -Command $ErrorActionPreference = 'Stop';"


def parsed(created_by: str, *, comment: str = "", author: str = "", shell: str = "") -> Instruction:
    return parse(HistoryEntry(created_by=created_by, comment=comment, author=author), 0, shell)


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        pytest.param('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]', id="CMD"),
        pytest.param(
            '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]', id="Go"
        ),
        pytest.param('/bin/sh -c #(nop) ENTRYPOINT &{["/swarm"]}', 'ENTRYPOINT ["/swarm"]', id="ENTRYPOINT of 2015"),
        pytest.param("/bin/sh -c #(nop)  ENV LANG=C.UTF-8", "ENV LANG=C.UTF-8", id="ENV"),
        pytest.param("/bin/sh -c #(nop) WORKDIR /src", "WORKDIR /src", id="WORKDIR"),
        pytest.param("/bin/sh -c #(nop)  ARG REVISION=unknown", "ARG REVISION=unknown", id="ARG"),
        pytest.param("/bin/sh -c #(nop)  EXPOSE 80", "EXPOSE 80", id="EXPOSE"),
        pytest.param("/bin/sh -c #(nop)  VOLUME [/data /logs]", "VOLUME /data /logs", id="VOLUME"),
        pytest.param("/bin/sh -c #(nop) MAINTAINER A B <a@b.example>", "MAINTAINER A B <a@b.example>", id="MAINTAINER"),
        pytest.param("/bin/sh -c #(nop)  ONBUILD COPY . /app", "ONBUILD COPY . /app", id="ONBUILD"),
        pytest.param("/bin/sh -c #(nop) env FOO=bar", "ENV FOO=bar", id="Buildah keeps the case of the keyword"),
        pytest.param(f"/bin/sh -c #(nop) COPY dir:{DIGITS} in /dst ", f"COPY dir:{DIGITS[:12]} in /dst", id="COPY dir"),
        pytest.param(f"/bin/sh -c #(nop) ADD file:{DIGITS} in / ", f"ADD file:{DIGITS[:12]} in /", id="ADD file"),
        pytest.param(
            f"/bin/sh -c #(nop) COPY multi:{DIGITS} in ./ ", f"COPY multi:{DIGITS[:12]} in ./", id="COPY multi"
        ),
        pytest.param(
            f"/bin/sh -c #(nop) COPY --chown=1000:1000 file:{DIGITS} in /a ",
            f"COPY --chown=1000:1000 file:{DIGITS[:12]} in /a",
            id="COPY with a flag",
        ),
        pytest.param(
            f"/bin/sh -c #(nop) COPY --chown=1000:1000dir:{DIGITS} in /a ",
            f"COPY --chown=1000:1000 dir:{DIGITS[:12]} in /a",
            id="COPY with an owner, as the engine writes it",
        ),
        pytest.param("/bin/sh -c #(nop) ADD jessie.tar.xz in /", "ADD jessie.tar.xz in /", id="ADD of 2014"),
        pytest.param("/bin/sh -c apt-get update  && true", "RUN apt-get update  && true", id="RUN"),
        pytest.param("/bin/sh -c echo '#(nop) CMD'", "RUN echo '#(nop) CMD'", id="RUN that mentions the mark"),
        pytest.param("/bin/op write /src/main.o 5000", "RUN /bin/op write /src/main.o 5000", id="RUN in exec form"),
        pytest.param("npm install", "RUN npm install", id="RUN in exec form by name"),
        pytest.param("/bin/bash -o pipefail -c make -j2", "RUN make -j2", id="bash with an option"),
        pytest.param("/bin/bash -euxo pipefail -c make", "RUN make", id="bash with joined options"),
        pytest.param("/bin/bash --login -c make", "RUN make", id="login shell"),
        pytest.param("/bin/ash -eo pipefail -c make", "RUN make", id="ash"),
        pytest.param("/bin/bash -c #(nop)  SHELL [/bin/bash -c]", "SHELL [/bin/bash -c]", id="SHELL"),
        pytest.param("/bin/bash -o pipefail -c #(nop)  ENV A=b", "ENV A=b", id="after SHELL"),
        pytest.param("cmd /S /C #(nop)  ENV A=b", "ENV A=b", id="cmd"),
        pytest.param("cmd /S /C mkdir C:\\app", "RUN mkdir C:\\app", id="RUN by cmd"),
        pytest.param("powershell -NoProfile -Command ls", "RUN ls", id="RUN by powershell"),
        pytest.param(f"{POWERSHELL} #(nop)  SHELL [{POWERSHELL}]", f"SHELL [{POWERSHELL}]", id="SHELL powershell"),
        pytest.param(f"{POWERSHELL} #(nop)  ENV A=b", "ENV A=b", id="after SHELL powershell"),
        pytest.param("powershell #(nop)  SHELL [powershell]", "SHELL [powershell]", id="SHELL without -Command"),
    ],
)
def test_reads_what_the_legacy_builder_writes(created_by: str, expected: str) -> None:
    assert str(parsed(created_by)) == expected


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        pytest.param("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x", id="RUN"),
        pytest.param("RUN /bin/sh -c set -e\necho hi\n # buildkit", "RUN set -e\necho hi", id="RUN of a heredoc"),
        pytest.param("RUN /bin/bash -o pipefail -c make # buildkit", "RUN make", id="RUN after SHELL"),
        pytest.param("RUN |0 /bin/sh -c true # buildkit", "RUN true", id="RUN with proxies only"),
        pytest.param("RUN /bin/op chmod /a 755 # buildkit", "RUN /bin/op chmod /a 755", id="RUN in exec form"),
        pytest.param("COPY /src /dst # buildkit", "COPY /src /dst", id="COPY"),
        pytest.param("ADD rootfs.tar.xz / # buildkit", "ADD rootfs.tar.xz /", id="ADD"),
        pytest.param("WORKDIR /app", "WORKDIR /app", id="WORKDIR"),
        pytest.param('CMD ["python3"]', 'CMD ["python3"]', id="CMD"),
        pytest.param('CMD ["a \\"b\\"" "c"]', 'CMD ["a \\"b\\"", "c"]', id="CMD with quotes"),
        pytest.param("ENTRYPOINT []", "ENTRYPOINT []", id="ENTRYPOINT reset"),
        pytest.param("EXPOSE map[80/tcp:{} 443/udp:{}]", "EXPOSE 80/tcp 443/udp", id="EXPOSE as a map"),
        pytest.param("EXPOSE [8080/tcp]", "EXPOSE 8080/tcp", id="EXPOSE as a list"),
        pytest.param(
            "EXPOSE &{[{{3 0} {3 0}}] 0xc000579b40}", "EXPOSE &{[{{3 0} {3 0}}] 0xc000579b40}", id="EXPOSE lost"
        ),
        pytest.param(
            'HEALTHCHECK &{["CMD-SHELL" "kong health"] "1m0s" "10s" "0s" "0s" \'\\n\'}',
            "HEALTHCHECK --interval=1m0s --timeout=10s --retries=10 CMD kong health",
            id="HEALTHCHECK",
        ),
        pytest.param(
            'HEALTHCHECK &{["CMD-SHELL" "nc -z localhost 1 || exit 1"] "1m0s" "5s" "30s" \'\\x03\'}',
            "HEALTHCHECK --interval=1m0s --timeout=5s --start-period=30s --retries=3 CMD nc -z localhost 1 || exit 1",
            id="HEALTHCHECK before there was a start interval",
        ),
        pytest.param(
            "HEALTHCHECK {Test:[CMD curl -f x] Interval:30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
            "HEALTHCHECK --interval=30s CMD curl -f x",
            id="HEALTHCHECK with names",
        ),
        pytest.param(
            'HEALTHCHECK &{["CMD" "x"] "0s" "0s" "0s" \'!\'}', "HEALTHCHECK --retries=33 CMD x", id="retries as a sign"
        ),
        pytest.param('HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}', "HEALTHCHECK NONE", id="HEALTHCHECK NONE"),
    ],
)
def test_reads_what_buildkit_writes(created_by: str, expected: str) -> None:
    assert str(parsed(created_by, comment=BUILDKIT)) == expected


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        pytest.param("[stage-1 3/3] COPY --link --from=builder /a /b", "COPY --link --from=builder /a /b", id="linked"),
        pytest.param("[linux/arm64 2/4] RUN make", "RUN make", id="with a platform"),
        pytest.param("mount / from exec sh -c apt install curl", "RUN apt install curl", id="without a Dockerfile"),
        pytest.param("pulled from docker.io/library/x", "pulled from docker.io/library/x", id="unknown"),
    ],
)
def test_reads_the_names_that_buildkit_gives_to_steps_without_history(created_by: str, expected: str) -> None:
    assert str(parsed(created_by, comment=EXPORTER)) == expected


@pytest.mark.parametrize(
    ("created_by", "text", "build_args"),
    [
        pytest.param("|1 REVISION=7 /bin/op rm /a", "/bin/op rm /a", {"REVISION": "7"}, id="legacy, exec form"),
        pytest.param("RUN |1 REVISION=7 /bin/op rm /a # buildkit", "/bin/op rm /a", {"REVISION": "7"}, id="BuildKit"),
        pytest.param("|2 A=x y B=z /bin/sh -c make B=1", "make B=1", {"A": "x y", "B": "z"}, id="value with spaces"),
        pytest.param("RUN |1 A=one two /bin/bash -o pipefail -c x", "x", {"A": "one two"}, id="last one with spaces"),
        pytest.param("|2 A= B=2 /bin/sh -c x", "x", {"A": "", "B": "2"}, id="empty value"),
        pytest.param("|2 A=x y /bin/sh -c make", "make", {"A": "x y"}, id="Buildah counts words"),
        pytest.param("RUN |1 A=first\nsecond /bin/sh -c x", "x", {"A": "first\nsecond"}, id="value of two lines"),
        pytest.param("|1 A=1 env B=2 make", "env B=2 make", {"A": "1"}, id="no more than the count"),
        pytest.param("|1 P=a /bin/sh -c A=b sh -c 'x'", "A=b sh -c 'x'", {"P": "a"}, id="shell within the command"),
        pytest.param("|0 /bin/sh -c x", "x", {}, id="none"),
        pytest.param("|1 /bin/op x", "/bin/op x", {}, id="announced but absent"),
        pytest.param("/bin/sh -c |1 A=b c", "|1 A=b c", {}, id="behind the shell they are the command"),
    ],
)
def test_keeps_build_args_apart_from_the_command(created_by: str, text: str, build_args: dict[str, str]) -> None:
    step = parsed(created_by)
    assert (step.kind, step.text, dict(step.build_args)) == ("RUN", text, build_args)


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        pytest.param(
            "/bin/sh -c dnf install -y httpd && dnf clean all -y ",
            "RUN dnf install -y httpd && dnf clean all -y",
            id="RUN",
        ),
        pytest.param(
            f"/bin/sh -c #(nop) COPY --link file:{DIGITS} in /x ",
            f"COPY --link file:{DIGITS[:12]} in /x",
            id="COPY --link",
        ),
        pytest.param('/bin/sh -c #(nop) ENTRYPOINT ["/x"]|inheritLabels=false', 'ENTRYPOINT ["/x"]', id="note"),
        pytest.param(
            "/bin/sh -c #(nop) HEALTHCHECK NONE|unsetLabel=a b|inheritLabels=false|force-mtime=10",
            "HEALTHCHECK NONE",
            id="notes",
        ),
        pytest.param(
            f"/bin/sh -c #(nop) ADD file:{DIGITS} in /x |unsetLabel=a |inheritLabels=false   |clamp-mtime=1 ",
            f"ADD file:{DIGITS[:12]} in /x",
            id="notes of an ADD",
        ),
        pytest.param("/bin/sh -c ps | grep a|wc", "RUN ps | grep a|wc", id="pipes are no notes"),
        pytest.param(
            f"/bin/sh -c --mount=type=bind,from=build,target=/b cp /b/app /:sha256:{DIGITS}:{DIGITS}",
            "RUN --mount=type=bind,from=build,target=/b cp /b/app /",
            id="RUN with mounts",
        ),
        pytest.param(
            f"/bin/sh -c docker pull x@sha256:{DIGITS}", f"RUN docker pull x@sha256:{DIGITS}", id="RUN with a digest"
        ),
        pytest.param("/bin/sh -c python3 -\nprint(1)", "RUN python3 -\nprint(1)", id="RUN of a heredoc"),
    ],
)
def test_reads_what_buildah_writes(created_by: str, expected: str) -> None:
    assert str(parsed(created_by)) == expected


def test_a_declared_shell_is_no_part_of_the_command() -> None:
    step = parsed(
        "RUN |1 A=b c conda run -n env /bin/bash -c pip list # buildkit", shell="conda run -n env /bin/bash -c"
    )
    assert (step.text, step.build_args) == ("pip list", (("A", "b c"),))


@pytest.mark.parametrize(
    ("created_by", "comment", "author", "kind", "text"),
    [
        pytest.param("RUN /bin/sh -c x", "", "kaniko", "RUN", "/bin/sh -c x", id="Kaniko writes lines as they are"),
        pytest.param("copy manager .", "", "kaniko", "COPY", "manager .", id="Kaniko keeps the case"),
        pytest.param("jib-maven-plugin:3.4.0", "classes", "Jib", "JIB", "jib-maven-plugin:3.4.0 # classes", id="Jib"),
        pytest.param(
            "ko build ko://github.com/x/y",
            "go build output, at /ko-app/y",
            "ko",
            "KO",
            "build ko://github.com/x/y # go build output, at /ko-app/y",
            id="ko",
        ),
        pytest.param("bazel build ...", "", "Bazel", "BAZEL", "build ...", id="rules_docker"),
        pytest.param("bazel build @@//app:layer", "", "", "BAZEL", "build @@//app:layer", id="rules_oci"),
        pytest.param(
            "Layer: 'jre', Created by buildpack: paketo-buildpacks/bellsoft-liberica@9.10.0",
            "",
            "",
            "BUILDPACK",
            "Layer: 'jre', Created by buildpack: paketo-buildpacks/bellsoft-liberica@9.10.0",
            id="buildpack",
        ),
        pytest.param("Application Layer", "", "", "BUILDPACK", "Application Layer", id="buildpacks' application"),
        pytest.param(
            "Buildpacks Launcher Config", "", "", "BUILDPACK", "Buildpacks Launcher Config", id="buildpacks' launcher"
        ),
        pytest.param("apko", "static by Chainguard", "apko", "APKO", "static by Chainguard", id="apko"),
        pytest.param(
            "",
            "store paths: ['/nix/store/kw4zxqc49fwb79xh6064pzz73svadb2v-bash-5.2p37',"
            " '/nix/store/y6lrk5p8b5sla8v3kykfhgwwvipyj04w-glibc-2.40']",
            "",
            "NIX",
            "bash-5.2p37 glibc-2.40",
            id="Nix",
        ),
        pytest.param("", "Imported from -", "", "IMPORT", "from -", id="docker import"),
        pytest.param(
            "# debian.sh --arch 'amd64' out/ 'trixie' '@1787529600'",
            "debuerreotype 0.17",
            "",
            "IMPORT",
            "debian.sh --arch 'amd64' out/ 'trixie' '@1787529600'",
            id="debuerreotype",
        ),
        pytest.param(
            "BusyBox 1.37.0 (glibc), Debian 12", "", "", "IMPORT", "BusyBox 1.37.0 (glibc), Debian 12", id="BusyBox"
        ),
        pytest.param("KIWI 10.2.33", "", "SUSE LLC", "IMPORT", "KIWI 10.2.33", id="KIWI"),
        pytest.param("crane flatten sha256:97", "[]", "", "IMPORT", "crane flatten sha256:97", id="crane flatten"),
        pytest.param(
            "Apply image 10.0.17763.1-amd64", "", "", "IMPORT", "Apply image 10.0.17763.1-amd64", id="Windows base"
        ),
        pytest.param("/bin/bash", "", "", "COMMIT", "/bin/bash", id="docker commit"),
        pytest.param("bash", "", "", "COMMIT", "bash", id="docker commit, shell by name"),
        pytest.param(
            "nginx -g daemon off;", "with a page", "", "COMMIT", "nginx -g daemon off;", id="commit with message"
        ),
        pytest.param("/bin/op a", "FROM docker.io/x", "", "RUN", "/bin/op a", id="Buildah's comment is no message"),
        pytest.param("", "from Bitnami with love", "", "", "from Bitnami with love", id="a comment alone"),
        pytest.param("", "", "", "", "", id="nothing at all"),
        pytest.param("Whatever this was", "", "", "", "Whatever this was", id="unknown"),
    ],
)
def test_knows_other_tools(created_by: str, comment: str, author: str, kind: str, text: str) -> None:
    step = parsed(created_by, comment=comment, author=author)
    assert (step.kind, step.text, step.comment) == (kind, text, comment)


@pytest.mark.parametrize(
    ("created_by", "copy_from"),
    [
        pytest.param("COPY --from=builder /a /b", "builder", id="alone"),
        pytest.param("COPY --chown=1:1 --link --from=0 /a /b", "0", id="after other flags"),
        pytest.param('COPY --from="alpine:3" ["/a b", "/c"]', "alpine:3", id="quoted"),
        pytest.param("COPY /a --from=builder /b", "", id="after a path it is a path"),
        pytest.param("COPY /a /b # buildkit", "", id="BuildKit dropped it"),
        pytest.param("RUN install --from=builder", "", id="not of a COPY"),
    ],
)
def test_copy_from_is_kept_where_the_builder_kept_it(created_by: str, copy_from: str) -> None:
    assert parsed(created_by, author="kaniko").copy_from == copy_from


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text(), st.sampled_from(["", "kaniko", "Bazel", "Jib"]), st.text(max_size=20))
@example("|99999999999999999999999 A=b /bin/sh -c x", "", "", "")
@example('HEALTHCHECK &{[] "0s" "0s" "0s" \'\\\'}', "", "", "")
@example('HEALTHCHECK &{["CMD"] "0s" "0s" "0s" \'\\Uffffffff\'}', "", "", "")
@example("\udcff #(nop) \udcff", "", "", "\udcff")
def test_any_text_is_an_instruction_that_keeps_it(created_by: str, comment: str, author: str, shell: str) -> None:
    step = parsed(created_by, comment=comment, author=author, shell=shell)
    assert (step.index, step.created_by, step.comment, step.layer) == (0, created_by, comment, None)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(
        ["RUN", "COPY", "|2", "A=b", "B=", "/bin/sh", "-c", "#(nop)", "CMD", '["x"', '"y"]', "--from=a", "# buildkit", "x"]
    ))
)  # fmt: skip
def test_the_text_never_invents_a_word(words: list[str]) -> None:
    created_by = " ".join(words)
    assert set(parsed(created_by).text.split()) <= {*created_by.split(), '["x",'}


UNITS = (
    "A=b ", " /a/b", "-o ", "/bin/sh -c ", "#(nop) ", '"a" ', '\\"', "] Interval:1", "--a ", "--from", "cmd ", "a", " ",
    "|unsetLabel=", f":{DIGITS}", "\n",
)  # fmt: skip
STARTS = (
    "", "|99999999 ", "RUN |9 A=", "/bin/sh ", 'CMD ["', "HEALTHCHECK &{[", "HEALTHCHECK {Test:[CMD ", "COPY ", "[", "# ",
    "/bin/sh -c --mount=",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", STARTS)
def test_a_long_text_is_read_in_one_pass(start: str, unit: str) -> None:
    created_by = start + unit * 50_000
    assert parsed(created_by, comment="store paths: " + unit * 1_000).created_by == created_by
    assert parsed(created_by).created_by == created_by
