"""The packages as an SPDX 2.3 document (ISO/IEC 5962), made and checked by the optional spdx-tools."""

import io
import json
from datetime import datetime

from spdx_tools.spdx.model.actor import Actor, ActorType
from spdx_tools.spdx.model.annotation import Annotation, AnnotationType
from spdx_tools.spdx.model.document import CreationInfo, Document
from spdx_tools.spdx.model.package import ExternalPackageRef, ExternalPackageRefCategory, PackagePurpose
from spdx_tools.spdx.model.package import Package as SpdxPackage
from spdx_tools.spdx.model.relationship import Relationship, RelationshipType
from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion
from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

from layerscope.model.package import Package
from layerscope.model.report import Report
from layerscope.render import sbom
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions
from layerscope.version import __version__

_DOCUMENT = "SPDXRef-DOCUMENT"
_IMAGE = "SPDXRef-image"


def spdx(report: Report, options: RenderOptions) -> str:
    """The image as the described package, which contains each installed package.

    SPDX has no properties, so an annotation of each holds bytes and layers as a JSON object.
    """

    created = sbom.created(report)
    packages = sbom.installed(report)
    document = Document(
        creation_info=CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id=_DOCUMENT,
            name=printable(report.image.name),
            document_namespace=f"urn:uuid:{sbom.serial(report)}",
            creators=[Actor(ActorType.TOOL, f"layerscope-{__version__}")],
            created=created,
        ),
        packages=[_image(report), *(_package(index, package) for index, package in enumerate(packages))],
        annotations=[
            _annotation(_IMAGE, dict(sbom.image_properties(report)), created),
            *(
                _annotation(_reference(index), dict(sbom.properties(package)), created)
                for index, package in enumerate(packages)
            ),
        ],
        relationships=[
            Relationship(_DOCUMENT, RelationshipType.DESCRIBES, _IMAGE),
            *(Relationship(_IMAGE, RelationshipType.CONTAINS, _reference(index)) for index in range(len(packages))),
        ],
    )
    out = io.StringIO()
    # Validating thousands of packages takes minutes; the tests do it.
    write_document_to_stream(document, out, validate=False, drop_duplicates=False)
    return out.getvalue() + "\n"


def _reference(index: int) -> str:
    return f"SPDXRef-package-{index}"


def _image(report: Report) -> SpdxPackage:
    return SpdxPackage(
        spdx_id=_IMAGE,
        name=printable(report.image.name),
        version=report.image.image_id or None,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        primary_package_purpose=PackagePurpose.CONTAINER,
    )


def _package(index: int, package: Package) -> SpdxPackage:
    purl = package.purl
    references = [ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", purl)] if purl else []
    return SpdxPackage(
        spdx_id=_reference(index),
        name=printable(package.full_name) or "unnamed",
        version=printable(package.version) or None,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        source_info=f"found by its record at {printable(package.location)}" if package.location else None,
        external_references=references,
    )


def _annotation(reference: str, values: dict[str, str], created: datetime) -> Annotation:
    return Annotation(
        spdx_id=reference,
        annotation_type=AnnotationType.OTHER,
        annotator=Actor(ActorType.TOOL, f"layerscope-{__version__}"),
        annotation_date=created,
        annotation_comment=json.dumps(values),
    )
