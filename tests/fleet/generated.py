"""A registry of many images that share their layers, the same one each time: ``python -m tests.fleet.generated DIR``."""

import random
import sys
from pathlib import Path

from tests.builder import digest, file, layer, to_json
from tests.building.compression import compress
from tests.fleet.storages import CONFIG, LAYER, MANIFEST, Registry

BASES = 20


def fill(registry: Registry, images: int, layers: int, *, files: int = 400, seed: int = 1) -> None:
    """Push so many images over so many distinct layers of about so many files; each layer is in one image at least."""
    choice = random.Random(seed)
    stored: list[tuple[str, dict[str, object]]] = []
    for number in range(layers):
        tar = _layer(number, choice, files * 8 if number < BASES else files)
        blob = compress(tar, "gzip")
        described = {"mediaType": f"{LAYER}+gzip", "digest": registry.blob(blob), "size": len(blob)}
        stored.append((digest(tar), described))
    uppers = list(range(BASES, layers))
    for number in range(images):
        chosen = [choice.randrange(BASES) if number >= BASES else number]
        own = choice.sample(uppers, choice.randint(1, 5)) if uppers else []
        if number < len(uppers) and uppers[number] not in own:
            own.append(uppers[number])
        _push(registry, f"team{number % 40}/app{number // 4}", f"{number % 4}", [stored[one] for one in chosen + own])


def _push(registry: Registry, repository: str, tag: str, layers: list[tuple[str, dict[str, object]]]) -> None:
    history = [{"created_by": f"/bin/sh -c #(nop) COPY dir:{diff_id[7:19]} in / "} for diff_id, _ in layers]
    config = to_json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": [f"/app/{repository}:{tag}"]},
            "history": history,
            "rootfs": {"type": "layers", "diff_ids": [diff_id for diff_id, _ in layers]},
        }
    )
    described = {"mediaType": CONFIG, "digest": registry.blob(config), "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [one for _, one in layers]}
    registry.manifest(repository, to_json(manifest), tag)


def _layer(number: int, choice: random.Random, files: int) -> bytes:
    """Half of the contents are text that compresses, half is not."""
    words = [choice.randbytes(6).hex().encode() for _ in range(500)]
    members = []
    for index in range(files):
        size = choice.choice((200, 1_000, 4_000, 20_000))
        content = b" ".join(choice.choices(words, k=size // 26)) + choice.randbytes(size // 4)
        members.append(file(f"opt/part{number}/d{index % 30}/file{index}.bin", content))
    return layer(*members)


if __name__ == "__main__":
    fill(Registry(Path(sys.argv[1])), *map(int, sys.argv[2:] or ("2000", "300")))
