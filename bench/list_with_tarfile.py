"""Lists the layers of a docker archive with the standard library, which is the least that any tool has to do."""

import json
import sys
import tarfile


def main(archive: str) -> None:
    count = 0
    with tarfile.open(archive) as outer:
        manifest = outer.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                count += sum(1 for _ in layer)
    print(count)


if __name__ == "__main__":
    main(sys.argv[1])
