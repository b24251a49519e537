"""Compiles the loop that every tar header goes through; without a compiler the wheel is pure Python, and slower."""

import os
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

_MODULES = ("layerscope.tar._headers",)


class Compiled(BuildHookInterface[Any]):
    """Builds beside the source, which is where an editable installation looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        extensions = [Extension(one, [one.replace(".", "/") + ".c"], optional=True) for one in _MODULES]
        command = build_ext(Distribution({"name": self.metadata.name, "ext_modules": extensions}))
        command.inplace = True
        built = [command.get_ext_filename(one) for one in _MODULES]
        for path in filter(os.path.exists, built):
            os.unlink(path)  # If nothing new can be built, what is old must not stay.
        with tempfile.TemporaryDirectory() as scratch:
            command.build_lib = command.build_temp = scratch
            command.ensure_finalized()
            command.run()
        for path in filter(os.path.exists, built):
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"].append(path)
