"""All strategies, in the order in which they take what they resolve."""

from layerscope.advice.strategies.clean_in_run import CLEAN_IN_RUN
from layerscope.advice.strategy import Strategy

STRATEGIES: tuple[Strategy, ...] = (CLEAN_IN_RUN,)
