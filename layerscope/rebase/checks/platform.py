"""The platform: an image has one, and its base has the same."""

from layerscope.model.onto import Need
from layerscope.rebase.context import Check, Context, Found, Result


def _run(context: Context) -> Result:
    own, other = context.old.config.platform, context.new.config.platform
    if not (own.architecture and other.architecture) or own.normalized == other.normalized:
        return Result(count=1, found=())
    return Result(count=1, found=(Found(what=f"platform {own}", by=str(other), need=Need.START),))


PLATFORM = Check(name="platform", title="platform", run=_run)
