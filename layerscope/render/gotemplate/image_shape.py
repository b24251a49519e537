"""The struct behind ``docker image inspect``: its fields in order, by the types of the engine's API and the OCI specs.

Its names are those of templates; where the JSON spells a field otherwise (``Id``, ``mediaType``), only the generic
reading of the document knows that spelling.
"""

from layerscope.render.gotemplate.shapes import (
    DURATION,
    FLAG,
    INT,
    INT64,
    NAMES,
    TEXT,
    TEXT_MAP,
    TEXTS,
    Member,
    Opaque,
    Shape,
    StructOf,
)


def _member(name: str, shape: Shape, json_name: str = "", *, always: bool = False) -> Member:
    return Member(name=name, json_name=json_name or name, shape=shape, omits_zero=not always)


HEALTHCHECK = StructOf(
    go_type="v1.HealthcheckConfig",
    pointer=True,
    members=(
        _member("Test", TEXTS),
        _member("Interval", DURATION),
        _member("Timeout", DURATION),
        _member("StartPeriod", DURATION),
        _member("StartInterval", DURATION),
        _member("Retries", INT),
    ),
)
OCI_CONFIG = StructOf(
    go_type="v1.ImageConfig",
    members=(
        _member("User", TEXT),
        _member("ExposedPorts", NAMES),
        _member("Env", TEXTS),
        _member("Entrypoint", TEXTS),
        _member("Cmd", TEXTS),
        _member("Volumes", NAMES),
        _member("WorkingDir", TEXT),
        _member("Labels", TEXT_MAP),
        _member("StopSignal", TEXT),
        _member("ArgsEscaped", FLAG),
    ),
)
ENGINE_CONFIG = StructOf(
    go_type="v1.DockerOCIImageConfigExt",
    members=(_member("Healthcheck", HEALTHCHECK), _member("OnBuild", TEXTS), _member("Shell", TEXTS)),
)
CONFIG = StructOf(
    go_type="v1.DockerOCIImageConfig",
    pointer=True,
    members=(
        Member(name="ImageConfig", json_name="", shape=OCI_CONFIG),
        Member(name="DockerOCIImageConfigExt", json_name="", shape=ENGINE_CONFIG),
    ),
)
GRAPH_DRIVER = StructOf(
    go_type="storage.DriverData",
    pointer=True,
    members=(_member("Data", TEXT_MAP, always=True), _member("Name", TEXT, always=True)),
)
ROOT_FS = StructOf(go_type="image.RootFS", members=(_member("Type", TEXT), _member("Layers", TEXTS)))
PLATFORM = StructOf(
    go_type="v1.Platform",
    pointer=True,
    members=(
        _member("Architecture", TEXT, "architecture", always=True),
        _member("OS", TEXT, "os", always=True),
        _member("OSVersion", TEXT, "os.version"),
        _member("OSFeatures", TEXTS, "os.features"),
        _member("Variant", TEXT, "variant"),
    ),
)
DESCRIPTOR = StructOf(
    go_type="v1.Descriptor",
    pointer=True,
    members=(
        _member("MediaType", TEXT, "mediaType", always=True),
        _member("Digest", TEXT, "digest", always=True),
        _member("Size", INT64, "size", always=True),
        _member("URLs", TEXTS, "urls"),
        _member("Annotations", TEXT_MAP, "annotations"),
        _member("Data", Opaque(), "data"),
        _member("Platform", PLATFORM, "platform"),
        _member("ArtifactType", TEXT, "artifactType"),
    ),
)
RESPONSE = StructOf(
    go_type="image.InspectResponse",
    members=(
        _member("ID", TEXT, "Id", always=True),
        _member("RepoTags", TEXTS, always=True),
        _member("RepoDigests", TEXTS, always=True),
        _member("Comment", TEXT),
        _member("Created", TEXT),
        _member("Author", TEXT),
        _member("Config", CONFIG, always=True),
        _member("Architecture", TEXT, always=True),
        _member("Variant", TEXT),
        _member("Os", TEXT, always=True),
        _member("OsVersion", TEXT),
        _member("Size", INT64, always=True),
        _member("GraphDriver", GRAPH_DRIVER),
        _member("RootFS", ROOT_FS, always=True),
        _member("Metadata", Opaque()),
        _member("Descriptor", DESCRIPTOR),
        _member("Manifests", Opaque()),
        _member("Identity", Opaque()),
    ),
)
IMAGE = StructOf(
    go_type="client.ImageInspectResult",
    members=(Member(name="InspectResponse", json_name="", shape=RESPONSE),),
)
