"""All rules, in the order in which they claim: the first that names a version has it.

Secrets come first, since they matter whatever else a file is. Then what is known by name or by package, from the
special to the general; at the end what is only known to be hidden, repeated, or large.
"""

from layerscope.model.pathset import Wanted
from layerscope.rules.built import BUILT
from layerscope.rules.caches import CACHES
from layerscope.rules.content import CONTENT
from layerscope.rules.copies import duplicate_content, rootfs_copy
from layerscope.rules.dependencies import DEPENDENCIES
from layerscope.rules.layers import LAYERS
from layerscope.rules.python_dev import PYTHON_DEV
from layerscope.rules.rule import Rule
from layerscope.rules.scripts import SCRIPTS
from layerscope.rules.toolchains import TOOLCHAINS
from layerscope.rules.unpacked import UNPACKED

RULES: tuple[Rule, ...] = (
    *TOOLCHAINS,
    *DEPENDENCIES,
    *PYTHON_DEV,
    *BUILT,
    *CACHES,
    *SCRIPTS,
    *UNPACKED,
    *CONTENT,
    rootfs_copy,
    *LAYERS,
    duplicate_content,
)

WANTED: tuple[Wanted, ...] = tuple(rule.wanted for rule in RULES)
"""The contents that the rules ask for, to be kept in the one pass over each layer."""
