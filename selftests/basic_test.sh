#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What holds in every kernel that has Killswitch, however it is configured: one
# function that is engaged and given back, one that is refused, one that waits.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# Makes a pair of sockets on each processor: prints how many times it was refused.
pairs()
{
	local cpu denied=0

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		make_socket_pair taskset -c $cpu || ((++denied))
	done
	echo $denied
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
trap 'control disengage_all' EXIT
control disengage_all

if [[ -e /sys/kernel/btf/vmlinux ]]; then
	check "it knows the kernel's types" grep -q '^types: [^n]' "$KS/status"
else
	check "it has no types" grep -q '^types: none$' "$KS/status"
fi

is "a pair of sockets can be had on each processor" 0 "$(pairs)"
accepted "engage" "engage unix_socketpair -EPERM reason=basic"
is "there is none on any processor" "$(nproc)" "$(pairs)"
is "each was counted" "$(nproc)" "$(engaged_field unix_socketpair hits)"
is "it is engaged" engaged "$(engaged_field unix_socketpair state)"
is "the kernel is tainted" 1 "$(tainted)"
refused "a second time" "Device or resource busy" "engage unix_socketpair -EIO"
accepted "disengage" "disengage unix_socketpair"
is "a pair of sockets can be had again" 0 "$(pairs)"

refused "an entry point of the security modules" "Permission denied" "engage security_file_open 0"
refused "what the table protects" "Permission denied" "engage ns_capable 1"
refused "what is not there" "No such file or directory" "engage ks_no_such_function 0"
refused "no value" "Invalid argument" "engage unix_socketpair"
refused "all or nothing" "No such file or directory" \
	"engage unix_socketpair -EPERM" "engage ks_no_such_function 0"
is "and nothing it was" 0 "$(pairs)"

accepted "a function of a module that is not loaded" "engage ks_no_module:ks_function -EIO"
is "waits for it" armed "$(engaged_field ks_no_module:ks_function state)"
accepted "disengage all" disengage_all
is "nothing is engaged" "" "$(<"$KS/engaged")"
finish
