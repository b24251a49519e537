"""The variables at each point of a build (Dockerfile reference, "Understand how ARG and FROM interact" and "ARG")."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.expansion import UNKNOWN, Budget, Expansion, Unknown, expand
from layerscope.dockerfile.syntax import Dockerfile, DockerfileInstruction
from layerscope.errors import UsageError
from layerscope.model.patterns import pattern
from layerscope.model.platform import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What BuildKit sets where the base image has no PATH, ``scratch`` included."""
_PLATFORM_PARTS = ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
_POSITIONAL = pattern(r"[0-9]+\Z|[@*#?\-$!]\Z")


class BaseConfig(Struct, frozen=True, kw_only=True):
    """The config of a base image: ``env`` as ``NAME=value``, the working directory, and its ONBUILD triggers.

    A trigger is an instruction as text; the next build runs them all before its own.
    """

    env: tuple[str, ...] = ()
    working_directory: str = "/"
    triggers: tuple[str, ...] = ()


class ResolvedPair(Struct, frozen=True, kw_only=True):
    """``name=value`` of ARG, ENV or LABEL; the value is None for an ARG that nothing gives a value."""

    name: Expansion
    value: Expansion | None


class Scope:
    """The variables at one point of a build. If ``complete``, all other variables are unset."""

    def __init__(self, dockerfile: Dockerfile, *, complete: bool, budget: Budget) -> None:
        self.dockerfile = dockerfile
        self.complete = complete
        self.budget = budget
        self.values: dict[str, str | Unknown] = {}

    def lookup(self, name: str) -> str | Unknown | None:
        """The value; None where it is unset, as positional parameters ($1, $@) always are; UNKNOWN otherwise."""
        missing = None if self.complete or _POSITIONAL.match(name) else UNKNOWN
        return self.values.get(name, missing)

    def set(self, name: str, value: Expansion) -> None:
        """Remember a value; one that holds unknown parts is unknown as a whole."""
        self.values[name] = value.text if value.resolved else UNKNOWN

    def take_environment(self, config: BaseConfig) -> None:
        """Start from a base image's environment."""
        self.values["PATH"] = DEFAULT_PATH
        for each in config.env:
            name, _, value = each.partition("=")
            self.values[name] = value

    def expand(self, text: str, at: DockerfileInstruction) -> Expansion:
        """Expand a word of ``at``; raises UsageError with the place."""
        try:
            return expand(text, self.lookup, escape=self.dockerfile.escape, budget=self.budget)
        except UsageError as error:
            raise self.dockerfile.error(f"{at.keyword}: {error.message}", at, hint=error.hint) from error

    def declare(
        self, at: DockerfileInstruction, build_args: Mapping[str, str], outer: "Scope | None"
    ) -> tuple[ResolvedPair, ...]:
        """Declare the ARGs of an instruction, one after the other: --build-arg, default, global scope.

        A later ARG hides an earlier ENV of the same name, as BuildKit has it.
        """
        pairs: list[ResolvedPair] = []
        for pair in at.pairs:
            value: Expansion | None = None
            if pair.name in build_args:
                value = Expansion(text=build_args[pair.name])
            elif pair.value is not None:
                value = self.expand(pair.value, at)
            elif outer is not None and pair.name in outer.values:
                known = outer.values[pair.name]
                as_written = Expansion(text=f"${pair.name}", unresolved=(pair.name,))
                value = as_written if isinstance(known, Unknown) else Expansion(text=known)
            elif outer is None and pair.name not in self.values:
                self.values[pair.name] = UNKNOWN
            if value is not None:
                self.set(pair.name, value)
            pairs.append(ResolvedPair(name=Expansion(text=pair.name), value=value))
        return tuple(pairs)


def global_scope(
    dockerfile: Dockerfile, build_args: Mapping[str, str], platform: Platform | None, target: str
) -> Scope:
    """The scope of FROM lines: platform variables and the ARGs above the first FROM.

    An ARG that neither has a default nor is given is unknown here, since a build without it would have failed.
    The build machine's platform is unknown unless it is given as a build argument.
    """
    scope = Scope(dockerfile, complete=True, budget=Budget())
    for part in _PLATFORM_PARTS:
        scope.values["BUILD" + part] = UNKNOWN
        scope.values["TARGET" + part] = UNKNOWN
    if platform is not None and platform.os:
        # BuildKit writes arm64 without the variant that every arm64 has.
        usual = (platform.architecture, platform.variant) == ("arm64", "v8")
        platform = replace(platform, variant="") if usual else platform
        parts = (str(platform), platform.os, "", platform.architecture, platform.variant)
        scope.values.update(zip(("TARGET" + part for part in _PLATFORM_PARTS), parts, strict=True))
    scope.values["TARGETSTAGE"] = target or dockerfile.stages[-1].name or "default"
    scope.values.update((name, build_args[name]) for name in [*scope.values] if name in build_args)
    for instruction in dockerfile.global_arguments:
        scope.declare(instruction, build_args, None)
    return scope
