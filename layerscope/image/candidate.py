"""The images that an archive claims to hold, as their metadata describes them, and the choice of one."""

import platform as machine
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from layerscope.errors import AmbiguousImage, ArchiveError, UsageError
from layerscope.model.image import Digest
from layerscope.model.platform import Platform


class LayerBlob(Struct, frozen=True, kw_only=True):
    """A layer as a manifest names it; ``name`` is where the archive would have it."""

    name: str
    digest: Digest | None = None
    media_type: str = ""
    stored_bytes: int = 0


class Candidate(Struct, frozen=True, kw_only=True):
    """One manifest for one platform.

    ``group`` is the same for the platforms of one multi-platform image. ``missing`` says why it cannot be read
    (its config is not in the archive), ``attestations`` are names of in-toto documents about it. ``image_id`` is set
    where that is no digest of the config.
    """

    group: str
    format: str
    config: str
    config_digest: Digest | None = None
    layers: tuple[LayerBlob, ...] = ()
    tags: tuple[str, ...] = ()
    platform: Platform | None = None
    manifest_digest: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    attestations: tuple[str, ...] = ()
    missing: str = ""
    image_id: str = ""


def choose(candidates: Sequence[Candidate], image: str, platform: Platform | None) -> Candidate:
    """The candidate for a name, index or digest and a platform.

    Without a name there must be one image; without a platform it is what suits the machine best, else the only one.
    """
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.group, []).append(candidate)
    group = _by_name(list(groups.values()), image)
    return _by_platform(group, platform)


def _by_name(groups: list[list[Candidate]], image: str) -> list[Candidate]:
    if not image:
        every = range(len(groups))
        readable = [index for index in every if not all(candidate.missing for candidate in groups[index])] or every
        if len(readable) > 1:
            raise AmbiguousImage(
                f"the archive holds {len(groups)} images:",
                hint="pick one with --image NAME|INDEX",
                listing=_listing(groups),
                choices=tuple(map(str, readable)),
            )
        return groups[readable[0]]
    if image.isdecimal() and int(image) < len(groups):
        return groups[int(image)]
    found = list(filter(None, (answering(group, image) for group in groups)))
    if len(found) == 1:
        return found[0]
    problem = "more than one image" if found else "no image"
    raise UsageError(f"{problem} in the archive is called {image!r}; it holds:", listing=_listing(groups))


def answering(group: list[Candidate], image: str) -> list[Candidate]:
    """The candidates that a digest means, which are seldom all platforms; all of them where the name is one's tag."""
    exact = [candidate for candidate in group if _has_digest(candidate, image)]
    return exact or (group if any(_is_called(candidate, image) for candidate in group) else [])


def _is_called(candidate: Candidate, image: str) -> bool:
    """Whether a candidate has that tag, with or without the default registry."""
    names = set()
    for tag in candidate.tags:
        for prefix in ("", "docker.io/library/", "docker.io/", "localhost/"):
            if tag.startswith(prefix):
                short = tag[len(prefix) :]
                names |= {short, short.removesuffix(":latest"), short.rpartition(":")[0] or short}
    return image in names


def _has_digest(candidate: Candidate, image: str) -> bool:
    """Whether the digest of a candidate's config or manifest begins with ``image``."""
    identity = image.removeprefix("sha256:")
    digests = (str(candidate.config_digest or ""), candidate.manifest_digest, f"sha256:{candidate.image_id}")
    return image in digests or (len(identity) >= 6 and any(one.startswith(f"sha256:{identity}") for one in digests))


def _by_platform(group: list[Candidate], asked: Platform | None) -> Candidate:
    readable = [candidate for candidate in group if not candidate.missing]
    if not readable:
        raise ArchiveError(f"the image cannot be read: {group[0].missing}")
    if asked is not None:
        best = _best(readable, asked) or next((one for one in readable if one.platform is None), None)
        if best is None:
            raise UsageError(f"the archive holds no image for {asked}; there is {_platforms(readable)}")
        return best
    if len(readable) == 1:
        return readable[0]
    best = _best(readable, host())
    if best is None:
        raise AmbiguousImage(
            f"the image is for {len(readable)} platforms:",
            hint="pick one with --platform, or with --image DIGEST",
            listing=tuple(f"{one.manifest_digest[7:19]}  {_platform(one)}" for one in readable),
            choices=tuple(one.manifest_digest for one in readable),  # Only an index has platforms, and names them so.
        )
    return best


def host() -> Platform:
    """The platform of the images that an engine on this machine takes by default."""
    return Platform.parse(f"linux/{machine.machine()}")


def _best(candidates: Sequence[Candidate], platform: Platform) -> Candidate | None:
    """The candidate whose platform answers best; the first of several equal ones."""
    ranks = [(platform.rank(one.platform), one) for one in candidates if one.platform is not None]
    return min(((rank, one) for rank, one in ranks if rank is not None), key=lambda pair: pair[0], default=(0, None))[1]


def _platforms(candidates: Sequence[Candidate]) -> str:
    return ", ".join(map(_platform, candidates))


def _platform(candidate: Candidate) -> str:
    return str(candidate.platform or "an unnamed platform")


def _listing(groups: list[list[Candidate]]) -> tuple[str, ...]:
    lines = []
    for index, group in enumerate(groups):
        tags = dict.fromkeys(tag for candidate in group for tag in candidate.tags)
        first = group[0]
        digest = first.config_digest.short if first.config_digest else first.image_id[:12] or first.config
        platforms = [str(candidate.platform) for candidate in group if candidate.platform is not None]
        note = f" ({', '.join(platforms)})" if platforms else ""
        lines.append(f"{index}  {', '.join(tags) or 'without a name'}  {digest}{note}")
    return tuple(lines)
