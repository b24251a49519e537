"""Programs that the container's command, the scripts that it starts, the health check and each RUN call."""

from collections.abc import Iterator

from layerscope.history.metadata import exec_arguments
from layerscope.model.instruction import Instruction
from layerscope.model.one_line import one_line
from layerscope.model.onto import Need
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.shell import calls

_SHELL = "/bin/sh"
_LONGEST = 100


def _run(context: Context) -> Result:
    found = [
        Found(
            what=one.what,
            by=one.by,
            number=one.number,
            need=Need.START if one.is_needed else Need.OTHER,
            provider=context.old.program(one.what),
        )
        for one in context.new_start.unmet
        if not (one.is_interpreter and one.is_needed) and context.old.program(one.what) is not None
    ]
    count = context.new_start.called
    for step in context.rebased.own_instructions:
        if step.kind == "RUN":
            called = list(_called(step))
            count += len(called)
            found += _of_run(context, step, called)
    return Result(count=count, found=tuple(found))


def _called(step: Instruction) -> Iterator[tuple[str, bool]]:
    """The programs that a RUN calls, and whether it fails without them."""
    words = exec_arguments(step.text)
    if words:
        yield words[0], True
        return
    yield _SHELL, True
    for call in calls(step.text):
        if call.program:
            yield call.program, call.is_needed


def _of_run(context: Context, step: Instruction, called: list[tuple[str, bool]]) -> Iterator[Found]:
    """The programs that the old base has and the other one lacks; own layers below may bring the others."""
    for program, is_needed in called:
        if context.new.program(program) is not None:
            continue
        number = context.old.program(program)
        if number is not None and not context.original.is_of_base(number):
            continue
        if number is None and not context.was_in_base(program):
            continue
        by = one_line(step.shown or str(step))
        by = by if len(by) <= _LONGEST else f"{by[:_LONGEST]}..."
        yield Found(what=program, by=by, need=Need.BUILD if is_needed else Need.OTHER)


COMMANDS = Check(name="commands", title="commands", run=_run)
