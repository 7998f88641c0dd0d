#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# After seal, all changes are refused. The last test of a boot.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
control disengage_all

refused "a malformed seal is refused" "Invalid argument" "seal now"
like "status is not sealed" $'(^|\n)sealed: 0($|\n)' "$(<"$KS/status")"
refused "a refused transaction does not seal" "No such file or directory" \
	"seal" "engage ks_no_such_function 0"
like "status is still not sealed" $'(^|\n)sealed: 0($|\n)' "$(<"$KS/status")"

accepted "engage and seal in one write" "engage ks_target_int -7" "seal"
like "status is sealed" $'(^|\n)sealed: 1($|\n)' "$(<"$KS/status")"
is "the function returns the value" -7 "$(cat "$TARGET/call/ks_target_int")"

for command in "engage ks_target_other -7" "disengage ks_target_int" "disengage_all" "seal"; do
	refused "$command is refused" "Operation not permitted" "$command"
done
like "the kernel log has the reason" 'refused seal: Killswitch is sealed' "$(messages | tail -n 1)"
check_not "changing the value is refused" put "$KS/fn/ks_target_int/retval" -8
is "the function still returns the value" -7 "$(cat "$TARGET/call/ks_target_int")"
is "its value is readable" -7 "$(<"$KS/fn/ks_target_int/retval")"
like "engaged is readable" 'ks_target_int retval=-7 .* state=engaged' "$(<"$KS/engaged")"

finish
