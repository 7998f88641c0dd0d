#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tryengage: a function is engaged if nobody called it for a while.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

told()
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

# How long the machine takes for what is done while a function is watched.
took=$SECONDS
control "tryengage ks_target_int -7 86400"
for _ in 1 2; do
	call ks_target_int
	as_user cat "$TARGET/call/ks_target_int"
	engaged_field ks_target_int state
done >/dev/null
control disengage_all
took=$((SECONDS - took))

# Nobody calls it.
seconds=$((5 + 2 * took))
accepted "a function is watched" "tryengage ks_target_int -7 $seconds reason=quiet"
is "it is probing" probing "$(engaged_field ks_target_int state)"
left=$(<"$KS/fn/ks_target_int/timeout_left")
check "and shows how long" test "$left" -ge 1 -a "$left" -le $seconds
left=$(engaged_field ks_target_int timeout_left)
check "in 'engaged', too" test "$left" -ge 1 -a "$left" -le $seconds
check "it is engaged in the end, although nobody looks" eventually told
is "and says so" engaged "$(engaged_field ks_target_int state)"
is "no time is left" 0 "$(<"$KS/fn/ks_target_int/timeout_left")"
is "it returns the value" -7 "$(call ks_target_int)"
is "and counts hits" 1 "$(engaged_field ks_target_int hits)"
control disengage_all

# Somebody does.
seconds=$((8 + 3 * took))
accepted "a function is watched" "tryengage ks_target_int -7 $seconds"
is "its body runs" "$body" "$(call ks_target_int)"
is "again" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "the calls are counted" 2 "$(<"$KS/fn/ks_target_int/hits")"
exec {hits}<"$KS/fn/ks_target_int/hits"
check "it is given up in the end" eventually is_gone ks_target_int
like "and the kernel log says why" "aborted ks_target_int: it was called 2 times in $seconds s" \
	"$(messages | tail -n 1)"
check_not "its files are gone" test -e "$KS/fn/ks_target_int"
like "a file that was open says so" "Identifier removed" "$(cat <&$hits 2>&1 || :)"
exec {hits}<&-
is "its body runs" "$body" "$(call ks_target_int)"

# Other ends.
accepted "for no time at all" "tryengage ks_target_int -7 0"
is "it is engaged at once" engaged "$(engaged_field ks_target_int state)"
is "and returns the value" -7 "$(call ks_target_int)"
control disengage_all
accepted "for a day" "tryengage ks_target_int -7 86400"
like "it is watched for a day" '^86[34][0-9][0-9]$' "$(engaged_field ks_target_int timeout_left)"
refused "a second time" "Device or resource busy" "engage ks_target_int -7"
accepted "it can be ended meanwhile" "disengage ks_target_int"
check "it is gone" is_gone ks_target_int
refused "for longer than a day" "Invalid argument" "tryengage ks_target_int -7 86401"
accepted "the value may change meanwhile" "tryengage ks_target_int -7 86400"
echo -9 >"$KS/fn/ks_target_int/retval"
is "without effect on the body" "$body" "$(call ks_target_int)"
like "which the kernel log says" 'changed ks_target_int: it will return -9' "$(messages)"
echo 0 >"$KS/fn/ks_target_int/retval"
like "with what is to be known about the value" 'ks_target_int: note: its callers will go on' \
	"$(messages | tail -n 3)"
control disengage_all
accepted "two at once" "tryengage ks_target_int -7 1" "tryengage ks_target_other -8 86400"
check "the first is engaged when its time comes" eventually is_engaged ks_target_int
is "the second is watched" probing "$(engaged_field ks_target_other state)"
saved=$(</sys/kernel/debug/kprobes/enabled)
echo 0 >/sys/kernel/debug/kprobes/enabled
check "what cannot be watched all the time is given up" is_gone ks_target_other
like "and the kernel log says why" 'aborted ks_target_other: .*cannot be watched' "$(messages)"
echo "$saved" >/sys/kernel/debug/kprobes/enabled
control disengage_all
accepted "a function of a module" "tryengage killswitch_target:ks_target_int -7 86400"
rmmod killswitch_target
check "is given up when the module goes" is_gone killswitch_target:ks_target_int
load_target

finish
