import pytest

from layerscope.packages.catalogers.erlang import ERLANG
from tests.builder import file
from tests.packages.images import catalogued

_APP = (
    b'%% This is asn1.\n{application, asn1,\n [{description, "ASN1 {vsn}"},\n  {vsn, "5.0.21"},\n  {modules, []}]}.\n'
)


@pytest.mark.parametrize("directory", ["asn1-5.0.21", "asn1"], ids=["with a version", "without"])
def test_an_application_owns_its_directory(directory: str) -> None:
    home = f"usr/lib/erlang/lib/{directory}"
    found = catalogued(ERLANG, [file(f"{home}/ebin/asn1.app", _APP), file(f"{home}/priv/lib/x.so"), file(f"{home}x/y")])
    assert found.versions == [("asn1", "5.0.21")]
    assert found.paths_of("asn1") == (f"/{home}/ebin/asn1.app", f"/{home}/priv/lib/x.so")


def test_an_application_in_a_directory_of_another_name_owns_no_more_than_its_code() -> None:
    found = catalogued(ERLANG, [file("ebin/asn1.app", _APP), file("ebin/asn1.beam"), file("etc/shadow")])
    assert found.paths_of("asn1") == ("/ebin/asn1.app", "/ebin/asn1.beam")


def test_a_quoted_name_is_read() -> None:
    found = catalogued(ERLANG, [file("lib/tool/ebin/tool.app", b"{application,'tool',[{vsn,\"1\"}]}.")])
    assert found.versions == [("tool", "1")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{application," * 50_000, id="without end"),
        pytest.param(b"{" * 500_000, id="braces"),
    ],
)
def test_a_damaged_description_costs_a_warning(content: bytes) -> None:
    found = catalogued(ERLANG, [file("lib/x-1/ebin/x.app", content)])
    assert len(found.claims) <= 1
    assert len(found.claims) + len(found.warnings) == 1


@pytest.mark.parametrize("path", ["opt/Tool.app", "asn1.app", "lib/asn1/ebin/old/asn1.app", "lib/asn1/src/asn1.app"])
def test_a_file_of_that_suffix_elsewhere_is_passed_over(path: str) -> None:
    found = catalogued(ERLANG, [file(path, _APP), file("usr/lib/asn1/ebin/asn1.app", _APP)])
    assert [claim.location for claim in found.claims] == ["/usr/lib/asn1/ebin/asn1.app"]
    assert found.warnings == ()


def test_a_damaged_description_does_not_hide_the_next() -> None:
    found = catalogued(ERLANG, [file("lib/a-1/ebin/a.app"), file("lib/b-1/ebin/b.app", b"{application,b,[]}")])
    assert found.versions == [("b", "")]
    assert found.warnings == ("/lib/a-1/ebin/a.app: it describes no application",)
