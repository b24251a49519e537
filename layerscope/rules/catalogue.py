"""All rules, in the order in which they claim: the first that names a version has it.

Secrets come first, since they matter whatever else a file is. Then what is known by name or by package, from the
special to the general. At the end stands what is only known to be hidden or repeated, and what wins back a part of a
file; the mode bits, which win nothing back, claim nothing.
"""

from layerscope.model.pathset import Wanted
from layerscope.rules.built import objects, sources, unstripped_elf
from layerscope.rules.caches import CACHES
from layerscope.rules.commands import WANTED as COMMANDS
from layerscope.rules.content import CONTENT
from layerscope.rules.copies import duplicate_content, rootfs_copy
from layerscope.rules.dependencies import DEPENDENCIES
from layerscope.rules.layers import LAYERS
from layerscope.rules.modes import MODES
from layerscope.rules.python_dev import py_dev_deps
from layerscope.rules.rule import Rule
from layerscope.rules.scripts import SCRIPTS
from layerscope.rules.secrets_config import CONFIG_SECRETS
from layerscope.rules.secrets_files import SECRET_FILES
from layerscope.rules.secrets_tokens import TOKENS
from layerscope.rules.toolchains import TOOLCHAINS
from layerscope.rules.traces import TRACES
from layerscope.rules.unpacked import archive_extracted

RULES: tuple[Rule, ...] = (
    *SECRET_FILES,
    *TOKENS,
    *CONFIG_SECRETS,
    *TOOLCHAINS,
    *DEPENDENCIES,
    py_dev_deps,
    *CACHES,
    objects,
    sources,
    *TRACES,
    *SCRIPTS,
    archive_extracted,
    *CONTENT,
    rootfs_copy,
    *LAYERS,
    duplicate_content,
    unstripped_elf,
    *MODES,
)

WANTED: tuple[Wanted, ...] = (COMMANDS, *(rule.wanted for rule in RULES))
"""The contents that the rules ask for, to be kept in the one pass over each layer."""
