#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guest script: prints the verdicts on every ninth function, and on the end of the kernel's code,
# with all modules loaded, for scripts/differential to compare with those of the userspace tool.
#
# append: lsm=lockdown,capability,landlock,killswitch,yama,apparmor,bpf loglevel=3
# smp: 1
# timeout: 900
# shellcheck source=../../selftests/lib.sh
. lib.sh

load_all_modules
lsmod | awk 'NR > 1 { print "# module " $1 }'
awk '$2 ~ /^[tTwW]$/ && $3 !~ /^__(pfx_|cfi_|SCT__)/ && $3 !~ /return_thunk|_alternative$|^__static_call|^__sw_hweight/ && $3 !~ /^[.]/ && length($3) < 300 {
	gsub(/[][]/, "", $4)
	print $4 == "" ? $3 : $4 ":" $3
}' /proc/kallsyms | LC_ALL=C sort -u | awk 'NR % 9 == 3 || $0 == "_etext"' >functions
questions=''
answer()
{
	[[ $questions ]] || return 0
	exec 3<>"$KS/check"
	env printf '%s' "$questions" >&3
	sed -n -E 's/^(allow|refuse) /# verdict &/p' <&3
	exec 3<&-
	questions=''
}
while read -r function; do
	for value in -1 0 1; do
		((${#questions} < 3700)) || answer
		questions+="$function $value"$'\n'
	done
done <functions
answer
echo 1..1
echo "ok 1 $(wc -l <functions) functions have verdicts"
