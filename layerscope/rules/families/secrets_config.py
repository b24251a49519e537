"""Secrets in the image's config: variables, labels, commands, and the history of the build."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from layerscope.model.finding import Evidence, FindingKind, Severity
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction
from layerscope.rules.phrases import SECRET_MOUNT
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule
from layerscope.secrets.masks import mask
from layerscope.secrets.text import MOST_SECRETS, TextSecret, secrets_in, secrets_in_value, secrets_in_words, too_many

_ASKED_FOR = (("invocation",), ("buildDefinition", "externalParameters"))
"""Where a provenance says what was to be built, build arguments among it (SLSA 0.2 and 1.0)."""
_OPTIONS = ("build-arg:", "label:")
"""What BuildKit puts before the names of arguments and labels there."""
_ELSEWHERE = frozenset({"config", "history", "rootfs"})
"""Members of a config document that are read elsewhere, or hold nothing but digests."""
_KEYWORDS = {
    "Env": "ENV", "Labels": "LABEL", "Entrypoint": "ENTRYPOINT", "Cmd": "CMD", "Healthcheck": "HEALTHCHECK",
    "OnBuild": "ONBUILD", "User": "USER", "Shell": "SHELL", "WorkingDir": "WORKDIR", "Volumes": "VOLUME",
    "ExposedPorts": "EXPOSE", "StopSignal": "STOPSIGNAL",
}  # fmt: skip
"""The members of a config that an instruction of a Dockerfile sets."""
_AT_RUN_TIME = f"give it when the container starts (--env-file); for the build alone, {SECRET_MOUNT}"


@rule(
    "config-secret",
    severity=Severity.HIGH,
    kind=FindingKind.SECRET,
    title="the image's config holds a secret",
    fix=_AT_RUN_TIME,
)
def config_secret(context: RuleContext) -> Iterator[RuleMatch]:
    """The image's config or the manifest's annotations hold a password, token or key: in ENV, a label, ENTRYPOINT,
    CMD, HEALTHCHECK or any other member.

    `docker inspect` shows it to everyone. The name says that it is a secret (password, secret, token, key) and the
    value looks like one, or the value is a URL with a password or a token of a known format. Fingerprints (GPG_KEY),
    checksums, versions, paths (*_FILE), switches, public keys, URLs and proxies without a password, placeholders,
    well-known defaults, and what the base image sets are not reported.
    """
    inherited = {(secret.name, secret.value) for step in _base_steps(context) for secret in _of_step(step)}
    for place, secret in _configured(context.image):
        if (secret.name, secret.value) not in inherited:
            keyword = place.partition(" ")[0]
            fix = "" if keyword == "ENV" else f"leave it out of {keyword}; {_AT_RUN_TIME}"
            yield RuleMatch(place=place, detail=f"{place} {mask(secret.value)}", severity=secret.severity, fix=fix)


@rule(
    "history-secret",
    severity=Severity.HIGH,
    kind=FindingKind.SECRET,
    title="the history of the build holds a secret",
    fix=f"{SECRET_MOUNT}, and leave it out of ARG, ENV and the words of commands",
)
def history_secret(context: RuleContext) -> Iterator[RuleMatch]:
    """A build argument, an ARG default, a URL or a command in the history holds a secret; or the provenance does.

    Builders record build arguments with every RUN that they apply to, and `docker history` shows them to everyone.
    Names and values are judged as in config-secret; what the final config holds as well is reported there. The base
    image's steps are left out.
    """
    below = {step.index for step in _base_steps(context)}
    places: dict[str, list[tuple[str, TextSecret]]] = {}
    for step in context.instructions:
        if step.index in below:
            continue
        for secret in _of_step(step, context.image.config.history[step.index].author):
            places.setdefault(secret.value, []).append((step.kind or "step", secret))
    for secret in _provenance(context.image):
        places.setdefault(secret.value, []).append(("provenance", secret))
    # Most histories hold none, and then the config need not be read once more.
    known = {secret.value for _, secret in _configured(context.image)} if places else set()
    for value, found in places.items():
        if value not in known:
            yield _joined(found)


def secret_values(image: Image, instructions: Iterable[Instruction]) -> frozenset[str]:
    """Every value in the config, the history and the provenance that is judged a secret, the base's too.

    Mask them in every text that is quoted. Raises LimitExceeded for too many, which would take minutes to mask.
    """
    secrets = chain(
        (secret for _, secret in _configured(image)),
        chain.from_iterable(map(_of_step, instructions)),
        chain.from_iterable(secrets_in(text) for step in instructions for text in {_beside(step), step.comment}),
        chain.from_iterable(map(secrets_in, {entry.author for entry in image.config.history})),
        _provenance(image),
    )
    found: set[str] = set()
    for secret in secrets:
        found.add(secret.value)
        if len(found) > MOST_SECRETS:
            raise too_many()
    return frozenset(found)


def _joined(found: list[tuple[str, TextSecret]]) -> RuleMatch:
    """One secret, wherever it stands."""
    first = found[0][1]
    kinds: dict[str, int] = {}
    for kind, _ in found:
        kinds[kind] = kinds.get(kind, 0) + 1
    where = ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items())
    severity = min((secret.severity for _, secret in found), key=lambda one: one.rank)
    return RuleMatch(
        place=f"history: {where}",
        detail=f"{first.name} {mask(first.value)} (in {where})",
        severity=severity,
        evidence=Evidence.ATTESTED if kinds.keys() == {"provenance"} else None,
    )


def _configured(image: Image) -> Iterator[tuple[str, TextSecret]]:
    """The secrets of the final config with their places; every member is read, unknown ones too."""
    document = image.config.document
    settings = document.get("config") or {}
    in_order = {name: settings[name] for name in _KEYWORDS if name in settings} | settings
    seen: set[str] = set()
    for place, secret in chain(
        _members(in_order, ""),
        _members({name: value for name, value in document.items() if name not in _ELSEWHERE}, ""),
        _members({"annotation": image.annotations}, ""),
    ):
        # An engine's old configs say most of it twice, the container's beside the image's.
        is_setting = place.startswith(("ENV ", "LABEL "))
        if secret.value not in seen or (is_setting and f"{place} {secret.value}" not in seen):
            yield place, secret
        seen |= {secret.value, f"{place} {secret.value}"}


def _members(value: Any, name: str, place: str = "") -> Iterator[tuple[str, TextSecret]]:
    """The secrets of a JSON value and of all below it, whose member is called ``name``; its reader bounds the depth."""
    place = _KEYWORDS.get(name, place or name)
    if isinstance(value, Mapping):
        for key, child in value.items():
            found = secrets_in(key)
            yield from ((f"{place} {mask(one.value)}".strip(), one) for one in found)
            if isinstance(child, str):
                called = key.removeprefix(_OPTIONS[0]).removeprefix(_OPTIONS[1])
                secrets = secrets_in_value(called, child)
                yield from ((f"{place or _KEYWORDS.get(key, '')} {called}".strip(), one) for one in secrets)
            else:
                yield from _members(child, key, place)
    elif isinstance(value, list):
        texts = [one for one in value if isinstance(one, str)]
        yield from ((f"{place} {one.name}", one) for one in _listed(texts, name))
        for child in value:
            if not isinstance(child, str):
                yield from _members(child, name, place)


def _listed(texts: list[str], name: str) -> Iterator[TextSecret]:
    if name == "OnBuild":
        yield from chain.from_iterable(map(secrets_in, texts))
    elif name != "Env":
        yield from secrets_in_words(texts)
    else:
        for variable, _, value in (one.partition("=") for one in texts):
            yield from secrets_in_value(variable, value)
            yield from (one._replace(name=mask(one.value)) for one in secrets_in(variable))


def _of_step(step: Instruction, author: str = "") -> Iterator[TextSecret]:
    """The secrets of one step, each once; its raw text may hold half of one, and counts where its words hold none."""
    found = [one for name, value in step.build_args for one in secrets_in_value(name, value)]
    found = [*found, *secrets_in(str(step))] or list(secrets_in(_beside(step)))
    found += [*secrets_in(step.comment), *secrets_in(author)]
    yield from {one.value: one for one in reversed(found)}.values()


def _beside(step: Instruction) -> str:
    """The raw text of a step, where it is not its own words with a shell and a comment around them.

    Nix has its words from the comment: that the raw text holds such a word says nothing.
    """
    is_around = step.kind != "NIX" and step.text and step.text in step.created_by
    return "" if is_around else step.created_by


def _base_steps(context: RuleContext) -> Iterator[Instruction]:
    """The steps up to the last that made a layer of the base."""
    last = max(
        (s.index for s in context.instructions if s.layer is not None and s.layer < context.base_layers), default=-1
    )
    return (step for step in context.instructions if step.index <= last)


def _provenance(image: Image) -> Iterator[TextSecret]:
    for statement in image.attestations:
        for path in _ASKED_FOR:
            found: Any = statement.get("predicate")
            for key in path:
                found = found.get(key) if isinstance(found, Mapping) else None
            yield from (secret for _, secret in _members(found, ""))


CONFIG_SECRETS: tuple[Rule, ...] = (config_secret, history_secret)
