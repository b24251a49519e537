"""opkg packages (OpenWrt, Yocto): the form of dpkg's database in other places; a list may hold modes behind tabs."""

from layerscope.packages.catalogers.dpkg import control_cataloger

OPKG = control_cataloger("opkg", ("/usr/lib/opkg", "/var/lib/opkg", "/opt/lib/opkg"), namespace="openwrt")
