"""Development packages that nothing in the build uses: install without them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import Change, editing_words, inserting_above
from layerscope.advice.later_use import later_use
from layerscope.advice.other_installs import composer_plan, node_manager, node_plans
from layerscope.advice.portions import Portion
from layerscope.advice.python_installs import is_python_install, python_plans
from layerscope.advice.runs import body, calls, plain_commands, script_of
from layerscope.advice.stage_end import stage_end
from layerscope.advice.stage_files import (
    composer_scripts,
    has_old_npm,
    node_project,
    node_roots,
    poetry_version,
    project_directory,
    python_project,
    timeline_of,
)
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.word_edit import Plan, WordEdit, Words, verb
from layerscope.advice.words import place
from layerscope.model.groups import grouped
from layerscope.model.patterns import pattern

_RULES = ("py-dev-deps", "node-dev-deps", "php-dev-deps", "ruby-dev-deps")
_OWN_SETTINGS = pattern(r"npm_config_(?:production|include|omit|also)|YARN_PRODUCTION|COMPOSER_DEV", re.IGNORECASE)
"""Variables that say what is installed, against which an option may not count."""
_BUNDLER_SETTINGS = pattern(r"config\s[^\n;&|]*\bwith(?:out)?\b|BUNDLE_WITH|--with(?:out)?\b")
_WITHOUT = pattern(r"BUNDLE_WITHOUT=([\w:.-]+)")
_LONGEST = 100
_UV_RUNS = pattern(r"(?<![\w.-])uv\s+run(?![^\n]*--no-(?:dev|sync))")
_AT_START = "start the application without `uv run`, or with `uv run --no-dev`, which else installs them again"
_SCRIPTS = "make sure that no script that the installation runs needs them (postinstall, prepare, post-install-cmd)"


class _Install(Struct, frozen=True, kw_only=True):
    """A RUN that installs development packages, and how to change it; ``doubt`` is for review."""

    site: Site
    changes: tuple[Change, ...]
    text: str
    doubt: str = ""


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Install without development packages, where nothing that comes later in the build uses them.

    That is an option, a requirements file, an extra or a group less for pip, Pipenv, Poetry, uv, PDM, npm, Yarn, pnpm
    and Composer, in each RUN of the stage that installs; for Bundler ``BUNDLE_WITHOUT``, in the final stage too.
    Where a later RUN may use one of them the step is for review, or left to what removes them at the end of the stage.
    """
    found = (one for one in context.of(*_RULES) if one.site.kind == "RUN")
    for (stage, rule), members in grouped(found, lambda one: (one.stage, one.rule)).items():
        timeline = timeline_of(context, stage)
        if timeline is not None:
            yield from _proposal(context, timeline, rule, members)


def _proposal(context: AdviceContext, timeline: Timeline, rule: str, members: Sequence[Portion]) -> Iterator[Proposal]:
    installs = list(_installs(context, timeline, rule, members))
    sites = {id(one.site) for one in installs}
    portions = tuple(one for one in members if id(one.site) in sites)
    if not portions:
        return
    use = later_use(context, portions, _is_install(rule))
    if use is not None and rule == "py-dev-deps" and stage_end(context, portions[0].stage) is not None:
        return  # They can be uninstalled there.
    doubts = dict.fromkeys(filter(None, (*(one.doubt for one in installs), use.review if use is not None else "")))
    changes = [change for one in installs for change in one.changes]
    if rule == "py-dev-deps" and _starts_uv(context):
        doubts, changes = {_AT_START: None}, []
    if use is not None and use.is_sure:
        doubts, changes = {f"{use.review}, in a stage of its own for instance": None}, []
    first = next(one for one in installs if one.site is portions[0].site)
    yield Proposal(
        site=first.site,
        portions=portions,
        sentence=f"install without development packages: {first.text}",
        review="; ".join(doubts),
        changes=tuple(changes),
    )


def _starts_uv(context: AdviceContext) -> bool:
    config = context.image.config
    return _UV_RUNS.search(" ".join((*config.entrypoint, *config.cmd))) is not None and not any(
        variable.startswith(("UV_NO_DEV=", "UV_NO_SYNC=")) for variable in config.env
    )


def _is_install(rule: str) -> Callable[[Sequence[str]], bool]:
    return {
        "py-dev-deps": is_python_install,
        "node-dev-deps": lambda words: bool(node_manager(words)),
        "php-dev-deps": lambda words: verb(words, ("composer", "composer.phar"), ("install", "update", "i", "u")) >= 0,
        "ruby-dev-deps": lambda words: verb(words, ("bundle", "bundler"), ("install",)) >= 0,
    }[rule]


def _installs(context: AdviceContext, timeline: Timeline, rule: str, members: Sequence[Portion]) -> Iterator[_Install]:
    """The RUNs of the stage that install, with the changes that leave development packages out."""
    if rule == "ruby-dev-deps":
        yield from _bundler(context, timeline, members)
        return
    if rule != "py-dev-deps" and any(_OWN_SETTINGS.search(body(site)) for site in timeline.sites):
        return
    plans_of = _planner(context, timeline, rule, members)
    for site in timeline.sites:
        words = list(plain_commands(site)) if site.kind == "RUN" else []
        if not any(map(_is_install(rule), words)):
            continue
        doubt, plans = plans_of(site)
        found = [(one, edit) for one in words if (edit := _first_edit(plans, one)) is not None]
        if found:
            doubts = dict.fromkeys(filter(None, (doubt, *(edit.doubt for _, edit in found))))
            yield _Install(
                site=site,
                changes=(editing_words(site, partial(_first_edit, plans)),),
                text=_described(*found[0]),
                doubt="; ".join(doubts),
            )


def _first_edit(plans: Sequence[Plan], words: Words) -> WordEdit | None:
    return next((edit for plan in plans if (edit := plan(words)) is not None), None)


def _planner(
    context: AdviceContext, timeline: Timeline, rule: str, members: Sequence[Portion]
) -> Callable[[Site], tuple[str, tuple[Plan, ...]]]:
    """What gives the plans for a RUN of the stage, and what to make sure of."""
    if rule == "py-dev-deps":
        poetry = poetry_version(timeline)
        return lambda site: ("", python_plans(python_project(timeline, site, poetry)))
    if rule == "php-dev-deps":
        return lambda site: (
            "" if _ignores_scripts(site) or composer_scripts(timeline, site) is False else _SCRIPTS,
            (composer_plan,),
        )
    roots = node_roots(members)
    return partial(_node_plans, timeline, roots, has_old_npm(context, timeline))


def _node_plans(timeline: Timeline, roots: AbstractSet[str], is_old: bool, site: Site) -> tuple[str, tuple[Plan, ...]]:
    project = node_project(timeline, project_directory(site, roots), is_old=is_old)
    if _ignores_scripts(site):
        return "", node_plans(project)
    if project.runs_scripts:
        return "", ()
    return "" if project.manifest is not None else _SCRIPTS, node_plans(project)


def _ignores_scripts(site: Site) -> bool:
    return calls(script_of(site), "--ignore-scripts", "--no-scripts")


def _described(words: Words, edit: WordEdit) -> str:
    """What changes in a command, which is quoted where it is short; see ``words.place``."""
    command = " ".join(words)
    where = f" `{command}`" if len(command) <= _LONGEST else ""
    if edit.deletes:
        return f"drop{where or ' the command that installs nothing else'}"
    removed = " ".join(words[at] for at in sorted(edit.remove))
    added = " ".join(" ".join(one) for one in edit.add.values())
    if removed and added:
        return f"replace `{removed}` by `{added}`{where and f' in{where}'}"
    return f"drop `{removed}`{where and f' from{where}'}" if removed else f"add `{added}`{where and f' to{where}'}"


def _bundler(context: AdviceContext, timeline: Timeline, members: Sequence[Portion]) -> Iterator[_Install]:
    """Bundler: without the groups both where gems are installed and where they are used, or it misses them there."""
    without = _WITHOUT.search(context.findings[members[0].finding].fix)
    texts = [body(site) for one in (timeline, context.final) for site in one.sites]
    site = next((one.site for one in members if calls(script_of(one.site), "bundle install", "bundler install")), None)
    if without is None or site is None or any(_BUNDLER_SETTINGS.search(text) for text in texts):
        return
    setting = f"ENV BUNDLE_WITHOUT={without[1]}"
    changes = [inserting_above(setting, site)]
    via = members[0].via
    if via is not None:
        changes.append(inserting_above(setting, via))
    where = " and ".join(place(one) for one in (site, via) if one is not None)
    yield _Install(
        site=site,
        changes=tuple(changes),
        text=f"`{setting}` above {where}",
        doubt=_bundler_doubt(context, without[1]),
    )


def _bundler_doubt(context: AdviceContext, groups: str) -> str:
    settings: Mapping[str, str] = {
        name: value for name, _, value in (variable.partition("=") for variable in context.image.config.env)
    }
    is_set = any(settings.get(name) for name in ("RAILS_ENV", "RACK_ENV", "HANAMI_ENV", "APP_ENV"))
    is_rails = any(one.type == "gem" and one.name in ("railties", "hanami") for one in context.catalog.packages)
    return "" if is_set or not is_rails else f"set RAILS_ENV, and make sure that it is none of {groups}"


WITHOUT_DEV = Strategy(name="without-dev", propose=_propose)
