"""The interpreters of scripts, as the kernel finds them by ``#!``."""

from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.start import interpreter_of


def _run(context: Context) -> Result:
    scripts = [(number, context.new.first_line(number)) for number, head in context.own_programs if head[:2] == b"#!"]
    found = [
        Found(what=one.what, by=one.by, number=one.number, provider=context.old.program(one.what))
        for one in context.new_start.unmet
        if one.is_interpreter and one.is_needed and context.old.program(one.what) is not None
    ]
    is_missing: dict[str, bool] = {}
    for number, line in scripts:
        name, _ = interpreter_of(line)
        if name not in is_missing:
            is_missing[name] = context.new.program(name) is None and context.old.program(name) is not None
        if is_missing[name]:
            by = context.rebased.filesystem.path_of(number)
            found.append(Found(what=name, by=by, number=number, provider=context.old.program(name)))
    return Result(count=len(scripts), found=tuple(found))


INTERPRETERS = Check(name="interpreters", title="scripts", run=_run)
