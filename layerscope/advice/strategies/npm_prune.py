"""Node packages that only development needs: remove them after the build that needs them."""

import shlex
from collections.abc import Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.copied import files_in, readers_elsewhere
from layerscope.advice.files import appending, inserting
from layerscope.advice.joins import NO_EFFECT, join_all
from layerscope.advice.later_use import is_harmless, later_use
from layerscope.advice.other_installs import NodeProject, node_manager
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls, plain_commands, script_of
from layerscope.advice.stage_end import stage_end
from layerscope.advice.stage_files import has_old_npm, node_project, node_roots, project_directory, timeline_of
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.words import place
from layerscope.model.groups import grouped

_MOST_JOINED = 3
_YARN_ONLINE = "make sure that Yarn can reach its cache or the registry there"


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Remove development packages after the build that needs them: at the end of the stage, or of the final RUN.

    Applies where something that comes later, or a script of package.json that the installation runs, may use them.
    ``npm prune`` and ``pnpm prune`` work from what is installed and need no network; Yarn Classic installs again
    without them, for review. In the final stage a RUN of its own would only hide them, so there the RUNs that install
    and build become one, for review. Not proposed where another stage copies the packages, or where package.json is
    not in the stage.
    """
    found = (portion for portion in context.of("node-dev-deps") if portion.site.kind == "RUN")
    for (stage, _), members in grouped(found, lambda one: (one.stage, one.site.position)).items():
        timeline = timeline_of(context, stage)
        manager = next(filter(None, map(node_manager, plain_commands(members[0].site))), "")
        if timeline is not None and manager:
            yield from _proposal(context, timeline, manager, members)


def _proposal(
    context: AdviceContext, timeline: Timeline, manager: str, members: Sequence[Portion]
) -> Iterator[Proposal]:
    roots = node_roots(members)
    directory = project_directory(members[0].site, roots)
    project = node_project(timeline, directory, is_old=has_old_npm(context, timeline))
    command = _command(project, manager)
    if not directory or project.manifest is None or not command or _sets_packages(timeline):
        return
    runs_scripts = project.runs_scripts and not calls(script_of(members[0].site), "--ignore-scripts")
    if not runs_scripts and later_use(context, members, lambda words: bool(node_manager(words))) is None:
        return  # They can be left out.
    review = _YARN_ONLINE if manager == "yarn" else ""
    if members[0].stage:
        yield from _at_end(context, members, directory, command, review)
    else:
        yield from _in_run(context, members, directory, command, review)


def _command(project: NodeProject, manager: str) -> str:
    """What removes the packages; empty where nothing is known to. Scripts of the project have run before."""
    if manager == "npm":
        return "npm prune --production" if project.is_old_npm else "npm prune --omit=dev"
    if manager == "pnpm":
        return "" if project.is_workspace else "CI=true pnpm prune --prod --ignore-scripts"
    if project.is_berry or project.is_workspace:
        return ""
    return "yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline"


def _sets_packages(timeline: Timeline) -> bool:
    """Whether a variable says which packages are installed, against which an option may not count."""
    names = ("npm_config_production", "npm_config_include", "npm_config_also", "yarn_production")
    return any(name in body(site).lower() for site in timeline.sites for name in names)


def _at_end(
    context: AdviceContext, members: Sequence[Portion], directory: str, command: str, review: str
) -> Iterator[Proposal]:
    stage = members[0].stage
    end = stage_end(context, stage)
    if end is None or any(readers_elsewhere(context, stage, (f"{directory}/node_modules",))):
        return
    written = f"RUN {_inside(directory, end.working_directory)}{command}"
    yield Proposal(
        site=members[0].site,
        portions=tuple(members),
        sentence=f"remove development packages at the end of stage {stage}: `{written}`",
        review=review,
        changes=(inserting(written, after=end),),
    )


def _in_run(
    context: AdviceContext, members: Sequence[Portion], directory: str, command: str, review: str
) -> Iterator[Proposal]:
    site = members[0].site
    later = [
        one for one in context.final.after(site) if one.kind == "RUN" and not all(map(is_harmless, plain_commands(one)))
    ]
    joined = _joined(context, site, later[-1]) if later else (site,)
    if not joined or any(one.stage != site.stage for one in joined):
        return
    last = joined[-1]
    ending = f"{_inside(directory, _directory_at_end(joined))}{command}"
    if len(joined) == 1:
        sentence = f"remove development packages in the RUN that installs them: end it with `{ending}`"
    else:
        sentence = f"install packages in the RUN that builds ({place(last)}), and end it with `{ending}`"
        built = "make sure that what is built does not depend on the order of the instructions"
        review = f"{built}; {review}" if review else built
    yield Proposal(
        site=site,
        portions=tuple(members),
        sentence=sentence,
        review=review,
        changes=(join_all(context, joined), appending(last, ending)),
    )


def _joined(context: AdviceContext, first: Site, last: Site) -> tuple[Site, ...]:
    """The RUNs from the first to the last, if they can stand in the place of the last; none otherwise.

    A COPY between them may bring what is built, but no packages, and nothing that a RUN above it wrote.
    """
    between = context.final.sites[first.position + 1 : last.position]
    found = [first, *(one for one in between if one.kind == "RUN"), last]
    if len(found) > _MOST_JOINED or any((one.line is None) != (first.line is None) for one in found):
        return ()
    written: set[str] = set()
    for one in (first, *between):
        if one.kind == "RUN":
            written |= _files(context, one)
        elif one.kind in ("COPY", "ADD"):
            brought = _files(context, one)
            if one.layer is None or brought & written or any("/node_modules/" in path for path in brought):
                return ()
        elif one.kind not in NO_EFFECT:
            return ()
    return tuple(found)


def _files(context: AdviceContext, site: Site) -> set[str]:
    return set(files_in(context.filesystem, site.layer)) if site.layer is not None else set()


def _inside(directory: str, current: str) -> str:
    """How to get to a directory from the one that a command runs in, empty where that is not known."""
    return "" if current == directory else f"cd {shlex.quote(directory)} && "


def _directory_at_end(runs: Sequence[Site]) -> str:
    """Where a RUN made of several is at its end; empty where one of them goes somewhere else."""
    moves = any(words[0] in ("cd", "pushd") for run in runs for words in plain_commands(run))
    return "" if moves else runs[-1].working_directory


NPM_PRUNE = Strategy(name="npm-prune", propose=_propose)
