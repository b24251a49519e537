"""What the packages of an operating system need of each other, by names."""

from msgspec import Struct


class Relations(Struct, frozen=True, kw_only=True):
    """What one package needs, and what others may need it for.

    ``needs`` are the names of what has to be installed, all alternatives of each need among them; ``recommends``
    those of what the package works without, but package managers install and keep. A name is that of a package, one
    that packages provide, or an absolute path; versions are left out. ``provides`` are the names that the package has
    besides its own. ``installed_with`` names packages that brought this one without needing it (apk's
    ``install_if``). ``is_essential`` is set where the system does not work without the package.
    """

    needs: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    installed_with: tuple[str, ...] = ()
    is_essential: bool = False
