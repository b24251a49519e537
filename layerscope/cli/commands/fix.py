"""``layerscope fix``: a patch of the Dockerfile and .dockerignore that saves bytes, or the steps in words."""

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli.configuration import call_of, ignores_of
from layerscope.cli.messages import say, warn
from layerscope.cli.options import (
    BuildOptions,
    ImageOrReport,
    OntoOption,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
    words_of,
)
from layerscope.cli.output import message_width, terminal_width, write, write_exactly
from layerscope.cli.source import ReportOptions, Source, opened_source
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import UsageError
from layerscope.model.one_line import one_line
from layerscope.model.onto import Need
from layerscope.model.report import Report
from layerscope.model.step import BY_HAND, OTHER_BASE
from layerscope.render.steps import step_place, step_saves, steps_text
from layerscope.render.units import RenderOptions, Units
from layerscope.render.units import units as units_named
from layerscope.render.width import shortened
from layerscope.render.words import counted

if TYPE_CHECKING:  # Loaded for archives only.
    from layerscope.advice.apply import Followed, Left

_MOST_MISSING = 3
_LONGEST = 80
"""Characters that are shown of an instruction."""


@reading_options
@build_options
def fix(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    step: Annotated[
        list[int] | None,
        typer.Option("--step", metavar="N", help="Only this step of a report with the same options; can be repeated"),
    ] = None,
    include_review: Annotated[
        bool, typer.Option("--include-review", help="Include steps that a person has to review")
    ] = False,
    write_files: Annotated[bool, typer.Option("--write", help="Change the files instead of printing a patch")] = False,
    onto: OntoOption = None,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Print a patch of the Dockerfile that saves bytes

    The patch goes to stdout and applies with git apply and patch -p1; what it saves, and what it leaves out and why,
    go to stderr. It holds lines of your Dockerfile as they are, also where they hold a secret.

    Its paths are relative to the working directory if the files are below it, else to the directory that holds them.

    With --onto, the patch also has the FROM line of the given base image that lacks nothing among what was checked,
    for review.

    Without --dockerfile the steps are printed in words.

    layerscope fix app.tar

    layerscope fix app.tar --dockerfile Dockerfile --stage builder=builder.tar > fix.patch

    layerscope fix app.tar --dockerfile Dockerfile --step 1 --write

    layerscope fix app.tar --dockerfile Dockerfile --base python.tar --onto python-slim.tar
    """
    if build.dockerfile and is_saved_report(image):
        raise UsageError(
            f"{image} is a saved report: a patch needs the image archive",
            hint=f"layerscope fix {shlex.quote(image)} prints the steps in words",
        )
    if write_files and not build.dockerfile:
        raise UsageError("--write needs a Dockerfile", hint="add --dockerfile FILE")
    options = ReportOptions(build=build, ignores=ignores_of(context), onto=tuple(onto or ()))
    with opened_source(image, reading, options) as source:
        call_of(context).kept.append(source)
        report = source.report
        warn(report.warnings, quiet=reading.quiet)
        wanted = _numbers(step or (), report)
        if not build.dockerfile:
            _print_words(report, RenderOptions(units=units_named(units.value), width=terminal_width()), wanted)
            return
        followed = _followed(source, build, wanted, include_review=include_review)
        if source.analysis is not None and source.analysis.base_changes:
            from layerscope.advice.apply import on_base  # As below.

            followed = on_base(followed, source.analysis.base_changes)
        _deliver(source, followed, write_files=write_files)
        more = ("--include-review", "--write") if write_files else ("--include-review",)
        command = shlex.join(["layerscope", "fix", *words_of(image, reading, build), *more])
        if not reading.quiet:
            _explain(source, followed, units_named(units.value), command)
            if not build.context_dir:
                _name_context(source, followed)
            if onto:
                _explain_base(source, units_named(units.value))
            if followed.done and not write_files:
                _name_root(followed)
    if not followed.done:
        missing = next((one.missing for one in followed.left if one.missing is not None), None)
        if missing is not None:
            raise missing


def _numbers(steps: Sequence[int], report: Report) -> frozenset[int]:
    """The numbers of steps that are wanted; raises UsageError for one that the report does not have."""
    for number in steps:
        if not 1 <= number <= len(report.steps):
            has = counted(len(report.steps), "step") if report.steps else "no steps"
            raise UsageError(f"--step {number}: the report has {has}")
    return frozenset(steps)


def _print_words(report: Report, options: RenderOptions, wanted: frozenset[int]) -> None:
    text = steps_text(report, options, wanted)
    write(text or f"{_nothing(report)}\n")
    if text:
        say(f"for a patch: layerscope fix {shlex.quote(report.image.source)} --dockerfile Dockerfile", "hint: ")


def _nothing(report: Report) -> str:
    missing = [one.name for one in report.stages if one.reclaimable_bytes and one.not_copied_bytes is None]
    if missing:
        name = shlex.quote(missing[0])
        return (
            f"no patch is known without the image of stage {missing[0]}: add --stage {name}=IMAGE, made by "
            f"docker build --target {name}"
        )
    if report.totals.reclaimable_bytes:
        return "no patch is known for what was found"
    return "nothing to change: no waste found"


def _followed(source: Source, build: BuildOptions, wanted: frozenset[int], *, include_review: bool) -> "Followed":
    from layerscope.advice.apply import follow  # A saved report needs none of it.

    analysis = source.analysis
    if analysis is None or analysis.files is None:
        raise UsageError(
            f"{build.dockerfile} is not the attested Dockerfile of the image, which the steps are placed in"
        )
    return follow(analysis.advice, analysis.files, wanted=wanted, include_review=include_review)


def _deliver(source: Source, followed: "Followed", *, write_files: bool) -> None:
    """Print the patch, or change the files."""
    from layerscope.cli.build import encoded
    from layerscope.cli.user_files import replace_files
    from layerscope.edit.patch import unified_diff

    before = source.analysis.files.texts() if source.analysis is not None and source.analysis.files is not None else {}
    after = followed.files.texts()
    places = tuple(map(Path, followed.files.places))
    if not write_files:
        found = zip(places, before.items(), strict=True)
        old = {name: text if text or path.exists() else None for path, (name, text) in found}
        write_exactly(encoded(unified_diff(old, {path: text for path, text in after.items() if text != before[path]})))
        return
    paths = zip(places, before.items(), strict=True)
    changed = {path: (encoded(text), encoded(after[name])) for path, (name, text) in paths if after[name] != text}
    replace_files(changed)


def _explain(source: Source, followed: "Followed", units: Units, command: str) -> None:
    """What each step saves, and what was left out and why; the words are those of the report, without secrets."""
    report, clean = source.report, _cleaner(source)
    for number, _ in followed.done:
        _tell(_line(number, report, units))
    for one in followed.left:
        _explain_left(one, report, units, clean)
    if followed.done:
        saves = units(sum(step.saves_bytes for _, step in followed.done))
        _tell(f"saves {saves} in {counted(len(followed.done), 'step')}")
    elif source.analysis is not None and source.analysis.base_changes:
        pass  # What is changed is said of the base image.
    elif all(one.step.strategy == BY_HAND for one in followed.left):
        _tell(_nothing(report))
    else:
        _tell("nothing was changed")
    if any(one.can_be_included for one in followed.left):
        _tell("to include what is left for review:")
        say(command, "  ")  # In one line, so that it can be copied.


def _tell(text: str, before: str = "") -> None:
    say(text, before, width=message_width())


def _name_context(source: Source, followed: "Followed") -> None:
    """Say which build context was assumed, where .dockerignore is not beside the Dockerfile."""
    before = source.analysis.files if source.analysis is not None else None
    dockerfile, ignore = map(Path, followed.files.places)
    if before is not None and followed.files.ignore != before.ignore and ignore.parent != dockerfile.parent:
        _tell(f"assuming that the build context is {ignore.parent}, which has what COPY names (else --context DIR)")


def _explain_base(source: Source, units: Units) -> None:
    """What another base image saves, or why none of those that were given is taken."""
    report, step = source.report, source.report.base_step
    if step is not None and step.edits:
        _tell(f"base image saves {units(step.saves_bytes)}, {step_place(step, report)}: {step.sentence}")
        _tell(f"review: {step.review}", "  ")
    elif step is not None and step.strategy == OTHER_BASE:
        _tell(f"base image left out: {step.sentence}")
        _tell(step.review, "  ")
    else:
        for one in report.onto:
            missing = [each.what for each in one.missing if each.need != Need.TRANSPLANT]
            why = f"lacks {', '.join(missing[:_MOST_MISSING])}" if missing else "saves nothing, or has no name for FROM"
            _tell(f"base image left out: {one.name} {why}")


def _name_root(followed: "Followed") -> None:
    """Say where the patch is to be applied, if not in the working directory."""
    from layerscope.cli.build import patch_root

    root = patch_root(tuple(map(Path, followed.files.places)))
    if root != os.getcwd():
        _tell(f"the paths of the patch start in {root}")


def _line(number: int, report: Report, units: Units) -> str:
    step = report.steps[number - 1]
    saves = f" saves {step_saves(step, units)}" if step.saves_bytes else ""
    return f"step {number}{saves}, {step_place(step, report)}: {step.sentence}"


def _explain_left(left: "Left", report: Report, units: Units, clean: Callable[[str], str]) -> None:
    if left.step.strategy == BY_HAND:
        _tell(f"by hand: {_line(left.number, report, units)}")
        return
    kind = "left for review" if left.can_be_included else "left out"
    _tell(f"{kind}: {_line(left.number, report, units)}")
    if left.missing is not None:
        _tell(f"{left.missing.message}; {left.missing.hint}", "  ")
    elif left.can_be_included:
        _tell(clean(left.why), "  review: ")
    else:
        # Where an edit fails, it is the instruction that a person has to look at.
        step = report.steps[left.number - 1]
        _tell(f"`{_short(step.instruction)}`: {clean(left.why)}", "  ")


def _short(instruction: str) -> str:
    return shortened(one_line(instruction), _LONGEST)


def _cleaner(source: Source) -> Callable[[str], str]:
    from layerscope.analysis.redact import cleaner
    from layerscope.analysis.report import secrets_of

    return cleaner(secrets_of(source.analysis)) if source.analysis is not None else str
