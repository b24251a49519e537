"""Picks the one image that was asked for, or says clearly which there are."""

import platform as machine
from collections.abc import Sequence

from layerscope.archive.candidate import Candidate
from layerscope.errors import AmbiguousImage, ArchiveError, UsageError
from layerscope.model.platform import Platform


def choose(candidates: Sequence[Candidate], image: str, platform: Platform | None) -> Candidate:
    """The candidate for a name or index and a platform.

    Without a name there must be one image; without a platform it is the machine's, else the only one.
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
                f"the archive holds {len(groups)} images:\n{_listing(groups)}",
                hint="pick one with --image NAME|INDEX",
                choices=tuple(map(str, readable)),
            )
        return groups[readable[0]]
    if image.isdigit() and int(image) < len(groups):
        return groups[int(image)]
    found = [group for group in groups if any(_answers(candidate, image) for candidate in group)]
    if len(found) == 1:
        return found[0]
    problem = "more than one image" if found else "no image"
    raise UsageError(f"{problem} in the archive is called {image!r}; it holds:\n{_listing(groups)}")


def _answers(candidate: Candidate, image: str) -> bool:
    """Whether a candidate has that name: a tag, with or without the default registry, or the start of its id."""
    names = set()
    for tag in candidate.tags:
        for prefix in ("", "docker.io/library/", "docker.io/", "localhost/"):
            if tag.startswith(prefix):
                short = tag[len(prefix) :]
                names |= {short, short.removesuffix(":latest"), short.rpartition(":")[0] or short}
    if image in names:
        return True
    identity = image.removeprefix("sha256:")
    digests = (candidate.config_digest.encoded if candidate.config_digest else "", candidate.manifest_digest[7:])
    return len(identity) >= 6 and any(digest.startswith(identity) for digest in digests)


def _by_platform(group: list[Candidate], asked: Platform | None) -> Candidate:
    readable = [candidate for candidate in group if not candidate.missing]
    if not readable:
        raise ArchiveError(f"the image cannot be read: {group[0].missing}")
    if asked is not None:
        fitting = [one for one in readable if one.platform is None or asked.accepts(one.platform)]
        if fitting:
            return fitting[0]
        raise UsageError(f"the archive holds no image for {asked}; there is {_platforms(readable)}")
    if len(readable) == 1:
        return readable[0]
    here = Platform.parse(f"linux/{machine.machine()}")
    fitting = [one for one in readable if one.platform is not None and here.accepts(one.platform)]
    if fitting:
        return fitting[0]
    raise AmbiguousImage(
        f"the image is for {_platforms(readable)}",
        hint="pick one with --platform",
        option="platform",
        choices=tuple(str(candidate.platform) for candidate in readable if candidate.platform is not None),
    )


def _platforms(candidates: Sequence[Candidate]) -> str:
    return ", ".join(str(candidate.platform or "an unnamed platform") for candidate in candidates)


def _listing(groups: list[list[Candidate]]) -> str:
    lines = []
    for index, group in enumerate(groups):
        tags = dict.fromkeys(tag for candidate in group for tag in candidate.tags)
        first = group[0]
        digest = first.config_digest.short if first.config_digest else first.config
        platforms = [str(candidate.platform) for candidate in group if candidate.platform is not None]
        note = f" ({', '.join(platforms)})" if platforms else ""
        lines.append(f"  {index}  {', '.join(tags) or 'without a name'}  {digest}{note}")
    return "\n".join(lines)
