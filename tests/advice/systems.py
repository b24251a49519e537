"""What an installation of packages writes: their files, and the package manager's database."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.builder import Member, file


@dataclass(frozen=True, slots=True)
class Package:
    """A package with a program or library of ``size`` bytes at each path."""

    name: str
    paths: Sequence[str] = ()
    needs: Sequence[str] = ()
    size: int = 100_000


@dataclass(frozen=True, slots=True)
class Installed:
    """Layers of a system of dpkg's: each call of ``add`` is what one installation writes."""

    packages: list[Package] = field(default_factory=list)

    def add(self, *packages: Package) -> tuple[Member, ...]:
        self.packages.extend(packages)
        status = "".join(
            f"Package: {one.name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
            + (f"Depends: {', '.join(one.needs)}\n" if one.needs else "")
            + "\n"
            for one in self.packages
        )
        return (
            file("var/lib/dpkg/status", status.encode()),
            *(
                file(f"var/lib/dpkg/info/{one.name}.list", "".join(f"{path}\n" for path in one.paths).encode())
                for one in packages
            ),
            *(file(path.lstrip("/"), path.encode()[:1] * one.size) for one in packages for path in one.paths),
        )


def apk(*packages: Package, world: str = "") -> tuple[Member, ...]:
    """What one installation of apk's writes; a group (``.build-deps``) is a package without paths."""
    text = "".join(
        f"P:{one.name}\nV:1-r0\nA:x86_64\n"
        + (f"D:{' '.join(one.needs)}\n" if one.needs else "")
        + "".join(f"F:{path.strip('/').rpartition('/')[0]}\nR:{path.rpartition('/')[2]}\n" for path in one.paths)
        + "\n"
        for one in packages
    )
    return (
        file("lib/apk/db/installed", text.encode()),
        file("etc/apk/world", world.encode()),
        *(file(path.lstrip("/"), path.encode()[:1] * one.size) for one in packages for path in one.paths),
    )
