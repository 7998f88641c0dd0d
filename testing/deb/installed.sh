#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: the packages of scripts/deb in a system with systemd and auditd: /etc/killswitch.d
# is applied at boot, before the network is up; the metrics are written by their timer, in its
# sandbox; and the searches that the guide names for the alerts find the events.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf audit=1 loglevel=3 killswitch=security_file_open=0
# smp: 2
# mem: 2G
# timeout: 600
# shellcheck source=../../selftests/lib.sh
. lib.sh

# When a unit became active, in microseconds since the kernel started.
active_since()
{
	systemctl show -P ActiveEnterTimestampMonotonic "$1"
}

# before EARLIER LATER: checks that both are active, EARLIER first.
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
like "the unit is active" "^active" "$(systemctl is-active killswitch.service)"
like "a function in the files is engaged" '^af_alg_sendmsg retval=-1 .* state=engaged' \
	"$(<"$KS/engaged")"
like "a function of an unloaded module is armed" 'x25:x25_create retval=-1 .* state=armed' \
	"$(<"$KS/engaged")"
check "the unit is active before the network" before killswitch.service network-pre.target
check "the network is up" before network-pre.target systemd-networkd.service
like "auditd has the record" 'op=engage func="af_alg_sendmsg" retval=-1 reason="CVE-2026-31431"' \
	"$(ausearch --input-logs -m MAC_CONFIG_CHANGE)"

# What a scrape gets, without the values.
series()
{
	sed 's/ [^ ]*$//' "$@"
}
metrics=/var/lib/prometheus/node-exporter/killswitch.prom
# Made by the package of node_exporter.
mkdir -p "${metrics%/*}"
check "the metrics are written in the sandbox" systemctl start killswitch-metrics.service
is "they are those of the program without one" \
	"$(killswitch status --cve --max-age 30d --openmetrics | series)" "$(series "$metrics")"
is "anyone can read them" "644 root" "$(stat -c '%a %U' "$metrics")"
like "they have the engagement" 'state="engaged"[^ ]*} 1' "$(grep af_alg_sendmsg "$metrics")"
like "they have the error at boot" '^killswitch_boot_errors 1' \
	"$(grep ^killswitch_boot_errors "$metrics")"
rm "$metrics"
check "the timer can be enabled" systemctl enable --now killswitch-metrics.timer
check "the timer writes them" eventually test -s "$metrics"
is "nothing else is left there" "killswitch.prom" "$(ls "${metrics%/*}")"

# The searches of the guide, by alert.
check "a program runs into it" encrypt_fails
tried()
{
	ausearch --input-logs -m AVC | grep 'denied.*lsm=killswitch'
}
like "ausearch finds who tried" 'comm="af_alg_encrypt"' "$(eventually tried)"
killswitch observe --for 1s alg_bind >/dev/null
expired()
{
	ausearch --input-logs -m MAC_CONFIG_CHANGE | grep -E 'op=(engage|expire)' |
		grep 'op=expire func="alg_bind"'
}
check "ausearch finds what has expired" eventually expired
echo 0 >/sys/kernel/debug/kprobes/enabled
disarmed()
{
	ausearch --input-logs -m MAC_CONFIG_CHANGE | grep op=disarmed
}
check "ausearch finds what is disarmed" eventually disarmed
like "journalctl finds it, too" 'disarmed af_alg_sendmsg' \
	"$(journalctl --no-pager -k -g 'killswitch: .*(disarmed|no such function)')"
echo 1 >/sys/kernel/debug/kprobes/enabled
like "journalctl finds an error at boot" 'refused .*security_file_open.*rule lsm-entry' \
	"$(journalctl --no-pager -k -g 'killswitch: refused')"
like "its fields are those in the guide" 'refused .*security_file_open' \
	"$(journalctl --no-pager _TRANSPORT=kernel PRIORITY=4 -g 'killswitch: refused')"

echo "engage security_file_open 0" >/etc/killswitch.d/90-wrong.conf
check_not "reloading with a refused file fails" systemctl reload killswitch.service
check_not "restarting with a refused file fails" systemctl restart killswitch.service
like "the unit has failed" "^failed" "$(systemctl is-failed killswitch.service)"
like "the journal has the file" '90-wrong.conf was done' \
	"$(journalctl --no-pager -p err -u killswitch)"
like "the journal has the rule" 'rule lsm-entry' "$(journalctl --no-pager -u killswitch)"
mkdir -p /etc/systemd/system/systemd-networkd.service.d
printf '[Unit]\nRequires=killswitch.service\nAfter=killswitch.service\n' \
	>/etc/systemd/system/systemd-networkd.service.d/killswitch.conf
systemctl daemon-reload
systemctl stop systemd-networkd.socket systemd-networkd.service 2>/dev/null
check_not "the network does not start without the unit, if it requires it" systemctl start \
	systemd-networkd.service
like "the function is still engaged" '^af_alg_sendmsg .* state=engaged' "$(<"$KS/engaged")"
rm /etc/killswitch.d/90-wrong.conf
check "the unit starts without that file" systemctl restart killswitch.service
echo "engage af_alg_accept -EPERM" >/etc/killswitch.d/30-new.conf
check "a new file can be applied" systemctl reload-or-restart killswitch
like "the function in the new file is engaged" 'af_alg_accept retval=-1 .* state=engaged' \
	"$(<"$KS/engaged")"
check "the network starts with the unit" systemctl start systemd-networkd.service
check "the package can be removed" dpkg -r killswitch
check_not "the unit is no longer enabled" test -L \
	/etc/systemd/system/sysinit.target.wants/killswitch.service
like "the function is engaged until the next boot" 'af_alg_accept retval=-1 .* state=engaged' \
	"$(<"$KS/engaged")"
finish
