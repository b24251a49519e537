"""Which version of a file each path of a finding means."""

from collections.abc import Iterator, Sequence
from itertools import compress

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import FATE_WORDS
from layerscope.model.finding import Finding, FoundPath


def finding_versions(filesystem: Filesystem, findings: Sequence[Finding]) -> Iterator[tuple[int, int, int]]:
    """Yield the version of each path of each finding, the finding's index, and the bytes, none of them twice.

    Layer and path of a finding nearly always name one version. A tar may hold a path twice, and a file that only a
    hardlink keeps alive has the link's name; then fate and length decide.
    """
    named = {path.path for finding in findings for path in finding.paths}
    firsts: list[dict[str, int]] = []
    alike: dict[int, list[int]] = {}
    paths = filesystem.paths
    for layer in range(len(filesystem.layers)):
        span, first = filesystem.numbers(layer), dict[str, int]()
        for number in compress(span, map(named.__contains__, paths[span.start : span.stop])):
            if (one := first.setdefault(paths[number], number)) != number:
                alike.setdefault(one, [one]).append(number)
        firsts.append(first)
    claimed = bytearray(len(filesystem))
    # A tar may hold one path a hundred thousand times, so those of one fate and length are taken in turn.
    equal: dict[tuple[int, str, int], list[int]] = {}
    for one, numbers in alike.items():
        for number in reversed(numbers):
            key = one, FATE_WORDS[filesystem.fates[number]], filesystem.sizes[number]
            equal.setdefault(key, []).append(number)

    def unlike(number: int, path: FoundPath) -> tuple[bool, bool, bool]:
        is_other = filesystem.sizes[number] != path.content_bytes
        return FATE_WORDS[filesystem.fates[number]] != path.fate, claimed[number] > 0 < path.content_bytes, is_other

    for index, finding in enumerate(findings):
        for path in finding.paths:
            number = firsts[path.layer][path.path]
            if number in alike:
                same = equal.get((number, path.fate, path.content_bytes), [])
                while same and claimed[same[-1]]:
                    same.pop()
                number = same[-1] if same else min(alike[number], key=lambda one: unlike(one, path))
            claimed[number] |= path.content_bytes > 0
            yield number, index, path.content_bytes
