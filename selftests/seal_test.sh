#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A sealed Killswitch changes nothing any more. The last test of a boot.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
control disengage_all

refused "what is not understood seals nothing" "Invalid argument" "seal now"
like "status says so" $'(^|\n)sealed: 0($|\n)' "$(<"$KS/status")"
refused "a refused transaction seals nothing" "No such file or directory" \
	"seal" "engage ks_no_such_function 0"
like "status says so, too" $'(^|\n)sealed: 0($|\n)' "$(<"$KS/status")"

accepted "engage and seal in one write" "engage ks_target_int -7" "seal"
like "status says that it is sealed" $'(^|\n)sealed: 1($|\n)' "$(<"$KS/status")"
is "the function returns the value" -7 "$(cat "$TARGET/call/ks_target_int")"

for command in "engage ks_target_other -7" "disengage ks_target_int" "disengage_all" "seal"; do
	refused "$command is refused" "Operation not permitted" "$command"
done
like "the kernel log says why" 'refused seal: Killswitch was sealed' "$(messages | tail -n 1)"
check_not "so is another value" put "$KS/fn/ks_target_int/retval" -8
is "the function still returns the value" -7 "$(cat "$TARGET/call/ks_target_int")"
is "and reading is possible" -7 "$(<"$KS/fn/ks_target_int/retval")"
like "of everything" 'ks_target_int retval=-7 .* state=engaged' "$(<"$KS/engaged")"

finish
