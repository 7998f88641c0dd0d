#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: what the packages of scripts/deb do in a system that has them, with systemd and
# auditd: /etc/killswitch.d says what is engaged at boot, before the network is up.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf audit=1 loglevel=3
# smp: 2
# mem: 2G
# timeout: 300
# shellcheck source=../../selftests/lib.sh
. lib.sh

# When a unit became active, in microseconds since the kernel began.
active_since()
{
	systemctl show -P ActiveEnterTimestampMonotonic "$1"
}

# before EARLIER LATER: both are active, and the one was first.
before()
{
	local earlier later

	earlier=$(active_since "$1") later=$(active_since "$2")
	echo "$1 $earlier, $2 $later"
	((0 < earlier && earlier < later))
}

begin
echo "# $(uname -srv)"
is "the kernel is installed" "installed" \
	"$(dpkg-query -W -f '${db:Status-Status}' "linux-image-$(uname -r)")"
like "so is the unit" "^active" "$(systemctl is-active killswitch.service)"
like "what the files say is engaged" '^af_alg_sendmsg retval=-1 .* state=engaged' "$(<"$KS/engaged")"
like "or armed" 'x25:x25_create retval=-1 .* state=armed' "$(<"$KS/engaged")"
check "before there is a network" before killswitch.service network-pre.target
check "and that comes" before network-pre.target systemd-networkd.service
like "auditd has a record of it" 'op=engage func="af_alg_sendmsg" retval=-1 reason="CVE-2026-31431"' \
	"$(ausearch --input-logs -m MAC_CONFIG_CHANGE)"

echo "engage security_file_open 0" >/etc/killswitch.d/90-wrong.conf
check_not "what is refused cannot be reloaded" systemctl reload killswitch.service
check_not "nor started" systemctl restart killswitch.service
like "the unit has failed" "^failed" "$(systemctl is-failed killswitch.service)"
like "the journal says which file" '90-wrong.conf was done' "$(journalctl --no-pager -p err -u killswitch)"
like "and which rule" 'rule lsm-entry' "$(journalctl --no-pager -u killswitch)"
mkdir -p /etc/systemd/system/systemd-networkd.service.d
printf '[Unit]\nRequires=killswitch.service\nAfter=killswitch.service\n' \
	>/etc/systemd/system/systemd-networkd.service.d/killswitch.conf
systemctl daemon-reload
systemctl stop systemd-networkd.socket systemd-networkd.service 2>/dev/null
check_not "the network does not start without it, if told so" systemctl start systemd-networkd.service
like "what was engaged is so, still" '^af_alg_sendmsg .* state=engaged' "$(<"$KS/engaged")"
rm /etc/killswitch.d/90-wrong.conf
check "without that file it starts" systemctl restart killswitch.service
echo "engage af_alg_accept -EPERM" >/etc/killswitch.d/30-new.conf
check "a new file is rolled out" systemctl reload-or-restart killswitch
like "and engaged" 'af_alg_accept retval=-1 .* state=engaged' "$(<"$KS/engaged")"
check "and does with it" systemctl start systemd-networkd.service
check "the package can be removed" dpkg -r killswitch
check_not "and nothing starts at boot" test -L /etc/systemd/system/sysinit.target.wants/killswitch.service
like "what was engaged is so until the next boot" 'af_alg_accept retval=-1 .* state=engaged' "$(<"$KS/engaged")"
finish
