#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: checks the parts of the test VM that other scripts depend on.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 2
# timeout: 120
# shellcheck disable=SC2016
# shellcheck source=../../selftests/lib.sh
. lib.sh

# shell DESCRIPTION SCRIPT: checks that it succeeds in a separate shell.
shell()
{
	check "$1" bash -c "$2"
}

begin
for tool in busybox bash awk sed grep find xargs diff cmp ps pgrep pkill sysctl \
	ip ss tc nft auditd auditctl ausearch aureport bpftool setpriv capsh getcap \
	modprobe insmod rmmod lsmod modinfo strace python3 unshare nsenter mount \
	dmesg taskset timeout setsid keyctl stat sha256sum od tr seq mktemp tee; do
	check "$tool is in PATH" command -v "$tool"
done

shell "root, in the script's directory" '[[ $(id -un)$PWD == root/work && -e vm.sh ]]'
check "users" id user operator "nobody"
shell "file systems" \
	'for fs in proc sysfs devtmpfs devpts securityfs debugfs tracefs cgroup2 bpf; do
	grep -q "^[^ ]* [^ ]* $fs " /proc/mounts || { echo "no $fs"; exit 1; }; done'
is "users own their homes" "user operator" "$(stat -c %U /home/user /home/operator | xargs)"
check "writable root, /tmp, /dev/shm" touch /x /usr/x /tmp/x /dev/shm/x
check "loopback network" busybox ping -c 1 127.0.0.1
shell "reopens its output" \
	'echo "# a line on the console" >/dev/console && : >/dev/stdout >/dev/stderr'
check "clock is set" test "$(date +%Y)" -ge 2024
is "every CPU is online" "$(grep -c ^processor /proc/cpuinfo)" "$(nproc)"
shell "kernel symbols and types" \
	'grep -q " T security_file_open" /proc/kallsyms && [[ -r /sys/kernel/btf/vmlinux ]]'
shell "bpftool dumps types" \
	'bpftool btf dump file /sys/kernel/btf/vmlinux | head -n 1 | grep "^.1. "'
check "bpftool lists programs" bpftool prog
check "python has its standard library" python3 -c \
	"import socket, ctypes, json, subprocess; socket.socket()"
if compgen -G "/usr/lib/python3*/__pycache__/ast.$(python3 -c 'import sys; print(sys.implementation.cache_tag)').pyc" >/dev/null; then
	shell "python uses the byte code of its library" \
		'python3 -v -c "import ast" 2>&1 | grep "ast.*matches"'
else
	skip "python uses the byte code of its library" "none could be compiled for this guest"
fi
is "drops to a user" user "$(as_user id -un)"
shell "drops capabilities" \
	'setpriv --bounding-set=-all --inh-caps=-all capsh --print | grep -q "^Current: =$" &&
	capsh --drop=cap_sys_admin -- -c "! mount -t tmpfs none /mnt"'
is "user namespace" 0 "$(as_user unshare -r id -u)"
shell "strace" 'strace -o /tmp/trace -e openat true && grep -q openat /tmp/trace'
if [[ -d /usr/lib/modules/$(uname -r) ]]; then
	shell "modules load" 'modprobe nf_tables && lsmod | grep -q ^nf_tables && modinfo nf_tables'
	shell "nft" \
		'nft add table inet t && nft add chain inet t c && nft list ruleset | grep -q "table inet t"'
else
	skip "modules load" "no modules"
fi
check "audit daemon starts" start-auditd
shell "an audit record is found" \
	'echo 4711 >/proc/self/loginuid && auditctl -m marked && sync-audit &&
	ausearch -m USER | grep -q "auid=4711.*marked"'
shell "audit reports" 'aureport --summary && aureport --mac
	ausearch -m MAC_CONFIG_CHANGE 2>&1 | grep -q "no matches\|MAC_CONFIG"'
finish
