"""Secrets in the image's config: variables, labels, commands, and the history of the build."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from layerscope.model.finding import Evidence, Severity
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.rules.rule import Leak, Rule, Scene, rule
from layerscope.secrets.masks import mask
from layerscope.secrets.names import is_secret
from layerscope.secrets.text import TextSecret, secrets_in

_LONGEST = 1 << 20
"""How much of one text is read, in characters."""
_ARGUMENTS = (
    ("invocation", "parameters", "args"),
    ("buildDefinition", "externalParameters", "request", "args"),
)
"""Where BuildKit's provenance keeps build arguments (SLSA 0.2 and 1.0)."""


@rule(
    "config-secret",
    severity=Severity.HIGH,
    title="the image's config holds a secret",
    fix="give the value when the container starts, or mount it with RUN --mount=type=secret while building; replace "
    "it, as whoever pulled the image has it",
)
def config_secret(scene: Scene) -> Iterator[Leak]:
    """A variable (ENV), a label, or the arguments of ENTRYPOINT or CMD carry a password, token or key.

    The name says so (password, secret, token, key) and the value looks like one, or it is a URL with a password, or a
    token of known shape. Fingerprints (GPG_KEY), checksums, versions, paths (*_FILE), switches, public keys, plain
    URLs and proxies without a password, placeholders and defaults that everybody knows are no finding, nor is what
    the base image sets.
    """
    inherited = {(secret.name, secret.value) for step in _base_steps(scene) for secret in _of_step(step)}
    for place, secret in _configured(scene.image):
        if (secret.name, secret.value) not in inherited:
            yield Leak(place=place, detail=f"{place} {mask(secret.value)}", severity=secret.severity)


@rule(
    "history-secret",
    severity=Severity.HIGH,
    title="the history of the build holds a secret",
    fix="mount it for the one RUN that needs it (RUN --mount=type=secret) instead of ARG, ENV or a command's words; "
    "replace it, as whoever pulled the image has it",
)
def history_secret(scene: Scene) -> Iterator[Leak]:
    """A build argument, an ARG default, a URL or a command of the history carries a secret; so may a provenance.

    The builders record build arguments before each RUN that they reach, and `docker history` shows them to
    everybody. Names and values are judged as in config-secret, which has what the final config holds too. Steps of
    the base image are left alone.
    """
    known = {secret.value for _, secret in _configured(scene.image)}
    below = {step.index for step in _base_steps(scene)}
    places: dict[str, list[tuple[str, TextSecret]]] = {}
    for step in scene.instructions:
        for secret in _of_step(step) if step.index not in below else ():
            places.setdefault(secret.value, []).append((step.kind or "step", secret))
    for secret in _provenance(scene.image):
        places.setdefault(secret.value, []).append(("provenance", secret))
    for value, found in places.items():
        if value not in known:
            yield _told(found)


def secret_values(image: Image, instructions: Iterable[Instruction]) -> frozenset[str]:
    """Every value in the config, the history and the provenance that is judged a secret, the base's too.

    Whoever quotes one of these texts must mask them.
    """
    secrets = [secret for _, secret in _configured(image)]
    for step in instructions:
        secrets += _of_step(step)
    secrets += _provenance(image)
    return frozenset(secret.value for secret in secrets)


def _told(found: list[tuple[str, TextSecret]]) -> Leak:
    """One secret, wherever it stands."""
    first = found[0][1]
    kinds: dict[str, int] = {}
    for kind, _ in found:
        kinds[kind] = kinds.get(kind, 0) + 1
    where = ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items())
    severity = min((secret.severity for _, secret in found), key=lambda one: one.rank)
    return Leak(
        place=f"history: {where}",
        detail=f"{first.name} {mask(first.value)} (in {where})",
        severity=severity,
        evidence=Evidence.ATTESTED if kinds.keys() == {"provenance"} else None,
    )


def _configured(image: Image) -> Iterator[tuple[str, TextSecret]]:
    """The secrets of the final config, with their places."""
    for variable in image.config.env:
        name, _, value = variable.partition("=")
        for secret in _of_pair(name, value):
            yield f"ENV {name}", secret
    for name, value in image.config.labels.items():
        for secret in _of_pair(name, value):
            yield f"LABEL {name}", secret
    for keyword, words in (("ENTRYPOINT", image.config.entrypoint), ("CMD", image.config.cmd)):
        for secret in secrets_in(" ".join(words)[:_LONGEST]):
            yield f"{keyword} {secret.name}", secret


def _of_pair(name: str, value: str) -> tuple[TextSecret, ...]:
    """What one variable or label tells: a token by its shape, else the whole value by the variable's name."""
    value = value[:_LONGEST]
    inner = tuple(one._replace(name=name) for one in secrets_in(value))
    if inner or not is_secret(name, value):
        return inner
    return (TextSecret(name, value, 0, len(value)),)


def _of_step(step: Instruction) -> Iterator[TextSecret]:
    for name, value in step.build_args:
        yield from _of_pair(name, value)
    text = step.text[:_LONGEST]
    name, _, value = text.partition(" ")
    if step.kind in ("ENV", "ARG", "LABEL") and "=" not in name and value:
        yield from _of_pair(name, value)
    else:
        yield from secrets_in(text)


def _base_steps(scene: Scene) -> Iterator[Instruction]:
    """The steps up to the last that made a layer of the base."""
    last = max((s.index for s in scene.instructions if s.layer is not None and s.layer < scene.base_layers), default=-1)
    return (step for step in scene.instructions if step.index <= last)


def _provenance(image: Image) -> Iterator[TextSecret]:
    for statement in image.attestations:
        for path in _ARGUMENTS:
            found: Any = statement.get("predicate")
            for key in path:
                found = found.get(key) if isinstance(found, Mapping) else None
            for name, value in found.items() if isinstance(found, Mapping) else ():
                if isinstance(name, str) and isinstance(value, str) and name.startswith(("build-arg:", "label:")):
                    yield from _of_pair(name.partition(":")[2], value)


CONFIG_SECRETS: tuple[Rule, ...] = (config_secret, history_secret)
