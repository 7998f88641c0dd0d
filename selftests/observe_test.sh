#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# observe: calls of a function are counted, and run its body.
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
accepted "observe a function" "observe ks_target_int reason=rehearsal"
like "it is logged" \
	'observing ks_target_int: it runs, and its calls are counted reason="rehearsal"' \
	"$(messages | tail -n 2)"
is "its state is observing" observing "$(engaged_field ks_target_int state)"
is "it has no value" none "$(engaged_field ks_target_int retval)"
is "its file retval has no value" none "$(<"$KS/fn/ks_target_int/retval")"
is "its body runs" "$body" "$(call ks_target_int)"
is "its body runs for users" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "both calls are counted" 2 "$(engaged_field ks_target_int hits)"
is "the taint is unchanged" "$was_tainted" "$(tainted)"
check "it is recorded" eventually has_records $((before + 1))
like "the record has the operation" 'op=observe func="ks_target_int" reason="rehearsal" .* res=1$' \
	"$(records | tail -n 1)"
refused "it cannot be observed twice" "Device or resource busy" "observe ks_target_int"
like "its value cannot be changed" "Device or resource busy" \
	"$(put "$KS/fn/ks_target_int/retval" -1 || :)"
accepted "disengage ends it" "disengage ks_target_int"
like "the end is logged with the number of calls" 'disengaged ks_target_int after 2 hits' \
	"$(messages | tail -n 1)"
is "the body still runs" "$body" "$(call ks_target_int)"

# It becomes an engagement atomically: each call is either counted and run, or short-circuited.
accepted "observe a function to engage it" "observe ks_target_int"
results=$(mktemp)
while call ks_target_int; do :; done >"$results" &
loop=$!
eventually test -s "$results"
observed=$(engaged_field ks_target_int hits)
accepted "engage the observed function" "engage ks_target_int -7 reason=enforced"
sleep 0.3
kill $loop
wait $loop 2>/dev/null || :
check "calls were counted before" test "$observed" -ge 1
is "it is engaged" engaged "$(engaged_field ks_target_int state)"
is "there is only one line for it" 1 "$(grep -c '^ks_target_int ' "$KS/engaged")"
is "the new reason replaces the old one" '"enforced"' "$(engaged_field ks_target_int reason)"
is "no call runs after the first short-circuited one" "" \
	"$(sed -n '/^-7$/,$p' "$results" | grep -vx -e -7 || :)"
taken=$(grep -cx -e -7 "$results" || :)
hits=$(engaged_field ks_target_int hits)
check "each short-circuited call is a hit" test "$hits" -ge "$taken" -a "$hits" -le $((taken + 1))
counted=$(records | grep 'op=engage' | tail -n 1 | sed -nE 's/.* hits=([0-9]+) callers=1 .*/\1/p')
check "the record has the number of counted calls" test "${counted:-0}" -ge "$observed"
control disengage_all
rm -f "$results"

# Only by the same name and for the same users.
accepted "observe with scope=nonroot" "observe ks_target_int scope=nonroot"
is "root's call runs" "$body" "$(call ks_target_int)"
is "root's call is not counted" 0 "$(engaged_field ks_target_int hits)"
is "a user's call runs" "$body" "$(as_user cat "$TARGET/call/ks_target_int")"
is "a user's call is counted" 1 "$(engaged_field ks_target_int hits)"
refused "it cannot be engaged with another scope" "Device or resource busy" \
	"engage ks_target_int -7"
refused "it cannot be engaged by another name" "Device or resource busy" \
	"engage killswitch_target:ks_target_int -7 scope=nonroot"
is "it is still observed" observing "$(engaged_field ks_target_int state)"
is "a write with a duplicate fails" "Device or resource busy" \
	"$(control "engage ks_target_int -7 scope=nonroot" "engage ks_target_int -7" || :)"
is "it is still observed after a failed write" observing "$(engaged_field ks_target_int state)"
is "its count is kept" 1 "$(engaged_field ks_target_int hits)"
accepted "it can be engaged with the same scope" "engage ks_target_int -7 scope=nonroot"
is "users get the value" -7 "$(as_user cat "$TARGET/call/ks_target_int")"
is "root runs the body" "$body" "$(call ks_target_int)"
refused "an engaged function cannot be observed" "Device or resource busy" \
	"observe ks_target_int scope=nonroot"
control disengage_all
accepted "observe a function to watch it" "observe ks_target_int"
accepted "tryengage of an observed function" "tryengage ks_target_int -7 86400"
is "its state is probing" probing "$(engaged_field ks_target_int state)"
control disengage_all

# Functions that cannot be engaged cannot be observed.
refused "an LSM entry point is refused" "Permission denied" "observe security_file_open"
refused "a function that takes no value is refused" "Permission denied" "observe commit_creds"
refused "an unknown function is refused" "No such file or directory" "observe ks_target_nothing"
refused "a value is refused" "Invalid argument" "observe ks_target_int -7"

# Modules.
accepted "observe a function of a module" "observe killswitch_target:ks_target_int"
call ks_target_int >/dev/null
rmmod killswitch_target
is "it is armed when the module is unloaded" armed \
	"$(engaged_field killswitch_target:ks_target_int state)"
is "its count is kept while it is armed" 1 "$(engaged_field killswitch_target:ks_target_int hits)"
load_target
is "it is observed when the module is loaded" observing \
	"$(engaged_field killswitch_target:ks_target_int state)"
call ks_target_int >/dev/null
is "it continues to count" 2 "$(engaged_field killswitch_target:ks_target_int hits)"
control disengage_all
rmmod killswitch_target
accepted "observe a function that the module does not have" \
	"observe killswitch_target:ks_target_nothing"
load_target
is "it is missing" missing "$(engaged_field killswitch_target:ks_target_nothing state)"
control disengage_all
rmmod killswitch_target
accepted "observe functions, one of which will be refused" \
	"observe killswitch_target:ks_target_int" \
	"observe killswitch_target:ks_target_noprobe"
check "the module is loaded" load_target
like "the refusal is logged" 'module killswitch_target is loaded WITHOUT it' \
	"$(messages | tail -n 5)"
is "the other function is observed" observing \
	"$(engaged_field killswitch_target:ks_target_int state)"
control disengage_all

# It expires.
accepted "observe for some seconds" "observe ks_target_int for=2"
check "it expires" eventually is_gone ks_target_int
like "the expiry is logged" 'expired ks_target_int after 0 hits' "$(messages | tail -n 1)"

# A function without ftrace support.
body=$(call ks_target_breakpoint)
accepted "observe with a breakpoint" "observe ks_target_breakpoint"
is "the body runs after a breakpoint" "$body" "$(call ks_target_breakpoint)"
is "the call is counted at a breakpoint" 1 "$(engaged_field ks_target_breakpoint hits)"
control disengage_all

# Disarmed probes count nothing, which is reported.
accepted "observe a function to disarm it" "observe ks_target_int"
saved=$(</sys/kernel/debug/kprobes/enabled)
echo 0 >/sys/kernel/debug/kprobes/enabled
is "its state is disarmed" disarmed "$(engaged_field ks_target_int state)"
like "it is logged that calls are not counted" \
	'disarmed ks_target_int: .* its calls are NOT counted' "$(messages | tail -n 1)"
echo "$saved" >/sys/kernel/debug/kprobes/enabled
is "it is observed after rearming" observing "$(engaged_field ks_target_int state)"

finish
