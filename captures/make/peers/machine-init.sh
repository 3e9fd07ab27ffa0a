#!/bin/busybox sh
# The first program of machine.ts's machine: drivers in their order, the files of the host read-only, its lab at /mnt.
b=/bin/busybox
while read -r driver; do $b insmod "/drivers/$driver.ko"; done < /drivers/order
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro root /root
$b mount -t proc proc /root/proc
$b mount -t sysfs sys /root/sys
$b mount -t devtmpfs dev /root/dev
$b mkdir -p /root/dev/pts
$b mount -t devpts pts /root/dev/pts
$b mount -t tmpfs run /root/run
$b mount -t tmpfs tmp /root/tmp
$b mount -t 9p -o trans=virtio,version=9p2000.L lab /root/mnt
$b chroot /root /bin/sh /mnt/run.sh
$b sync
$b poweroff -f
