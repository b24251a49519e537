"""Repositories, histories, build files, logs and dumps."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families.traces import TRACES
from tests.builder import ImageSpec, directory, file, layer, symlink
from tests.rules.conftest import Find, copied, of_rule, paths_of, ran
from tests.rules.forged import hexadecimal

TOKEN = hexadecimal(40)
HEAD = file("app/.git/HEAD", b"ref: refs/heads/main\n")
OBJECT = file("app/.git/objects/ab/cdef", b"x" * 100)
ELF_CORE = b"\x7fELF\2\1\1" + bytes(9) + b"\4\0" + bytes(46)
ELF_PROGRAM = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0" + bytes(46)


def test_a_repository_is_one_finding_with_all_its_bytes(find: Find) -> None:
    spec = copied(layer(directory("app/.git"), HEAD, OBJECT, file("app/main.py", b"pass")))
    (found,) = find(spec, rules=TRACES).findings
    assert (found.rule, found.kind, found.severity, found.content_bytes) == (
        "vcs-metadata",
        FindingKind.LEAK,
        Severity.HIGH,
        121,
    )
    assert found.detail == "/app/.git holds all that was ever committed"


def test_each_repository_has_its_own_finding(find: Find) -> None:
    spec = copied(layer(HEAD, file("srv/.hg/requires", b"store\n"), file("opt/.svn/wc.db", b"SQLite")))
    assert len(find(spec, rules=TRACES).findings) == 3


def test_a_repository_within_a_repository_belongs_to_the_outer_one(find: Find) -> None:
    spec = copied(layer(HEAD, file("app/.git/modules/x/.git/HEAD", b"ref: x\n")))
    assert len(find(spec, rules=TRACES).findings) == 1


def test_a_shallow_clone_says_so(find: Find) -> None:
    (found,) = find(copied(layer(HEAD, OBJECT, file("app/.git/shallow", b"0" * 40))), rules=TRACES).findings
    assert found.detail == "/app/.git holds one commit (a shallow clone)"


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(f'[remote "origin"]\n\turl = https://{TOKEN}@github.com/a/b.git\n', id="token in the URL"),
        pytest.param(f'[remote "origin"]\n\turl = https://bob:{TOKEN}@example.org/b.git\n', id="password in the URL"),
        pytest.param(f'[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic {TOKEN}\n', id="CI checkout"),
    ],
)
def test_credentials_in_a_repositorys_config_are_critical_and_masked(find: Find, config: str) -> None:
    (found,) = find(copied(layer(HEAD, OBJECT, file("app/.git/config", config.encode()))), rules=TRACES).findings
    assert found.severity == Severity.CRITICAL
    assert found.detail.endswith(f"{TOKEN[:2]}***{TOKEN[-2:]}")
    assert TOKEN[2:8] not in str(found)


@pytest.mark.parametrize("value", ["${TOKEN}", f"{TOKEN} {TOKEN}"], ids=["a variable", "no header's value"])
def test_a_header_without_a_secret_is_none(find: Find, value: str) -> None:
    config = file("app/.git/config", f"[http]\n\textraheader = AUTHORIZATION: basic {value}\n".encode())
    (found,) = find(copied(layer(HEAD, OBJECT, config)), rules=TRACES).findings
    assert found.severity != Severity.CRITICAL and TOKEN not in str(found)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(copied(layer(file("app/.git", b"gitdir: ../.git/modules/app\n"))), id="pointer"),
        pytest.param(copied(layer(directory("app/.git"), file("app/.git/description", b"x"))), id="no repository"),
        pytest.param(copied(layer(file("app/.gitignore", b"*.o\n"), file("app/x.git", b"x"))), id="names alike"),
    ],
)
def test_what_is_no_repository_is_no_finding(find: Find, spec: ImageSpec) -> None:
    assert not find(spec, rules=TRACES).findings


@pytest.mark.parametrize(
    ("rule", "path", "content"),
    [
        pytest.param("dev-traces", "root/.bash_history", b"ls\n", id="history of bash"),
        pytest.param("dev-traces", "root/.ssh/known_hosts", b"host ssh-rsa AAAA\n", id="known hosts"),
        pytest.param("dev-traces", "home/me/.viminfo", b"x", id="vim"),
        pytest.param("dev-traces", "root/.local/share/fish/fish_history", b"- cmd: ls\n", id="fish"),
        pytest.param("ci-config", "app/.github/workflows/ci.yml", b"on: push\n", id="GitHub"),
        pytest.param("ci-config", "app/.gitlab-ci.yml", b"x: y\n", id="GitLab"),
        pytest.param("ci-config", "app/Jenkinsfile", b"pipeline {}\n", id="Jenkins"),
        pytest.param("container-files", "app/Dockerfile", b"FROM x\n", id="Dockerfile"),
        pytest.param("container-files", "app/web.Dockerfile", b"FROM x\n", id="named Dockerfile"),
        pytest.param("container-files", "app/docker-compose.yml", b"services:\n", id="compose"),
        pytest.param("container-files", "app/.dockerignore", b"*\n", id="ignore file"),
        pytest.param("editor-os-junk", "app/.idea/workspace.xml", b"<x/>", id="IDEA"),
        pytest.param("editor-os-junk", "app/.main.py.swp", b"b0VIM 9.0", id="vim's swap file"),
        pytest.param("editor-os-junk", "app/.DS_Store", b"\0\0\0\1Bud1", id="Finder"),
        pytest.param("logs", "var/log/dpkg.log", b"install\n", id="dpkg"),
        pytest.param("logs", "app/npm-debug.log", b"0 info\n", id="npm"),
        pytest.param("logs", "root/.npm/_logs/x-debug-0.log", b"0 info\n", id="npm's folder"),
        pytest.param("core-dump", "app/core", ELF_CORE, id="core"),
        pytest.param("core-dump", "app/core.4711", ELF_CORE, id="core with a number"),
        pytest.param("core-dump", "app/java_pid1.hprof", b"JAVA PROFILE 1.0.2\0", id="heap of Java"),
    ],
)
def test_a_trace_is_found(find: Find, rule: str, path: str, content: bytes) -> None:
    (found,) = find(copied(layer(file(path, content))), rules=TRACES).findings
    assert (found.rule, found.paths[0].path, found.content_bytes) == (rule, f"/{path}", len(content))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("root/.bash_history", b"", id="empty history"),
        pytest.param("etc/ssh/ssh_known_hosts", b"github.com ssh-ed25519 AAAA\n", id="hosts for everybody"),
        pytest.param("app/node_modules/x/.travis.yml", b"x", id="CI of a dependency"),
        pytest.param("app/node_modules/x/Dockerfile", b"FROM x\n", id="Dockerfile of a dependency"),
        pytest.param("root/buildinfo/Dockerfile", b"FROM x\n", id="Red Hat's"),
        pytest.param("app/dockerfile.py", b"pass", id="module about Dockerfiles"),
        pytest.param("app/cli/templates/web/Dockerfile", b"FROM x\n", id="template of a Dockerfile"),
        pytest.param("app/scaffolding/.github/workflows/ci.yml", b"on: push\n", id="template of a workflow"),
        pytest.param("var/log/app/README", b"Logs go here.\n", id="what explains a folder of logs"),
        pytest.param("var/log/README.md", b"Logs go here.\n", id="the same in Markdown"),
        pytest.param("app/node_modules/x/.idea/x.xml", b"x", id="editor of a dependency"),
        pytest.param("app/linux.swp", b"x", id="no hidden swap file"),
        pytest.param("app/log/today.log", b"x", id="the application's log"),
        pytest.param("app/core/__init__.py", b"pass", id="directory named core"),
        pytest.param("app/core", ELF_PROGRAM, id="program named core"),
        pytest.param("app/core.1", b"manual", id="page of a manual"),
        pytest.param("app/memory.dmp", b"text", id="text named dmp"),
    ],
)
def test_what_is_no_trace_is_no_finding(find: Find, path: str, content: bytes) -> None:
    assert not find(copied(layer(file(path, content))), rules=TRACES).findings


def test_hosts_that_ssh_knows_weigh_little_and_histories_more(find: Find) -> None:
    spec = copied(layer(file("root/.ssh/known_hosts", b"host ssh-rsa AAAA\n"), file("root/.bash_history", b"ls\n")))
    found = find(spec, rules=TRACES).findings
    assert [(finding.severity, finding.title) for finding in found] == [
        (Severity.LOW, "hosts that ssh knows: /root/.ssh/known_hosts"),
        (Severity.MEDIUM, "traces of who built the image: /root/.bash_history"),
    ]


def test_a_dump_among_dependencies_is_one_and_a_packages_is_not(find: Find) -> None:
    path = "app/node_modules/x/core"
    assert [one.rule for one in find(copied(layer(file(path, ELF_CORE))), rules=TRACES).findings] == ["core-dump"]
    spec = copied(layer(file("usr/share/x/core", ELF_CORE)))
    assert not find(spec, packages={"deb/x": ["/usr/share/x/core"]}, rules=TRACES).findings


@pytest.mark.parametrize("count", [3, 4])
def test_the_first_few_credentials_of_a_repository_are_named(find: Find, count: int) -> None:
    urls = "".join(f"url = https://bob:{TOKEN[::-1]}{number}@h{number}.org/x\n" for number in range(count))
    spec = copied(layer(HEAD, OBJECT, file("app/.git/config", urls.encode()), file("app/.git/x/y", urls.encode())))
    (found,) = find(spec, rules=TRACES).findings
    assert found.detail.count("the password for") == 3
    assert "h2.org" in found.detail and "h3.org" not in found.detail


@pytest.mark.parametrize(
    ("member", "is_read"),
    [
        pytest.param(("app/.git/config", b""), True, id="the config"),
        pytest.param(("app/.git/modules/x/config", b""), True, id="the config of a module"),
        pytest.param(("app/.git/other", b""), False, id="another file"),
        pytest.param(("app/.git/config", b" " * (64 << 10)), False, id="what is far down in it"),
    ],
)
def test_where_a_repository_has_its_credentials(find: Find, member: tuple[str, bytes], is_read: bool) -> None:
    name, before = member
    spec = copied(layer(HEAD, OBJECT, file(name, before + f"url = https://bob:{TOKEN}@h.org/x\n".encode())))
    (found,) = find(spec, rules=TRACES).findings
    assert (found.severity == Severity.CRITICAL) == is_read
    assert found.detail.startswith("/app/.git holds all that was ever committed")


def test_a_repository_of_empty_files_is_none(find: Find) -> None:
    assert not find(copied(layer(file("app/.git/HEAD"), file("app/.git/config"))), rules=TRACES).findings


def test_a_link_to_the_containers_output_is_no_log(find: Find) -> None:
    assert not find(ran(layer(symlink("var/log/nginx/access.log", "/dev/stdout"))), rules=TRACES).findings


def test_a_packages_files_are_no_traces(find: Find) -> None:
    spec = ran(layer(file("usr/share/x/Dockerfile", b"FROM x\n")))
    assert not find(spec, packages={"deb/x": ["/usr/share/x/Dockerfile"]}, rules=TRACES).findings


def test_traces_of_the_base_are_inherited(find: Find) -> None:
    spec = ran(layer(file("var/log/dpkg.log", b"x")), layer(file("var/log/apt/history.log", b"x")))
    found = of_rule(find(spec, base_layers=1, rules=TRACES), "logs")
    assert [finding.kind for finding in found] == [FindingKind.INHERITED, FindingKind.WASTE]
    assert paths_of(find(spec, rules=TRACES), "logs") == {"/var/log/dpkg.log", "/var/log/apt/history.log"}
