"""The explicit list of all catalogers, and what they ask the reader to keep."""

from layerscope.model.pathset import Wanted
from layerscope.packages import os_release
from layerscope.packages.cataloger import Cataloger
from layerscope.packages.catalogers.apk import APK
from layerscope.packages.catalogers.binaries import BINARIES
from layerscope.packages.catalogers.bitnami import BITNAMI
from layerscope.packages.catalogers.chisel import CHISEL
from layerscope.packages.catalogers.conda import CONDA
from layerscope.packages.catalogers.dotnet import DOTNET
from layerscope.packages.catalogers.dpkg import DPKG, OPKG
from layerscope.packages.catalogers.erlang import ERLANG
from layerscope.packages.catalogers.go import GO
from layerscope.packages.catalogers.homebrew import HOMEBREW
from layerscope.packages.catalogers.java import JAVA
from layerscope.packages.catalogers.kernel import KERNEL
from layerscope.packages.catalogers.lua import LUA
from layerscope.packages.catalogers.nix import NIX
from layerscope.packages.catalogers.npm import NPM
from layerscope.packages.catalogers.pacman import PACMAN
from layerscope.packages.catalogers.php import PHP
from layerscope.packages.catalogers.portage import PORTAGE
from layerscope.packages.catalogers.python import PYTHON
from layerscope.packages.catalogers.r import R
from layerscope.packages.catalogers.rpm import RPM
from layerscope.packages.catalogers.ruby import RUBY
from layerscope.packages.catalogers.rust import RUST
from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from layerscope.packages.catalogers.yarn import YARN

_SYSTEMS = (DPKG, APK, RPM, PACMAN, PORTAGE, OPKG, CHISEL, NIX, CONDA, HOMEBREW, BITNAMI)
_LANGUAGES = (PYTHON, NPM, YARN, RUBY, PHP, DOTNET, R, LUA, ERLANG, TOOLCHAINS, JAVA, GO, RUST, BINARIES)

CATALOGERS: tuple[Cataloger, ...] = (*_SYSTEMS, *_LANGUAGES, KERNEL)
"""Managers of whole systems first, then languages, the more specific before the more general."""

WANTED: tuple[Wanted, ...] = (os_release.WANTED, *(cataloger.wanted for cataloger in CATALOGERS))
"""What the catalogers will read; for ``ReadOptions.wanted``."""
