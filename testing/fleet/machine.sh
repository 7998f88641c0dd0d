#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: a machine of a fleet, which testing/fleet/run controls over ssh until it writes to
# /run/end. With fleet=loaded on the kernel command line the module x25 is loaded, with fleet=absent
# it is not installed.
#
# mem: 512M
# smp: 1
# timeout: 3600
set -euo pipefail

modprobe tun
./network &

case $(</proc/cmdline) in
*fleet=loaded*) modprobe x25 ;;
*fleet=absent*)
	find /lib/modules/ -name 'x25.ko*' -delete
	depmod
	;;
esac
install -m 755 killswitch /usr/bin/killswitch

# Succeeds if the machine works, which files in /run decide.
cat >/usr/bin/works <<-'END'
	#!/bin/sh
	if [ -e /run/slow ]; then
		touch /run/checking
		sleep 60
	fi
	[ ! -e /run/broken ]
END
# What a user gets from x25_create(): 9 is AF_X25. With an argument it continues.
cat >/usr/bin/open-x25 <<-'END'
	#!/usr/bin/python3
	import os, socket, sys, time
	os.setuid(1001)
	while True:
	    try:
	        socket.socket(9, socket.SOCK_SEQPACKET).close()
	        print("opened")
	    except OSError as error:
	        print(error.strerror)
	    if len(sys.argv) == 1:
	        break
	    time.sleep(1)
END
chmod 755 /usr/bin/works /usr/bin/open-x25

install -d -m 700 -o operator /home/operator/.ssh
install -m 600 -o operator key.pub /home/operator/.ssh/authorized_keys
echo 'operator ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator
chmod 440 /etc/sudoers.d/operator
printf '%s required pam_permit.so\n' auth account password session |
	tee /etc/pam.d/sudo >/etc/pam.d/other
mkdir -p /run/sshd
install -m 600 host /etc/ssh/host
mkfifo /run/end
/usr/sbin/sshd -f /dev/null -o HostKey=/etc/ssh/host -o UsePAM=no -o PasswordAuthentication=no
read -r _ </run/end
