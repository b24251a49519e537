# The layout and the package database are Alpine's; the programs are one static busybox of Debian.
mkdir -p root/bin root/sbin root/etc/apk root/lib/apk/db root/tmp root/var/cache/apk root/usr/bin root/usr/share root/root root/dev root/proc root/sys
if command -v busybox > /dev/null && ! ldd "$(command -v busybox)" > /dev/null 2>&1; then
  cp "$(command -v busybox)" root/bin/busybox
else
  (mkdir package && cd package && apt-get download -q busybox-static && dpkg -x busybox-static_*.deb .)
  cp package/bin/busybox root/bin/busybox 2> /dev/null || cp package/usr/bin/busybox root/bin/busybox
  rm -r package
fi
for applet in sh cat chmod echo ls mkdir mv rm sleep; do ln -s busybox "root/bin/$applet"; done
printf 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.8.5\nPRETTY_NAME="Alpine Linux v3.8"\nHOME_URL="http://alpinelinux.org"\n' > root/etc/os-release
printf '3.8.5\n' > root/etc/alpine-release
printf 'root:x:0:0:root:/root:/bin/sh\n' > root/etc/passwd; printf 'busybox\nmusl-utils\n' > root/etc/apk/world
printf 'C:Q1UHZnZP0EHVFX5Dxyo8FSBTuxAqc=\nP:busybox\nV:1.28.4-r3\nA:x86_64\nS:300000\nI:2100000\nT:Size optimized toolbox of many common UNIX utilities\nU:http://busybox.net\nL:GPL-2.0-only\no:busybox\nF:bin\nR:busybox\na:0:0:755\nR:sh\na:0:0:777\nF:sbin\nF:tmp\nM:0:0:1777\n\n' > root/lib/apk/db/installed
python3 ../../common/noise.py index 800000 > root/var/cache/apk/APKINDEX.b53994b4.tar.gz
tar -C root --owner=0 --group=0 --sort=name --mtime=2020-01-24 -czf alpine-minirootfs-3.8.5-x86_64.tar.gz .; rm -r root
mkdir notes; python3 ../../common/noise.py final 600000 > notes/final.bin; python3 ../../common/noise.py draft 900000 > notes/draft.bin
tar -C notes --owner=0 --group=0 --mtime=2020-01-24 -czf notes.tar.gz .; rm -r notes
printf '#!/bin/sh\ncat /etc/alpine-release && exec ls /usr/share/notes/final.bin\n' > entry.sh
