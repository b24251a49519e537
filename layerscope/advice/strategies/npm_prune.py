"""Node packages that only development needs: leave them out, or remove them after the build that needs them."""

from collections.abc import Iterator

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import adding_words, inserting
from layerscope.advice.portions import Portion
from layerscope.advice.runs import body, calls
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy

_PRUNES = {"npm": "npm prune --omit=dev", "pnpm": "pnpm prune --prod"}
_OMITS = {"npm": "--omit=dev", "pnpm": "--prod", "yarn": "--production"}
_INSTALLS = {
    "npm": ("npm ci", "npm install", "npm i", "npm clean-install"),
    "pnpm": ("pnpm install", "pnpm i"),
    "yarn": ("yarn install", "yarn --frozen-lockfile", "yarn --immutable"),
}


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Leave development packages out of the installation, or remove them at the end of the stage that needs them.

    Where a RUN follows the installation, as a build does, the packages are removed after it by ``npm prune``, which
    follows the lockfile; Yarn has no such command. In the final stage that would only hide them, so there they are left
    out, for review where something may need them.
    """
    for portion in context.of("node-dev-deps"):
        text = body(portion.site)
        manager = next((name for name, installs in _INSTALLS.items() if calls(text, *installs)), "")
        if portion.site.kind == "RUN" and manager:
            runs_later = any(site.kind == "RUN" for site in context.later(portion.site))
            if not runs_later and text.count("&&") + text.count(";") == 0:
                yield _omitted(portion, manager)
            elif portion.stage and manager in _PRUNES:
                yield from _pruned(context, portion, manager)


def _omitted(portion: Portion, manager: str) -> Proposal:
    return Proposal(
        site=portion.site,
        portions=(portion,),
        sentence=f"install without development packages: add `{_OMITS[manager]}`",
        changes=tuple(adding_words(portion.site, install, _OMITS[manager]) for install in _INSTALLS[manager][:1]),
    )


def _pruned(context: AdviceContext, portion: Portion, manager: str) -> Iterator[Proposal]:
    end, project = stage_end(context, portion.stage), _project(portion)
    if end is None or not project:
        return
    directory = "" if end.working_directory == project else f"cd {project} && "
    command = f"RUN {directory}{_PRUNES[manager]}"
    yield Proposal(
        site=portion.site,
        portions=(portion,),
        sentence=f"remove development packages at the end of stage {portion.stage}: `{command}`",
        changes=(inserting(command, after=end),),
    )


def _project(portion: Portion) -> str:
    """The directory whose packages these are; empty where there are several."""
    found = {(piece.source or piece.path).partition("/node_modules/")[0] for piece in portion.pieces}
    return found.pop() if len(found) == 1 else ""


NPM_PRUNE = Strategy(name="npm-prune", propose=_propose)
