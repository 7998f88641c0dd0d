#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# for= and keep: an engagement ends by itself, unless it is kept.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# One that expires while no administrator reads the list.
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

# It ends by itself, and says so.
before=$(records | wc -l)
accepted "an engagement for some seconds" "engage ks_target_int -7 for=4 reason=lunch"
like "says when it ends" 'engaged ks_target_int: .*; it ends by itself in 4 s reason="lunch"' \
	"$(messages | tail -n 2)"
is "it is engaged" -7 "$(call ks_target_int)"
left=$(engaged_field ks_target_int timeout_left)
check "'engaged' shows how long" test "$left" -ge 1 -a "$left" -le 4
left=$(<"$KS/fn/ks_target_int/timeout_left")
check "so does its file" test "$left" -ge 1 -a "$left" -le 4
exec {hits}<"$KS/fn/ks_target_int/hits"
check "it ends, although no administrator looks" eventually is_gone_for_users ks_target_int
is "its body runs" "$body" "$(call ks_target_int)"
like "the kernel log says so" 'expired ks_target_int after 1 hits: its time is over' \
	"$(messages | tail -n 1)"
like "a file that was open says so" "Identifier removed" "$(cat <&$hits 2>&1 || :)"
exec {hits}<&-
check "both are on record" eventually has_records $((before + 2))
like "the beginning, with its time" \
	'op=engage func="ks_target_int" retval=-7 for=4 reason="lunch" .* res=1$' \
	"$(records | tail -n 2 | head -n 1)"
like "and the end, which nobody caused" \
	'op=expire func="ks_target_int" hits=1 callers=1 auid=4294967295 ses=4294967295 res=1$' \
	"$(records | tail -n 1)"

# Time also passes when the list is read.
accepted "the shortest time" "engage ks_target_int -7 for=1"
sleep 1.1
check "is over when an administrator looks" is_gone ks_target_int
accepted "a year" "engage ks_target_int -7 for=31536000"
like "is the longest" '^31535[89][0-9][0-9]$|^31536000$' \
	"$(engaged_field ks_target_int timeout_left)"
control disengage_all
refused "more is refused" "Invalid argument" "engage ks_target_int -7 for=31536001"
refused "and so is no time" "Invalid argument" "engage ks_target_int -7 for=0"

# It is kept.
before=$(records | wc -l)
accepted "two for some seconds" "engage ks_target_int -7 for=3" "engage ks_target_other -8 for=3"
accepted "one of them is kept" "keep ks_target_int"
like "the kernel log says so" 'kept ks_target_int: it does not end by itself any more' \
	"$(messages | tail -n 1)"
check "the other one ends" eventually is_gone ks_target_other
is "what was kept stays" -7 "$(call ks_target_int)"
is "without an end" "" "$(engaged_field ks_target_int timeout_left)"
is "its file says 0" 0 "$(<"$KS/fn/ks_target_int/timeout_left")"
accepted "it can be kept again" "keep ks_target_int"
check "all is on record" eventually has_records $((before + 5))
like "the first time, too" 'op=keep func="ks_target_int" .* res=1$' \
	"$(records | tail -n 3 | head -n 1)"
refused "what is not engaged cannot be kept" "No such file or directory" "keep ks_target_other"
refused "nor what ends in the same write" "No such file or directory" \
	"disengage ks_target_int" "keep ks_target_int"
is "which then does not end" -7 "$(call ks_target_int)"
accepted "the other way round" "keep ks_target_int" "disengage ks_target_int"
check "it ends" is_gone ks_target_int

# What is watched, armed, for users only.
accepted "what is watched" "tryengage ks_target_int -7 1 for=86400"
left=$(engaged_field ks_target_int timeout_left)
check "shows first for how long it is" test "$left" -le 1
check "it is engaged" eventually is_engaged ks_target_int
left=$(engaged_field ks_target_int timeout_left)
check "and shows then when it ends" test "$left" -gt 86000
control disengage_all
accepted "what ends earlier than it is decided on" "tryengage ks_target_int -7 86400 for=2"
check "just ends" eventually is_gone ks_target_int
rmmod killswitch_target
accepted "what waits for its module" "engage killswitch_target:ks_target_int -7 for=3"
is "is armed" armed "$(engaged_field killswitch_target:ks_target_int state)"
check "ends, too" eventually is_gone_for_users killswitch_target:ks_target_int
accepted "once more" "engage killswitch_target:ks_target_int -7 for=6"
load_target
is "what is engaged with its module" -7 "$(call ks_target_int)"
check "ends when it would have" eventually is_gone killswitch_target:ks_target_int
is "its body runs" "$body" "$(call ks_target_int)"
refused "a question has no time" "Invalid argument" "check ks_target_int -7 for=3"

finish
