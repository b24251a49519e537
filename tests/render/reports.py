"""Reports for the tests of the formats: an ordinary one, an empty one, and one in which every name is an attack."""

from msgspec.structs import replace

from layerscope.model.base import Base, FoundBy
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity
from layerscope.model.onto import Checked, InheritedChange, Missing, Need, Onto, RunLayer
from layerscope.model.package import Package
from layerscope.model.report import (
    ImageSummary,
    InstructionReport,
    LayerReport,
    PathBytes,
    Report,
    StageReport,
    Totals,
)
from layerscope.render.units import RenderOptions, si

OPTIONS = RenderOptions(units=si)
DIFF_ID = "sha256:" + "0123456789abcdef" * 4

HOSTILE: dict[str, str] = {
    "newline": "a\nb",
    "carriage return": "a\rb",
    "tab": "a\tb",
    "escape": "a\x1b[31mred\x1b]0;title\x07b",
    "C1 control": "a\x9b31mb",
    "NUL": "a\0b",
    "delete": "a\x7fb",
    "bidi override": "a\u202efdp.exe",
    "line separator": "a\u2028b",
    "zero width": "a\u200bb",
    "no UTF-8": "a\udcff\udc80b",
    "noncharacter": "a\ufffeb",
    "formula": "=cmd|' /C calc'!A0",
    "formula behind a sign": "+1+1",
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror="alert(1)">',
    "CDATA": "]]></failure>",
    "entity": "&lt;b&gt;&amp;",
    "pipe": "a|b",
    "backticks": "a```b`c",
    "markdown link": "[a](javascript:alert(1)) ![b](http://x)",
    "mention": "@everyone #1",
    "comma and quotes": 'a,"b";c',
    "not Latin": "日本語 🐳",
}
"""Names as an archive may hold them; bytes that are no UTF-8 are surrogate escapes."""


def ordinary() -> Report:
    """Two layers, one finding of each kind, packages, a stage."""
    return Report(
        image=ImageSummary(
            source="app.tar",
            format="docker-archive",
            name="app:1",
            tags=("app:1",),
            image_id=DIFF_ID,
            platform="linux/amd64",
            created="2024-01-02T03:04:05.123456789Z",
            docker_size=3500,
            config={"Env": ["A=1"], "Labels": None},
        ),
        totals=Totals(
            content_bytes=3500,
            stored_bytes=3700,
            live_bytes=3000,
            hidden_bytes=500,
            base_bytes=1000,
            own_bytes=2500,
            reclaimable_bytes=900,
            files=4,
            entries=9,
            efficiency=0.857143,
        ),
        layers=(
            LayerReport(index=0, diff_id=DIFF_ID, content_bytes=1000, live_bytes=1000, origin="base", instruction=0),
            LayerReport(index=1, diff_id=DIFF_ID, content_bytes=2500, reclaimable_bytes=900, instruction=1),
        ),
        instructions=(
            InstructionReport(index=0, kind="ADD", text="rootfs.tar /", layer=0, content_bytes=1000),
            InstructionReport(index=1, kind="COPY", text="--from=build /app /app", layer=1, dockerfile_line=7),
        ),
        base=Base(found_by=FoundBy.GIVEN, layers=1, name="base:1", certain=True),
        stages=(StageReport(name="build", evidence=Evidence.DECLARED, content_bytes=2500, reclaimable_bytes=900),),
        packages=(
            Package(
                type="deb",
                name="libc6",
                version="2.36-9+deb12u4",
                namespace="debian",
                qualifiers=(("arch", "amd64"),),
                content_bytes=600,
                files=2,
                layer=0,
                layers={0: 600},
                location="/var/lib/dpkg/status",
            ),
            Package(type="pypi", name="flask", version="3.0", content_bytes=300, files=1, layer=1, layers={1: 300}),
            Package(type="pypi", name="flask", version="3.0", shared=True, layer=1),
            Package(type="deb", name="gone", version="1", removed_in=1, hidden_bytes=50, layer=0),
        ),
        unowned_bytes=2100,
        findings=(
            finding("git-directory", Severity.HIGH, FindingKind.LEAK, "/app/.git/objects/pack", instruction=1),
            finding("apt-lists", Severity.MEDIUM, FindingKind.WASTE, "/var/lib/apt/lists/x", source="stage:build"),
            finding("docs-man-locale", Severity.LOW, FindingKind.INHERITED, "/usr/share/doc/x", layer=0),
        ),
        directories=(PathBytes(path="/app", content_bytes=2000, files=3), PathBytes(path="/", content_bytes=1000)),
        hidden=(PathBytes(path="/tmp/x", content_bytes=500, files=1, layers=(1,), fate="deleted"),),
        warnings=("layer 1 has data behind its end",),
    )


def hostile(name: str) -> Report:
    """A report whose every text that an archive can choose is ``name``."""
    return Report(
        image=ImageSummary(source="x.tar", format="docker-archive", name=name, tags=(name,), config={name: [name]}),
        totals=Totals(content_bytes=10, live_bytes=10, own_bytes=10, reclaimable_bytes=10, files=1, entries=1),
        layers=(LayerReport(index=0, content_bytes=10, created_by=name, instruction=0, problem=name),),
        instructions=(InstructionReport(index=0, kind=name, text=name, layer=0, source=f"stage:{name}"),),
        base=Base(found_by=FoundBy.HISTORY_GUESS, name=name),
        stages=(StageReport(name=name, evidence=Evidence.DECLARED, content_bytes=1),),
        packages=(
            Package(
                type="pypi", name=name, version=name, content_bytes=5, files=1, layer=0, layers={0: 5}, location=name
            ),
        ),
        findings=(
            finding("apt-lists", Severity.HIGH, FindingKind.WASTE, "/" + name, layer=0, text=name),
            finding("apk-index", Severity.LOW, FindingKind.INHERITED, "/" + name, layer=0, text=name),
        ),
        ignored=(replace(finding("apt-lists", Severity.HIGH, FindingKind.WASTE, "/" + name, layer=0), ignored=name),),
        onto=(other(name, name), other(name, name)),
        directories=(PathBytes(path="/" + name, content_bytes=10, files=1),),
        hidden=(PathBytes(path="/" + name, content_bytes=10, files=1, layers=(0,), fate="deleted"),),
        warnings=(name,),
    )


def other(name: str, text: str) -> Onto:
    """The image on another base, which lacks something for each need."""
    return Onto(
        source="other.tar",
        name=name,
        base_layers=1,
        own_layers=1,
        content_bytes=3000,
        live_bytes=3000,
        base_bytes=500,
        inherited=(InheritedChange(rule="docs-man-locale", before_bytes=400, after_bytes=0),),
        missing=tuple(
            Missing(
                what=text, check="libraries", need=need, needed_by=(f"/app/{text}",), needed_by_count=2, detail=text
            )
            for need in Need
        ),
        run_layers=(RunLayer(layer=1, instruction=text, packages=(f"{text} 1",), paths=(f"/{text}",), path_count=1),),
        checked=(Checked(check="libraries", title="programs and libraries", count=9, missing=1),),
        not_checked=("what programs import",),
        warnings=(text,),
    )


def empty() -> Report:
    """An image without layers, and nothing known of it."""
    return Report(image=ImageSummary(source="x.tar", format="rootfs", name="x.tar"), totals=Totals())


def finding(
    rule: str,
    severity: Severity,
    kind: FindingKind,
    path: str,
    *,
    layer: int = 1,
    instruction: int | None = None,
    source: str = "",
    text: str = "",
    content_bytes: int = 400,
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        kind=kind,
        evidence=Evidence.INFERRED,
        title=text or f"what {rule} finds",
        fix=text or f"do without {path}",
        content_bytes=content_bytes,
        layers=(layer,),
        instruction=instruction,
        source=source or ("base" if kind == FindingKind.INHERITED else "unknown"),
        detail=text,
        packages=((text, 1),) if text else (),
        paths=(FoundPath(path=path, layer=layer, content_bytes=content_bytes, fate="live"),),
    )
