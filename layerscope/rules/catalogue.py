"""All rules, in the order in which they claim."""

from layerscope.model.pathset import Wanted
from layerscope.rules.caches import CACHES
from layerscope.rules.layers import LAYERS
from layerscope.rules.rule import Rule
from layerscope.rules.toolchains import TOOLCHAINS

RULES: tuple[Rule, ...] = (*TOOLCHAINS, *CACHES, *LAYERS)

WANTED: tuple[Wanted, ...] = tuple(rule.wanted for rule in RULES)
"""The contents that the rules ask for, to be kept in the one pass over each layer."""
