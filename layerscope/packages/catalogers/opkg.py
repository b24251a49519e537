"""opkg packages (OpenWrt, Yocto): dpkg's database in other places; its lists may have modes after tabs."""

from layerscope.packages.catalogers.dpkg import control_cataloger

OPKG = control_cataloger("opkg", ("/usr/lib/opkg", "/var/lib/opkg", "/opt/lib/opkg"), namespace="openwrt")
