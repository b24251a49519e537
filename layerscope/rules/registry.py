"""All rules, in the order in which they claim: a version belongs to the first that names it.

Secrets come first, since they matter most. Then come the rules that go by name or by package, from the
special to the general. Last come the rules for what is only known to be hidden or repeated, those that save a part of
a file, and the mode bits, which save and claim nothing.
"""

from layerscope.model.pathset import Wanted
from layerscope.rules.commands import WANTED as COMMANDS
from layerscope.rules.families.built import objects, sources, unstripped_elf
from layerscope.rules.families.caches import CACHES
from layerscope.rules.families.content import CONTENT
from layerscope.rules.families.copies import duplicate_content, rootfs_copy
from layerscope.rules.families.dependencies import DEPENDENCIES
from layerscope.rules.families.foreign_packages import foreign_packages
from layerscope.rules.families.groups_dev import GROUPS_DEV
from layerscope.rules.families.layers import LAYERS
from layerscope.rules.families.modes import MODES
from layerscope.rules.families.node_unused import node_unused
from layerscope.rules.families.project_files import project_files
from layerscope.rules.families.python_dev import py_dev_deps
from layerscope.rules.families.scripts import SCRIPTS
from layerscope.rules.families.secrets_config import CONFIG_SECRETS
from layerscope.rules.families.secrets_files import SECRET_FILES
from layerscope.rules.families.secrets_tokens import TOKENS
from layerscope.rules.families.system_packages import SYSTEM_PACKAGES, orphan_build_group
from layerscope.rules.families.toolchains import TOOLCHAINS
from layerscope.rules.families.traces import TRACES
from layerscope.rules.families.unpacked import archive_extracted
from layerscope.rules.orphans import CHOSEN
from layerscope.rules.projects import REFERENCES
from layerscope.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *SECRET_FILES,
    *TOKENS,
    *CONFIG_SECRETS,
    foreign_packages,
    orphan_build_group,
    *TOOLCHAINS,
    node_unused,
    *DEPENDENCIES,
    py_dev_deps,
    *GROUPS_DEV,
    *SYSTEM_PACKAGES,
    *CACHES,
    objects,
    sources,
    project_files,
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

WANTED: tuple[Wanted, ...] = (COMMANDS, CHOSEN, REFERENCES, *(rule.wanted for rule in RULES))
"""The contents that the rules ask for, to be kept in the one pass over each layer."""
