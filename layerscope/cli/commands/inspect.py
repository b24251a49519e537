"""``layerscope inspect``: what ``docker inspect`` prints, without a daemon."""

from typing import Annotated

import typer

from layerscope.analysis.inspect import inspect as document
from layerscope.cli.options import ImagePath, ReadArguments, reading_options
from layerscope.cli.output import write, write_foreign
from layerscope.cli.reading import opened
from layerscope.gotemplate import render_image
from layerscope.render.json import dumps


@reading_options
def inspect(
    image: ImagePath,
    reading: ReadArguments,
    template: Annotated[
        str, typer.Option("-f", "--format", metavar="TEMPLATE", help="Go template, as for docker inspect -f")
    ] = "",
) -> None:
    """Print what docker inspect prints, or a Go template of it

    layerscope inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' image.tar

    layerscope inspect -f '{{.Size}}' image.tar
    """
    with opened(image, reading) as opened_image:
        described = document(opened_image)
    if template in ("", "json"):
        write(dumps([described], indent=None if template else 4) + "\n")
        return
    write_foreign(render_image(template, described) + "\n")
