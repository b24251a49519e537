"""The explicit list of all catalogers, and what they ask the reader to keep."""

from layerscope.model.pathset import Wanted
from layerscope.packages import os_release
from layerscope.packages.apk import APK
from layerscope.packages.binaries import BINARIES
from layerscope.packages.bitnami import BITNAMI
from layerscope.packages.cataloger import Cataloger
from layerscope.packages.chisel import CHISEL
from layerscope.packages.conda import CONDA
from layerscope.packages.dotnet import DOTNET
from layerscope.packages.dpkg import DPKG
from layerscope.packages.erlang import ERLANG
from layerscope.packages.go import GO
from layerscope.packages.homebrew import HOMEBREW
from layerscope.packages.java import JAVA
from layerscope.packages.jdk import JDK
from layerscope.packages.kernel import KERNEL
from layerscope.packages.lua import LUA
from layerscope.packages.nix import NIX
from layerscope.packages.npm import NPM
from layerscope.packages.opkg import OPKG
from layerscope.packages.pacman import PACMAN
from layerscope.packages.php import PHP
from layerscope.packages.portage import PORTAGE
from layerscope.packages.python import PYTHON
from layerscope.packages.r import R
from layerscope.packages.rpm.cataloger import RPM
from layerscope.packages.ruby import RUBY
from layerscope.packages.rust import RUST
from layerscope.packages.toolchains import TOOLCHAINS
from layerscope.packages.yarn import YARN

_SYSTEMS = (DPKG, APK, RPM, PACMAN, PORTAGE, OPKG, CHISEL, NIX, CONDA, HOMEBREW, BITNAMI)
_LANGUAGES = (PYTHON, NPM, YARN, RUBY, PHP, DOTNET, R, LUA, ERLANG, JDK, TOOLCHAINS, JAVA, GO, RUST, BINARIES)

CATALOGERS: tuple[Cataloger, ...] = (*_SYSTEMS, *_LANGUAGES, KERNEL)
"""Managers of whole systems first, then languages, the more specific before the more general."""

WANTED: tuple[Wanted, ...] = (os_release.WANTED, *(cataloger.wanted for cataloger in CATALOGERS))
"""What the catalogers will read; for ``Reading.wanted``."""
