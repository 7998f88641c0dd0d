#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tryengage: a function is engaged if it is not called for a while.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

is_logged()
{
	messages | tail -n 3 | grep -q ': engaged ks_target_int'
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
trap 'control disengage_all' EXIT
control disengage_all
body=$(call ks_target_int)
chmod 755 /sys/kernel/debug

# How long the machine takes for the operations during the watch.
took=$SECONDS
control "tryengage ks_target_int -7 86400"
for _ in 1 2; do
	call ks_target_int
	as_user cat "$TARGET/call/ks_target_int"
	engaged_field ks_target_int state
done >/dev/null
control disengage_all
took=$((SECONDS - took))

# It is not called.
seconds=$((5 + 2 * took))
accepted "tryengage a function" "tryengage ks_target_int -7 $seconds reason=quiet"
is "its state is probing" probing "$(engaged_field ks_target_int state)"
left=$(<"$KS/fn/ks_target_int/timeout_left")
check "the remaining time is shown" test "$left" -ge 1 -a "$left" -le $seconds
left=$(engaged_field ks_target_int timeout_left)
check "in 'engaged', too" test "$left" -ge 1 -a "$left" -le $seconds
check "it is engaged in the end, without a reader" eventually is_logged
is "its state is engaged" engaged "$(engaged_field ks_target_int state)"
is "no time is left" 0 "$(<"$KS/fn/ks_target_int/timeout_left")"
is "it returns the value" -7 "$(call ks_target_int)"
is "its hits are counted" 1 "$(engaged_field ks_target_int hits)"
control disengage_all

# It is called.
seconds=$((8 + 3 * took))
accepted "tryengage a function that is called" "tryengage ks_target_int -7 $seconds"
is "its body runs while it is watched" "$body" "$(call ks_target_int)"
is "its body runs for users" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "the calls are counted" 2 "$(<"$KS/fn/ks_target_int/hits")"
exec {hits}<"$KS/fn/ks_target_int/hits"
check "it is aborted in the end" eventually is_gone ks_target_int
like "the kernel log has the number of calls" \
	"aborted ks_target_int: it was called 2 times in $seconds s" \
	"$(messages | tail -n 1)"
check_not "its files are removed" test -e "$KS/fn/ks_target_int"
like "an open file reports the end" "Identifier removed" "$(cat <&$hits 2>&1 || :)"
exec {hits}<&-
is "its body runs after the abort" "$body" "$(call ks_target_int)"

# Other cases.
accepted "tryengage for 0 seconds" "tryengage ks_target_int -7 0"
is "it is engaged immediately" engaged "$(engaged_field ks_target_int state)"
is "it returns the value immediately" -7 "$(call ks_target_int)"
control disengage_all
accepted "tryengage for a day" "tryengage ks_target_int -7 86400"
like "its remaining time is a day" '^86[34][0-9][0-9]$' \
	"$(engaged_field ks_target_int timeout_left)"
refused "engaging a watched function is refused" "Device or resource busy" "engage ks_target_int -7"
accepted "a watched function can be disengaged" "disengage ks_target_int"
check "the watched function is released" is_gone ks_target_int
refused "tryengage for longer than a day is refused" "Invalid argument" \
	"tryengage ks_target_int -7 86401"
accepted "tryengage to change the value" "tryengage ks_target_int -7 86400"
echo -9 >"$KS/fn/ks_target_int/retval"
is "the new value has no effect on the body" "$body" "$(call ks_target_int)"
like "the new value is logged" 'changed ks_target_int: it will return -9' "$(messages)"
echo 0 >"$KS/fn/ks_target_int/retval"
like "the log has a note about the value" 'ks_target_int: note: its callers will assume success' \
	"$(messages | tail -n 3)"
control disengage_all
accepted "tryengage two functions" "tryengage ks_target_int -7 1" \
	"tryengage ks_target_other -8 86400"
check "the first is engaged in time" eventually is_engaged ks_target_int
is "the second is watched" probing "$(engaged_field ks_target_other state)"
saved=$(</sys/kernel/debug/kprobes/enabled)
echo 0 >/sys/kernel/debug/kprobes/enabled
check "a function that is not watched all the time is aborted" is_gone ks_target_other
like "the kernel log has the reason" 'aborted ks_target_other: .*can no longer be watched' \
	"$(messages)"
echo "$saved" >/sys/kernel/debug/kprobes/enabled
control disengage_all
accepted "tryengage a function of a module" "tryengage killswitch_target:ks_target_int -7 86400"
rmmod killswitch_target
check "it is aborted when the module is unloaded" is_gone killswitch_target:ks_target_int
load_target

finish
