"""Findings and saved bytes, compared with the truth."""

from collections import Counter
from typing import Any

from tests.fixes.command import Proposal
from tests.fixes.results import Attempt, StepResult
from tests.fixes.tree import Tree
from tests.fixes.truth import Truth

Places = dict[tuple[str, int], tuple[int, str, str]]


def claims(report: dict[str, Any], *, trades: bool = True) -> Places:
    """What the findings claim of the own layers: path and layer, with bytes, rule and source.

    A trade, such as manuals or bytecode, is not called needless by the report.
    """
    found: Places = {}
    for finding in report["findings"]:
        if finding["kind"] == "inherited" or finding["source"] == "base" or (finding.get("trade") and not trades):
            continue
        for place in finding["paths"]:
            key = (place["path"].lstrip("/"), place["layer"])
            found[key] = (place["content_bytes"], finding["rule"], finding["source"])
    return found


def needless(tree: Tree, truth: Truth) -> dict[tuple[str, int], int]:
    """The needless bytes of the own layers: what truth marks, and whatever a later layer hides."""
    found = {(one.path, one.layer): one.size for one in tree.own() if one.size and truth.verdict(one) == "N"}
    for entry in tree.own_hidden():
        # Bytes of a hidden path are still seen if another hard link to them is.
        if entry.size and not any(
            other is not None and other.layer == entry.layer for other in map(tree.live.get, entry.names)
        ):
            found[entry.path, entry.layer] = entry.size
    return found


def missed(wanted: dict[tuple[str, int], int], found: Places) -> dict[str, int]:
    """Needless bytes that no finding claims, by folder."""
    return by_folder({key: size - min(size, found.get(key, (0, "", ""))[0]) for key, size in wanted.items()})


def by_folder(sizes: dict[tuple[str, int], int]) -> dict[str, int]:
    """The biggest sums, by the first five names of each path."""
    sums: Counter[str] = Counter()
    for (path, _), size in sizes.items():
        sums["/".join(path.split("/")[:5])] += size
    return {folder: size for folder, size in sums.most_common(12) if size}


def false(tree: Tree, truth: Truth, found: Places) -> dict[str, int]:
    """Claimed bytes of files that have to be kept, by rule and path."""
    wrong: Counter[str] = Counter()
    for entry in tree.own():
        size, rule, _ = found.get((entry.path, entry.layer), (0, "", ""))
        if size and entry.size and truth.verdict(entry) == "K":
            wrong[f"{rule}: {entry.path}"] += size
    return dict(wrong.most_common())


def wrong_stage(truth: Truth, found: Places) -> int:
    """Bytes that a finding says come from another stage than truth says."""
    total = 0
    for (path, _), (size, _, source) in found.items():
        stage = truth.stage(path)
        if stage != "-" and source.startswith("stage:") and source != f"stage:{stage}":
            total += size
    return total


def steps(document: dict[str, Any], proposal: Proposal) -> list[StepResult]:
    """The steps of a report, and which of them a patch applies."""
    return [
        StepResult(
            strategy=step["strategy"],
            safety=step["safety"],
            stage=step["stage"],
            line=step["dockerfile_line"],
            sentence=step["sentence"],
            review=proposal.left.get(number, step["review"]),
            predicted_bytes=step["saves_bytes"],
            applied=number in proposal.done,
        )
        for number, step in enumerate(document["steps"], start=1)
    ]


def attribute(attempt: Attempt, before: Tree, after: Tree, document: dict[str, Any]) -> None:
    """What each applied step saved: bytes of its findings that the new image lacks, each byte once."""
    gone = Counter(_by_path(before))
    gone.subtract(_by_path(after))
    for step, described in zip(attempt.steps, document["steps"], strict=True):
        for number in described["findings"] if step.applied else ():
            for place in document["findings"][number]["paths"]:
                path = place["path"].lstrip("/")
                saved = max(0, min(place["content_bytes"], gone[path]))
                gone[path] -= saved
                step.actual_bytes += saved


def _by_path(tree: Tree) -> dict[str, int]:
    """The bytes of each path, of all its versions."""
    sums: Counter[str] = Counter()
    for entry in (*tree.own(), *tree.own_hidden()):
        sums[entry.path] += entry.size
    return sums
