#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# observe: calls of a function are counted, and run it.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
need_audit_log
trap 'control disengage_all' EXIT
control disengage_all
chmod 755 /sys/kernel/debug
body=$(call ks_target_int)

# It counts, and changes nothing.
before=$(records | wc -l)
was_tainted=$(tainted)
accepted "a function is observed" "observe ks_target_int reason=rehearsal"
like "which the kernel log says" \
	'observing ks_target_int: its calls are counted, and run it reason="rehearsal"' \
	"$(messages | tail -n 2)"
is "its state" observing "$(engaged_field ks_target_int state)"
is "it returns nothing of ours" none "$(engaged_field ks_target_int retval)"
is "in its file, too" none "$(<"$KS/fn/ks_target_int/retval")"
is "its body runs" "$body" "$(call ks_target_int)"
is "for users, too" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "both are counted" 2 "$(engaged_field ks_target_int hits)"
is "the kernel is no more tainted than before" "$was_tainted" "$(tainted)"
check "it is on record" eventually has_records $((before + 1))
like "as what it is" 'op=observe func="ks_target_int" reason="rehearsal" .* res=1$' \
	"$(records | tail -n 1)"
refused "it cannot be observed twice" "Device or resource busy" "observe ks_target_int"
like "and no value can be written" "Device or resource busy" \
	"$(put "$KS/fn/ks_target_int/retval" -1 || :)"
accepted "it ends as an engagement does" "disengage ks_target_int"
like "with the number of calls" 'disengaged ks_target_int after 2 hits' "$(messages | tail -n 1)"
is "and the body still runs" "$body" "$(call ks_target_int)"

# It becomes an engagement, without a gap: no call is both counted and run, or neither.
accepted "a function is observed" "observe ks_target_int"
results=$(mktemp)
while call ks_target_int; do :; done >"$results" &
loop=$!
eventually test -s "$results"
observed=$(engaged_field ks_target_int hits)
accepted "it is engaged" "engage ks_target_int -7 reason=enforced"
sleep 0.3
kill $loop
wait $loop 2>/dev/null || :
check "calls were counted before" test "$observed" -ge 1
is "it is engaged" engaged "$(engaged_field ks_target_int state)"
is "there is one line about it" 1 "$(grep -c '^ks_target_int ' "$KS/engaged")"
is "with the new reason" '"enforced"' "$(engaged_field ks_target_int reason)"
is "no call runs after one that did not" "" \
	"$(sed -n '/^-7$/,$p' "$results" | grep -vx -e -7 || :)"
taken=$(grep -cx -e -7 "$results" || :)
hits=$(engaged_field ks_target_int hits)
check "each that did not is a hit" test "$hits" -ge "$taken" -a "$hits" -le $((taken + 1))
counted=$(records | grep 'op=engage' | tail -n 1 | sed -nE 's/.* hits=([0-9]+) callers=1 .*/\1/p')
check "the record says how many were counted" test "${counted:-0}" -ge "$observed"
control disengage_all
rm -f "$results"

# Only by the same name and for the same callers.
accepted "a function is observed for users" "observe ks_target_int scope=nonroot"
is "root's call" "$body" "$(call ks_target_int)"
is "does not count" 0 "$(engaged_field ks_target_int hits)"
is "that of a user" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "does" 1 "$(engaged_field ks_target_int hits)"
refused "it cannot be engaged for others" "Device or resource busy" "engage ks_target_int -7"
refused "nor by another name" "Device or resource busy" \
	"engage killswitch_target:ks_target_int -7 scope=nonroot"
is "it is still observed" observing "$(engaged_field ks_target_int state)"
is "in a write that fails, too" "Device or resource busy" \
	"$(control "engage ks_target_int -7 scope=nonroot" "engage ks_target_int -7" || :)"
is "it is" observing "$(engaged_field ks_target_int state)"
is "and counts on" 1 "$(engaged_field ks_target_int hits)"
accepted "for the same it can" "engage ks_target_int -7 scope=nonroot"
is "users get the value" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "root does not" "$body" "$(call ks_target_int)"
refused "what is engaged cannot be observed" "Device or resource busy" \
	"observe ks_target_int scope=nonroot"
control disengage_all
accepted "what is observed can be watched" "observe ks_target_int"
accepted "by tryengage" "tryengage ks_target_int -7 86400"
is "its state" probing "$(engaged_field ks_target_int state)"
control disengage_all

# What cannot be engaged is not observed.
refused "an entry point of the security modules" "Permission denied" "observe security_file_open"
refused "a function that takes no value" "Permission denied" "observe commit_creds"
refused "no function" "No such file or directory" "observe ks_target_nothing"
refused "a value" "Invalid argument" "observe ks_target_int -7"

# Modules.
accepted "a function by its module" "observe killswitch_target:ks_target_int"
call ks_target_int >/dev/null
rmmod killswitch_target
is "waits for it" armed "$(engaged_field killswitch_target:ks_target_int state)"
is "with what was counted" 1 "$(engaged_field killswitch_target:ks_target_int hits)"
load_target
is "and goes on" observing "$(engaged_field killswitch_target:ks_target_int state)"
call ks_target_int >/dev/null
is "counting" 2 "$(engaged_field killswitch_target:ks_target_int hits)"
control disengage_all
rmmod killswitch_target
accepted "one that its module does not have" "observe killswitch_target:ks_target_nothing"
load_target
is "is missing" missing "$(engaged_field killswitch_target:ks_target_nothing state)"
control disengage_all
rmmod killswitch_target
accepted "what will not be allowed" "observe killswitch_target:ks_target_int" \
	"observe killswitch_target:ks_target_noprobe"
check "does not keep the module out" load_target
like "which the kernel log says" 'module killswitch_target is loaded WITHOUT it' \
	"$(messages | tail -n 5)"
is "the others are observed" observing "$(engaged_field killswitch_target:ks_target_int state)"
control disengage_all

# It ends by itself.
accepted "for some seconds" "observe ks_target_int for=2"
check "it ends" eventually is_gone ks_target_int
like "on record" 'expired ks_target_int after 0 hits' "$(messages | tail -n 1)"

# Where there is no place for tracers.
body=$(call ks_target_breakpoint)
accepted "at a breakpoint" "observe ks_target_breakpoint"
is "the body runs" "$body" "$(call ks_target_breakpoint)"
is "and that is counted" 1 "$(engaged_field ks_target_breakpoint hits)"
control disengage_all

# Probes that are switched off count nothing, and it says so.
accepted "a function is observed" "observe ks_target_int"
saved=$(</sys/kernel/debug/kprobes/enabled)
echo 0 >/sys/kernel/debug/kprobes/enabled
is "what counts nothing" disarmed "$(engaged_field ks_target_int state)"
like "is said to" 'disarmed ks_target_int: .* its calls are NOT counted' "$(messages | tail -n 1)"
echo "$saved" >/sys/kernel/debug/kprobes/enabled
is "it is on again" observing "$(engaged_field ks_target_int state)"

finish
