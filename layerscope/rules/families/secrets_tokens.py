"""Tokens with a well-known shape in small text files."""

import re
from collections.abc import Iterator
from itertools import islice

from layerscope.model.finding import FindingKind, Severity
from layerscope.model.pathset import Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.families.secrets_files import KEY_FIX
from layerscope.rules.ownership import (
    OS_PACKAGES,
    VENDORED,
    by_path,
    is_buried,
    is_of_test,
    is_packaged,
    is_snakeoil,
    is_vendored,
)
from layerscope.rules.phrases import SECRET_MOUNT
from layerscope.rules.rule import Rule, RuleContext, RuleMatch, rule
from layerscope.secrets.encoding import as_utf8
from layerscope.secrets.masks import mask
from layerscope.secrets.tokens import ANCHORED, PRIVATE_KEY, tokens_in

LONGEST = 64 << 10
"""The longest file that is read, in bytes."""
MOST = 32 << 20
"""How many bytes of an image are read in all."""
_SHOWN = 3
_OTHER = pattern(
    r"\.(?:7z|a|adoc|bin|bmp|bz2|class|css|csv|db|deb|dll|eot|exe|gif|gmo|gz|html?|ico|jar|jpe?g|lock|md|mo|mp3|mp4|o"
    r"|odt|otf|pack|pdf|png|po|pot|pub|pyc|pyd|pyi|rst|rpm|so(?:\.[0-9.]{1,20})?|svg|tar|tgz|ttf|wasm|webp|whl|woff2?|xz"
    r"|zip|zst)\Z",
    re.IGNORECASE,
)
"""What holds no text, or text that was written to be read: pictures, archives, programs, manuals, translations."""
_INNER = r"/(?:\.git|\.hg|\.svn|\.cache|__pycache__)/|\A/(?:proc|sys|var/lib/(?:apt|dpkg|rpm|apk)|lib/apk)/"
_NOT_OWN = f"{VENDORED}|{_INNER}"
_ANCHORED, _INSIDE = pattern(ANCHORED), pattern(_INNER)


@rule(
    "token-pattern",
    severity=Severity.CRITICAL,
    kind=FindingKind.SECRET,
    title="an access token in {path}",
    fix=f"give it when the container starts; for the build alone, {SECRET_MOUNT}",
    wanted=Wanted(small=LONGEST, holding=ANCHORED, without=_NOT_OWN),
)
def token_pattern(context: RuleContext) -> Iterator[RuleMatch]:
    """A small text file holds an access token that its format gives away, or a private key in PEM.

    Anyone who pulls the image can use the token until it is revoked. Known formats: forges (GitHub, GitLab,
    Atlassian), registries (npm, PyPI, RubyGems, Docker Hub), clouds (AWS, Azure storage, Google, DigitalOcean, Heroku,
    Databricks), chat (Slack, Discord), payment and mail (Stripe, SendGrid, Twilio, Mailgun, Shopify), models (OpenAI,
    Anthropic, Hugging Face) and tools (Vault, Terraform, Grafana, Pulumi, Postman, New Relic, Linear, age). Checksums
    in tokens are verified. An AWS key id counts only next to its secret key, a JSON web token only if it is a
    service's.

    Files of up to 64 KiB in the layers above the base are searched, 32 MiB in all; a warning says how much was not
    searched. Files of packages, dependencies and tests, manuals and made-up tokens are not reported.
    """
    yield from by_path(context, _tokens(context))


def _tokens(context: RuleContext) -> Iterator[tuple[int, RuleMatch]]:
    for number, path, data in _texts(context):
        tokens = tuple(t for t in tokens_in(as_utf8(data)) if t.issuer != PRIVATE_KEY or not is_snakeoil(path))
        if not tokens:
            continue
        only_key = all(token.issuer == PRIVATE_KEY for token in tokens)
        what = "a private key" if only_key else "an access token"
        found = tuple(dict.fromkeys(f"{t.issuer} {mask(t.value)}" if t.value else t.issuer for t in tokens))
        gravest = min((token.severity for token in tokens), key=lambda severity: severity.rank)
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        detail = ", ".join(found[:_SHOWN]) + more
        buried = is_buried(context, number)
        match = RuleMatch(
            place=path,
            detail=detail,
            severity=Severity.CRITICAL if buried and gravest == Severity.HIGH else gravest,
            title=f"deleted, but still shipped: {what} in {{path}}" if buried else f"{what} in {{path}}",
            fix=KEY_FIX if only_key else "",
        )
        yield number, match


def _texts(context: RuleContext) -> Iterator[tuple[int, str, bytes]]:
    """The small texts of the user's own layers, of all fates, that hold what begins a token."""
    for number, data in context.filesystem.search(_searched(context), _ANCHORED):
        yield number, context.filesystem.path_of(number), data


def _searched(context: RuleContext) -> Iterator[int]:
    """The files to search; what is more than may be read is counted."""
    left, files, content_bytes = MOST, 0, 0
    for number, path, length in _small_files(context):
        if is_packaged(context, number) or is_of_test(path):
            continue
        left -= length
        if left >= 0:
            yield number
        else:
            files, content_bytes = files + 1, content_bytes + length
    if files:
        context.warn(
            f"token-pattern: {files:,} files ({content_bytes:,} bytes) were not searched for tokens; "
            f"the limit is {MOST:,} bytes of small files in an image"
        )


def _small_files(context: RuleContext) -> Iterator[tuple[int, str, int]]:
    """Number, path and length; what the columns alone can rule out is ruled out here, a directory at a time."""
    filesystem, owners = context.filesystem, context.catalog.owners
    if context.base_layers >= len(filesystem.layers):
        return
    paths, kinds, first = filesystem.paths, filesystem.kinds, filesystem.numbers(context.base_layers).start
    claimed = context.claimed
    of_system = {index for index, package in enumerate(context.catalog.packages) if package.type in OS_PACKAGES}
    directories = _Directories()
    for number, content_bytes in enumerate(islice(filesystem.sizes, first, None), first):
        if not 16 <= content_bytes <= LONGEST or claimed[number] or owners[number] in of_system or kinds[number]:
            continue
        path = paths[number]
        if directories[filesystem.directories[number]] and not _OTHER.search(path):
            yield number, path, content_bytes


class _Directories(dict[str, bool]):
    """Whether the texts in a directory may be the user's own."""

    def __missing__(self, directory: str) -> bool:
        inside = f"{directory}/"
        self[directory] = wanted = not (is_vendored(inside) or is_of_test(inside) or _INSIDE.search(inside))
        return wanted


TOKENS: tuple[Rule, ...] = (token_pattern,)
