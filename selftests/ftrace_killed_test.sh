#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ftrace gives up when it finds itself broken, until the next boot, and with it do
# the probes that use it: none on arm64, where nothing new is engaged either. The last
# test of a boot.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

PEER=/sys/kernel/debug/killswitch_peer

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
load_module killswitch_peer || skip_all "no module killswitch_peer"
control disengage_all
body=$(call ks_target_int)

accepted "a function with room for tracers" "engage ks_target_int -7"
accepted "and one without" "engage ks_target_breakpoint -8"
is "return" -7 "$(call ks_target_int)"
is "their values" -8 "$(call ks_target_breakpoint)"
is "and are engaged" "engaged engaged" \
	"$(engaged_field ks_target_int state) $(engaged_field ks_target_breakpoint state)"

echo 1 >"$PEER/kill_ftrace"
if [[ $(uname -m) == aarch64 ]]; then
	is "without ftrace the one returns its value" -7 "$(call ks_target_int)"
	is "and is engaged" engaged "$(engaged_field ks_target_int state)"
else
	is "without ftrace the one runs" "$body" "$(call ks_target_int)"
	is "and says so" disarmed "$(engaged_field ks_target_int state)"
	is "as 'status' does" "disarmed: 1" "$(grep disarmed "$KS/status")"
	is "and the kernel log, once" 1 "$(messages | grep -c 'disarmed ks_target_int')"
fi
is "the other one returns its value" -8 "$(call ks_target_breakpoint)"
is "and is engaged" engaged "$(engaged_field ks_target_breakpoint state)"

refused "nothing is engaged that would not be armed" "Device or resource busy" \
	"engage ks_target_other -9"
like "the kernel log says why" 'ftrace' "$(messages | tail -n 1)"
refused "nor watched" "Device or resource busy" "tryengage ks_target_other -9 1"
accepted "what is engaged can be ended" "disengage ks_target_int"
is "and runs" "$body" "$(call ks_target_int)"
accepted "so can all" "disengage_all"
like "nothing is left" $'(^|\n)slots: 0/' "$(<"$KS/status")"

finish
