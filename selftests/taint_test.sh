#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first engagement sets the taint flag H permanently; refusals do not.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target

if [[ $(tainted) == 1 ]]; then
	skip "no taint before the first engagement" "something was engaged in this boot"
else
	is "the file says 0 before the first engagement" 0 "$(<"$KS/taint")"
	refused "an LSM entry point is refused" "Permission denied" "engage security_file_open 0"
	refused "a malformed line is refused" "Invalid argument" "engage ks_target_int"
	refused "a refused transaction is rolled back" "No such file or directory" \
		"engage ks_target_int 0" "engage ks_no_such_function 0"
	accepted "disengage_all without engagements is accepted" "disengage_all"
	is "refusals do not taint (file)" 0 "$(<"$KS/taint")"
	is "refusals do not taint (bit 20)" 0 "$(tainted)"
	like "status has no taint" $'(^|\n)taint: 0($|\n)' "$(<"$KS/status")"
fi

accepted "engage" "engage ks_target_int 0"
is "the file says 1" 1 "$(<"$KS/taint")"
is "bit 20 is set" 1 "$(tainted)"
like "status has the taint" $'(^|\n)taint: 1($|\n)' "$(<"$KS/status")"
accepted "disengage" "disengage ks_target_int"
is "the file still says 1" 1 "$(<"$KS/taint")"
is "bit 20 stays" 1 "$(tainted)"
check_not "the file cannot be written" put "$KS/taint" 0
is "the file is unchanged" 1 "$(<"$KS/taint")"

# The flag is in reports of the kernel.
if [[ -w /proc/sysrq-trigger ]]; then
	mark="killswitch taint test $$"
	echo "$mark" >/dev/kmsg
	echo l >/proc/sysrq-trigger
	sleep 1
	like "a stack dump shows H" '\[H\]=KILLSWITCH' \
		"$(dmesg | sed "1,/$mark/d")"
else
	skip "a stack dump shows H" "no sysrq"
fi

finish
