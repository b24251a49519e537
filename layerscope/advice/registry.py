"""All strategies, in the order in which they take what they resolve."""

from layerscope.advice.strategies.apt_lists import APT_LISTS
from layerscope.advice.strategies.cache_flags import CACHE_FLAGS
from layerscope.advice.strategies.clean_in_run import CLEAN_IN_RUN
from layerscope.advice.strategies.copy_in_place import COPY_IN_PLACE
from layerscope.advice.strategies.delete_where_written import DELETE_WHERE_WRITTEN
from layerscope.advice.strategies.ignore_context import IGNORE_CONTEXT
from layerscope.advice.strategies.install_in_stage import INSTALL_IN_STAGE
from layerscope.advice.strategies.join_runs import JOIN_RUNS
from layerscope.advice.strategies.mount import MOUNT
from layerscope.advice.strategies.narrow_copy import NARROW_COPY
from layerscope.advice.strategies.npm_prune import NPM_PRUNE
from layerscope.advice.strategies.owner_and_mode import OWNER_AND_MODE
from layerscope.advice.strategies.pip_uninstall import PIP_UNINSTALL
from layerscope.advice.strategies.prune_stage import PRUNE_STAGE
from layerscope.advice.strategies.purge_packages import PURGE_PACKAGES
from layerscope.advice.strategies.unpack import UNPACK
from layerscope.advice.strategies.without_dev import WITHOUT_DEV
from layerscope.advice.strategy import Strategy

STRATEGIES: tuple[Strategy, ...] = (
    INSTALL_IN_STAGE,
    NARROW_COPY,
    NPM_PRUNE,
    WITHOUT_DEV,
    PIP_UNINSTALL,
    IGNORE_CONTEXT,
    APT_LISTS,
    UNPACK,
    MOUNT,
    PURGE_PACKAGES,
    CACHE_FLAGS,
    CLEAN_IN_RUN,
    DELETE_WHERE_WRITTEN,
    PRUNE_STAGE,
    OWNER_AND_MODE,
    COPY_IN_PLACE,
    JOIN_RUNS,
)
