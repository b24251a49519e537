"""The limits of the gate as options, each a variable and a setting of a file too."""

from typing import Annotated, Any

import typer
from msgspec import Struct

from layerscope.analysis.amounts import amount, amounts, byte_count, share
from layerscope.analysis.policy import Policy
from layerscope.cli.options import Command, grouped
from layerscope.errors import UsageError
from layerscope.model.finding import Severity
from layerscope.rules.names import rule_name


def _limit(name: str, metavar: str | None, help: str, *, as_in_dive: tuple[str, ...] = ()) -> Any:
    variable = "LAYERSCOPE_" + name.removeprefix("--").upper().replace("-", "_")
    return typer.Option(name, *as_in_dive, metavar=metavar, help=help, rich_help_panel="Limits", envvar=variable)


def _rule_of_dive(name: str, metavar: str, help: str) -> Any:
    """An option that is called as the rule is there; its values come from that file as a rule."""
    return typer.Option(name, metavar=metavar, help=help, rich_help_panel="Limits")


class LimitOptions(Struct, frozen=True, kw_only=True):
    """What the gate can be told; ``limit_options`` makes options of the fields."""

    max_size: Annotated[str, _limit("--max-size", "BYTES", "Size of the image, as docker inspect has it.")] = ""
    max_reclaimable: Annotated[
        str, _limit("--max-reclaimable", "BYTES|%", "What can be had back; a percentage is of your own bytes.")
    ] = ""
    max_hidden: Annotated[
        list[str] | None, _limit("--max-hidden", "BYTES|%", "Own bytes that are hidden, yet shipped.")
    ] = None
    min_efficiency: Annotated[
        str,
        _limit(
            "--min-efficiency",
            "SHARE",
            "The least share of live bytes in all: 0.95 or 95%.",
            as_in_dive=("--lowestEfficiency",),
        ),
    ] = ""
    highest_wasted_bytes: Annotated[
        str, _rule_of_dive("--highestWastedBytes", "BYTES", "As in a .dive-ci: hidden bytes of all layers.")
    ] = ""
    highest_user_wasted_percent: Annotated[
        str, _rule_of_dive("--highestUserWastedPercent", "SHARE", "As there: their part of all layers but the lowest.")
    ] = ""
    baseline: Annotated[str, _limit("--baseline", "REPORT", "What growth is measured from: a report or an image.")] = ""
    baseline_image: Annotated[
        str, _limit("--baseline-image", "NAME|INDEX", "Which image, where the baseline's archive holds several.")
    ] = ""
    max_growth: Annotated[str, _limit("--max-growth", "BYTES|%", "Growth in size since the baseline.")] = ""
    fail_on: Annotated[
        Severity | None, _limit("--fail-on", None, "Fail on findings of this severity, or a worse one.")
    ] = None
    fail_on_rule: Annotated[list[str] | None, _limit("--fail-on-rule", "RULE", "Fail on any finding of this rule.")] = (
        None
    )
    include_inherited: Annotated[
        bool, _limit("--include-inherited", None, "Count what the base image brought among the findings.")
    ] = False
    allow_incomplete: Annotated[
        bool,
        _limit(
            "--allow-incomplete",
            None,
            "Judge an image with layers that are missing, damaged, cut or not what it names.",
        ),
    ] = False

    def policy(self) -> Policy:
        """The limits; raises UsageError for one that cannot be read, and where there is none at all."""
        found = Policy(
            max_size=byte_count(self.max_size, "--max-size") if self.max_size else None,
            max_reclaimable=amount(self.max_reclaimable, "--max-reclaimable") if self.max_reclaimable else None,
            max_hidden=amounts(self.max_hidden or (), "--max-hidden"),
            min_efficiency=share(self.min_efficiency, "--min-efficiency") if self.min_efficiency else None,
            highest_wasted=(
                byte_count(self.highest_wasted_bytes, "--highestWastedBytes") if self.highest_wasted_bytes else None
            ),
            highest_user_wasted=(
                share(self.highest_user_wasted_percent, "--highestUserWastedPercent")
                if self.highest_user_wasted_percent
                else None
            ),
            max_growth=amount(self.max_growth, "--max-growth") if self.max_growth else None,
            fail_on=self.fail_on,
            fail_on_rules=tuple(rule_name(name, "--fail-on-rule") for name in self.fail_on_rule or ()),
            include_inherited=self.include_inherited,
            allow_incomplete=self.allow_incomplete,
        )
        if found.is_empty:
            raise UsageError("there is no limit to check", hint="give one, as in --max-size 500MB or --fail-on high")
        if found.max_growth and not self.baseline:
            raise UsageError("--max-growth needs what the image has grown from", hint="give it as --baseline REPORT")
        return found


def limit_options(command: Command) -> Command:
    """Give a command the options of LimitOptions; it gets them as one value, its parameter ``limits``."""
    return grouped(command, LimitOptions, "limits")
