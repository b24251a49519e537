"""Compiles the fast path over tar headers into the wheel; without a compiler the wheel is pure Python, and slower."""

import os
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

_MODULE = "layerscope.archive._headers"
_SOURCE = "layerscope/archive/_headers.c"


class Headers(BuildHookInterface[Any]):
    """Builds beside the source, which is where an editable installation looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        extension = Extension(_MODULE, [_SOURCE], optional=True)
        command = build_ext(Distribution({"name": self.metadata.name, "ext_modules": [extension]}))
        command.inplace = True
        built = command.get_ext_filename(_MODULE)
        if os.path.exists(built):
            os.unlink(built)  # If nothing new can be built, what is old must not stay.
        with tempfile.TemporaryDirectory() as scratch:
            command.build_lib = command.build_temp = scratch
            command.ensure_finalized()
            command.run()
        if os.path.exists(built):
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"].append(built)
