#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What holds in every kernel that has Killswitch, however it is configured: one
# function that is engaged and given back, one that is refused, one that waits.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# Looks into another process on each processor: prints how many times it was refused.
looks()
{
	local cpu denied=0

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		look_into taskset -c $cpu >/dev/null 2>&1 || ((++denied))
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

is "root looks into another process on each processor" 0 "$(looks)"
accepted "engage" "engage __ptrace_may_access -EPERM reason=basic"
is "there is none on any processor" "$(nproc)" "$(looks)"
is "each was counted" "$(nproc)" "$(engaged_field __ptrace_may_access hits)"
is "it is engaged" engaged "$(engaged_field __ptrace_may_access state)"
is "the kernel is tainted" 1 "$(tainted)"
refused "a second time" "Device or resource busy" "engage __ptrace_may_access -EPERM"
accepted "disengage" "disengage __ptrace_may_access"
is "root looks again" 0 "$(looks)"

refused "an entry point of the security modules" "Permission denied" "engage security_file_open 0"
refused "what the table protects" "Permission denied" "engage copy_creds -1"
refused "what is built in, to have done its work" "Permission denied" "engage ns_capable 1"
refused "another value than the one that the table names" "Permission denied" \
	"engage __ptrace_may_access 0"
refused "what is not there" "No such file or directory" "engage ks_no_such_function 0"
refused "no value" "Invalid argument" "engage __ptrace_may_access"
refused "all or nothing" "No such file or directory" \
	"engage __ptrace_may_access -EPERM" "engage ks_no_such_function 0"
is "and nothing it was" 0 "$(looks)"

accepted "a function of a module that is not loaded" "engage ks_no_module:ks_function -EIO"
is "waits for it" armed "$(engaged_field ks_no_module:ks_function state)"
accepted "disengage all" disengage_all
is "nothing is engaged" "" "$(<"$KS/engaged")"
finish
