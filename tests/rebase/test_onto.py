"""An image on another base: what would be missing, and what is no reason to say so."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.model.instruction import Instruction
from layerscope.model.onto import Need
from layerscope.rebase.rebased import own_from
from tests.builder import Member, directory, file, symlink, whiteout
from tests.packages.elves import linked
from tests.rebase.worlds import (
    GLIBC,
    MUSL,
    PASSWD,
    SHELL,
    copy,
    missing,
    onto,
    program,
    reported,
    run,
    script,
    setting,
)

APP = setting('ENTRYPOINT ["/app/run"]')
LIBPQ = file("usr/lib/x86_64-linux-gnu/libpq.so.5", linked("libc.so.6"))
PYTHON = (
    file("usr/local/bin/python3.12", program("libc.so.6"), mode=0o755),
    symlink("usr/local/bin/python3", "python3.12"),
)
OTHER_PYTHON = (
    file("usr/local/bin/python3.11", program("libc.so.6"), mode=0o755),
    symlink("usr/local/bin/python3", "python3.11"),
)


def app(content: bytes, name: str = "app/run") -> tuple[Any, ...]:
    return (copy(file(name, content, mode=0o755)), APP)


def test_a_library_that_the_program_loads_is_missing_at_start(tmp_path: Path) -> None:
    found = onto(
        tmp_path,
        base=(*GLIBC, LIBPQ),
        own=app(program("libpq.so.5", "libc.so.6")),
        other=GLIBC,
        entrypoint=("/app/run",),
    )
    assert missing(found, Need.START) == {"libpq.so.5": ("/app/run",)}
    assert not found.fits


def test_nothing_is_missing_where_the_other_base_has_all(tmp_path: Path) -> None:
    found = onto(
        tmp_path,
        base=(*GLIBC, LIBPQ),
        own=app(program("libpq.so.5", "libc.so.6")),
        other=(*GLIBC, LIBPQ),
        entrypoint=("/app/run",),
    )
    assert found.missing == () and found.fits
    assert {one.check: one.count for one in found.checked}["libraries"] == 4


def test_what_the_old_base_lacks_too_is_not_reported(tmp_path: Path) -> None:
    own = (*app(program("libc.so.6")), copy(file("app/plugin.so", linked("libcuda.so.1"))))
    found = onto(tmp_path, base=GLIBC, own=own, other=GLIBC, entrypoint=("/app/run",))
    assert found.missing == ()


def test_a_library_that_only_a_plugin_loads_is_listed_apart(tmp_path: Path) -> None:
    own = (*app(program("libc.so.6")), copy(file("app/plugin.so", linked("libpq.so.5"))))
    found = onto(tmp_path, base=(*GLIBC, LIBPQ), own=own, other=GLIBC, entrypoint=("/app/run",))
    assert missing(found, Need.OTHER) == {"libpq.so.5": ("/app/plugin.so",)} and found.fits


def test_a_newer_version_of_a_symbol_is_missing_in_an_older_library(tmp_path: Path) -> None:
    older = (GLIBC[0], file("lib/x86_64-linux-gnu/libc.so.6", linked(defines=["GLIBC_2.2.5"])))
    own = app(program("libc.so.6", requires={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.34"]}))
    found = onto(tmp_path, base=GLIBC, own=own, other=older, entrypoint=("/app/run",))
    assert missing(found, Need.START) == {"GLIBC_2.34 of libc.so.6": ("/app/run",)}


def test_a_program_for_glibc_does_not_start_on_musl(tmp_path: Path) -> None:
    found = onto(tmp_path, base=GLIBC, own=app(program("libc.so.6")), other=MUSL, entrypoint=("/app/run",))
    assert set(missing(found, Need.START)) == {"/lib64/ld-linux-x86-64.so.2", "libc.so.6"}


def test_a_static_program_starts_on_nothing(tmp_path: Path) -> None:
    found = onto(tmp_path, base=GLIBC, own=app(linked()), other=(), entrypoint=("/app/run",))
    assert found.missing == () and found.fits


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param({"runpath": "$ORIGIN/../lib"}, "lib/libown.so", id="RUNPATH from where the program is"),
        pytest.param({"rpath": "/opt/own"}, "opt/own/libown.so", id="RPATH"),
        pytest.param({}, "srv/conf/libown.so", id="ld.so.conf and what it includes"),
    ],
)
def test_libraries_of_the_own_layers_are_found_as_the_loader_finds_them(
    tmp_path: Path, fields: dict[str, object], place: str
) -> None:
    conf = (
        file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
        file("etc/ld.so.conf.d/own.conf", b"# own\n/srv/conf\n"),
    )
    own = (*app(program("libown.so", "libc.so.6", **fields)), copy(file(place, linked("libc.so.6"))))
    found = onto(tmp_path, base=(*GLIBC, *conf), own=own, other=(*GLIBC, *conf), entrypoint=("/app/run",))
    assert found.missing == ()


@pytest.mark.parametrize("include", ["/etc/ld.so.conf.d/*.conf", "ld.so.conf.d/own.*"])
def test_a_library_that_only_the_old_base_s_settings_find_is_missing(tmp_path: Path, include: str) -> None:
    conf = (
        file("etc/ld.so.conf", f"include {include}\n".encode()),
        file("etc/ld.so.conf.d/own.conf", b"/srv/x,/srv/conf:/srv/y  # and more\n"),
    )
    own = (*app(program("libown.so", "libc.so.6")), copy(file("srv/conf/libown.so", linked("libc.so.6"))))
    found = onto(tmp_path, base=(*GLIBC, *conf), own=own, other=GLIBC, entrypoint=("/app/run",))
    assert missing(found, Need.START) == {"libown.so": ("/app/run",)}


def test_an_interpreter_and_the_commands_of_a_script_are_missing_at_start(tmp_path: Path) -> None:
    tools = (SHELL, file("bin/bash", program("libc.so.6"), mode=0o755), file("usr/bin/jq", program(), mode=0o755))
    entry = script("/bin/sh", "set -e", "jq . /app/x", "if true; then bash -c hello; fi", 'exec "$@"')
    found = onto(
        tmp_path,
        base=(*GLIBC, *tools),
        own=(copy(file("app/run", entry, mode=0o755), file("app/main", script("/bin/bash"), mode=0o755)), APP),
        other=(*GLIBC, SHELL),
        entrypoint=("/app/run",),
        cmd=("/app/main",),
    )
    start = missing(found, Need.START)
    assert start == {"/bin/bash": ("/app/main",), "jq": ("/app/run",)}
    assert "bash" in missing(found, Need.OTHER)


def test_an_interpreter_that_the_old_base_lacks_too_is_no_loss(tmp_path: Path) -> None:
    scripts = (
        file("app/run", script("/bin/sh"), mode=0o755),
        file("app/never", script("/usr/bin/perl"), mode=0o755),
        file("app/other", script("/bin/bash"), mode=0o755),
    )
    bash = file("bin/bash", program("libc.so.6"), mode=0o755)
    own = (copy(*scripts), APP)
    found = onto(tmp_path, base=(*GLIBC, SHELL, bash), own=own, other=(*GLIBC, SHELL), entrypoint=("/app/run",))
    assert missing(found, Need.OTHER) == {"/bin/bash": ("/app/other",)}


STEPS = ("ADD /", "CMD sh", "LABEL a=b", "COPY a /a", "RUN b")


@pytest.mark.parametrize(
    ("kept", "base_layers", "first"),
    [
        pytest.param(5, 1, 2, id="behind the CMD of the base"),
        pytest.param(5, 0, 0, id="without a base all are own"),
        pytest.param(5, 2, 4, id="behind the last layer of the base"),
        pytest.param(3, 1, 1, id="without an own layer the CMD may be own"),
    ],
)
def test_own_instructions_begin_behind_those_of_the_base(kept: int, base_layers: int, first: int) -> None:
    layers = iter(range(9))
    steps = [
        Instruction(index=index, kind=kind, text=rest, layer=next(layers) if kind in ("ADD", "COPY", "RUN") else None)
        for index, (kind, _, rest) in enumerate(one.partition(" ") for one in STEPS[:kept])
    ]
    assert own_from(steps, base_layers) == first


def test_a_script_without_set_e_goes_on_behind_a_command_that_is_missing(tmp_path: Path) -> None:
    jq = file("usr/bin/jq", program(), mode=0o755)
    entry = script("/bin/sh", "jq . /app/x", "exec /app/main")
    own = (copy(file("app/run", entry, mode=0o755), file("app/main", linked(), mode=0o755)), APP)
    found = onto(tmp_path, base=(*GLIBC, SHELL, jq), own=own, other=(*GLIBC, SHELL), entrypoint=("/app/run",))
    assert found.fits and missing(found, Need.OTHER) == {"jq": ("/app/run",)}


@pytest.mark.parametrize("entrypoint", [("tini", "--", "node", "x.js"), ("/bin/sh", "-c", "exec node x.js")])
def test_the_program_behind_a_wrapper_is_followed(tmp_path: Path, entrypoint: tuple[str, ...]) -> None:
    tini, node = file("bin/tini", linked(), mode=0o755), file("usr/bin/node", linked(), mode=0o755)
    found = onto(
        tmp_path,
        base=(*GLIBC, SHELL, tini, node),
        own=(copy(file("x.js", b"")), setting("ENTRYPOINT ...")),
        other=(*GLIBC, SHELL, tini),
        entrypoint=entrypoint,
    )
    assert missing(found, Need.START) == {"node": ("ENTRYPOINT",)}


def test_packages_for_another_python_are_not_seen_by_the_one_that_starts(tmp_path: Path) -> None:
    site = "usr/local/lib/python3.12/site-packages"
    own = (copy(file(f"{site}/flask/__init__.py", b"x"), file(f"{site}/a.cpython-312-x86_64-linux-gnu.so", linked())),)
    found = onto(
        tmp_path,
        base=(*GLIBC, *PYTHON),
        own=(*own, setting('CMD ["python3" "-m" "flask"]')),
        other=(*GLIBC, *OTHER_PYTHON),
        cmd=("python3", "-m", "flask"),
    )
    assert missing(found, Need.START) == {"Python 3.12": (f"/{site}",)}
    (one,) = found.missing
    assert one.detail == "it has Python 3.11"


def test_the_same_python_sees_them(tmp_path: Path) -> None:
    own = (copy(file("usr/local/lib/python3.12/site-packages/flask/__init__.py", b"x")), setting('CMD ["python3"]'))
    found = onto(tmp_path, base=(*GLIBC, *PYTHON), own=own, other=(*GLIBC, *PYTHON), cmd=("python3",))
    assert found.missing == ()


def test_what_a_run_made_is_made_again_by_a_build(tmp_path: Path) -> None:
    pip = file("usr/local/bin/pip", script("/usr/local/bin/python3"), mode=0o755)
    tool = file("usr/local/bin/tool", script("/usr/local/bin/python3.12"), mode=0o755)
    own = (run("pip install tool", tool), setting('CMD ["tool"]'))
    found = onto(
        tmp_path,
        base=(*GLIBC, SHELL, *PYTHON, pip),
        own=own,
        other=(*GLIBC, SHELL, *OTHER_PYTHON, pip),
        cmd=("tool",),
    )
    assert found.fits and set(missing(found, Need.TRANSPLANT)) == {"/usr/local/bin/python3.12"}


def test_a_run_that_calls_what_the_other_base_lacks_stops_the_build(tmp_path: Path) -> None:
    apt = file("usr/bin/apt-get", program(), mode=0o755)
    own = (
        run("apt-get update && apt-get install -y x && x --version", file("usr/bin/x", linked(), mode=0o755)),
        setting('CMD ["x"]'),
    )
    found = onto(tmp_path, base=(*GLIBC, SHELL, apt), own=own, other=(*MUSL, SHELL), cmd=("x",))
    assert set(missing(found, Need.BUILD)) == {"apt-get"}


def test_users_are_those_of_the_other_base_and_those_that_a_run_adds(tmp_path: Path) -> None:
    passwd = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
    own = (run("useradd new", file("etc/passwd", passwd + b"new:x:1001:1001::/:/bin/sh\n")), setting("USER new"))
    other = (*GLIBC, SHELL, file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"))
    assert onto(tmp_path, base=(*GLIBC, SHELL, PASSWD), own=own, other=other, user="new").missing == ()
    own = (copy(file("app/x", b"x", uid=1000)), setting("USER app"))
    found = onto(tmp_path, base=(*GLIBC, SHELL, PASSWD), own=own, other=other, user="app")
    assert missing(found, Need.START) == {"user app": ("USER",)}
    assert missing(found, Need.OTHER) == {"user app (1000)": ("/app/x",)}


def test_links_certificates_and_time_zones_that_were_there_are_missing(tmp_path: Path) -> None:
    base = (
        *GLIBC,
        file("etc/ssl/certs/ca-certificates.crt", b"x"),
        file("usr/share/zoneinfo/Europe/London", b"x"),
        file("usr/share/java/x.jar", b"x"),
    )
    own = (copy(symlink("app/x.jar", "/usr/share/java/x.jar"), symlink("app/none", "/nowhere")),)
    found = onto(tmp_path, base=base, own=own, other=GLIBC)
    assert set(missing(found, Need.OTHER)) == {"/usr/share/java/x.jar", "CA certificates", "time zones"}


def test_a_module_for_another_node_is_listed_apart(tmp_path: Path) -> None:
    def node(abi: int) -> tuple[Any, ...]:
        header = f"#define NODE_MODULE_VERSION {abi}\n".encode()
        return (
            *GLIBC,
            file("usr/local/bin/node", program("libc.so.6"), mode=0o755),
            file("usr/local/include/node/node_version.h", header),
        )

    module = file("app/a.node", linked("libc.so.6", strings=b"node_register_module_v115\0"))
    napi = file("app/b.node", linked("libc.so.6", strings=b"napi_register_module_v1\0"))
    own = (copy(module, napi), setting('CMD ["node"]'))
    found = onto(tmp_path, base=node(115), own=own, other=node(127), cmd=("node",))
    assert missing(found, Need.OTHER) == {"Node with NODE_MODULE_VERSION 115": ("/app/a.node",)}


def test_the_sizes_and_the_files_of_the_base_that_a_run_changed(tmp_path: Path) -> None:
    base = (*GLIBC, SHELL, file("etc/tool.conf", b"old"), file("etc/gone", b"old"), file("var/log/x", b"y"))
    own = (
        copy(file("app/data", b"d" * 5000)),
        run(
            "configure", file("etc/tool.conf", b"new!"), whiteout("etc/gone"), file("var/log/x", b"z"), directory("etc")
        ),
    )
    found = onto(tmp_path, base=base, own=own, other=(file("x", b"1" * 70),))
    assert (found.content_bytes, found.base_bytes, found.own_layers) == (70 + 5000 + 4 + 1, 70, 2)
    (layer,) = found.run_layers
    assert layer.paths == ("/etc/gone", "/etc/tool.conf") and layer.instruction == "RUN configure"


@pytest.mark.parametrize(
    ("test", "lost"),
    [
        pytest.param(["CMD", "probe", "-q"], {"probe"}, id="a program"),
        pytest.param(["CMD-SHELL", "probe -q"], {"/bin/sh"}, id="a line of the shell"),
        pytest.param(["NONE"], set(), id="switched off"),
        pytest.param([], set(), id="the one of the base"),
        pytest.param("probe", set(), id="no list"),
    ],
)
def test_what_a_health_check_starts_is_missing_apart_from_the_start(
    tmp_path: Path, test: object, lost: set[str]
) -> None:
    config = {"Entrypoint": ["/app/run"], "Healthcheck": {"Test": test}}
    check = setting(f"HEALTHCHECK {test}")
    base = (*GLIBC, SHELL, file("usr/bin/probe", program("libc.so.6"), mode=0o755))
    own = (*app(program("libc.so.6")), check)
    found = onto(tmp_path, base=base, own=own, other=GLIBC, config_extra={"config": config})
    assert missing(found, Need.START) == {}
    assert missing(found, Need.OTHER).keys() == lost


def test_a_library_for_another_machine_is_not_the_one_that_is_missing(tmp_path: Path) -> None:
    other = file(LIBPQ.name, linked("libc.so.6", machine=183))
    own = app(program("libpq.so.5", "libc.so.6"))
    found = onto(tmp_path, base=(*GLIBC, LIBPQ), own=own, other=(*GLIBC, other), entrypoint=("/app/run",))
    assert missing(found, Need.START) == {"libpq.so.5": ("/app/run",)}


def test_a_program_that_an_own_layer_deleted_from_the_base_was_there_for_the_build(tmp_path: Path) -> None:
    tool = file("usr/bin/tool", program("libc.so.6"), mode=0o755)
    steps = (run("tool --make && rm /usr/bin/tool", whiteout("usr/bin/tool")),)
    found = onto(tmp_path, base=(*GLIBC, SHELL, tool), own=steps, other=(*GLIBC, SHELL))
    assert missing(found, Need.BUILD).keys() == {"tool"}
    assert missing(onto(tmp_path, base=(*GLIBC, SHELL), own=steps, other=(*GLIBC, SHELL)), Need.BUILD) == {}


def test_of_what_the_bases_waste_the_biggest_saving_comes_first(tmp_path: Path) -> None:
    lists, cache = file("var/lib/apt/lists/x", b"l" * 9), file("root/.cache/pip/http/x", b"c" * 99)
    found = onto(tmp_path, base=(*GLIBC, lists, cache), own=(copy(file("x", b"")),), other=GLIBC)
    assert [(one.rule, one.before_bytes, one.after_bytes) for one in found.inherited] == [
        ("pip-cache", 99, 0),
        ("apt-lists", 9, 0),
    ]


def test_settings_come_from_the_candidate_unless_own_instructions_set_them(tmp_path: Path) -> None:
    other: dict[str, object] = {"cmd": ("/missing",), "user": "nobody-there"}
    found = onto(tmp_path, base=GLIBC, own=(copy(file("x", b"")),), other=GLIBC, other_fields=other, cmd=("sh",))
    assert found.missing == ()  # Neither is of the old base.


def test_another_platform_does_not_start(tmp_path: Path) -> None:
    own = (copy(file("app/run", linked(), mode=0o755)), APP)
    found = onto(tmp_path, own=own, other=(), other_fields={"architecture": "arm64"}, entrypoint=("/app/run",))
    assert missing(found, Need.START) == {"platform linux/amd64": ("linux/arm64",)}


def _dpkg(**packages: str) -> tuple[Member, ...]:
    """The database of packages, by name what each needs."""
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nDepends: {needs}\n\n"
        for name, needs in packages.items()
    )
    lists = (
        file(f"var/lib/dpkg/info/{name}.list", f"/usr/lib/x86_64-linux-gnu/{name}.so.5\n".encode()) for name in packages
    )
    return (file("var/lib/dpkg/status", status.encode()), *lists)


@pytest.mark.parametrize(
    ("command", "need"),
    [
        pytest.param("apt-get update && apt-get install -y libpq", Need.TRANSPLANT, id="the package"),
        pytest.param("apt-get install -y tool", Need.TRANSPLANT, id="one that needs it"),
        pytest.param("apt-get install -y other", Need.START, id="another one"),
        pytest.param("echo libpq", Need.START, id="no installation"),
    ],
)
def test_a_run_installs_on_the_other_base_what_the_old_one_had_already(
    tmp_path: Path, command: str, need: Need
) -> None:
    apt = file("usr/bin/apt-get", linked(), mode=0o755)
    own = (run(command, file("var/log/apt", b"")), *app(program("libpq.so.5", "libc.so.6")))
    found = onto(
        tmp_path,
        base=(*GLIBC, SHELL, apt, LIBPQ, *_dpkg(libpq="", tool="libpq", other="")),
        own=own,
        other=(*GLIBC, SHELL, apt),
        entrypoint=("/app/run",),
    )
    assert missing(found, need) == {"libpq.so.5": ("/app/run",)}


def test_the_same_base_again_lacks_nothing_and_weighs_the_same(tmp_path: Path) -> None:
    base = (*GLIBC, SHELL, PASSWD, LIBPQ, *PYTHON, file("etc/gone", b"x" * 9), file("usr/share/doc/a/b", b"d" * 99))
    site = "usr/local/lib/python3.12/site-packages"
    own = (
        copy(file(f"{site}/a.py", b"x"), file("app/run", script("/bin/sh", "exec python3"), mode=0o755, uid=1000)),
        run("rm /etc/gone", whiteout("etc/gone")),
        setting("USER app"),
        APP,
    )
    report = reported(tmp_path, base=base, own=own, other=base, entrypoint=("/app/run",), user="app")
    (found,) = report.onto
    assert found.missing == () and found.inherited == ()
    assert (found.content_bytes, found.live_bytes) == (report.totals.content_bytes, report.totals.live_bytes)
    assert sum(one.count for one in found.checked) > 5
