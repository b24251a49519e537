"""The packages as a CycloneDX 1.6 bill of materials (ECMA-424), made by the optional cyclonedx-python-lib."""

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from layerscope.model.package import Package
from layerscope.model.report import Report
from layerscope.render import sbom
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions
from layerscope.version import __version__


def cyclonedx(report: Report, options: RenderOptions) -> str:
    """The image as the described component, each installed package as one of its components.

    Bytes and layers are properties whose names begin with ``layerscope:``.
    """
    tool = Component(name="layerscope", version=__version__, type=ComponentType.APPLICATION, bom_ref="layerscope")
    image = Component(
        name=printable(report.image.name),
        version=report.image.image_id or None,
        type=ComponentType.CONTAINER,
        bom_ref="image",
        properties=[Property(name=name, value=value) for name, value in sbom.image_properties(report)],
    )
    bom = Bom(
        serial_number=sbom.serial(report),
        metadata=BomMetaData(tools=ToolRepository(components=[tool]), component=image, timestamp=sbom.created(report)),
        components=[_component(index, package) for index, package in enumerate(sbom.installed(report))],
    )
    bom.register_dependency(image, bom.components)
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=2) + "\n"


def _component(index: int, package: Package) -> Component:
    purl = package.purl
    return Component(
        name=printable(package.name) or "unnamed",
        version=printable(package.version) or None,
        group=printable(package.namespace) or None,
        type=ComponentType.LIBRARY,
        # The same package can be installed in two places.
        bom_ref=f"package-{index}",
        purl=PackageURL.from_string(purl) if purl else None,
        properties=[Property(name=name, value=value) for name, value in sbom.properties(package)],
    )
