#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a machine of a fleet, which testing/fleet/run controls over ssh. The kernel's
# command line says which: fleet=absent has no module x25, the others have loaded it.
#
# mem: 512M
# smp: 1
# timeout: 3600
set -euo pipefail

modprobe tun
./network &

if grep -qw fleet=absent /proc/cmdline; then
	find /lib/modules -name 'x25.ko*' -delete
	depmod
else
	modprobe x25
fi

install -m 755 killswitch /usr/bin/killswitch
install -d -m 700 -o operator /home/operator/.ssh
install -m 600 -o operator key.pub /home/operator/.ssh/authorized_keys
chown operator /home/operator
echo 'operator ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator
chmod 440 /etc/sudoers.d/operator
printf '%s required pam_permit.so\n' auth account password session |
	tee /etc/pam.d/sudo >/etc/pam.d/other
mkdir -p /run/sshd
install -m 600 host /etc/ssh/host
/usr/sbin/sshd -f /dev/null -o HostKey=/etc/ssh/host -o UsePAM=no -o PasswordAuthentication=no
echo "ready: $(</proc/cmdline)"
while :; do
	sleep 60
done
