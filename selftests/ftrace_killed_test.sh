#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# After an internal error, ftrace disables itself until the next boot, and with it all probes that
# use it: none on arm64, where nothing can be engaged then, either. The last test of a boot.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

PEER=/sys/kernel/debug/killswitch_peer

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
load_module killswitch_peer || skip_all "no module killswitch_peer"
control disengage_all
body=$(call ks_target_int)

accepted "engage a function with ftrace support" "engage ks_target_int -7"
accepted "engage a function without ftrace support" "engage ks_target_breakpoint -8"
is "the first one returns its value" -7 "$(call ks_target_int)"
is "the second one returns its value" -8 "$(call ks_target_breakpoint)"
is "both are engaged" "engaged engaged" \
	"$(engaged_field ks_target_int state) $(engaged_field ks_target_breakpoint state)"

echo 1 >"$PEER/kill_ftrace"
if [[ $(uname -m) == aarch64 ]]; then
	is "the first one still returns its value" -7 "$(call ks_target_int)"
	is "the first one is still engaged" engaged "$(engaged_field ks_target_int state)"
else
	is "the first one runs" "$body" "$(call ks_target_int)"
	is "its state is disarmed" disarmed "$(engaged_field ks_target_int state)"
	is "status has one disarmed engagement" "disarmed: 1" "$(grep disarmed "$KS/status")"
	is "it is logged once" 1 "$(messages | grep -c 'disarmed ks_target_int')"
fi
is "the second one still returns its value" -8 "$(call ks_target_breakpoint)"
is "the second one is still engaged" engaged "$(engaged_field ks_target_breakpoint state)"

refused "nothing can be engaged" "Device or resource busy" \
	"engage ks_target_other -9"
like "the kernel log has the reason" 'ftrace' "$(messages | tail -n 1)"
refused "nothing can be watched" "Device or resource busy" "tryengage ks_target_other -9 1"
accepted "the first one can be disengaged" "disengage ks_target_int"
is "its body runs" "$body" "$(call ks_target_int)"
accepted "disengage_all is accepted" "disengage_all"
like "no slot is taken" $'(^|\n)slots: 0/' "$(<"$KS/status")"

finish
