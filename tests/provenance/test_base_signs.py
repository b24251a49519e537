import pytest

from layerscope.history.alignment import instructions, layers_before
from layerscope.model.image import HistoryEntry
from layerscope.provenance.base_image import base_boundary, buildah_from

BUILDKIT = "buildkit.dockerfile.v0"


def legacy(*lines: str) -> list[HistoryEntry]:
    """Entries of the legacy builder from Dockerfile lines; RUN, COPY and ADD made layers."""
    return [
        HistoryEntry(created_by=f"/bin/sh -c {line[4:]}")
        if line.startswith("RUN ")
        else HistoryEntry(created_by=f"/bin/sh -c #(nop) {line}", empty_layer=not line.startswith(("COPY ", "ADD ")))
        for line in lines
    ]


def buildkit(*lines: str) -> list[HistoryEntry]:
    """Entries of BuildKit from Dockerfile lines; WORKDIR made a layer too."""
    makes = ("RUN ", "COPY ", "ADD ", "WORKDIR ")
    return [
        HistoryEntry(
            created_by=line.replace("RUN ", "RUN /bin/sh -c "), comment=BUILDKIT, empty_layer=not line.startswith(makes)
        )
        for line in lines
    ]


def entry(created_by: str, comment: str = "", author: str = "") -> HistoryEntry:
    return HistoryEntry(created_by=created_by, comment=comment, author=author)


DEBIAN_2021 = legacy("ADD file:4ff85d9f6aa2 in / ", ' CMD ["bash"]')
DEBIAN_2026 = [entry("# debian.sh --arch 'amd64' out/ 'trixie' '@1787529600'", "debuerreotype 0.17")]
ALPINE = buildkit("ADD alpine-minirootfs-3.22.1-x86_64.tar.gz /", 'CMD ["/bin/sh"]')
DISTROLESS = [entry("bazel build ...", author="Bazel")] * 3
STATIC = [entry("apko", "static by Chainguard", "apko")]
PYTHON_LINES = (
    "RUN apt-get install curl",
    "RUN apt-get install git",
    "RUN apt-get install gcc",
    "ENV PATH=/usr/local/bin",
)
PYTHON_2021 = DEBIAN_2021 + legacy(*PYTHON_LINES, "RUN make install", "RUN ln -s", ' CMD ["python3"]')
PYTHON_2026 = DEBIAN_2026 + buildkit(*PYTHON_LINES, "RUN make install", "RUN ln -s", 'CMD ["python3"]')
NGINX = DEBIAN_2026 + buildkit(
    "ENV NGINX_VERSION=1.27.5", "RUN set -x", "COPY docker-entrypoint.sh /", 'ENTRYPOINT ["/docker-entrypoint.sh"]',
    "EXPOSE map[80/tcp:{}]", "STOPSIGNAL SIGQUIT", 'CMD ["nginx" "-g" "daemon off;"]',
)  # fmt: skip
OWN_LINES = ("WORKDIR /app", "COPY . .", "RUN pip install -r requirements.txt", 'CMD ["flask" "run"]')


@pytest.mark.parametrize(
    ("history", "layers"),
    [
        pytest.param(PYTHON_2021 + legacy(*OWN_LINES), 6, id="legacy over legacy python"),
        pytest.param(PYTHON_2021 + buildkit(*OWN_LINES), 6, id="BuildKit over legacy python"),
        pytest.param(PYTHON_2026 + buildkit(*OWN_LINES), 6, id="BuildKit over python"),
        pytest.param(PYTHON_2026 + legacy(*OWN_LINES), 6, id="legacy over BuildKit python"),
        pytest.param(PYTHON_2026 + buildkit("COPY . ."), 6, id="without a CMD of its own"),
        pytest.param(PYTHON_2026 + buildkit('ENTRYPOINT ["x"]', "COPY . ."), 6, id="with its ENTRYPOINT first"),
        pytest.param(NGINX + buildkit("COPY site /usr/share/nginx/html"), 3, id="nginx with a page"),
        pytest.param(ALPINE + buildkit("RUN apk add curl", 'ENTRYPOINT ["curl"]'), 1, id="alpine"),
        pytest.param(DEBIAN_2021 + legacy("RUN apt-get update"), 1, id="legacy debian"),
        pytest.param(DEBIAN_2026 + buildkit("RUN apt-get update"), 1, id="debian, which sets no CMD any more"),
        pytest.param(PYTHON_2021, 1, id="python itself stands on debian"),
        pytest.param(NGINX, 1, id="nginx itself stands on debian"),
        pytest.param(DISTROLESS + buildkit("COPY /app /app", 'ENTRYPOINT ["/app"]'), 3, id="distroless"),
        pytest.param(STATIC + [entry("ko build ko://x", author="ko")] * 2, 1, id="ko over apko"),
        pytest.param(ALPINE + [entry("jib-maven-plugin:3.4.0", "classes", "Jib")] * 3, 1, id="Jib"),
        pytest.param(NGINX + [entry("nginx -g daemon off;", "with a page")], 3, id="committed container"),
        pytest.param(NGINX + [entry("bash")], 3, id="committed shell"),
        pytest.param([entry("", "Imported from -"), *legacy("RUN make")], 1, id="imported file system"),
        pytest.param([entry("", "from Bitnami with love"), *legacy("RUN make")], 1, id="entry without a command"),
        pytest.param(NGINX + [entry("")], 3, id="layer appended without a word"),
        pytest.param([*legacy("COPY a in /a"), entry("make"), *legacy("RUN x")], None, id="RUN in exec form"),
        pytest.param(legacy("ADD rootfs.tar in / ", ' CMD ["bash"]'), None, id="a base alone"),
        pytest.param(ALPINE, None, id="alpine alone"),
        pytest.param(DEBIAN_2026, None, id="debian alone"),
        pytest.param(ALPINE + buildkit("ENV A=b", 'CMD ["x"]'), None, id="settings only"),
        pytest.param(ALPINE + buildkit("WORKDIR /app", 'CMD ["x"]'), None, id="a WORKDIR is no content"),
        pytest.param(buildkit('ENTRYPOINT ["/x"]', "COPY x /x"), None, id="scratch with its ENTRYPOINT first"),
        pytest.param(buildkit("COPY a /a", "COPY b /b", 'CMD ["/a"]'), None, id="scratch"),
        pytest.param([], None, id="no history"),
    ],
)
def test_the_base_ends_where_its_start_command_or_its_builder_does(
    history: list[HistoryEntry], layers: int | None
) -> None:
    count = sum(not one.empty_layer for one in history)
    assert base_boundary(instructions(tuple(history), count)[0]) == layers


def test_layers_without_history_belong_below_the_boundary() -> None:
    steps, _ = instructions(tuple(ALPINE + buildkit("COPY a /a")), 5)
    assert base_boundary(steps) == 4


def test_a_squashed_image_has_no_boundary() -> None:
    squashed = [*legacy(' CMD ["bash"]', " ENV A=b"), entry('/bin/sh -c #(nop) CMD ["x"]')]
    assert base_boundary(instructions(tuple(squashed), 1)[0]) is None


@pytest.mark.parametrize(
    ("index", "below"),
    [pytest.param(0, 0, id="lowest"), pytest.param(1, 1, id="after a layer"), pytest.param(3, 2, id="after the last")],
)
def test_layers_before_an_instruction(index: int, below: int) -> None:
    steps, _ = instructions(tuple(buildkit("COPY a /a", "ENV A=b", "COPY b /b")), 2)
    assert layers_before(steps, index) == below


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        pytest.param(["", "", "FROM docker.io/library/fedora:latest", ""], ("docker.io/library/fedora:latest", 2), id="one"),
        pytest.param(["", "FROM docker.io/library/fedora:latest", "FROM 97ad0fd6a1a3"],
                     ("docker.io/library/fedora:latest", 1), id="built in layers"),
        pytest.param(["FROM a.example/os:1", "", "FROM a.example/python:3", ""], ("a.example/python:3", 2), id="base too"),
        pytest.param(["", "my words FROM quay.io/x:1"], ("quay.io/x:1", 1), id="behind another comment"),
        pytest.param(["", "FROM sha256:" + "a" * 64], None, id="digest of an image"),
        pytest.param(["from Bitnami with love", "buildkit.dockerfile.v0"], None, id="other comments"),
        pytest.param(["FROM ", "FROM two words", "xFROM y"], None, id="no name"),
        pytest.param([], None, id="no history"),
    ],
)  # fmt: skip
def test_buildah_notes_the_base_in_a_comment(comments: list[str], expected: tuple[str, int] | None) -> None:
    assert buildah_from([HistoryEntry(comment=comment) for comment in comments]) == expected
