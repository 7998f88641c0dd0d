#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that the test VM has what scripts are promised: make vm SCRIPT=selftests/vm/selftest.sh

n=0 failed=0
ok()
{
	local name=$1 out
	shift
	((++n))
	if out=$("$@" 2>&1); then
		echo "ok $n - $name"
	else
		((++failed))
		echo "not ok $n - $name"
		echo "# ${out//$'\n'/$'\n# '}"
	fi
}
sh() { ok "$1" bash -c "$2"; }

echo "TAP version 13"
for tool in busybox bash awk sed grep find xargs diff cmp ps pgrep pkill sysctl \
	ip ss tc nft auditd auditctl ausearch aureport bpftool setpriv capsh getcap \
	modprobe insmod rmmod lsmod modinfo strace python3 unshare nsenter mount \
	dmesg taskset timeout setsid keyctl stat sha256sum od tr seq mktemp tee; do
	ok "$tool is in PATH" command -v "$tool"
done

sh "root, in the script's directory" '[ "$(id -un)$PWD" = root/work ] && [ -e selftest.sh ]'
sh "users" 'id user && id operator && id nobody'
sh "file systems" 'for fs in proc sysfs devtmpfs devpts securityfs debugfs tracefs cgroup2 bpf; do
	grep -q "^[^ ]* [^ ]* $fs " /proc/mounts || { echo "no $fs"; exit 1; }; done'
sh "users own their homes" '[ "$(stat -c %U /home/user /home/operator | xargs)" = "user operator" ]'
sh "writable root, /tmp, /dev/shm" 'touch /x /usr/x /tmp/x /dev/shm/x'
sh "loopback network" 'busybox ping -c 1 127.0.0.1'
sh "reopens its output" 'echo "# a line on the console" >/dev/console && : >/dev/stdout >/dev/stderr'
sh "clock is set" '[ "$(date +%Y)" -ge 2024 ]'
sh "every processor is up" '[ "$(nproc)" = "$(grep -c ^processor /proc/cpuinfo)" ]'
sh "kernel symbols and types" 'grep -q " T security_file_open" /proc/kallsyms && [ -r /sys/kernel/btf/vmlinux ]'
sh "bpftool dumps types" 'bpftool btf dump file /sys/kernel/btf/vmlinux | head -1 | grep "^.1. "'
sh "bpftool lists programs" 'bpftool prog'
sh "python has its library" 'python3 -c "import socket, ctypes, json, subprocess; socket.socket()"'
sh "drops to a user" '[ "$(setpriv --reuid user --regid user --clear-groups id -un)" = user ]'
sh "drops capabilities" 'setpriv --bounding-set=-all --inh-caps=-all capsh --print | grep -q "^Current: =$" &&
	capsh --drop=cap_sys_admin -- -c "! mount -t tmpfs none /mnt"'
sh "user namespace" '[ "$(setpriv --reuid user --regid user --clear-groups unshare -r id -u)" = 0 ]'
sh "strace" 'strace -o /tmp/trace -e openat true && grep -q openat /tmp/trace'
if [[ -d /usr/lib/modules/$(uname -r) ]]; then
	sh "modules load" 'modprobe nf_tables && lsmod | grep -q ^nf_tables && modinfo nf_tables'
	sh "nft" 'nft add table inet t && nft add chain inet t c && nft list ruleset | grep -q "table inet t"'
else
	echo "ok $((++n)) - modules load # SKIP no modules"
fi
ok "audit daemon starts" start-auditd
sh "audit record is found" 'echo 4711 >/proc/self/loginuid && auditctl -m marked && sync-audit &&
	ausearch -m USER | grep -q "auid=4711.*marked"'
sh "audit reports" 'aureport --summary && aureport --mac; ausearch -m MAC_CONFIG_CHANGE 2>&1 | grep -q "no matches\|MAC_CONFIG"'
echo "1..$n"
exit $((failed != 0))
