"""The proof of advice: build, report, patch, build again, and compare the two images.

    python -m tests.fixes.harness [NAME]...

builds the scenarios (all, or those named) and prints what each patch saves. What a build made is kept in
``~/.cache/layerscope-fixes`` (LAYERSCOPE_FIXES), so that only the first run takes long.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fixes import results, score
from tests.fixes.builds import CONTEXT, Build, Workshop
from tests.fixes.command import Proposal, ToolFailed, alone, has_fix, propose, report
from tests.fixes.engine import BuildFailed, Engine, Unavailable, engine
from tests.fixes.results import Attempt, Result
from tests.fixes.scenario import Scenario, scenarios
from tests.fixes.tree import Differences, Entry, Tree, differences
from tests.fixes.truth import BOOKKEEPING, Truth, read_truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One scenario: the image as it is, and what is known of it."""

    workshop: Workshop
    source: Path
    before: Build
    unstable: Differences
    noise_bytes: int
    truth: Truth
    document: dict[str, Any]

    def run(self) -> Result:
        """Try each patch in turn."""
        result = self._score()
        result.smoke = self.workshop.smoke(self.before.tag)
        for mode, proposal in self._proposals():
            result.attempts.append(self._attempt(mode, proposal))
        result.seconds = self.workshop.seconds
        results.write(result)
        return result

    def _score(self) -> Result:
        tree, truth = self.before.tree, self.truth
        wanted, claimed = score.needless(tree, truth), score.claims(self.document)
        wrong = score.false(tree, truth, score.claims(self.document, trades=False))
        return Result(
            scenario=self.workshop.scenario.name,
            builder="BuildKit" if self.workshop.scenario.buildkit else "legacy",
            content_bytes=tree.content_bytes,
            own_bytes=sum(entry.size for entry in (*tree.own(), *tree.own_hidden())),
            needless_bytes=sum(wanted.values()),
            found_bytes=sum(min(size, claimed.get(key, (0, "", ""))[0]) for key, size in wanted.items()),
            false_bytes=sum(wrong.values()),
            claimed_bytes=sum(size for size, _, _ in claimed.values()),
            wrong_stage_bytes=score.wrong_stage(truth, claimed),
            missed=score.missed(wanted, claimed),
            false=wrong,
            noise_bytes=self.noise_bytes,
            smoke="",
        )

    def _proposals(self) -> Iterator[tuple[str, Proposal]]:
        before = self.before
        if has_fix():
            with self.workshop.timed("fix"):
                safe = propose(before.archive, before.evidence, before.folder, review=False)
                every = propose(before.archive, before.evidence, before.folder, review=True)
            yield "safe", safe
            if every.patch != safe.patch:
                yield "review", every
        if os.environ.get("EACH") or not has_fix():
            for number, step in enumerate(self.document["steps"], start=1):
                if step["edits"]:
                    yield (
                        f"step {number}",
                        Proposal(patch=alone(step, before.folder), done=frozenset({number}), left={}),
                    )
        if not os.environ.get("EACH"):
            for path in sorted(self.workshop.scenario.folder.glob("by-hand*.patch")):
                patch = path.read_bytes().decode()
                yield path.stem.replace("-", " "), Proposal(patch=patch, done=frozenset(), left={})

    def _attempt(self, mode: str, proposal: Proposal) -> Attempt:
        attempt = Attempt(mode=mode, patch=proposal.patch, steps=score.steps(self.document, proposal))
        if not proposal.patch.strip():
            attempt.smoke = self.workshop.smoke(self.before.tag)
            return attempt
        try:
            after = self._build_patched(attempt)
        except BuildFailed as error:
            attempt.error = str(error)
            return attempt
        attempt.smoke = self.workshop.smoke(after.tag)
        self._compare(attempt, after)
        score.attribute(attempt, self.before.tree, after.tree, self.document)
        if not mode.startswith("by hand"):
            attempt.proposed_again = self._again(attempt, after)
        shutil.rmtree(after.archive.parent)
        return attempt

    def _build_patched(self, attempt: Attempt) -> Build:
        name = f"{attempt.mode.replace(' ', '-')}-{hashlib.sha256(attempt.patch.encode()).hexdigest()[:12]}"
        folder = self.workshop.patched_folder(self.source, f"{name}-applied")
        for command in (["patch", "-p1", "--dry-run", "--force"], ["git", "apply", "-"]):
            done = subprocess.run(
                command,
                cwd=folder,
                input=attempt.patch,
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "GIT_CEILING_DIRECTORIES": str(self.workshop.scratch)},
            )
            if done.returncode or "fuzz" in done.stdout:
                raise BuildFailed(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        patched = self.workshop.scratch / f"{name}-source"
        shutil.copytree(self.source / CONTEXT, patched / CONTEXT, symlinks=True)
        shutil.move(folder / "Dockerfile", patched / "Dockerfile")
        # The first build's context has no Dockerfile in it (unless the scenario wants one), so neither has this one.
        for file in re.findall(r"^\+\+\+ (?:b/)?([^\t\n]+)", attempt.patch, re.MULTILINE):
            if file != "Dockerfile" and (folder / file).exists():
                shutil.copy2(folder / file, patched / CONTEXT / file)
        self.workshop.forget(attempt.mode.replace(" ", "-"), name)
        with self.workshop.timed(f"build {attempt.mode}"):
            build = self.workshop.build(name, patched, cached=True, evidence=not attempt.mode.startswith("by hand"))
        attempt.seconds = build.seconds
        return build

    def _compare(self, attempt: Attempt, after: Build) -> None:
        before, truth = self.before, self.truth
        attempt.actual_bytes = before.tree.content_bytes - after.tree.content_bytes
        truth_after = read_truth(self.workshop.scenario.truth, after.tree, self.source / CONTEXT, truth.edited)
        left = score.needless(after.tree, truth_after)
        attempt.left = score.by_folder(left)
        attempt.needless_saved_bytes = sum(score.needless(before.tree, truth).values()) - sum(left.values())
        found = differences(before.tree, after.tree)

        def questionable(paths: frozenset[str]) -> list[str]:
            kept = (before.tree.live[path] for path in sorted(paths) if not BOOKKEEPING.search(path))
            return [
                entry.path for entry in kept if truth.verdict(entry) == "K" and not _has_other_name(entry, after.tree)
            ]

        attempt.removed = questionable(found.absent - self.unstable.absent)
        attempt.changed = questionable(found.content - self.unstable.content)
        attempt.metadata = questionable(found.metadata - self.unstable.metadata)
        new = differences(after.tree, before.tree).absent
        attempt.added = sorted(path for path in new if not BOOKKEEPING.search(path))[:50]

    def _again(self, attempt: Attempt, after: Build) -> list[str]:
        """Steps of the patch that are proposed for the new image as well."""
        done = {(step.strategy, step.stage) for step in attempt.steps if step.applied}
        found = propose(after.archive, after.evidence, after.folder, review=attempt.mode != "safe")
        document = report(after.archive, after.evidence, after.folder)
        again = [step for step in score.steps(document, found) if step.applied]
        return [f"{step.strategy}: {step.sentence}" for step in again if (step.strategy, step.stage) in done]


def _has_other_name(entry: Entry, tree: Tree) -> bool:
    """Whether the bytes of a file are still in a tree by another of its names: hard links are one file."""
    others = (tree.live.get(name) for name in entry.names)
    return entry.path not in tree.live and any(other is not None and other.content == entry.content for other in others)


def prove(running: Engine, scenario: Scenario) -> Result:
    """Run one scenario; raises Unavailable, BuildFailed or ToolFailed where the first image cannot be had."""
    with tempfile.TemporaryDirectory(prefix="layerscope-fixes-") as scratch:
        workshop = Workshop(engine=running, scenario=scenario, scratch=Path(scratch))
        workshop.bases()
        source = workshop.source()
        with workshop.timed("builds"):
            before = workshop.build("first", source)
            unstable, noise_bytes = workshop.unstable(before, source)
        edited = frozenset({hashlib.sha256((source / "Dockerfile").read_bytes()).hexdigest()})
        truth = read_truth(scenario.truth, before.tree, source / CONTEXT, edited)
        with workshop.timed("report"):
            document = report(before.archive, before.evidence, before.folder)
        proof = Proof(
            workshop=workshop,
            source=source,
            before=before,
            unstable=unstable,
            noise_bytes=noise_bytes,
            truth=truth,
            document=document,
        )
        return proof.run()


def main(names: list[str]) -> None:
    with engine() as running:
        for scenario in scenarios():
            if names and scenario.name not in names:
                continue
            try:
                result = prove(running, scenario)
            except (Unavailable, BuildFailed, ToolFailed) as reason:
                print(f"{scenario.name}: {reason}", flush=True)
                continue
            print(*summary(result), sep="\n", flush=True)


def summary(result: Result) -> Iterator[str]:
    """A few lines for a person who waits."""
    yield (
        f"{result.scenario} ({result.builder}): needless {result.needless_bytes / 1e6:.2f} MB of"
        f" {result.own_bytes / 1e6:.2f}, found {result.found_bytes / 1e6:.2f}, false {result.false_bytes / 1e6:.3f} of"
        f" {result.claimed_bytes / 1e6:.2f}, noise {result.noise_bytes} bytes"
    )
    if result.smoke:
        yield f"  smoke command fails before any patch: {result.smoke}"
    yield f"  seconds: {', '.join(f'{what} {seconds}' for what, seconds in result.seconds.items())}"
    for path, size in result.missed.items():
        yield f"  missed {size:>10} {path}"
    for path, size in list(result.false.items())[:10]:
        yield f"  false  {size:>10} {path}"
    for attempt in result.attempts:
        if attempt.error:
            yield f"  {attempt.mode}: {attempt.error}"
            continue
        yield (
            f"  {attempt.mode}: predicted {attempt.predicted_bytes / 1e6:.3f} MB, actual"
            f" {attempt.actual_bytes / 1e6:.3f} MB, of the needless {attempt.needless_saved_bytes / 1e6:.3f} MB;"
            f" built in {attempt.seconds:.0f} s"
        )
        for what in ("smoke", "removed", "changed", "metadata", "added", "left", "proposed_again"):
            found = getattr(attempt, what)
            if found:
                yield f"    {what}: {len(found)} {found[:8] if isinstance(found, list) else found}"
        for step in attempt.steps:
            if attempt.mode.startswith(("by hand", "step")) and not step.applied:
                continue
            yield (
                f"    {'applied' if step.applied else 'left   '} {step.predicted_bytes / 1e6:9.3f} MB, gone"
                f" {step.actual_bytes / 1e6:9.3f}  {step.strategy} ({step.safety}) line {step.line}: {step.sentence[:90]}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
