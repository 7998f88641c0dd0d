#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# for= and keep: an engagement expires, unless it is kept.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# Whether an engagement has expired, without reading the list as an administrator.
is_gone_for_users()
{
	! as_user grep -q "^$1 " "$KS/engaged"
}

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
load_target
need_audit_log
trap 'control disengage_all' EXIT
control disengage_all
body=$(call ks_target_int)

# It expires, which is reported.
before=$(records | wc -l)
accepted "engage for some seconds" "engage ks_target_int -7 for=4 reason=lunch"
like "the time is logged" 'engaged ks_target_int: .*; it expires in 4 s reason="lunch"' \
	"$(messages | tail -n 2)"
is "it is engaged" -7 "$(call ks_target_int)"
left=$(engaged_field ks_target_int timeout_left)
check "engaged has the remaining time" test "$left" -ge 1 -a "$left" -le 4
left=$(<"$KS/fn/ks_target_int/timeout_left")
check "its file has the remaining time" test "$left" -ge 1 -a "$left" -le 4
exec {hits}<"$KS/fn/ks_target_int/hits"
check "it expires without a reader" eventually is_gone_for_users ks_target_int
is "its body runs" "$body" "$(call ks_target_int)"
like "the expiry is logged" 'expired ks_target_int after 1 hits: its time limit has passed' \
	"$(messages | tail -n 1)"
like "an open file reports the end" "Identifier removed" "$(cat <&$hits 2>&1 || :)"
exec {hits}<&-
check "both events are recorded" eventually has_records $((before + 2))
like "the first record has the time" \
	'op=engage func="ks_target_int" retval=-7 for=4 reason="lunch" .* res=1$' \
	"$(records | tail -n 2 | head -n 1)"
like "the expiry is recorded without a user" \
	'op=expire func="ks_target_int" hits=1 callers=1 auid=4294967295 ses=4294967295 res=1$' \
	"$(records | tail -n 1)"

# The time is also checked when the list is read.
accepted "the shortest time is accepted" "engage ks_target_int -7 for=1"
sleep 1.1
check "it has expired when the list is read" is_gone ks_target_int
accepted "the longest time is accepted" "engage ks_target_int -7 for=31536000"
like "its remaining time is a year" '^31535[89][0-9][0-9]$|^31536000$' \
	"$(engaged_field ks_target_int timeout_left)"
control disengage_all
refused "a longer time is refused" "Invalid argument" "engage ks_target_int -7 for=31536001"
refused "a time of 0 is refused" "Invalid argument" "engage ks_target_int -7 for=0"

# It is kept.
before=$(records | wc -l)
accepted "engage two functions for some seconds" "engage ks_target_int -7 for=3" \
	"engage ks_target_other -8 for=3"
accepted "keep one of them" "keep ks_target_int"
like "keeping is logged" 'kept ks_target_int: it no longer expires' \
	"$(messages | tail -n 1)"
check "the other one expires" eventually is_gone ks_target_other
is "the kept one stays engaged" -7 "$(call ks_target_int)"
is "the kept one has no remaining time" "" "$(engaged_field ks_target_int timeout_left)"
is "its file has a remaining time of 0" 0 "$(<"$KS/fn/ks_target_int/timeout_left")"
accepted "it can be kept again" "keep ks_target_int"
check "all events are recorded" eventually has_records $((before + 5))
like "keeping is recorded" 'op=keep func="ks_target_int" .* res=1$' \
	"$(records | tail -n 3 | head -n 1)"
refused "keep of a function that is not engaged is refused" "No such file or directory" \
	"keep ks_target_other"
refused "keep after disengage in one write is refused" "No such file or directory" \
	"disengage ks_target_int" "keep ks_target_int"
is "the refused write does not disengage" -7 "$(call ks_target_int)"
accepted "keep before disengage in one write is accepted" "keep ks_target_int" \
	"disengage ks_target_int"
check "that write disengages" is_gone ks_target_int

# Watched, armed and scoped engagements.
accepted "tryengage with a time limit" "tryengage ks_target_int -7 1 for=86400"
left=$(engaged_field ks_target_int timeout_left)
check "the remaining time is first that of watching" test "$left" -le 1
check "it is engaged in the end" eventually is_engaged ks_target_int
left=$(engaged_field ks_target_int timeout_left)
check "the remaining time is then the limit" test "$left" -gt 86000
control disengage_all
accepted "tryengage with a limit shorter than watching" "tryengage ks_target_int -7 86400 for=2"
check "it expires while it is watched" eventually is_gone ks_target_int
rmmod killswitch_target
accepted "arm a function with a time limit" "engage killswitch_target:ks_target_int -7 for=3"
is "is armed" armed "$(engaged_field killswitch_target:ks_target_int state)"
check "ends, too" eventually is_gone_for_users killswitch_target:ks_target_int
accepted "arm it with a longer limit" "engage killswitch_target:ks_target_int -7 for=6"
load_target
is "it is engaged with its module" -7 "$(call ks_target_int)"
check "the limit counts from arming" eventually is_gone killswitch_target:ks_target_int
is "its body runs after expiry" "$body" "$(call ks_target_int)"

# What has expired cannot be kept: its calls run. The last of many is in the list for some time,
# while the probes of the others are removed. (Users read the list without updating it.)
lines=()
for i in {000..119}; do
	lines+=("engage ks_many_$i -7 for=4")
done
left()
{
	as_user sed -n 's/^ks_many_119 .*timeout_left=\([0-9]*\).*/\1/p' "$KS/engaged"
}
accepted "engage many functions for some seconds" "${lines[@]}"
until [[ $(left) -eq 0 ]]; do
	:
done
refused "keep of what has expired is refused" "No such file or directory" "keep ks_many_119"
check "it is gone" is_gone ks_many_119

refused "check refuses a time limit" "Invalid argument" "check ks_target_int -7 for=3"

finish
