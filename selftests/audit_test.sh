#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every engage, disengage and refusal is one audit record with all its fields
# in their order, found by stock ausearch and aureport, and one kernel log line.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

OPERATOR=1000

begin
[[ -d $KS ]] || skip_all "Killswitch is not in lsm="
need_audit_log
load_target
control disengage_all

# For put(): the operator has logged in and become root.
LOGIN=$OPERATOR

seen=$(records | wc -l)
# A full log would lose an old line for each new one.
dmesg -c >/dev/null
logged=0

# What follows the fields of the request in every record.
process="subj=[^ ]+ pid=[0-9]+ comm=\"[^\"]+\" exe=\"[^\"]+\""
subject="auid=$OPERATOR uid=0 ses=[0-9]+ $process"
succeeded="$subject res=1"

# recorded DESCRIPTION REGEX...: since the last time there was exactly one
# record for each regular expression, in this order, and as many log lines.
recorded()
{
	local what=$1 all new lines

	shift
	# What no task caused is recorded a little later.
	eventually has_records $((seen + $#)) || :
	all=$(records)
	new=$(tail -n +$((seen + 1)) <<<"$all")
	seen=$(wc -l <<<"$all")
	is "$what: one record each" $# "$(grep -c . <<<"$new")"
	while (($#)); do
		like "$what: $(head -n 1 <<<"$new" | grep -o 'op=[^ ]*' || :) fields" \
			"^lsm=killswitch $1\$" "$(head -n 1 <<<"$new")"
		new=$(tail -n +2 <<<"$new")
		shift
	done
	lines=$(messages)
	new=$(tail -n +$((logged + 1)) <<<"$lines")
	logged=$(grep -c . <<<"$lines" || :)
	check "$what: in the kernel log" grep -q . <<<"$new"
}

# That of an earlier engagement may be told again.
reason="(reason=\"CVE-2026-31431\" )?"
accepted "engage" "engage ks_target_int -EPERM reason=CVE-2026-31431"
recorded "engage" \
	"op=engage func=\"ks_target_int\" retval=-1 reason=\"CVE-2026-31431\" $succeeded"

check "write to retval" put "$KS/fn/ks_target_int/retval" 0x10
recorded "retval" \
	"op=retval func=\"ks_target_int\" retval=16 $reason$succeeded"

check_not "a bad value to retval" put "$KS/fn/ks_target_int/retval" 2147483648
recorded "refused retval" \
	"op=retval func=\"ks_target_int\" (retval=2147483648 )?$reason(rule=return-type )?$subject \
res=0 errno=34"

refused "engage again" "Device or resource busy" "engage ks_target_int 0"
recorded "engage again" \
	"op=engage func=\"ks_target_int\" retval=0 $subject res=0 errno=16"

refused "an LSM's entry point" "Permission denied" \
	"engage security_file_open 0 reason=oops"
recorded "an LSM's entry point" \
	"op=engage func=\"security_file_open\" retval=0 reason=\"oops\" rule=lsm-entry $subject \
res=0 errno=13"

refused "an LSM's callback" "Permission denied" "engage cap_capable 0"
recorded "an LSM's callback" \
	"op=engage func=\"cap_capable\" retval=0 rule=lsm-hook $subject res=0 errno=13"

refused "no such function" "No such file or directory" "engage ks_no_such 0"
recorded "no such function" \
	"op=engage func=\"ks_no_such\" retval=0 $subject res=0 errno=2"

refused "nothing of that name engaged" "No such file or directory" "disengage ks_no_such"
recorded "nothing of that name engaged" \
	"op=disengage func=\"ks_no_such\" $subject res=0 errno=2"

refused "a malformed line" "Invalid argument" "engage ks_target_int"
recorded "a malformed line" "op=invalid $subject res=0 errno=22"

# Text of the writer's choice does not forge fields.
refused "a name that looks like fields" "Invalid argument" \
	'engage x"res=1 0'
recorded "a name that looks like fields" \
	"op=invalid (func=[0-9A-F]+ )?$subject res=0 errno=22"

words="res=1 errno=0 ok"
encoded=$(printf '%s' "$words" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
accepted "a reason of several words" "engage ks_target_long 0 reason=$words"
recorded "a reason of several words" \
	"op=engage func=\"ks_target_long\" retval=0 reason=$encoded $succeeded"

# How many calls there were, of how many callers.
totals="hits=[0-9]+ callers=[0-9]+ "
accepted "disengage" "disengage ks_target_int"
recorded "disengage" \
	"op=disengage func=\"ks_target_int\" $totals$succeeded"

accepted "two more" "engage ks_target_int 1" "engage ks_target_other 2"
recorded "two in one write" \
	"op=engage func=\"ks_target_int\" retval=1 $succeeded" \
	"op=engage func=\"ks_target_other\" retval=2 $succeeded"

accepted "disengage_all" disengage_all
one="op=disengage func=\"ks_target_(int|long|other)\" $totals$succeeded"
recorded "disengage_all" "$one" "$one" "$one"

# What the kernel does by itself later has no user.
nobody="auid=4294967295 ses=4294967295"
early=killswitch_target:ks_target_early
accepted "for users" "engage ks_target_int -1 scope=nonroot reason=why"
recorded "for users" \
	"op=engage func=\"ks_target_int\" retval=-1 scope=nonroot reason=\"why\" $succeeded"
control disengage_all
recorded "its end" "op=disengage func=\"ks_target_int\" $totals$succeeded"
accepted "watch" "tryengage ks_target_int -1 86400" "tryengage ks_target_other -2 0"
recorded "watch and commit" \
	"op=tryengage func=\"ks_target_int\" retval=-1 $succeeded" \
	"op=tryengage func=\"ks_target_other\" retval=-2 $succeeded" \
	"op=commit func=\"ks_target_other\" retval=-2 $nobody res=1"
echo 0 >/sys/kernel/debug/kprobes/enabled
check "probes go off" grep -q disarmed "$KS/engaged"
echo 1 >/sys/kernel/debug/kprobes/enabled
check "and on" grep -q "^ks_target_other .*engaged" "$KS/engaged"
recorded "off, abort and on" \
	"op=disarmed func=\"ks_target_int\" retval=-1 $nobody res=1" \
	"op=abort func=\"ks_target_int\" $totals$nobody res=1" \
	"op=disarmed func=\"ks_target_other\" retval=-2 $nobody res=1" \
	"op=rearmed func=\"ks_target_other\" retval=-2 $nobody res=1"
rmmod killswitch_target
recorded "lost" "op=lost func=\"ks_target_other\" $totals$nobody res=1"
accepted "arm" "engage $early -3 reason=why"
recorded "arm" "op=arm func=\"$early\" retval=-3 reason=\"why\" $succeeded"
load_target
recorded "the module comes" \
	"op=engage func=\"$early\" retval=-3 reason=\"why\" $nobody res=1"
rmmod killswitch_target
recorded "the module goes" \
	"op=arm func=\"$early\" retval=-3 reason=\"why\" $totals$nobody res=1"
control disengage_all
accepted "arm what will be refused" "engage killswitch_target:ks_target_struct 0"
check_not "the module is not loaded" load_target
recorded "arm and refuse" \
	"op=disengage func=\"$early\" $totals$succeeded" \
	"op=arm func=\"killswitch_target:ks_target_struct\" retval=0 $succeeded" \
	"op=engage func=\"killswitch_target:ks_target_struct\" retval=0 rule=return-type $nobody \
res=0 errno=34"
control disengage_all
load_target
recorded "end" "op=disengage func=\"killswitch_target:ks_target_struct\" $totals$succeeded"

# What the caller lacks is recorded like what the caller did.
# shellcheck disable=SC2016,SC2317 # for the inner shell; called by check_not
without_capability()
{
	echo "$OPERATOR" >/proc/self/loginuid
	setpriv --bounding-set=-sys_admin \
	bash -c 'echo "engage ks_target_int 0" >"$1"' - "$KS/control"
}
check_not "root without CAP_SYS_ADMIN" without_capability
recorded "root without CAP_SYS_ADMIN" \
	"op=engage func=\"ks_target_int\" retval=0 $subject res=0 errno=1"

# Without a login the id is unset.
LOGIN=
accepted "engage without a login" "engage ks_target_int 0"
recorded "engage without a login" \
	"op=engage func=\"ks_target_int\" retval=0 auid=4294967295 uid=0 ses=4294967295 $process \
res=1"
control disengage_all

# The stock tools sort by success and by who logged in, and report.
count()
{
	{ "$@" 2>/dev/null || :; } | grep -c 'lsm=killswitch' || :
}
refusals=$(records | grep -c 'res=0')
successes=$(records | grep -c 'res=1')
operators=$(records | grep -c "auid=$OPERATOR ")
like "there are refusals and successes" '^[1-9][0-9]* [1-9][0-9]*$' "$refusals $successes"
is "ausearch -sv no finds the refusals" "$refusals" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -sv no --raw)"
is "ausearch -sv yes finds the successes" "$successes" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -sv yes --raw)"
is "ausearch -ul finds what the operator did" "$operators" \
	"$(count ausearch -m MAC_CONFIG_CHANGE -ul $OPERATOR --raw)"
like "ausearch -i names the operator" 'auid=operator ' \
	"$(ausearch -m MAC_CONFIG_CHANGE -ul $OPERATOR -i 2>/dev/null | tail -n 1)"
# The records of one write are one event.
events=$(sed -n 's/.*msg=\(audit([^)]*)\): lsm=killswitch.*/\1/p' $AUDIT_LOG | sort -u | wc -l)
is "aureport --mac lists every event" "$events" \
	"$(aureport --mac -i 2>/dev/null | grep -c MAC_CONFIG_CHANGE || :)"
is "aureport --mac --failed lists every refusal" "$refusals" \
	"$(aureport --mac --failed -i 2>/dev/null | grep -c MAC_CONFIG_CHANGE || :)"
like "aureport --mac names the operator" "operator" "$(aureport --mac -i 2>/dev/null)"

finish
