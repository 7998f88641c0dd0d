#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Basic checks for every kernel configuration with Killswitch: a function that is engaged and
# released, refusals, and an armed function.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# Prints how many of one ptrace access check per CPU are denied.
count_denials()
{
	local cpu denied=0

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		access_process taskset -c $cpu >/dev/null 2>&1 || ((++denied))
	done
	echo $denied
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
trap 'control disengage_all' EXIT
control disengage_all

if [[ -e /sys/kernel/btf/vmlinux ]]; then
	check "type information is available" grep -q '^types: [^n]' "$KS/status"
else
	check "type information is not available" grep -q '^types: none$' "$KS/status"
fi

is "ptrace access is allowed on each CPU" 0 "$(count_denials)"
accepted "engage __ptrace_may_access" "engage __ptrace_may_access -EPERM reason=basic"
is "ptrace access is denied on each CPU" "$(nproc)" "$(count_denials)"
is "each call is counted" "$(nproc)" "$(engaged_field __ptrace_may_access hits)"
is "it is engaged" engaged "$(engaged_field __ptrace_may_access state)"
is "the kernel is tainted" 1 "$(tainted)"
refused "engaging it again is refused" "Device or resource busy" "engage __ptrace_may_access -EPERM"
accepted "disengage" "disengage __ptrace_may_access"
is "ptrace access is allowed after disengage" 0 "$(count_denials)"

refused "an LSM entry point is refused" "Permission denied" "engage security_file_open 0"
refused "a function of the table is refused" "Permission denied" "engage copy_creds -1"
refused "a success value for a built-in function is refused" "Permission denied" \
	"engage ns_capable 1"
refused "a value that the table does not allow is refused" "Permission denied" \
	"engage __ptrace_may_access 0"
refused "an unknown function is refused" "No such file or directory" "engage ks_no_such_function 0"
refused "a missing value is refused" "Invalid argument" "engage __ptrace_may_access"
refused "a write with one bad line is refused" "No such file or directory" \
	"engage __ptrace_may_access -EPERM" "engage ks_no_such_function 0"
is "no line of it took effect" 0 "$(count_denials)"

accepted "a function of an unloaded module is accepted" "engage ks_no_module:ks_function -EIO"
is "it is armed" armed "$(engaged_field ks_no_module:ks_function state)"
accepted "disengage_all" disengage_all
is "nothing is engaged" "" "$(<"$KS/engaged")"
finish
